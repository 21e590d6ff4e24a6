"""What a wearer can hold before the sensor besides an open palm: a fist, and shapes that are neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .hand import FIST, HORNS, OPEN, POINTING, TWO, Fingers, Hand, Shape
from .hand_script import Wearer

_THUMB_OUT = Fingers(1, 1, 1, 1, -0.6, spread=0.0)
_LOVE = Fingers(0, 1, 1, 0, -0.2, spread=0.6)
_FOUR = Fingers(0.04, 0.04, 0.04, 0.04, 1.0, spread=0.2)


def _break(hand: Hand) -> list[Hand]:
    """A T of two hands: one on edge, fingers up, the other lies across its fingertips."""
    upright = replace(hand, roll_deg=70.0, y_mm=hand.y_mm + 40, yaw_deg=0.0)
    over = replace(
        hand, right=not hand.right, yaw_deg=-80.0, pitch_deg=70.0,
        x_mm=hand.x_mm + 20, y_mm=hand.y_mm - 50, distance_mm=hand.distance_mm - 10,
    )  # fmt: skip
    return [upright, over]


def _crossed(hand: Hand) -> list[Hand]:
    behind = replace(
        hand, right=not hand.right, yaw_deg=-35.0, x_mm=hand.x_mm - 25, distance_mm=hand.distance_mm + 35
    )
    return [replace(hand, yaw_deg=35.0, x_mm=hand.x_mm + 25), behind]


def _turned(fingers: Fingers, *yaws: float) -> Callable[[Hand, float], list[Hand]]:
    return lambda hand, pick: [
        replace(hand, fingers=fingers, yaw_deg=hand.yaw_deg + yaws[int(pick * len(yaws))])
    ]


# By name: hands made of a wearer's resting hand and a number in 0..1 that picks a variant.
OTHERS: dict[str, Callable[[Hand, float], list[Hand]]] = {
    "thumb up": _turned(_THUMB_OUT, 0, 60, -60),
    "thumb down": _turned(_THUMB_OUT, 90, 120, -120),
    "love": _turned(_LOVE, 0),
    "horns": _turned(HORNS, 0),
    "two": _turned(TWO, 0),
    "pointing": _turned(POINTING, 0),
    "half closed": _turned(OPEN.towards(FIST, 0.5), 0),
    "four": _turned(_FOUR, 0),
    "on edge": lambda hand, pick: [replace(hand, roll_deg=hand.roll_deg + (75 if pick < 0.5 else -75))],
    "break": lambda hand, pick: _break(hand),
    "crossed": lambda hand, pick: _crossed(hand),
}  # fmt: skip


def hold(
    wearer: Wearer, hands: Sequence[Hand], frames: int, distances_mm: tuple[float, float], lean_deg: float
) -> None:
    """Holds `hands` still but for tremor and a way from one distance to the other, leaning by `lean_deg`."""
    random = wearer.random
    pitch, roll = random.normal(lean_deg, 4), random.normal(0, 4)
    for i in range(frames):
        share = i / max(1, frames - 1)
        way = distances_mm[0] + (distances_mm[1] - distances_mm[0]) * share * share * (3 - 2 * share)
        shapes: list[Shape] = [
            replace(
                hand,
                distance_mm=hand.distance_mm - wearer.rest.distance_mm + way,
                pitch_deg=hand.pitch_deg + pitch,
                roll_deg=hand.roll_deg + roll,
            )
            for hand in wearer.trembling(hands)
        ]
        wearer.show(shapes)


def as_recorded(wearer: Wearer) -> None:
    """The wearer's hand as before a sensor on a desk: fingers up, the arm behind and below."""
    random = wearer.random
    wearer.rest = replace(
        wearer.rest,
        yaw_deg=random.normal(0, 12),
        wrist_deg=random.uniform(30, 85),
        x_mm=random.normal(0, 15),
        y_mm=random.normal(15, 20),
    )
    wearer.hand = wearer.rest


def pose_hands(wearer: Wearer, pose: str) -> tuple[list[Hand], str]:
    """Hands of "open", "fist" or "other", and the shape's name."""
    if pose == "open":
        return [wearer.rest], "open"
    if pose == "fist":
        return [replace(wearer.rest, fingers=wearer.fist)], "fist"
    name = str(wearer.random.choice(list(OTHERS)))
    return OTHERS[name](wearer.rest, float(wearer.random.random())), name
