"""UTF-8 validation of texts in pieces. MicroPython's own decoder lets overlong forms and surrogates pass."""


@micropython.viper
def utf8_valid(state, data, start: int, end: int) -> bool:
    """Check the next bytes of a UTF-8 text that comes in pieces (RFC 3629: no overlong forms, no surrogates).

    `state` keeps three bytes between pieces: how many continuation bytes are due, and the lowest and highest
    value allowed for the next one. All zero at the start; `state[0] == 0` at the end of a whole text.
    """
    s = ptr8(state)
    p = ptr8(data)
    due = int(s[0])
    low = int(s[1])
    high = int(s[2])
    for i in range(start, end):
        byte = int(p[i])
        if due:
            if byte < low or byte > high:
                return False
            due -= 1
            low = 0x80
            high = 0xBF
        elif byte >= 0x80:
            if byte < 0xC2 or byte > 0xF4:
                return False
            low = 0x80
            high = 0xBF
            if byte < 0xE0:
                due = 1
            elif byte < 0xF0:
                due = 2
                if byte == 0xE0:
                    low = 0xA0
                elif byte == 0xED:
                    high = 0x9F
            else:
                due = 3
                if byte == 0xF0:
                    low = 0x90
                elif byte == 0xF4:
                    high = 0x8F
    s[0] = due
    s[1] = low
    s[2] = high
    return True
