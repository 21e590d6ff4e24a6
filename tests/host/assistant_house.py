"""An assistant with its skills in a home of its own, without a relay."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lapel.assistant.acting import Acting
from lapel.assistant.assistant import LocalFirstAssistant
from lapel.assistant.context import Silent
from lapel.assistant.household import Household
from lapel.assistant.intents import Matcher
from lapel.skills.testing import DictStore, ListMemory


async def household_in(
    home: Path,
    tables: Mapping[str, Mapping[str, Any]] | None = None,
    outlet: Any = None,
    clock: Callable[[], datetime.datetime] | None = None,
) -> Household:
    """Every skill, started."""
    stores: dict[str, DictStore] = {}
    household = Household(
        home,
        tables or {},
        lambda name: stores.setdefault(name, DictStore()),
        ListMemory(),
        outlet or Silent(),
        clock,
    )
    await household.load()
    household.start()
    await household.started()
    return household


async def assistant_for(model: Any, home: Path | None = None) -> LocalFirstAssistant:
    """All skills of Lapel, and no others if no home is named."""
    if home is None:
        with tempfile.TemporaryDirectory() as folder:
            household = await household_in(Path(folder))
    else:
        household = await household_in(home)
    return LocalFirstAssistant(model, Acting(household), Matcher(household.tools))
