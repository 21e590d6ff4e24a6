"""Cards as such: what begins in focus, which one follows which, how long to read one, and the pin's own."""

WORDS_A_MINUTE = 130  # palm and light slow a reader down from the 240 of paper
PAGE_MS = 900  # to find the first word of a page


def is_same(old, card):
    """Whether `card` takes the place of `old` without a break: a revision, or the same view of the pin."""
    if card["card"] is not None:
        return old["card"] == card["card"]
    return card.get("view") is not None and old.get("view") == card["view"]


def first_focus(card):
    """The choice that a card begins with."""
    choices = card.get("choices", ())
    focus = card.get("focus")
    if focus is None:
        focus = 0
        if card["kind"] == "confirm":  # whoever closes a fist without looking has said no
            for i in range(len(choices)):
                if choices[i]["id"] == "no":
                    focus = i
    return min(focus, max(0, len(choices) - 1))


def countdown(seconds):
    """1:05:09, 5:09 or 0:09."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return "%d:%02d:%02d" % (hours, minutes, seconds)
    return "%d:%02d" % (minutes, seconds)


def sentence(text, columns, lines, kind="error"):
    """A card of the pin's own, wrapped greedily; it has no number, so the relay hears nothing of it."""
    rows = [""]
    words = []
    for word in text.split():  # an address or a file longer than a line is broken, not lost
        words += [word[i : i + columns] for i in range(0, len(word), columns)]
    for word in words:
        if not rows[-1]:
            rows[-1] = word
        elif len(rows[-1]) + 1 + len(word) <= columns:
            rows[-1] += " " + word
        else:
            rows.append(word)
    pages = [rows[i : i + lines] for i in range(0, len(rows), lines)]
    return {"t": "card", "card": None, "rev": 0, "kind": kind, "pages": pages, "more": False}


def reading_ms(lines):
    """How long it takes to read these lines on a palm; 0 for no words."""
    words = 0
    for line in lines:
        words += len(line.split())
        # Scripts without spaces: three characters read like a word.
        words += len([c for c in line if ord(c) >= 0x2E80]) // 3
    return PAGE_MS + words * 60000 // WORDS_A_MINUTE if words else 0
