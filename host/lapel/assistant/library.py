"""All skills: those of Lapel, of installed packages, and of the folder `skills` in Lapel's home.

One that cannot be loaded is named with the reason and left out; the others go on.
"""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import importlib.metadata
import importlib.util
import logging
import os
import pkgutil
import re
import sys
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from .. import skills as package
from ..skills import Secret, SkillError, tool_of
from .tools import ToolInfo, read_tool
from .workers import HereWorker, Stuck, ThreadWorker, Worker

log = logging.getLogger(__name__)

FOLDER = "skills"
ENTRY_POINTS = "lapel.skills"
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")  # a table in the settings, a file, a part of a variable's name
IMPORT_S = 10.0  # large libraries on a Raspberry Pi; a module that does more at import hangs
OFF = "its owner has switched it off"  # [skills.NAME] on = false
_NOT_SKILLS = {"testing"}


@dataclass
class Skill:
    """One loaded skill; `failure` says why there is nothing of it."""

    name: str
    origin: str  # "Lapel", a file, or a package
    module: ModuleType | None = None
    tools: tuple[ToolInfo, ...] = ()
    settings: Any = None
    worker: Worker = field(default_factory=HereWorker)
    failure: str = ""

    def hook(self, name: str) -> Callable[..., Any] | None:
        """The module's function of this name, such as `start`."""
        found = getattr(self.module, name, None)
        return found if callable(found) else None


async def load(
    home: Path,
    tables: Mapping[str, Mapping[str, Any]],
    only: Collection[str] | None = None,
    beside: Sequence[Skill] = (),
) -> list[Skill]:
    """Every skill, with its settings from the tables `[skills.NAME]` of the configuration.

    Or `only` those of these names, where the skills `beside` them are there already.
    """
    found: list[Skill] = []
    # Of tools, and whose they are.
    names = {tool.name: skill.name for skill in beside for tool in skill.tools}
    for skill, bring in _sources(home):
        if only is not None and skill.name not in only:
            continue
        if skill.failure:
            pass
        elif any(skill.name == other.name for other in (*beside, *found)):
            skill.failure = f"there is a skill {skill.name} already; give this one another name"
        else:
            await _load_one(skill, bring, tables.get(skill.name, {}), names)
        if skill.failure and skill.failure != OFF:
            log.error("skill %s (%s) is left out: %s", skill.name, skill.origin, skill.failure)
        found.append(skill)
    for name in tables.keys() - {skill.name for skill in (*beside, *found)}:
        log.error("the settings [skills.%s] are of no skill", name)
    return found


