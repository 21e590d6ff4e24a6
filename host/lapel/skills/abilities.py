"""What to say to somebody who asks what Lapel can do."""

from __future__ import annotations

from . import Context, Reply, tool

_TEXT = {
    "en": "Hold the button and ask anything.",
    "zh": "按住按钮，随便问。",
}
_DETAILS = {
    "en": "Timers, alarms and reminders, notes, lists, weather, music, messages, mail, calendar, lights. "
    "Say stop, repeat, more or never mind. Before anything reaches somebody else I ask you.",
    "zh": "计时器、闹钟、提醒、笔记、清单、天气、音乐、消息、邮件、日历、灯光。"
    "可以说：停、再说一遍、继续、算了。发给别人之前我会先问你。",
}


@tool
async def abilities(context: Context) -> Reply:
    """Tell what Lapel can do, for somebody who asks for help."""
    return Reply(context.say(**_TEXT), details=context.say(**_DETAILS))
