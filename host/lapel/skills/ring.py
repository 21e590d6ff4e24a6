"""Finds the pin: it rings until somebody touches it."""

from __future__ import annotations

from . import Context, tool

_RING_S = 30  # long enough to walk through a flat


@tool
async def ring_pin(context: Context) -> str:
    """Let the pin ring so that it is found."""
    context.ring(_RING_S)
    return context.say(en="Ringing.", zh="正在响。")


@tool
async def stop_ringing(context: Context) -> str:
    """Stop the pin's ringing."""
    context.ring(0)
    return context.say(en="Quiet.", zh="停了。")


async def stop(context: Context) -> bool:
    context.ring(0)
    return False  # whether it rang is the pin's to know
