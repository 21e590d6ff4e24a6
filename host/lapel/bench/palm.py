"""The palm tracker and its gestures on virtual hands and things, and what a frame costs the pin.

The seeds here were not used for tuning; LAPEL_PALM_SEED shifts them all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..commands.palm import replay
from ..virtual.depth_sensor import Frame
from ..virtual.hand import Hand
from ..virtual.hand_script import Wearer
from ..virtual.hand_shapes import as_recorded, hold, pose_hands
from ..virtual.interpreter import find_interpreter
from ..virtual.replaced import PLACED, WAYS, replaced
from ..virtual.things import THINGS, record_thing
from .figures import Figure, percentile

_HANDS = 40
_POSE_HANDS = 32
_WINDOW = 5
_SCENES = 60  # of each thing
_SCENE_FRAMES = 20
_REPLACED_MM = (200, 240, 280, 320, 360)
_TRIES = 60  # of each gesture, each by another hand
_IDLE_MINUTES = 10
_IDLE_WEARERS = 20
_RUN_S = 60

# Given a recording, prints the microseconds and the heap bytes of a frame.
_ON_PIN = """
import gc, json, sys, time
from pin.palm import Tracker
from pin.gestures import Gestures
frames = [json.loads(line) for line in open(sys.argv[1])]
frames = [(f["t_ms"], f["distance_mm"], f["status"]) for f in frames]
tracker = Tracker()
gestures = Gestures(tracker)
def run():
    spent_us = allocated = 0
    for t_ms, distance_mm, status in frames:
        before = gc.mem_alloc()
        start = time.ticks_us()
        tracker.update(t_ms, distance_mm, status)
        gestures.update(t_ms)
        spent_us += time.ticks_diff(time.ticks_us(), start)
        allocated += gc.mem_alloc() - before
    return spent_us / len(frames), allocated / len(frames)
run()
gc.collect()
gc.disable()
print(*run())
"""


async def measure() -> list[Figure]:
    seed = 770_000 + 10_000 * int(os.environ.get("LAPEL_PALM_SEED", "0"))
    rooms = (_presence, _things, _replaced, _poses, _gestures, _idle, _on_pin)
    return [figure for room in rooms for figure in room(seed)]


def estimates(frames: list[Frame], volume: bool = False) -> list[dict[str, object]]:
    """The tracker's and the gestures' opinion of each frame."""

    def plain() -> Iterator[dict[str, object]]:
        for frame in frames:
            yield {"t_ms": frame.t_ms, "distance_mm": frame.distance_mm, "status": frame.status}

    return list(replay(plain(), volume))


def _presence(seed: int) -> list[Figure]:
    present: list[bool] = []
    distance: list[float] = []
    tilts: list[float] = []
    for k in range(_HANDS):
        wearer = Wearer(seed + k, distance_mm=160 + 220 * k / _HANDS)
        wearer.hand = wearer.rest
        wearer.idle(3000, sway_deg=8)
        for truth, found in zip(wearer.truth, estimates(wearer.frames), strict=True):
            present.append(bool(found["present"]))
            if truth is not None and found["present"]:
                distance.append(abs(_number(found["distance_mm"]) - truth.distance_mm))
                x, y = _tilts(truth)
                tilts += [abs(_number(found["tilt_x_deg"]) - x), abs(_number(found["tilt_y_deg"]) - y)]
    return [
        Figure("palm: frames of an open palm found", 100 * statistics.mean(present), "%", 99, at_least=True),
        Figure("palm: distance error, median", statistics.median(distance), "mm", 8),
        Figure("palm: tilt and roll error, median", statistics.median(tilts), "deg", 5),
    ]


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _tilts(hand: Hand) -> tuple[float, float]:
    """The palm's tilts about x and y, as the sensor sees it: arc tangents of dz/dy and dz/dx."""
    normal = hand.normal()
    return (
        float(np.degrees(np.arctan2(-normal[1], normal[2]))),
        float(np.degrees(np.arctan2(-normal[0], normal[2]))),
    )


def _things(seed: int) -> list[Figure]:
    """False arming, by kind. A book as large as a hand is one to this sensor: it is shown, not summed up."""
    figures = []
    every: list[bool] = []
    for name in THINGS:
        armed: list[bool] = []
        for k in range(_SCENES):
            armed += [bool(e["present"]) for e in estimates(record_thing(name, seed + k, _SCENE_FRAMES))]
        if name != "book":
            every += armed
        figures.append(Figure(f"palm: frames armed by a {name}", 100 * statistics.mean(armed), "%"))
    return [Figure("palm: frames armed by things", 100 * statistics.mean(every), "%", 0.1), *figures]


