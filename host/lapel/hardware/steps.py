"""The Matrix's assembly: what is done with which parts, in which order. The guide and its pictures are
made of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """`refs` are parts of the list; `tests` are run with `lapel bench-test` before going on."""

    title: str
    refs: tuple[str, ...]
    text: tuple[str, ...]
    tests: tuple[str, ...] = ()


STEPS = (
    Step(
        "Print and clean the case",
        ("CASE",),
        (
            "Run `make enclosure`. Print `matrix-shell` with its front on the bed, `matrix-lid` on its "
            "outside, "
            "`matrix-ring` on either end: PETG, 0.2 mm layers, three walls, no supports. Matt black "
            "keeps stray "
            "light from the palm.",
            "Try the lid and the ring: both slide in with light pressure. File, do not force.",
        ),
    ),
    Step(
        "Flash the bare board",
        ("U1",),
        (
            "With nothing soldered to it, plug U1 in and run `lapel flash --board xiao_esp32s3_matrix`. "
            "A board that "
            "is broken is found now.",
        ),
        ("chip",),
    ),
    Step(
        "Resistors and button",
        ("R2", "R3", "S1"),
        (
            "Solder R2 (100 kohm) from pad D1 to GND and R3 (10 kohm) from pad D0 to 3V3, straight at U1.",
            "Two wires of 60 mm from pad D0 and GND to two diagonal legs of S1.",
        ),
        ("button", "arm"),
    ),
    Step(
        "Microphone, its switch and the trust light",
        ("U3", "Q1", "Q4", "D2", "R1", "R4", "R5", "C2", "C4", "C5", "D1"),
        (
            "Build the switch on the wire side of U3 or on 10 x 15 mm of perforated board: C4 from BCLK "
            "to the middle "
            "of D2, D2's anode to GND, its cathode with C5 and R5 to Q4's gate, Q4's drain with R4 to "
            "Q1's gate.",
            "U3's supply and D1 with R1 both hang on Q1's drain, and on nothing else. L/R goes to GND.",
            "Pads D8, D9 and D10 to BCLK, WS and SD. The red light must shine while the test listens, "
            "and only then.",
        ),
        ("mic",),
    ),
    Step(
        "Depth sensor",
        ("U2", "C1"),
        (
            "C1 across VIN and GND of U2. Six wires: VIN and LPN to 3V3, GND, SDA to pad D4, SCL to pad "
            "D5, INT to "
            "pad D2. Pull the film off the sensor last of all.",
        ),
        ("bus", "depth"),
    ),
    Step(
        "LED matrix",
        ("U4", "DS1", "C3"),
        (
            "Lay DS1 on U4 so that the numbers beside their holes agree, join them by two rows of pins "
            "of 2 mm height, "
            "cut flush. Both boards together must stay below 8 mm.",
            "C3 across VCC and GND. Four wires: VCC to 3V3, GND, SDA, SCL.",
        ),
        ("bus", "matrix"),
    ),
    Step(
        "Options: fuel gauge, motor and speaker",
        ("U5", "U6", "MO1", "U21", "R15", "LS1"),
        (
            "U5 and U6 share SDA and SCL. U5 sits between the cell and U1's BAT pads; U6 gets 3V3. Leave "
            "any of them out and the "
            "pin works without it: no percent, no buzz, or no voice.",
            "Speaker: no pins and no terminal on U21, wires straight into its holes. VIN and GND to U1's "
            "BAT pads, never to 3V3; BCLK to pad D3, LRC to pad D6, DIN to pad D7; R15 from GAIN to VIN; "
            "SD stays open. LS1 goes to the two outputs and nowhere else: neither end is ground. "
            "Then flash the board as what it is now: `lapel flash --board xiao_esp32s3_voice_matrix`. The "
            "test of the speaker wants that name, too.",
        ),
        ("gauge", "haptic", "speaker"),
    ),
    Step(
        "Mirror and lens",
        ("M1", "L1"),
        (
            "Glue M1, coated side up, on the two wedges in the shell: its lower end touches the front "
            "wall's foot.",
            "Lay L1 into the ring, flat side inwards, and slide the ring into the front without glue.",
        ),
    ),
    Step(
        "Boards into the shell",
        ("U1", "U2", "U3", "U4", "DS1", "D1", "S1", "U6", "U21", "LS1", "W1"),
        (
            "U2 and U3 to the front wall, over their holes; D1 and S1 into theirs; U1 on the floor with "
            "its socket in "
            "the slot; U4 with DS1 under the roof, LEDs down, their top row at the front wall. Hold each "
            "with a drop of hot glue at its edge.",
            "U21 lies beside U3, LS1 with its face at the nine holes, its rim glued tight all round: "
            "what leaks behind it is not heard.",
            "Lead the wires W1 along the side walls: nothing may hang into the light's way.",
        ),
        ("bus", "matrix"),
    ),
    Step(
        "Focus",
        ("L1",),
        (
            "Run `lapel bench-test matrix`, hold a white card 250 mm before the lens and move the ring "
            "until the four "
            "corners are sharp; the column must wander from left to right as you, behind the pin, see "
            "the card; 3.5 mm of way are enough for any lens of 60 mm. Glue the ring.",
        ),
        ("matrix",),
    ),
    Step(
        "Cell and lid",
        ("BT1", "H1", "H2", "H3"),
        (
            "Measure the cell's polarity at its plug before it meets BAT+ and BAT-: colours differ "
            "between makers and a "
            "cell turned round destroys U1 at once. Insulate the bare end that is not being soldered.",
            "Glue the two magnets H1 into the lid with the same pole outwards; H2 go behind the cloth. "
            "Put the cell flat "
            "on the lid with tape, never with hard glue. Two screws H3.",
        ),
        ("chip", "bus", "button", "mic", "depth", "matrix"),
    ),
)


def used() -> set[str]:
    """All parts that some step names."""
    return {ref for step in STEPS for ref in step.refs}
