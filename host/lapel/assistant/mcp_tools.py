"""MCP servers as skills: their tools become tools of the house, with the server's name before them.

What such a tool does is not known. It asks for a yes unless its server says that it only reads, or the owner
trusts it; what it says is data, never an instruction.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import re
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from ..accounts.tool_servers import CALL_S, ServerSettings, ServerTool, ToolServer, ToolServerError
from ..skills import Reply, SkillError, Tool
from ..spoken.number_words import number
from .household import TURNS_S, Household
from .library import NAME, Skill
from .tools import Kind, Parameter, ToolInfo

log = logging.getLogger(__name__)

_EXPECTED = {"on", "command", "args", "url", "environment", "token_variable", "trusted"}
_SHOWN_CHARACTERS = 60  # of one argument in the question on the palm


class McpServers:
    """`async with McpServers(...)` keeps a connection to each server, and its tools in the household."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], household: Household) -> None:
        self._household = household
        self._tables = tables
        self._running: dict[str, tuple[ToolServer, asyncio.Task[None]]] = {}

    async def __aenter__(self) -> Self:
        for name, table in self._tables.items():
            self._begin(name, table)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def exchange(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        """Other settings: servers are ended, begun and begun anew, between turns."""
        before, self._tables = self._tables, tables
        changed = [name for name in {**before, **tables} if before.get(name) != tables.get(name)]
        if not changed:
            return
        if any(name in self._running for name in changed):
            await self._household.turns.none(TURNS_S)
        await self._end(changed)
        for name in changed:
            if name in tables:
                self._begin(name, tables[name])

    async def close(self) -> None:
        await self._end(list(self._running))

    def _begin(self, name: str, table: Mapping[str, Any]) -> None:
        try:
            settings = server_settings(name, table)
            if table.get("on") is False:
                return
            if self._household.skill(name) is not None:
                raise SkillError(f"[mcp.{name}]: there is a skill {name} already; give it another name")
        except SkillError as error:
            log.error("an MCP server is left out: %s", error)
            return
        server = ToolServer(settings, self._changed)
        self._running[name] = server, asyncio.create_task(server.run(), name=f"MCP {name}")

    async def _end(self, names: Iterable[str]) -> None:
        ended = [self._running.pop(name) for name in names if name in self._running]
        for server, task in ended:
            self._household.withdraw(server.settings.name)  # at once: none of them is to be called any more
            server.close()
            task.cancel()
        await asyncio.gather(*(task for _, task in ended), return_exceptions=True)

    def _changed(self, server: ToolServer) -> None:
        name = server.settings.name
        self._household.withdraw(name)
        if not server.tools:
            log.warning("MCP server %s: its tools are gone", name)
            return
        try:
            self._household.offer(skill_of(server))
        except SkillError as error:
            log.error("MCP server %s is left out: %s", name, error)
            return
        log.info("MCP server %s: %s", name, ", ".join(tool.name for tool in server.tools))


def server_settings(name: str, table: Mapping[str, Any]) -> ServerSettings:
    """The table [mcp.NAME]. Raises SkillError with what is wrong in it."""
    where = f"[mcp.{name}]"
    if not NAME.fullmatch(name):
        raise SkillError(f"{where}: a server's name is a lower-case letter, then letters, digits or _")
    if unknown := table.keys() - _EXPECTED:
        raise SkillError(f"{where} has no setting {min(unknown)!r}; expected {', '.join(sorted(_EXPECTED))}")
    command, url = table.get("command", ""), table.get("url", "")
    if not isinstance(table.get("on", True), bool):
        raise SkillError(f"{where} on: expected true or false, got {table['on']!r}")
    if bool(command) == bool(url) or not isinstance(command, str) or not isinstance(url, str):
        raise SkillError(f"{where}: expected either command or url")
    lists = {key: table.get(key, []) for key in ("args", "environment", "trusted")}
    for key, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise SkillError(f"{where} {key}: expected a list of texts, got {value!r}")
    if url and not re.match(r"https?://[^\s/]+", url):
        raise SkillError(f"{where} url: expected an address like http://127.0.0.1:8123/mcp, got {url!r}")
    return ServerSettings(
        name,
        (command, *lists["args"]) if command else (),
        url,
        tuple(lists["environment"]),
        str(table.get("token_variable", "")),
        frozenset(lists["trusted"]),
    )


def skill_of(server: ToolServer) -> Skill:
    """The server's tools as a skill of its name."""
    tools = tuple(_tool(server, tool) for tool in server.tools)
    return Skill(
        server.settings.name,
        f"MCP server {' '.join(server.settings.command) or server.settings.url}",
        tools=tools,
    )


def _tool(server: ToolServer, described: ServerTool) -> ToolInfo:
    name = server.settings.name

    async def call(**arguments: Any) -> Reply:
        try:
            text = await server.call(described.name, arguments)
        except ToolServerError as error:
            raise SkillError(str(error)) from error
        return Reply(text or "Done.")

    async def confirm(**arguments: Any) -> str:
        told = ", ".join(f"{key}: {str(value)[:_SHOWN_CHARACTERS]}" for key, value in arguments.items())
        return f"{name}, {described.name.replace('_', ' ')}? {told}".strip()

    if described.reads:
        effect = "reads"
    else:
        effect = "changes" if described.name in server.settings.trusted else "reaches"
    tool = Tool(call, effect, confirm, True, "", CALL_S + 2, {})  # type: ignore[arg-type]
    own = re.sub(r"\W", "_", described.name)
    return ToolInfo(f"{name}_{own}"[:64], name, described.description, _parameters(described.schema), tool)


def _parameters(schema: Mapping[str, Any]) -> tuple[Parameter, ...]:
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, Mapping):
        return ()
    names = required if isinstance(required, list) else []
    parameters = []
    for name, described in properties.items():
        described = described if isinstance(described, Mapping) else {}
        # A reference points into the server's own schema, which a model does not see whole.
        plain = (
            {} if "$ref" in json.dumps(described) else {k: v for k, v in described.items() if k != "title"}
        )
        about = str(described.get("description", ""))
        kind = str(plain.get("type", "any"))
        parameters.append(Parameter(name, Kind(plain, kind, _reader(kind)), about, name in names))
    return tuple(parameters)


def _reader(kind: str) -> Any:
    """An argument as its schema says: small models give numbers as words and objects as text."""

    def read(value: Any, now: datetime.datetime) -> Any:
        if kind == "string":
            return value if isinstance(value, str) else json.dumps(value)
        if not isinstance(value, str):
            return value
        if kind in ("integer", "number"):
            found = number(value)
            return int(found) if found is not None and kind == "integer" and found == int(found) else found
        if kind == "boolean":
            return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
                value.strip().casefold()
            )
        try:
            return json.loads(value)
        except ValueError:
            return value if kind == "any" else None

    return read