def _replaced(seed: int) -> list[Figure]:
    """From the last frame with a hand until none is believed to be there: the worst of each thing."""
    figures = []
    every: list[float] = []
    for name in PLACED:
        waits = []
        for k, distance_mm in enumerate(_REPLACED_MM * 2):
            scene = replaced(name, distance_mm, seed + 200 + k, WAYS[k // len(_REPLACED_MM)])
            waits.append(scene.absent_ms([bool(e["present"]) for e in estimates(scene.frames)]))
        if name == "book":
            figures.append(Figure("palm: hand replaced by a book, until absent", max(waits), "ms"))
        else:
            every += waits
    return [Figure("palm: hand replaced, until absent", max(every), "ms", 150), *figures]


def _poses(seed: int) -> list[Figure]:
    """Recordings as people make them: both poses in turn, either first, or one pose alone."""
    right: list[bool] = []
    windows: list[bool] = []
    alone: list[bool] = []
    for k in range(_POSE_HANDS):
        order = (("open", "fist"), ("fist", "open"), ("open",), ("fist",))[k % 4]
        poses = [order[turn % len(order)] for turn in range(6)]
        wants, found, _ = _recorded(seed + 500 + k, poses)
        right += [a == b for a, b in zip(found, wants, strict=True)]
        if len(order) == 1:
            alone += [a == b for a, b in zip(found, wants, strict=True)]
        for at in range(_WINDOW, len(wants) + 1):
            window = wants[at - _WINDOW : at]
            if len(set(window)) == 1:
                windows.append(Counter(found[at - _WINDOW : at]).most_common(1)[0][0] == window[0])
    share: dict[str, list[bool]] = {"open": [], "fist": [], "other": []}
    by_shape: dict[str, list[bool]] = {}
    for k in range(_POSE_HANDS):
        mixed = ["open", "other", "fist", "other"] if k % 2 else ["fist", "other", "other", "open"]
        wants, found, shapes = _recorded(seed + 700 + k, mixed * 2)
        for want, said, shape in zip(wants, found, shapes, strict=True):
            share[want].append(said == want)
            by_shape.setdefault(shape, []).append(said == want)
    balanced = statistics.mean(100 * statistics.mean(found) for found in share.values())
    return [
        Figure("palm: open against fist, frames right", 100 * statistics.mean(right), "%", 92, True),
        Figure("palm: the same, five-frame windows", 100 * statistics.mean(windows), "%", 97, True),
        Figure("palm: the same, one pose alone, frames", 100 * statistics.mean(alone), "%"),
        Figure("palm: with other shapes, balanced", balanced, "%", 78, True),
        *(
            Figure(f"palm: {shape} told among others", 100 * statistics.mean(found), "%")
            for shape, found in sorted(by_shape.items())
        ),
    ]


def _recorded(seed: int, poses: list[str]) -> tuple[list[str], list[object], list[str]]:
    """What was held, what the tracker said, and the shape's name, frame by frame."""
    wearer = Wearer(seed)
    if seed % 2:
        as_recorded(wearer)
    wants, shapes = [], []
    for pose in poses:
        hands, shape = pose_hands(wearer, pose)
        near, far = np.clip(wearer.random.normal(285, 60, 2), 150, 380)
        frames = int(wearer.random.integers(15, 46))
        hold(wearer, hands, frames, (float(near), float(far)), wearer.random.normal(0, 5))
        wants += [pose] * frames
        shapes += [shape] * frames
    return wants, [e["pose"] for e in estimates(wearer.frames)], shapes


def _swipe(wearer: Wearer, sign: int) -> None:
    # Across the arm: along it a hand only leaves.
    way = sign * wearer.random.uniform(60, 90)
    across = abs(wearer.rest.yaw_deg) > 45
    wearer.shift(x_mm=0 if across else way, y_mm=way if across else 0, ms=230)
    wearer.hold(150)
    wearer.shift(x_mm=0 if across else -way, y_mm=-way if across else 0, ms=350)


# What is to be said, in this order, and what is done. A tilt is held for half a second and goes back.
_GESTURES: dict[str, tuple[tuple[str, ...], Callable[[Wearer], None]]] = {
    "select": (("select",), lambda w: w.close(w.random.uniform(150, 300))),
    "back": (("select", "back"), lambda w: w.close(900)),
    "tilt up": (("up", "down"), lambda w: w.tilt(-w.random.uniform(18, 25), 0)),
    "tilt down": (("down", "up"), lambda w: w.tilt(w.random.uniform(18, 25), 0)),
    "roll left": (("left", "right"), lambda w: w.tilt(0, w.random.uniform(18, 25))),
    "roll right": (("right", "left"), lambda w: w.tilt(0, -w.random.uniform(18, 25))),
    "volume": (("louder", "softer"), lambda w: w.tilt(0, w.random.uniform(18, 25))),
    "home": (("home",), lambda w: w.shift(distance_mm=w.random.uniform(75, 110), ms=300)),
    "next": (("next",), lambda w: _swipe(w, -1)),
    "previous": (("previous",), lambda w: _swipe(w, 1)),
}
# A palm is shown at 150 to 400 mm. One that is to be pushed away by up to 110 mm is shown at 160 to 337: a
# wearer who holds it at the end of its reach has nowhere to push it.
_PUSHED_FROM_MM, _PUSHED_STEP_MM = 160, 3.0


def _gestures(seed: int) -> list[Figure]:
    figures = []
    latencies: list[float] = []
    shown = gone = clean = tries = 0
    for number, (name, (wanted, act)) in enumerate(_GESTURES.items()):
        found = 0
        for k in range(_TRIES):
            near = _PUSHED_FROM_MM + _PUSHED_STEP_MM * k if name == "home" else None
            wearer = Wearer(seed + 1000 + 100 * number + k, distance_mm=near)
            wearer.nobody(300)
            wearer.enter()
            wearer.hold(900)
            start = wearer.now_ms - 1  # a frame's time is rounded
            act(wearer)
            wearer.hold(500)
            end = wearer.now_ms - 1
            wearer.leave()
            said = [(_number(e["t_ms"]), e["gesture"]) for e in estimates(wearer.frames, name == "volume")]
            said = [(t, gesture) for t, gesture in said if gesture]
            between = [gesture for t, gesture in said if start <= t < end]
            found += _in_order(wanted, between)
            clean += set(between) == set(wanted)
            tries += 1
            shown += any(gesture == "shown" and t < start for t, gesture in said)
            gone += any(gesture == "gone" and t >= start for t, gesture in said)
            if name == "select" and "select" in between:
                # From the first moment of the fingers' closing; they take 150 ms.
                latencies.append(next(t for t, g in said if g == "select" and t >= start) - start)
        figures.append(Figure(f"palm: {name} recognised", 100 * found / _TRIES, "%", 97, at_least=True))
    return [
        *figures,
        Figure("palm: shown recognised", 100 * shown / tries, "%", 97, at_least=True),
        Figure("palm: gone recognised", 100 * gone / tries, "%", 97, at_least=True),
        Figure("palm: gestures with no other event beside them", 100 * clean / tries, "%"),
        Figure("palm: select latency, 95th percentile", percentile(latencies, 95), "ms", 350),
    ]


def _in_order(wanted: tuple[str, ...], said: list[object]) -> bool:
    rest = iter(said)
    return all(gesture in rest for gesture in wanted)


def _idle(seed: int) -> list[Figure]:
    events = 0
    for k in range(_IDLE_WEARERS):
        wearer = Wearer(seed + 3000 + k)
        wearer.enter()
        wearer.hold(600)
        wearer.idle(60_000 * _IDLE_MINUTES / _IDLE_WEARERS)
        said = [e["gesture"] for e in estimates(wearer.frames) if e["gesture"]]
        events += len(said) - ("shown" in said)
    return [Figure("palm: false events in idle motion", events / _IDLE_MINUTES, "/min", 1)]


def _on_pin(seed: int) -> list[Figure]:
    wearer = Wearer(seed + 4000)
    wearer.nobody(500)
    wearer.enter()
    wearer.hold(1000)
    wearer.close(300)
    wearer.tilt(20, 0)
    wearer.leave()
    from ..viper import source_root

    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as recording:
        recording.writelines(frame.line() + "\n" for frame in wearer.frames)
        recording.flush()
        program = Path(recording.name).with_suffix(".py")
        program.write_text(_ON_PIN, encoding="utf-8")
        try:
            printed = subprocess.run(
                [find_interpreter(), "-X", "heapsize=16m", program, recording.name],
                env={"MICROPYPATH": f".frozen:{source_root()}"},
                capture_output=True,
                text=True,
                timeout=_RUN_S,
                check=True,
            ).stdout
        finally:
            program.unlink()
    spent_us, allocated = (float(word) for word in printed.split())
    return [
        Figure("palm: a frame under MicroPython", spent_us / 1000, "ms", 3),
        Figure("palm: heap bytes a frame", allocated, "B", 0),
    ]