def _sources(home: Path) -> Iterator[tuple[Skill, Callable[[], ModuleType]]]:
    """Each skill, and how its module is brought."""
    for info in pkgutil.iter_modules(package.__path__):
        if info.name not in _NOT_SKILLS:
            full = f"{package.__name__}.{info.name}"
            yield Skill(info.name, "Lapel"), lambda full=full: importlib.import_module(full)  # type: ignore[misc]
    for point in sorted(importlib.metadata.entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        origin = point.dist.name if point.dist else point.value
        yield Skill(point.name, f"package {origin}"), point.load
    for path in sorted((home / FOLDER).glob("*.py")):
        skill = Skill(path.stem, str(path))
        try:
            # Here and not on the skill's thread: Python 3.11 cannot parse on two threads at once.
            code = compile(path.read_bytes(), str(path), "exec")
        except (SyntaxError, ValueError, OSError) as error:
            skill.failure = f"{type(error).__name__}: {error}"
            yield skill, _nothing
            continue
        yield skill, lambda path=path, code=code: _import_file(path, code)  # type: ignore[misc]


async def _load_one(
    skill: Skill, bring: Callable[[], ModuleType], table: Mapping[str, Any], names: dict[str, str]
) -> None:
    table = dict(table)
    if table.pop("on", True) is False:
        skill.failure = OFF
        return
    if not NAME.fullmatch(skill.name):
        skill.failure = "a skill's name is a lower-case letter, then letters, digits or _"
        return
    try:
        if skill.origin == "Lapel":
            skill.module = bring()
        else:
            skill.worker = worker = ThreadWorker(skill.name)
            skill.module = await worker.call(bring, IMPORT_S)
        if not isinstance(skill.module, ModuleType):
            raise SkillError(f"expected a module, got {type(skill.module).__name__}")
        skill.tools = _tools(skill.name, skill.module)
        # On a thread: a keyring may ask another program.
        skill.settings = await asyncio.to_thread(_settings, skill.name, skill.module, table)
        for tool in skill.tools:
            if (owner := names.get(tool.name)) is not None:
                raise SkillError(f"its tool {tool.name} has the name of one of {owner}; rename it")
    except SkillError as error:
        skill.failure = str(error)
    except (TimeoutError, Stuck):
        skill.failure = f"its import took over {IMPORT_S:.0f} s; open connections in start()"
    except Exception as error:  # a plug-in's module may raise anything while it is imported
        log.debug("skill %s", skill.name, exc_info=True)
        skill.failure = f"{type(error).__name__}: {error}"
    if skill.failure:
        skill.tools = ()
        return
    names.update({tool.name: skill.name for tool in skill.tools})


def _import_file(path: Path, code: types.CodeType) -> ModuleType:
    name = f"lapel_home_skills.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise SkillError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    exec(code, module.__dict__)
    return module


def _nothing() -> ModuleType:
    raise SkillError("there is nothing to import")


def _tools(name: str, module: ModuleType) -> tuple[ToolInfo, ...]:
    """The tools that the module defines itself."""
    functions = [
        value
        for value in vars(module).values()
        if tool_of(value) is not None and getattr(value, "__module__", "") == module.__name__
    ]
    return tuple(read_tool(function, name) for function in functions)


def _settings(name: str, module: ModuleType, table: Mapping[str, Any]) -> Any:
    """The module's `Settings` with what the configuration and the environment say. Raises SkillError."""
    cls: Any = getattr(module, "Settings", None)
    if not isinstance(cls, type) or not dataclasses.is_dataclass(cls):
        if table:
            raise SkillError(f"[skills.{name}] has settings, but the skill has none")
        return None
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    known = {field.name for field in dataclasses.fields(cls)}
    for key, value in table.items():
        if key not in known:
            raise SkillError(
                f"[skills.{name}] has no setting {key!r}; expected of {', '.join(sorted(known))}"
            )
        if hints[key] is Secret:
            raise SkillError(f"[skills.{name}] {key} is a secret; {_where(name, key)}")
        values[key] = _checked(name, key, value, hints[key])
    for key in known:
        variable = f"LAPEL_{name}_{key}".upper()
        if hints[key] is Secret:
            values[key] = Secret(os.environ.get(variable) or _from_keyring(f"{name}.{key}"))
        elif os.environ.get(variable) and hints[key] is str:
            values[key] = os.environ[variable]
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise SkillError(f"[skills.{name}]: {error}") from error


def _checked(name: str, key: str, value: Any, hint: Any) -> Any:
    origin = getattr(hint, "__origin__", hint)
    if origin in (tuple, frozenset) and isinstance(value, list):
        return origin(value)
    if origin is float and type(value) is int:
        return float(value)
    if isinstance(origin, type) and (not isinstance(value, origin) or (origin is int and value is True)):
        raise SkillError(f"[skills.{name}] {key}: expected {origin.__name__}, got {value!r}")
    return value


def _where(name: str, key: str) -> str:
    return f"set LAPEL_{name.upper()}_{key.upper()}, or run: keyring set lapel {name}.{key}"


def _from_keyring(key: str) -> str:
    """A secret of the system's keyring; "" if there is none, or no keyring."""
    import keyring  # a quarter of a second, and only skills with secrets need it
    import keyring.errors

    try:
        return keyring.get_password("lapel", key) or ""
    except (keyring.errors.KeyringError, RuntimeError):
        return ""
