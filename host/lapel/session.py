"""One connected pin, from its challenge to its last frame.

The reader never waits for an engine: a turn runs as a task beside it, and a new press ends the turn
before it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar

from lapel_wire import WireError, messages
from lapel_wire.audio import MAX_UTTERANCE_FRAMES, MAX_UTTERANCE_S, SAMPLES_PER_FRAME, unpack_header
from websockets.exceptions import ConnectionClosed

from .cards import printable
from .connected import ConnectedPin
from .connection import PinConnection
from .conversation import Conversation
from .desks import Desk, Desks, Voice
from .handshake import Greeted
from .listening import Listening
from .log_lines import PIN, TURN
from .services import Assistant, Gone, History, Speech, TurnRecord
from .turn import Turn
from .utterance import Utterance

log = logging.getLogger(__name__)

ACK_FRAMES = 32  # one a second is enough to free frames, and costs the pin a parsed message each
UTTERANCE_S = MAX_UTTERANCE_S + 5  # wall clock; after it nobody's finger is on the button
MAX_WIRE_ERRORS = 20  # a peer that breaks the protocol this often is broken
STOP_S = 2.0  # an engine that does not let itself be cancelled holds a shutdown up no longer
_PARTIAL_CHARACTERS = 250  # within the wire's limit in any script, and more than a palm shows


@dataclass(frozen=True)
class Services:
    """What all sessions share."""

    speech: Speech
    assistant: Assistant
    history: History
    desks: tuple[Desk, ...] = ()
    voice: Voice | None = None


class Session:
    """Speaks the wire's protocol with one authenticated pin."""

    def __init__(
        self, connection: PinConnection, greeted: Greeted, conversation: Conversation, services: Services
    ) -> None:
        self._connection = connection
        self._pin = ConnectedPin(connection, greeted)
        self._name = self._pin.name
        self._conversation = conversation
        self._services = services
        self._desks = Desks(services.desks)
        self._utterance: Utterance | None = None
        self._listening: Listening | None = None
        self._turn: Turn | None = None
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._overdue: asyncio.TimerHandle | None = None
        self._errors = 0

    async def run(self) -> None:
        """Serves the pin until its connection ends. Raises nothing for a connection that breaks."""
        PIN.set(self._pin.pin_id)
        log.info("%s connected", self._name)
        try:
            await self._desks.joined(self._pin)
            async for data in self._connection:
                try:
                    await self._receive(data)
                except WireError as error:
                    await self._refuse(error)
        except (Gone, ConnectionClosed) as error:
            log.info("%s: %s", self._name, error)
        finally:
            self._desks.left(self._pin)
            await self._stop()
            log.info("%s disconnected", self._name)

    async def _receive(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            await self._audio(data)
            return
        message = messages.decode(messages.UP, data)
        handler = self._handlers.get(message["t"])
        if handler is not None:
            await handler(self, message)
        elif message["t"] in ("hello", "proof"):
            raise WireError("unknown_type", f"{message['t']} has no place after the welcome")
        await self._desks.message(self._pin, message)

    async def _start(self, message: dict[str, Any]) -> None:
        self._interrupt()
        self._drop_utterance()
        if await self._repeat(message["utt"]):
            return
        self._utterance = Utterance(message["utt"])
        self._listening = Listening(self._utterance, self._services.speech, self._send_partial)
        self._overdue = asyncio.get_running_loop().call_later(UTTERANCE_S, self._abandon)

    async def _audio(self, frame: bytes) -> None:
        utterance, listening = self._utterance, self._listening
        if utterance is None or listening is None:
            # Frames on their way while an utterance ended or was answered already: the wire allows them.
            unpack_header(frame)
            return
        utterance.add(frame)
        listening.advance()
        if utterance.received % ACK_FRAMES == 0:
            await self._acknowledge(utterance)
        if utterance.full:
            log.warning("%s: utterance %d reached %d s", self._name, utterance.number, MAX_UTTERANCE_S)
            samples = MAX_UTTERANCE_FRAMES * SAMPLES_PER_FRAME
            await self._finish(utterance, listening, MAX_UTTERANCE_FRAMES, samples)

    async def _end(self, message: dict[str, Any]) -> None:
        utterance, listening = self._utterance, self._listening
        if utterance is None or listening is None or utterance.number != message["utt"]:
            return  # it ended at the hard cap, or was answered before a resend
        if message["samples"] > message["frames"] * SAMPLES_PER_FRAME:
            raise WireError("out_of_range", f"{message['samples']} samples in {message['frames']} frames")
        if message.get("dropped"):
            log.warning("%s: the microphone lost %d samples", self._name, message["dropped"])
        await self._finish(utterance, listening, message["frames"], message["samples"])

    async def _finish(self, utterance: Utterance, listening: Listening, frames: int, samples: int) -> None:
        self._utterance = self._listening = None
        self._clear_overdue()
        pcm = utterance.pcm(frames, samples)
        lost = utterance.lost(frames)
        if lost or utterance.repeated or utterance.late:
            log.warning(
                "%s: utterance %d: %d of %d frames lost, %d repeated, %d out of order",
                self._name, utterance.number, lost, frames, utterance.repeated, utterance.late,
            )  # fmt: skip
        turn = self._new_turn(utterance.number)
        turn.record.frames = {"sent": frames, "received": utterance.received, "lost": lost}
        running = self._begin(turn, lambda: turn.spoken(pcm, listening.heard, self._conversation.earlier()))
        running.add_done_callback(lambda _: listening.cancel())  # also if a new press ends it at once
        await self._acknowledge(utterance)

    async def _cancel(self, message: dict[str, Any]) -> None:
        if self._utterance is not None and self._utterance.number == message["utt"]:
            self._drop_utterance()

    async def _ask(self, message: dict[str, Any]) -> None:
        self._interrupt()
        self._drop_utterance()
        if await self._repeat(message["utt"]):
            return
        turn = self._new_turn(message["utt"])
        self._begin(turn, lambda: turn.typed(message["text"], self._conversation.earlier()))

    async def _event(self, message: dict[str, Any]) -> None:
        log.debug("%s: %s", self._name, message)
        turn = self._turn
        if message["name"] == "shown" and turn is not None and turn.shown(message["card"]):
            log.info(
                "%s: utterance %d lit, ms after release: %s",
                self._name,
                turn.record.utt,
                turn.record.timings_ms,
            )
            if self._running is not None and self._running.done():
                self._services.history.add(turn.record)  # else it is kept when the turn ends

        elif message["name"] in ("dismissed", "chosen"):
            self._pin.put_away(message["card"])
        elif message["name"] == "page" and "page" in message:
            await self._pin.turned(message["card"], message["page"])

    async def _time(self, message: dict[str, Any]) -> None:
        now = int(time.time() * 1000)
        await self._pin.send("time", pin_ms=message["pin_ms"], unix_ms=now)

    async def _pin_error(self, message: dict[str, Any]) -> None:
        log.warning("%s reports %r: %r", self._name, message["code"], message["text"])

    _handlers: ClassVar[dict[str, Callable[[Session, dict[str, Any]], Awaitable[None]]]] = {
        "utterance_start": _start,
        "utterance_end": _end,
        "utterance_cancel": _cancel,
        "ask": _ask,
        "event": _event,
        "time": _time,
        "error": _pin_error,
    }

    def _new_turn(self, utt: int) -> Turn:
        record = TurnRecord(self._pin.pin_id, utt)
        return Turn(record, self._pin, self._services.speech, self._services.assistant)

    def _begin(self, turn: Turn, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        self._turn = turn
        self._running = self._spawn(self._run_turn(turn, work))
        return self._running

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that ends with the session at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run_turn(self, turn: Turn, work: Callable[[], Awaitable[None]]) -> None:
        record = turn.record
        TURN.set(record.utt)
        try:
            await work()
        except Gone as error:
            log.info("%s: utterance %d has no one to answer: %s", self._name, record.utt, error)
            return
        except asyncio.CancelledError:
            if record.question:
                record.failure = "interrupted"
                self._services.history.add(record)
            raise
        if turn.card is not None:
            if self._services.voice is not None:
                self._services.voice.speak(self._pin, turn.card, record.answer)
            self._conversation.answered = (record.utt, record.question, turn.card)
        if record.question and not record.failure:
            self._conversation.remember(record.question, record.answer)
        log.info("%s: utterance %d answered, ms after release: %s", self._name, record.utt, record.timings_ms)
        self._services.history.add(record)

    async def _repeat(self, utt: int) -> bool:
        """Sends the last answer again if the pin repeats its question after a lost link."""
        answered = self._conversation.answered
        if answered is None or answered[0] != utt:
            return False
        await self._pin.send("final", utt=utt, text=answered[1])
        await self._pin.send_card(answered[2])
        return True

    async def _acknowledge(self, utterance: Utterance) -> None:
        await self._pin.send("ack", utt=utterance.number, next=utterance.next)

    async def _send_partial(self, text: str) -> None:
        if self._utterance is not None:
            short = printable(text[:_PARTIAL_CHARACTERS])
            await self._pin.send("partial", utt=self._utterance.number, text=short)

    async def _refuse(self, error: WireError) -> None:
        self._errors += 1
        log.warning("%s broke the protocol: %s: %s", self._name, error.code, error.text)
        text = error.text.encode()[:200].decode(errors="ignore")
        await self._pin.send("error", code=error.code, text=text)
        if self._errors >= MAX_WIRE_ERRORS:
            await self._connection.close(1008, "too many protocol errors")

    def _interrupt(self) -> None:
        if self._running is not None and not self._running.done():
            log.info("%s: a new press ends the turn before it", self._name)
            self._running.cancel()

    def _abandon(self) -> None:
        """The utterance never ended."""
        utterance = self._utterance
        if utterance is None:
            return
        log.warning("%s: utterance %d never ended and is dropped", self._name, utterance.number)
        self._drop_utterance()
        turn = self._new_turn(utterance.number)
        self._begin(turn, lambda: turn.refuse("The question broke off. Please ask again."))

    def _drop_utterance(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
        self._utterance = self._listening = None
        self._clear_overdue()

    def _clear_overdue(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    async def _stop(self) -> None:
        self._drop_utterance()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, held_up = await asyncio.wait(self._tasks, timeout=STOP_S)
            if held_up:
                log.error("%s: %d turns do not end", self._name, len(held_up))
