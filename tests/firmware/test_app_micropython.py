"""The unmodified app on the real MicroPython with the stand-ins, against a fake relay over real TLS."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import lapel.bench
import pytest
from fake_relay import FakeRelay, answer
from lapel.utterance import Utterance
from lapel_wire import adpcm, audio
from pin_process import FIRMWARE, PinProcess

HEAP_APP = Path(lapel.bench.__file__).with_name("heap_app.py")
RATE = 16000
NAPS = {"pin.power.IDLE_MS": 100, "pin.power.NAP_MS": 600}  # so soon asleep, not after a minute


def tone(seconds: float) -> bytes:
    """A sweep: no two pieces of it are alike."""
    count = int(seconds * RATE)
    return array.array("h", (int(9000 * math.sin(i * i * 2e-5 + i * 0.02)) for i in range(count))).tobytes()


def heard_from(utterance: Utterance, end: dict[str, Any], said: bytes) -> int | None:
    """At which sample of the utterance the whole of `said` begins, coded as the pin does, or None."""
    pcm = array.array("h", utterance.pcm(end["frames"], end["samples"]))
    first = next((i for i, value in enumerate(pcm) if value), len(pcm))
    sound = array.array("h", said)
    # Encoded silence decodes to silence, so the first sample that sounds is soon after the first one said.
    for start in range(max(0, first - 64), first + 1):
        samples = array.array("h", bytes(2 * start)) + sound
        samples = samples[: len(pcm)] + array.array("h", bytes(2 * max(0, len(pcm) - len(samples))))
        if coded(samples) == pcm.tobytes():
            return start
    return None


def coded(pcm: array.array[int]) -> bytes:
    """What an encoder and a decoder make of it."""
    again = Utterance(0)
    state = adpcm.new_state()
    padded = pcm + array.array("h", bytes(-2 * len(pcm) % 1024))
    for seq in range(len(padded) // 512):
        frame = bytearray(audio.FRAME_BYTES)
        audio.pack_header(frame, 0, seq, state[0], state[1])
        words = array.array("H", padded[seq * 512 : seq * 512 + 512].tobytes())
        adpcm.encode(words, memoryview(frame)[10:], state, 512)
        again.add(bytes(frame))
    return again.pcm(len(padded) // 512, len(pcm))


@contextlib.asynccontextmanager
async def house(
    tmp_path: Path,
    on_end: Any = answer,
    ready: bool = True,
    limits: dict[str, Any] | None = None,
    **more: Any,
) -> AsyncIterator[Any]:
    """A fake relay and a pin that is linked to it; `limits` are constants of the firmware to change."""
    flash = tmp_path / "flash"
    flash.mkdir()
    main = FIRMWARE / "main.py"
    if limits:
        main = Path(__file__).with_name("limited_app.py")
        (flash / "limits.json").write_text(json.dumps(limits), "utf-8")
    async with (
        FakeRelay(tmp_path / "home", on_end) as relay,
        PinProcess(flash, relay.settings(**more), main=main) as pin,
    ):
        if ready:
            await pin.hand()  # from the start: it is not raised, so no menu comes
            await pin.logged("-> idle")
            await relay.until(lambda: relay.connections)
        yield relay, pin


async def ask(pin: PinProcess, seconds: float = 0.5) -> None:
    await pin.press()
    await asyncio.sleep(seconds)
    await pin.release()


async def test_a_question_is_heard_whole_and_its_answer_lit(tmp_path: Path) -> None:
    async with house(tmp_path) as (relay, pin):
        said = tone(1.5)
        await pin.press()
        await asyncio.sleep(0.05)
        await pin.play(said)
        await asyncio.sleep(1.8)
        await pin.release()
        end = await relay.message("utterance_end")
        utterance = relay.utterances[end["utt"]]
        assert end["dropped"] == 0 and utterance.received == end["frames"] and utterance.repeated == 0
        assert heard_from(utterance, end, said) is not None
        shown = await relay.message("event", name="shown", card=1)
        assert shown["pin_ms"] > 0
        await relay.message("event", name="dismissed", card=1)
        await pin.logged("showing -> idle")
        assert pin.states() == ["connecting", "idle", "listening", "thinking", "showing", "idle"]
        hello = relay.got[0]
        assert (hello["board"], hello["display"]["cols"] >= 8) == ("virtual", True)


@pytest.mark.parametrize("before_s", [0.0, 1.0])
async def test_a_stall_while_connecting_loses_no_sample(tmp_path: Path, before_s: float) -> None:
    """Pressed without a link; at once, or late in the first long buffer, the interpreter stands still."""
    async with house(tmp_path, ready=False) as (relay, pin):
        await relay.stop()
        await pin.logged("-> offline")
        await pin.press()
        await pin.logged("-> listening")
        said = tone(2.4)
        await pin.play(said)
        await asyncio.sleep(before_s)
        await relay.start()
        await pin.stall(1000)
        await asyncio.sleep(2.7 - before_s)
        await pin.release()
        end = await relay.message("utterance_end")
        utterance = relay.utterances[end["utt"]]
        assert end["dropped"] == 0 and utterance.received == end["frames"]
        assert heard_from(utterance, end, said) is not None


async def test_a_tap_sends_nothing_and_dismisses(tmp_path: Path) -> None:
    async with house(tmp_path) as (relay, pin):
        await relay.card(5, [["Hello"]])
        await pin.logged("-> showing")
        await pin.tap()
        await relay.message("event", name="dismissed", card=5)
        await pin.logged("listening -> idle")
        assert not relay.utterances and not [m for m in relay.got if m["t"].startswith("utterance")]


async def test_no_light_while_the_gauge_is_silent(tmp_path: Path) -> None:
    limits = {"pin.battery.READ_MS": 100, "pin.body.SILENT_MS": 400}
    async with house(tmp_path, limits=limits) as (relay, pin):
        await pin.battery(0)
        await asyncio.sleep(1)
        await ask(pin)
        await relay.message("utterance_end")
        await asyncio.sleep(1)
        assert not [m for m in relay.got if m["t"] == "event" and m["name"] == "shown"]
        await pin.battery(3900)
        await relay.message("event", name="shown", card=1)


async def test_choices(tmp_path: Path) -> None:
    async with house(tmp_path) as (relay, pin):
        await pin.tap()  # a user's action, without which there is no light
        await pin.logged("listening -> idle")
        choices = [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}]
        await relay.card(6, [["Send it?"]], kind="choice", choices=choices)
        await relay.message("event", name="shown", card=6)
        await pin.tap()
        await asyncio.sleep(0.5)  # longer than a double tap: the next choice
        await pin.tap()
        await asyncio.sleep(0.1)
        await pin.tap()
        assert (await relay.message("event", name="chosen", card=6))["choice"] == "no"
        await pin.logged("showing -> thinking")
        await relay.card(7, [["Not sent"]])
        await relay.message("event", name="shown", card=7)
        assert not relay.utterances


async def test_a_press_interrupts_the_answer_and_the_old_question_is_forgotten(tmp_path: Path) -> None:
    async with house(tmp_path, on_end=None) as (relay, pin):
        await ask(pin)
        first = (await relay.message("utterance_end"))["utt"]
        await relay.card(1, [["It"]], utt=first, more=True)
        await relay.message("event", name="shown", card=1)
        relay.on_end = answer
        await ask(pin)
        await relay.message("utterance_cancel", utt=first)
        await relay.message("event", name="dismissed", card=1)
        second = (await relay.until(lambda: [m for m in relay.got if m["t"] == "utterance_end"][1:]))[0][
            "utt"
        ]
        assert second > first
        relay.got.clear()
        await relay.card(1, [["It is late"]], rev=3, utt=first)  # the old answer goes on: nobody asked
        await relay.card(2, [["New"]], utt=second)
        await asyncio.sleep(0.2)
        assert not [m for m in relay.got if m.get("card") == 1]


async def test_a_question_survives_the_relay(tmp_path: Path) -> None:
    """The relay dies after it heard the question and before it answers; another comes in its place."""
    async with house(tmp_path, on_end=None) as (relay, pin):
        await ask(pin, 1.0)
        end = await relay.message("utterance_end")
        before = relay.utterances.pop(end["utt"])
        await relay.stop()
        relay.got.clear()
        relay.on_end = answer
        await relay.start()
        again = await relay.message("utterance_end", utt=end["utt"])
        assert again == end
        after = relay.utterances[end["utt"]]
        assert after.pcm(end["frames"], end["samples"]) == before.pcm(end["frames"], end["samples"])
        await relay.message("event", name="shown", card=1)


async def test_a_question_asked_without_a_relay_is_delivered_later(tmp_path: Path) -> None:
    async with house(tmp_path, ready=False) as (relay, pin):
        await relay.stop()
        await pin.logged("-> offline")
        await pin.hand()
        await ask(pin, 0.6)
        await pin.logged("listening -> thinking")
        await asyncio.sleep(1)
        await relay.start()
        end = await relay.message("utterance_end")
        assert relay.utterances[end["utt"]].received == end["frames"] >= 18
        await relay.message("event", name="shown", card=1)


async def test_no_connection_is_a_sentence_and_the_question_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path, ready=False, limits={"pin.question.NO_LINK_MS": 700}) as (relay, pin):
        await relay.stop()
        await pin.logged("-> offline")
        await ask(pin)
        await pin.logged("thinking -> offline")
        await pin.logged("No connection to the relay")
        await relay.start()
        await pin.press()  # tries at once
        await asyncio.sleep(0.06)
        await pin.release()
        await relay.message("utterance_end")


async def test_a_refusal_is_told_in_the_relays_words(tmp_path: Path) -> None:
    async with house(tmp_path, ready=False) as (relay, pin):
        relay.greet_with = {"t": "error", "code": "unknown_pin", "text": "This pin was revoked."}
        await relay.stop()
        await relay.start()
        await pin.press()
        await pin.logged("This pin was revoked")
        await asyncio.sleep(0.5)
        await pin.release()
        await pin.logged("thinking -> offline")


async def test_a_relay_with_another_key_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path, ready=False, key="00" * 32) as (relay, pin):
        await pin.logged("The relay does not know this pin. Pair it again.")
        assert not [m for m in relay.got if m["t"] == "proof"]


async def test_an_impostor_without_the_pinned_certificate_is_refused(tmp_path: Path) -> None:
    flash = tmp_path / "flash"
    flash.mkdir()
    async with FakeRelay(tmp_path / "true") as true, FakeRelay(tmp_path / "false") as impostor:
        settings = true.settings(relays=[{"host": "127.0.0.1", "port": impostor.port}])
        impostor.key = true.key
        async with PinProcess(flash, settings) as pin:
            await pin.logged("-> offline")
            assert not impostor.got and "idle" not in pin.states()


async def test_the_second_address_is_tried(tmp_path: Path) -> None:
    flash = tmp_path / "flash"
    flash.mkdir()
    async with FakeRelay(tmp_path / "home") as relay:
        relays = [{"host": "127.0.0.1", "port": 1}, {"host": "127.0.0.1", "port": relay.port}]
        async with PinProcess(flash, relay.settings(relays=relays)) as pin:
            await pin.logged("-> idle")


async def test_an_error_of_the_relay_is_shown_and_the_session_goes_on(tmp_path: Path) -> None:
    async def fail(relay: FakeRelay, _: Any, end: dict[str, Any]) -> None:
        await relay.say("error", code="stt", text="I could not understand.", utt=end["utt"])
        relay.on_end = answer

    async with house(tmp_path, on_end=fail) as (relay, pin):
        await ask(pin)
        await pin.logged("I could not understand")
        await pin.logged("thinking -> showing")
        await ask(pin)
        await relay.message("event", name="shown", card=1)


async def test_nonsense_is_answered_with_an_error_and_the_link_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as (relay, pin):
        for text in ("{", '{"t":"dance"}', '{"t":"card","card":1}', "[]"):
            relay.got.clear()
            await relay.connections[-1].send(text)
            await relay.message("error")
        await relay.connections[-1].send(b"binary")
        await ask(pin)
        await relay.message("event", name="shown", card=1)
        assert len(relay.connections) == 1


async def test_a_half_open_link_is_found_and_replaced(tmp_path: Path) -> None:
    limits = {"pin.link.IDLE_PING_MS": 500, "pin.link.IDLE_PONG_MS": 500}
    async with house(tmp_path, limits=limits) as (relay, pin):
        relay.connections[0].transport.pause_reading()  # nothing is refused, nothing is answered
        await relay.until(lambda: relay.connections[1:])
        await ask(pin)
        await relay.message("event", name="shown", card=1)


async def test_no_answer_is_a_sentence(tmp_path: Path) -> None:
    limits = {"pin.question.ANSWER_MS": 700}
    async with house(tmp_path, on_end=None, limits=limits) as (relay, pin):
        await ask(pin)
        await pin.logged("The relay did not answer")
        await pin.logged("thinking -> showing")
        await relay.message("utterance_cancel")


async def test_a_question_that_cannot_be_delivered_is_given_up(tmp_path: Path) -> None:
    limits = {"pin.question.NO_LINK_MS": 300, "pin.question.KEEP_MS": 900}
    async with house(tmp_path, limits=limits) as (relay, pin):
        await relay.stop()
        await ask(pin)
        await pin.logged("No connection to the relay")
        await pin.logged("could not be delivered")
        await relay.start()
        await pin.logged("offline -> idle")
        assert not [m for m in relay.got if m["t"] == "utterance_end"]


async def test_an_error_in_the_middle_of_a_question_ends_it(tmp_path: Path) -> None:
    async with house(tmp_path) as (relay, pin):
        await pin.press()
        started = await relay.message("utterance_start")
        await relay.say("error", code="busy", text="Too many questions.", utt=started["utt"])
        await pin.logged("listening -> showing")
        await pin.release()
        await asyncio.sleep(0.1)  # no finger is faster: the next press would be bounce
        await ask(pin)
        await relay.message("event", name="shown", card=1)


async def test_a_button_that_is_stuck_ends_the_question(tmp_path: Path) -> None:
    async with house(tmp_path, on_end=None, limits={"pin.button.STUCK_MS": 1500}) as (relay, pin):
        await pin.press()
        end = await relay.message("utterance_end")
        assert 1.4 * RATE < end["samples"] < 1.9 * RATE
        await pin.logged("cut at its cap")
        await relay.card(1, [["It is 10:42"]], utt=end["utt"])
        await relay.message("event", name="shown", card=1)
        await pin.release()


async def test_asleep_there_is_no_link_and_a_tap_wakes(tmp_path: Path) -> None:
    async with house(tmp_path, limits=NAPS, standby="saver") as (relay, pin):
        await pin.logged("idle -> asleep")
        await relay.connections[0].wait_closed()
        await pin.tap()
        await pin.logged("listening -> (connecting|idle)")
        await relay.until(lambda: relay.connections[1:])


async def test_a_question_wakes(tmp_path: Path) -> None:
    async with house(tmp_path, limits=NAPS, standby="saver") as (relay, pin):
        await pin.logged("idle -> asleep")
        await pin.press()
        await pin.logged("asleep -> listening")
        said = tone(0.8)
        await pin.play(said)
        await asyncio.sleep(1.0)
        await pin.release()
        end = await relay.message("utterance_end")
        assert heard_from(relay.utterances[end["utt"]], end, said) is not None


async def test_a_broken_app_starts_again_and_at_last_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, ready=False, limits={"pin.link.OPEN_MS": None}) as (_, pin):
        await pin.logged("the app failed")
        await pin.logged("This pin has a fault")
        assert len([line for line in pin.log if "the app failed" in line]) == 4


async def test_a_pin_without_settings_says_so(tmp_path: Path) -> None:
    async with PinProcess(tmp_path, None) as pin:
        await pin.logged("This pin is not paired yet. Run: lapel pair")
        await pin.logged("-> fault")
        await pin.hand()
        await ask(pin)
        assert pin.states() == ["fault"]


async def test_a_typed_question(tmp_path: Path) -> None:
    async with house(tmp_path) as (relay, pin):
        await pin.type("what time is it")
        asked = await relay.message("ask", text="what time is it")
        await relay.card(1, [["It is 10:42"]], utt=asked["utt"])
        await relay.message("event", name="shown", card=1)


async def test_audio_costs_at_most_160_heap_bytes_a_frame(tmp_path: Path) -> None:
    """The whole path: microphone, codec, store, link, channel and TLS, with the app's loop around them."""
    flash = tmp_path / "flash"
    flash.mkdir()
    async with (
        FakeRelay(tmp_path / "home") as relay,
        PinProcess(flash, relay.settings(), main=HEAP_APP, heap="64m") as pin,
    ):
        await pin.logged("-> idle")
        await pin.press()
        await asyncio.sleep(12)
        allocated, frames = map(int, (await pin.logged("^heap")).split()[1:])
    print(f"{allocated / frames:.0f} bytes a frame")
    assert frames > 290 and allocated / frames <= 160
