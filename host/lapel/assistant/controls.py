"""What is said to the conversation itself: stop, repeat, more, never mind."""

from __future__ import annotations

import re
from enum import Enum

from .said import Said


class Control(Enum):
    STOP = "stop"
    REPEAT = "repeat"
    MORE = "more"
    NEVER_MIND = "never mind"


_WORDS = {
    Control.STOP: (
        r"stop(?: it| that| this| now| talking| please| everything)*|be quiet|quiet|silence|shut up|hush|"
        r"enough|"
        r"that's enough|that is enough|cut it out|halt|"
        r"停|停止|停下|停下来|别说了|别响了|安静|闭嘴|够了|好了别说了"
    ),
    Control.REPEAT: (
        r"(?:repeat|say|show)(?: me)? (?:that|it|this|the answer|the last (?:answer|one))(?: again| once "
        r"more)?|repeat|"
        r"(?:say|show|read|tell me|do)(?: (?:that|it|this))? (?:again|once more|one more time)|again|once "
        r"more|"
        r"one more time|come again|pardon|pardon me|sorry what|what did you (?:just )?say|what was that(?: "
        r"again)?|"
        r"i (?:missed|didn't (?:catch|get|hear|see)) (?:that|it)|"
        r"再说一遍|再说一次|重复|重复一遍|重复一下|再来一遍|再显示一次|再看一遍|你说什么|没听清|什么来着|"
        r"再念一遍"
    ),
    Control.MORE: (
        r"(?:tell me |show me |give me |say |read )?(?:some )?more(?: about (?:that|it|this)| details?| "
        r"information| info)?|"
        r"go on|continue|keep going|next page|and then|what else|anything else|(?:tell me |give me )?(?:the "
        r")?details|"
        r"(?:can you )?elaborate|explain (?:that|it|more)|"
        r"更多|继续|继续说|接着说|还有呢|还有吗|然后呢|详细点|详细一点|说详细点|多说一点|再多说一点|下一页|"
        r"展开说说"
    ),
    Control.NEVER_MIND: (
        r"never ?mind(?: that)?|forget (?:about )?(?:it|that)|no (?:thanks|thank you)|nothing|cancel(?: "
        r"that| it)?|"
        r"dismiss(?: that| it)?|go away|that's all|that is all|that's it|not now|skip it|leave it|drop it|"
        r"don't bother|"
        r"算了|没事|没事了|不用了|不要了|取消|没什么|就这样|不必了|当我没说|别管了"
    ),
}
_PATTERNS = {control: re.compile(words) for control, words in _WORDS.items()}


def control(text: str) -> Control | None:
    """The control that `text` is, and nothing else."""
    said = Said(text)
    bare = said.without_courtesy()
    for words in {said.words, bare.words if bare else said.words}:
        for found, pattern in _PATTERNS.items():
            if pattern.fullmatch(words):
                return found
    return None
