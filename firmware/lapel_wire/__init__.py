"""What the pin and the relay must agree on: messages, audio frames, codec, challenge, glyphs.

Pure functions without I/O that run unchanged on CPython and MicroPython. Both ends import this
package; nothing in it is written a second time anywhere. `docs/protocol.md` tells the story.
"""

VERSION = 1  # raised when an old pin and a new relay could misunderstand each other

PORT = 5273  # L-A-P-E on a telephone's keys
PATH = "/pin"
SERVER_NAME = "relay.lapel.internal"  # in every relay's certificate, so that its address may change

MAX_MESSAGE_BYTES = 2048  # one TLS record on the pin holds 4 KiB; frames near that fail (micropython-lib 851)


class WireError(Exception):
    """A peer sent something this protocol does not allow.

    `code` is one of the names below, `text` a sentence that says what was expected and what came.
    """

    CODES = (
        "not_json",  # a text frame that is not one JSON object
        "unknown_type",  # `t` names no message of this direction
        "missing_field",
        "wrong_type",
        "too_long",  # a string or list over its limit
        "out_of_range",  # a number outside its limits, or a word that is none of those allowed
        "bad_length",  # a binary frame that has not exactly the length of its kind
    )

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code
        self.text = text
