"""Cards on a projector that is not there."""

from pin.card import PAGE_MS, WORDS_A_MINUTE, countdown, sentence
from pin.reading import BRIEF_MS, GROWING_MS, LEVEL_MS, PALM_MS, Reader
from pin.staying import CHOICE_MS, LAST_MS

ON_MICROPYTHON = True

WORD_MS = 60000 // WORDS_A_MINUTE


class FakeProjector:
    """Notes what is drawn."""

    page_ms = 0

    def __init__(self):
        self.lit = True
        self.drawn = []
        self.places = []

    def show(self, lines, title, choices, focus, kind, rows, page, pages):
        self.drawn.append((list(lines), title, choices, focus))
        self.places.append((kind, rows, page, pages))
        return True

    def dark(self):
        self.drawn.append(None)


def card(number=1, pages=(("one two",),), rev=0, more=False, **fields):
    made = {
        "card": number,
        "rev": rev,
        "kind": "answer",
        "pages": [list(page) for page in pages],
        "more": more,
    }
    made.update(fields)
    return made


def run(reader, from_ms, to_ms, step_ms=5):
    """What is told while the reader polls: [(ms, event)]; ends with the card."""
    told = []
    for ms in range(from_ms, to_ms, step_ms):
        before = len(reader.told)
        over = reader.poll(ms)
        told += [(ms, event["name"]) for event in reader.told[before:]]
        assert over == (reader.card is None)
        if over:
            break
    return told


def shown(**fields):
    projector = FakeProjector()
    told = []
    reader = Reader(projector, lambda t, **event: told.append(event))
    reader.told = told
    assert reader.show(card(**fields), 0)
    return reader, projector


def near(ms, expected):
    return expected <= ms <= expected + 10


def test_one_page_is_read_and_put_away():
    reader, projector = shown()
    ((ms, what),) = run(reader, 0, 60000)
    assert what == "dismissed" and near(ms, PAGE_MS + 2 * WORD_MS + LAST_MS)
    assert projector.drawn == [(["one two"], None, (), 0), None]


def test_pages_turn_at_reading_speed():
    reader, projector = shown(pages=(("one two", "three"), ("four",)))
    (first, turned), (second, done) = run(reader, 0, 60000)
    assert (turned, done) == ("page", "dismissed")
    assert reader.told[0]["page"] == 1
    assert near(first, PAGE_MS + 3 * WORD_MS)
    assert near(second - first, PAGE_MS + WORD_MS + LAST_MS)
    assert [drawn[0] for drawn in projector.drawn[:-1]] == [["one two", "three"], ["four"]]


def test_scripts_without_spaces_take_time_too():
    reader, _ = shown(pages=(("今天天气很好",), ("x",)))
    assert near(run(reader, 0, 60000)[0][0], PAGE_MS + 3 * WORD_MS)


def test_the_page_waits_in_the_dark_for_a_palm():
    reader, projector = shown()
    projector.lit = False
    assert run(reader, 0, 20000) == []
    projector.lit = True
    ((ms, _),) = run(reader, 20000, 60000)
    assert near(ms + 5, 20000 + PAGE_MS + 2 * WORD_MS + LAST_MS)


def test_without_a_palm_it_goes():
    reader, projector = shown()
    projector.lit = False
    ((ms, what),) = run(reader, 0, 60000)
    assert what == "dismissed" and near(ms, PALM_MS)


def test_a_growing_card_keeps_its_page_and_its_time():
    reader, projector = shown(pages=(("one",),), more=True)
    run(reader, 0, 500)
    assert reader.show(card(pages=(("one two",), ("three",)), rev=1), 500)
    told = run(reader, 500, 60000)
    assert near(told[0][0], PAGE_MS + 2 * WORD_MS)
    assert len([d for d in projector.drawn if d and d[0] == ["one two"]]) == 1


def test_an_older_revision_is_nothing_new():
    reader, projector = shown(rev=3)
    assert not reader.show(card(rev=3, pages=(("x",),)), 10)
    assert not reader.show(card(rev=2, pages=(("x",),)), 10)
    assert len(projector.drawn) == 1


def test_another_card_replaces_it():
    reader, projector = shown(pages=(("a",), ("b",)))
    run(reader, 0, 3000)
    assert reader.page == 1
    assert reader.show(card(number=2, pages=(("c",),)), 3000)
    assert reader.page == 0 and projector.drawn[-1][0] == ["c"]


