"""An MCP server of the official SDK for tests: lights that remember, and tools that misbehave."""

from __future__ import annotations

import sys
import time

from mcp.server import MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("lights")
rooms = {"kitchen": False, "hall": True}


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def light_state(room: str) -> str:
    """Tell whether the light of a room is on."""
    return f"The light in the {room} is {'on' if rooms[room] else 'off'}."


@server.tool()
def switch_light(room: str, on: bool, percent: int = 100) -> str:
    """Switch the light of a room on or off."""
    rooms[room] = on
    return f"{room} {'on' if on else 'off'} at {percent} percent"


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def hang() -> str:
    """Never answer."""
    time.sleep(3600)
    return "late"


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def flood() -> str:
    """Say far too much."""
    return "x" * 3_000_000


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def long_story() -> str:
    """Say more than a palm holds."""
    return "word " * 4000


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def fail() -> str:
    """Raise an error."""
    raise RuntimeError("the bulb is broken")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run()
