"""Lists: for shopping, and any other by its name."""

from __future__ import annotations

import re

from . import Context, Reply, SkillError, tool

_MOST_ITEMS = 200  # of one list
_MOST_LISTS = 50
_KEY = "list."
_SHOPPING = {"en": "shopping", "zh": "购物"}
_SAME = ("shopping", "grocery", "groceries", "shop", "购物", "采购", "买菜")


@tool(effect="changes")
async def add_to_list(context: Context, item: str, name: str = "") -> str:
    """Put something on a list, such as what is missing and must be bought.

    item: what, or several things with commas or "and" between them
    name: which list; the shopping list if it is left out
    """
    name = _name(context, name)
    kept = await _items(context, name)
    new = [thing for thing in _things(item) if thing.casefold() not in (other.casefold() for other in kept)]
    if len(kept) + len(new) > _MOST_ITEMS:
        raise SkillError(context.say(en=f"The {name} list is full.", zh=f"{name}清单满了。"))
    if not kept and len(await context.store.items()) >= _MOST_LISTS:
        raise SkillError(context.say(en="There are too many lists.", zh="清单太多了。"))
    await context.store.put(_KEY + name, kept + new)
    if not new:
        return context.say(en=f"Already on the {name} list.", zh=f"{name}清单上已经有了。")
    said = ", ".join(new)
    return context.say(en=f"{said}: on the {name} list", zh=f"已加入{name}清单：{'、'.join(new)}")


@tool
async def read_list(context: Context, name: str = "") -> Reply:
    """Read what is on a list, such as what is to be bought.

    name: which list; the shopping list if it is left out
    """
    name = _name(context, name)
    kept = await _items(context, name)
    if not kept:
        return Reply(context.say(en=f"The {name} list is empty.", zh=f"{name}清单是空的。"))
    title = context.say(en=f"{name.capitalize()} list", zh=f"{name}清单")
    return Reply(context.say(en=", ", zh="、").join(kept), title=title)


@tool(effect="changes")
async def remove_from_list(context: Context, item: str, name: str = "") -> str:
    """Take something off a list.

    item: what
    name: which list; the shopping list if it is left out
    """
    name = _name(context, name)
    kept = await _items(context, name)
    wanted = [thing.casefold() for thing in _things(item)]
    left = [thing for thing in kept if thing.casefold() not in wanted]
    if len(left) == len(kept):  # "milk" for two litres of milk, if that is clear
        part = [thing for thing in kept if any(word in thing.casefold() for word in wanted)]
        if len(part) != 1:
            raise SkillError(
                context.say(en=f"{item} is not on the {name} list.", zh=f"{name}清单上没有{item}。")
            )
        left.remove(part[0])
    await context.store.put(_KEY + name, left)
    gone = ", ".join(thing for thing in kept if thing not in left)
    return context.say(en=f"{gone}: off the {name} list", zh=f"已从{name}清单删除：{gone}")


async def _which_is_emptied(context: Context, name: str = "") -> str:
    name = _name(context, name)
    count = len(await _items(context, name))
    return context.say(en=f"Empty the {name} list ({count} things)?", zh=f"清空{name}清单（{count}项）吗？")


@tool(effect="deletes", confirm=_which_is_emptied)
async def clear_list(context: Context, name: str = "") -> str:
    """Take everything off a list.

    name: which list; the shopping list if it is left out
    """
    name = _name(context, name)
    await context.store.remove(_KEY + name)
    return context.say(en=f"The {name} list is empty.", zh=f"{name}清单空了。")


def _name(context: Context, said: str) -> str:
    """The list's name, the same for every way to say it."""
    name = re.sub(r"^(?:my|the|our|a|我的)\s*|\s*(?:list|清单|单子|列表)$", "", said.strip().casefold())
    return _SHOPPING.get(context.language, "shopping") if name in ("", *_SAME) else name


async def _items(context: Context, name: str) -> list[str]:
    kept = await context.store.get(_KEY + name, [])
    return [str(item) for item in kept]


def _things(said: str) -> list[str]:
    """The things in "milk, eggs and two lemons"; 牛奶和鸡蛋."""
    return [thing for part in re.split(r",| and |，|、|和", said) if (thing := part.strip(" ."))]
