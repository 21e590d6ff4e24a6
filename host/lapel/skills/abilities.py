"""What to say to somebody who asks what Lapel can do."""

from __future__ import annotations

_TEXT = {
    "en": "Hold the button and ask anything. Time and date need no model. Tap to dismiss.",
    "zh": "按住按钮提问。时间和日期不需要模型。轻按关闭。",
}


def abilities(language: str) -> str:
    """A short help, in the language of the question."""
    return _TEXT[language]
