"""The palm tracker and its gestures on virtual hands and things, and what a frame costs the pin.

The seeds here were not used for tuning; LAPEL_PALM_SEED shifts them all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..commands.palm import replay
from ..virtual.depth_sensor import PERIOD_MS, DepthSensor, Frame
from ..virtual.hand import FIST, Cup, Hand, Plane, Shape, face
from ..virtual.hand_script import Wearer
from ..virtual.interpreter import find_interpreter
from .figures import Figure, percentile

_HANDS = 40
_SCENES = 60  # of each thing
_SCENE_FRAMES = 20
_TRIES = 30  # of each gesture, each by another hand
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
    return [*_presence(seed), *_things(seed), *_poses(seed), *_gestures(seed), *_idle(seed), *_on_pin(seed)]


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
    """False arming, by kind."""
    kinds: dict[str, Callable[[np.random.Generator], Callable[[float], list[Shape]]]] = {
        "table": _table, "table edge": _edge, "wall": _wall, "face": _face, "cup": _cup,
    }  # fmt: skip
    figures = []
    every: list[bool] = []
    for name, make in kinds.items():
        armed: list[bool] = []
        for k in range(_SCENES):
            random = np.random.default_rng([seed, k])
            scene = make(random)
            sensor = DepthSensor(
                int(random.integers(1 << 30)), random.uniform(0.7, 1.5), merge_mm=random.uniform(50, 110)
            )
            times = [i * PERIOD_MS for i in range(_SCENE_FRAMES)]
            armed += [
                bool(e["present"]) for e in estimates([sensor.measure(t, scene(t / 1000)) for t in times])
            ]
        every += armed
        figures.append(Figure(f"palm: frames armed by a {name}", 100 * statistics.mean(armed), "%"))
    return [Figure("palm: frames armed by things", 100 * statistics.mean(every), "%", 0.1), *figures]


def _table(random: np.random.Generator) -> Callable[[float], list[Shape]]:
    distance, speed = random.uniform(120, 450), random.uniform(-40, 40)
    x, y = random.uniform(-40, 40, 2)
    return lambda t: [Plane(distance + speed * t, x, y)]


def _edge(random: np.random.Generator) -> Callable[[float], list[Shape]]:
    distance, edge, speed = random.uniform(150, 420), random.uniform(-80, 80), random.uniform(-40, 40)
    x, y = random.uniform(-20, 20, 2)
    return lambda t: [Plane(distance, x, y, edge_mm=edge + speed * t), Plane(1200)]


def _wall(random: np.random.Generator) -> Callable[[float], list[Shape]]:
    distance = random.uniform(300, 3000)
    return lambda t: [Plane(distance)]


def _face(random: np.random.Generator) -> Callable[[float], list[Shape]]:
    distance, size, speed = random.uniform(150, 450), random.uniform(0.85, 1.1), random.uniform(-40, 40)
    x, y = random.normal(0, 40, 2)
    return lambda t: [face(distance + speed * t, x, y, size), Plane(1500)]


def _cup(random: np.random.Generator) -> Callable[[float], list[Shape]]:
    distance, radius, height = random.uniform(150, 400), random.uniform(32, 46), random.uniform(80, 130)
    (x, y), speed = random.normal(0, 40, 2), random.uniform(-60, 60)
    return lambda t: [Cup(distance, radius, height, x + speed * t, y), Plane(1000)]


def _poses(seed: int) -> list[Figure]:
    """Frames of hands that hold an open palm and a fist in turn, moving between 170 and 370 mm."""
    right: list[bool] = []
    for k in range(_HANDS):
        wearer = Wearer(seed + 500 + k)
        wants = []
        for turn in range(4):
            pose = "fist" if (turn + k) % 2 else "open"  # every other hand begins with a fist
            fingers = FIST if pose == "fist" else wearer.rest.fingers
            wearer.hand = replace(wearer.rest, fingers=fingers)
            start = len(wearer.frames)
            for distance in wearer.random.uniform(170, 370, 2):
                wearer.move(replace(wearer.hand, distance_mm=distance), 1000)
            wants += [pose] * (len(wearer.frames) - start)
        right += [e["pose"] == want for e, want in zip(estimates(wearer.frames), wants, strict=True)]
    return [Figure("palm: open against fist, frames right", 100 * statistics.mean(right), "%", 92, True)]


def _swipe(wearer: Wearer, sign: int) -> None:
    # Across the arm: along it a hand only leaves.
    way = sign * wearer.random.uniform(60, 90)
    across = abs(wearer.rest.yaw_deg) > 45
    wearer.shift(x_mm=0 if across else way, y_mm=way if across else 0, ms=230)
    wearer.hold(150)
    wearer.shift(x_mm=0 if across else -way, y_mm=-way if across else 0, ms=350)


_GESTURES: dict[str, tuple[set[str], Callable[[Wearer], None]]] = {
    "select": ({"select"}, lambda w: w.close(w.random.uniform(150, 300))),
    "back": ({"select", "back"}, lambda w: w.close(900)),
    "tilt up": ({"up", "down"}, lambda w: w.tilt(-w.random.uniform(18, 25), 0)),
    "tilt down": ({"down", "up"}, lambda w: w.tilt(w.random.uniform(18, 25), 0)),
    "roll": ({"left", "right"}, lambda w: w.tilt(0, w.random.uniform(18, 25))),
    "volume": ({"louder", "softer"}, lambda w: w.tilt(0, w.random.uniform(18, 25))),
    "home": ({"home"}, lambda w: w.shift(distance_mm=w.random.uniform(75, 110), ms=300)),
    "next": ({"next"}, lambda w: _swipe(w, -1)),
    "previous": ({"previous"}, lambda w: _swipe(w, 1)),
}


def _gestures(seed: int) -> list[Figure]:
    figures = []
    latencies: list[float] = []
    shown = gone = tries = 0
    for number, (name, (wanted, act)) in enumerate(_GESTURES.items()):
        found = 0
        for k in range(_TRIES):
            near = 160 + 4.0 * k if name == "home" else None
            wearer = Wearer(seed + 1000 + 100 * number + k, distance_mm=near)
            wearer.nobody(300)
            wearer.enter()
            wearer.hold(900)
            start = wearer.now_ms
            act(wearer)
            wearer.hold(500)
            end = wearer.now_ms
            wearer.leave()
            said = [(_number(e["t_ms"]), e["gesture"]) for e in estimates(wearer.frames, name == "volume")]
            said = [(t, gesture) for t, gesture in said if gesture]
            between = {gesture for t, gesture in said if start <= t < end}
            found += wanted <= between
            tries += 1
            shown += any(gesture == "shown" and t < start for t, gesture in said)
            gone += any(gesture == "gone" and t >= end for t, gesture in said)
            if name == "select" and "select" in between:
                # From the first moment of the fingers' closing; they take 150 ms.
                latencies.append(next(t for t, g in said if g == "select" and t >= start) - start)
        figures.append(Figure(f"palm: {name} recognised", 100 * found / _TRIES, "%", 97, at_least=True))
    return [
        *figures,
        Figure("palm: shown recognised", 100 * shown / tries, "%", 97, at_least=True),
        Figure("palm: gone recognised", 100 * gone / tries, "%", 97, at_least=True),
        Figure("palm: select latency, 95th percentile", percentile(latencies, 95), "ms", 350),
    ]


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
