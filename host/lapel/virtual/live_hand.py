"""The hand before a virtual pin, live: what its depth sensor sees of it, 15 frames a second.

`place` and `thing` put something there at once; `turn`, `close`, `swipe` and the others take their time as
people do. All is a movement of the geometric hand of `hand`, seen through the sensor of `depth_sensor`.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from pin import gestures

from .depth_sensor import PERIOD_MS, ZONES, DepthSensor, Frame
from .hand import FIST, OPEN, Hand, Plane, Shape, between

REST = Hand(length_mm=180, distance_mm=250, wrist_deg=30)
BEHIND = Plane(1200)  # the room
ENTER_S = 0.3  # from outside the field to its middle, at about 1 m/s
OUTSIDE_MM = 330.0
CLOSE_S = 0.15
TURN_S = 0.2
PUSH_MM = 100.0
SWIPE_MM = 90.0
FADE_S = 1.0  # without a hand frames are sent for so long after the last change; then the last one holds
WELL_IN = 0.85  # the tracker sees a hand with a forearm less tilted than it is
FOLLOW = 0.6  # of the way that is left, in one frame
SEED = 4


def message(frame: Frame, frozen: bool = False) -> bytes:
    """The body of the world's message `d` (firmware/stand_ins/world_link.py)."""
    return struct.pack(f"<B{ZONES}H{ZONES}B", frozen, *frame.distance_mm, *frame.status)


def still(hand: Hand | None, seed: int = SEED) -> Frame:
    """One frame of a hand, or of the room behind it."""
    return DepthSensor(seed).measure(0, [hand, BEHIND] if hand else [BEHIND])


class LiveHand:
    """`send` gets each frame as the body of a message, while there is a loop; without it `frame` is asked.
    `sleep` is how time passes. `hand` is the hand now, or None while it is away."""

    def __init__(
        self,
        send: Callable[[bytes], None] | None,
        rest: Hand = REST,
        seed: int = SEED,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.rest = rest
        self._sleep = sleep
        self.hand: Hand | None = None
        self.moved_at = 0.0  # time.monotonic() of the last frame that was sent
        self._send = send
        self._sensor = DepthSensor(seed)
        self._target: Hand | None = None
        self._things: Sequence[Shape] = ()
        self._changed_at = 0.0
        self._streaming: asyncio.Task[None] | None = None

    # At once

    def place(self, hand: Hand | None) -> None:
        """This hand, or none, from the next frame on."""
        self.hand = hand
        self._target = None
        self._things = ()
        self._change()

    def follow(self, target: Hand) -> None:
        """Towards this hand, as fast as hands move: what a pointer that jumps asks for."""
        if self.hand is None:
            self.hand = replace(self._outside(), y_mm=self.rest.y_mm + OUTSIDE_MM / 2)
        self._things = ()
        self._target = target
        self._change()

    def thing(self, *shapes: Shape) -> None:
        """No hand, but a face, a wall, a table, a cup."""
        self.hand = self._target = None
        self._things = shapes
        self._change()

    def frame(self) -> Frame:
        """What the sensor sees now."""
        if self.hand is not None and self._target is not None:
            self.hand = between(self.hand, self._target, FOLLOW)
        shapes = [*([self.hand] if self.hand else self._things), BEHIND]
        self.moved_at = time.monotonic()
        return self._sensor.measure(self.moved_at * 1000, shapes)

    # As people do

    async def show(self) -> None:
        """In from below, open and flat."""
        here = self.hand or self._outside()
        await self.move(replace(self.rest, fingers=OPEN), ENTER_S, here)

    async def away(self) -> None:
        """Out of the field."""
        if self.hand is not None:
            await self.move(self._outside(), ENTER_S)
            self.place(None)

    async def turn(self, right: float = 0, down: float = 0) -> None:
        """To so many detents from its rest: `right` has the hand's right edge nearer, `down` its lower."""
        await self.move(self.tilted(right, down), TURN_S)

    def words(self) -> str:
        """The hand as a person would say it."""
        hand = self.hand
        if hand is None:
            return "there"
        right, down = self.rest.roll_deg - hand.roll_deg, hand.pitch_deg - self.rest.pitch_deg
        words = ["fist" if hand.fingers.middle > 0.5 else "open"]
        for names, angle in (("left right", right), ("up down", down)):
            if abs(angle) > 3:
                words.append(f"{names.split()[angle > 0]} {abs(angle):.0f}\N{DEGREE SIGN}")
        return " ".join([*words, f"{hand.distance_mm:.0f} mm"])

    async def close(self, held_s: float | None = None) -> None:
        """A fist; opened again after `held_s`, if that is given."""
        await self.move(replace(self._here(), fingers=FIST), CLOSE_S)
        if held_s is not None:
            await self._sleep(held_s)
            await self.open()

    async def open(self) -> None:
        await self.move(replace(self._here(), fingers=OPEN), CLOSE_S)

    async def push(self) -> None:
        """Away from the pin, a rest there, and back."""
        here = self._here()
        await self.move(replace(here, distance_mm=here.distance_mm + PUSH_MM), 0.3)
        await self._sleep(0.35)
        await self.move(here, 0.4)

    async def swipe(self, step: int) -> None:
        """To the left for the next (1), to the right for the previous (-1), a rest there, and back slowly."""
        here = self._here()
        await self.move(replace(here, x_mm=here.x_mm - step * SWIPE_MM), 0.2)
        await self._sleep(0.3)
        await self.move(here, 0.5)

    async def move(self, to: Hand, seconds: float, start: Hand | None = None) -> None:
        """Eased, from where the hand is; a frame for each period."""
        start = start or self._here()
        steps = max(1, round(seconds * 1000 / PERIOD_MS))
        for i in range(1, steps + 1):
            share = i / steps
            self.place(between(start, to, share * share * (3 - 2 * share)))
            await self._sleep(PERIOD_MS / 1000)

    def tilted(self, right: float, down: float) -> Hand:
        """This hand, tilted by so many detents."""
        roll_deg, pitch_deg = self.rest.roll_deg - _degrees(right), self.rest.pitch_deg + _degrees(down)
        return replace(self._here(), roll_deg=roll_deg, pitch_deg=pitch_deg)

    def stop(self) -> None:
        """No more frames."""
        if self._streaming is not None:
            self._streaming.cancel()
            self._streaming = None

    def _here(self) -> Hand:
        return self.hand or self.rest

    def _outside(self) -> Hand:
        return replace(self.rest, y_mm=self.rest.y_mm + OUTSIDE_MM)

    def _change(self) -> None:
        self._changed_at = time.monotonic()
        if self._send is not None and (self._streaming is None or self._streaming.done()):
            with contextlib.suppress(RuntimeError):  # without a loop nobody listens yet
                self._streaming = asyncio.get_running_loop().create_task(self._stream())

    async def _stream(self) -> None:
        assert self._send is not None
        while self.hand is not None or time.monotonic() - self._changed_at < FADE_S:
            self._send(message(self.frame()))
            await asyncio.sleep(PERIOD_MS / 1000)


def _degrees(detents: float) -> float:
    """Well into a detent, as the firmware has them: people tilt until the focus moves."""
    dead_deg, detent_deg = gestures.TILT_DEAD_CDEG / 100, gestures.TILT_DETENT_CDEG / 100
    size = abs(detents)
    angle: float = (dead_deg + WELL_IN * detent_deg) * min(size, 1) + detent_deg * max(0, size - 1)
    return angle if detents > 0 else -angle
