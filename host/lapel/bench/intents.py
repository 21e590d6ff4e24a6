"""Local intents: from the transcript to the card, over a real relay and TLS, with every skill of Lapel."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from .. import config
from ..assistant.acting import Acting
from ..assistant.assistant import LocalFirstAssistant
from ..assistant.context import Silent
from ..assistant.endpoints import Endpoint
from ..assistant.household import Household
from ..assistant.intents import Matcher
from ..assistant.llm import LanguageModel
from ..devices.pins import Pins
from ..relay import Relay
from ..services import Unanswerable
from ..session import Services
from ..store.keeping import SqlKeeping
from .figures import Figure, percentile
from .instant import InstantSpeech, NoHistory
from .wire_client import WireClient

ROUNDS = 10
# Sentences that need nothing but this computer.
SENTENCES = (
    "what time is it", "set a timer for one hundred and five minutes", "what is 15 percent of 80",
    "how many kilometers are five miles", "add milk to my shopping list", "what's on my shopping list",
    "what timers are running", "cancel all timers", "remember that the key is under the pot",
    "what did I say about the key", "现在几点了", "设一个十分钟的计时器", "取消计时器", "what can you do",
)  # fmt: skip


async def measure() -> list[Figure]:
    """Milliseconds from a typed question to its card."""
    with tempfile.TemporaryDirectory(prefix="lapel-") as folder:
        home = Path(folder)
        keeping = SqlKeeping.in_home(home)
        household = Household(home, {}, keeping.store, keeping, Silent())
        await household.load()
        household.start()
        await household.started()
        model = LanguageModel(_no_model)
        assistant = LocalFirstAssistant(model, Acting(household), Matcher(household.tools))
        pins = Pins(home)
        pin = pins.pair("bench")
        settings = config.Config(home=home, relay=config.RelayConfig(port=0))
        try:
            async with (
                Relay(settings, Services(InstantSpeech(), assistant, NoHistory())) as relay,
                WireClient(pins.settings(pin, "127.0.0.1", relay.port)) as client,
            ):
                took = await _asked(client)
        finally:
            await household.close()
            await keeping.close()
            await model.close()
    return [
        Figure("local intent: transcript to card, p50", percentile(took, 50), "ms", 15),
        Figure("local intent: transcript to card, p95", percentile(took, 95), "ms"),
    ]


async def _asked(client: WireClient) -> list[float]:
    took = []
    for number, sentence in enumerate(SENTENCES * ROUNDS):
        begun = time.perf_counter()
        await client.send("ask", utt=number, text=sentence)
        card = await client.answer()
        took.append((time.perf_counter() - begun) * 1000)
        if card["kind"] == "error":
            raise RuntimeError(f"{sentence!r} was answered with {card['pages']}")
    return took


async def _no_model() -> Endpoint:
    raise Unanswerable("There is no language model here.")