def test_a_growing_card_waits_on_its_last_page():
    reader, _ = shown(more=True)
    ((ms, what),) = run(reader, 0, 60000)
    assert what == "dismissed" and near(ms, GROWING_MS)


def test_the_same_lines_are_not_drawn_again():
    reader, projector = shown(more=True)
    reader.show(card(rev=1, more=False), 100)
    assert len(projector.drawn) == 1


def test_fewer_pages_than_before():
    reader, _ = shown(pages=(("a",), ("b",), ("c",)))
    run(reader, 0, 5000)
    assert reader.page == 2
    reader.show(card(rev=1, pages=(("a",),)), 5000)
    assert reader.page == 0


def test_a_card_without_pages_is_soon_over():
    reader, projector = shown(pages=())
    assert run(reader, 0, 100) == [(0, "dismissed")] and projector.drawn[0][0] == []


def test_choices_on_the_last_page():
    labels = [{"id": "y", "label": "Yes"}, {"id": "n", "label": "No"}]
    reader, projector = shown(pages=(("sure",), ("really",)), choices=labels)
    assert reader.choices() == ()
    reader.next_stop(0)
    assert reader.focus == 0
    run(reader, 0, 3000)
    assert reader.choices() == labels and projector.drawn[-1] == (["really"], None, ("Yes", "No"), 0)
    reader.next_stop(0)
    assert projector.drawn[-1][3] == 1
    reader.next_stop(0)
    assert projector.drawn[-1][3] == 0
    ((ms, what),) = run(reader, 3000, 90000)
    assert what == "dismissed" and ms > CHOICE_MS


def test_choosing_tells_the_choice_and_not_that_it_was_dismissed():
    reader, projector = shown(choices=[{"id": "y", "label": "Yes"}, {"id": "n", "label": "No"}])
    reader.next_stop(0)
    assert reader.choose(0) and reader.card is None and projector.drawn[-1] is None
    assert reader.told == [{"name": "chosen", "card": 1, "choice": "n"}]


def test_nothing_to_choose():
    reader, _ = shown()
    assert not reader.choose(0) and reader.card is not None and reader.told == []


def test_light_is_told_once_a_card():
    reader, projector = shown(pages=(("a",), ("b",)), more=True)
    projector.on_lit(77)
    reader.poll(5)
    reader.show(card(pages=(("a",), ("b", "c")), rev=1), 10)
    projector.on_lit(99)
    reader.poll(15)
    assert reader.told == [{"name": "shown", "card": 1, "pin_ms": 77}]
    reader.show(card(number=2), 20)
    projector.on_lit(111)
    reader.poll(25)
    assert reader.told[-1] == {"name": "shown", "card": 2, "pin_ms": 111}


def test_the_relay_hears_nothing_of_a_sentence_of_the_pins_own():
    projector = FakeProjector()
    reader = Reader(projector, None)
    reader.show(sentence("The relay did not answer.", 12, 3), 0)
    projector.on_lit(5)
    reader.poll(10)
    reader.close()
    assert reader.card is None


def test_sentence_wraps_to_the_display():
    made = sentence("No connection to the relay.", 12, 3)
    assert made["pages"] == [["No", "connection", "to the"], ["relay."]]
    assert made["card"] is None and made["more"] is False
    assert sentence("", 12, 3)["pages"] == [[""]]


def test_a_card_that_grows_or_has_pages_keeps_its_text_in_place():
    reader, projector = shown(more=True)
    for rev, pages, more in ((1, (("one two", "three"),), True), (2, (("one two", "three"),), False)):
        assert reader.show(card(pages=pages, rev=rev, more=more), 10)
    assert projector.places == [("answer", 3, 0, 1)] * 2  # the last revision changes nothing
    assert reader.show(card(number=2, kind="notice"), 20)
    assert projector.places[-1] == ("notice", 0, 0, 1)  # complete and short: as large as fits
    assert reader.show(card(number=3, pages=(("a", "b", "c"), ("d",))), 30)
    assert projector.places[-1] == ("answer", 3, 0, 2)


def test_a_long_word_is_broken_and_not_lost():
    made = sentence("see https://example.org/a/long/path now", 12, 3)
    lines = [line for page in made["pages"] for line in page]
    assert max(len(line) for line in lines) <= 12
    assert "".join(lines).replace(" ", "") == "seehttps://example.org/a/long/pathnow"


