"""What Lapel can do without a language model: one file per skill, each intent one function.

A function takes the language of the sentence and the intent's arguments, and returns what the palm shows.
"""

from collections.abc import Callable

from . import abilities, clock

SKILLS: dict[str, Callable[..., str]] = {
    "Time": clock.current_time,
    "Date": clock.current_date,
    "Abilities": abilities.abilities,
}