def test_a_page_that_scrolls_stays_until_it_was_seen_whole():
    reader, projector = shown(pages=(("one two",), ("three",)))
    projector.page_ms = 9000
    ((first, turned), _) = run(reader, 0, 60000)
    assert turned == "page" and near(first, 9000)


# figures, levels and views


def on_palm(projector):
    return projector.drawn[-1][0]


def test_big_figures_take_the_place_of_lines():
    reader, projector = shown(pages=((),), big="10:42")
    assert on_palm(projector) == ["10:42"] and projector.places[-1][1] == 0
    ((ms, what),) = run(reader, 0, 60000)
    assert what == "dismissed" and near(ms, LAST_MS)


def test_a_countdown_is_drawn_once_a_second_and_ends_at_zero():
    projector = FakeProjector()
    unix_ms = 1_700_000_000_000
    reader = Reader(projector, lambda t, **event: None, lambda: unix_ms)
    reader.show(card(ends_ms=unix_ms + 3500, pages=(("Tea",),)), 0)
    seen = [on_palm(projector)]
    for ms in range(5, 8000, 5):
        before = len(projector.drawn)
        reader.poll(ms)
        if len(projector.drawn) != before:
            seen.append((ms, on_palm(projector)))
    assert seen == [["0:04"], (500, ["0:03"]), (1500, ["0:02"]), (2500, ["0:01"]), (3500, ["0:00"])]


def test_a_countdown_without_a_clock_shows_its_lines():
    projector = FakeProjector()
    reader = Reader(projector, lambda t, **event: None, lambda: None)
    reader.show(card(ends_ms=5, pages=(("Tea",),)), 0)
    assert on_palm(projector) == ["Tea"]


def test_how_a_countdown_is_written():
    for seconds, text in ((0, "0:00"), (9, "0:09"), (61, "1:01"), (3599, "59:59"), (3909, "1:05:09")):
        assert countdown(seconds) == text


def test_a_level_is_shown_for_a_moment_after_it_was_turned():
    reader, projector = shown(level=40)
    assert reader.roll(1, 100) == 50 and on_palm(projector) == ["50 %"]
    run(reader, 100, 100 + LEVEL_MS + 20)
    assert on_palm(projector) == ["one two"]
    assert reader.roll(9, 3000) == 100 and reader.roll(-20, 3100) == 0
    assert [event["level"] for event in reader.told if event["name"] == "level"] == [50, 100, 0]
    reader, _ = shown()
    assert reader.roll(1, 0) is None


def test_who_put_it_away_is_told():
    for by in ("wearer", "press"):
        reader, _ = shown()
        reader.close(by)
        assert reader.told == [{"name": "dismissed", "card": 1, "by": by}]
    reader, _ = shown()
    run(reader, 0, 60000)
    assert reader.told[-1]["by"] == "timeout"


def test_a_brief_card_goes_soon_after_the_hand_that_saw_it():
    reader, projector = shown(brief=True)
    reader._lit(0)
    run(reader, 0, 100)
    projector.lit = False
    told = run(reader, 100, 60000)
    assert near(told[-1][0], 95 + BRIEF_MS)  # it was lit until 95
    reader, projector = shown(brief=True)
    projector.lit = False
    told = run(reader, 0, 60000)
    assert near(told[-1][0], PALM_MS)  # nobody has looked yet


def test_the_same_view_keeps_its_focus_and_another_does_not():
    projector = FakeProjector()
    done = []
    reader = Reader(projector, None)
    choices = [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]
    view = {"choices": choices, "view": "x", "act": lambda name, value: done.append((name, value))}
    reader.show(card(None, **view), 0)
    reader.point(1)
    reader.show(card(None, **view), 10)
    assert reader.focus == 1
    reader.show(card(None, **dict(view, view="y")), 20)
    assert reader.focus == 0
    reader.choose(30)
    assert done == [("chosen", "a")] and reader.card is None
    reader.show(card(None, **view), 40)
    reader.drop()
    assert len(done) == 1 and reader.card is None


def test_back_and_taps_on_pages():
    reader, projector = shown(pages=(("one",), ("two",)))
    assert reader.taps() and reader.next_stop(0) and on_palm(projector) == ["two"]
    assert not reader.next_stop(0)
    reader.back()
    assert on_palm(projector) == ["one"]
    reader.back()
    assert reader.card is None
    reader, _ = shown()
    assert not reader.taps()
