"""Two requests in one sentence: each is done, on one card; one that asks is asked in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from skills_rig import rig


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (
            "set a timer for five minutes and add milk to the shopping list",
            "Timer: 5 minutes. milk: on the shopping list.",
        ),
        (
            "Add milk and eggs to the shopping list, and then set a timer for ten minutes.",
            "milk, eggs: on the shopping list. Timer: 10 minutes.",
        ),
        ("设一个五分钟的计时器，然后把牛奶加到购物清单", "计时5分钟。 已加入购物清单：牛奶。"),
        ("what is 2 plus 2 and what is 3 times 3", "4. 9."),
        ("read my to do list and show my timers", "The to do list is empty. No timer is running."),
    ],
)  # fmt: skip
async def test_each_is_done(tmp_path: Path, said: str, answer: str) -> None:
    async with rig(tmp_path) as running:
        assert await running.says(said) == answer


async def test_what_asks_is_asked_in_its_place(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        await running.says("add milk to the shopping list")
        said = "add bread to the shopping list and clear my shopping list and set a timer for five minutes"
        card = await running.ask(said)
        assert (card.kind, card.text) == ("confirm", "Empty the shopping list (2 things)?")
        assert card.extras.title == "bread: on the shopping list."
        assert await running.says("what timers are running") == "No timer is running."
        for answer, told in (("No", "Cancelled."), ("Yes", "The shopping list is empty.")):
            card = await running.ask("clear my shopping list and set a timer for five minutes")
            done = await running.choose(card, answer)
            assert done.text == f"{told} Timer: 5 minutes."


@pytest.mark.parametrize(
    ("said", "tool", "text"),
    [
        ("text Anna that I am late and bring milk", "send_message", "I am late and bring milk"),
        ("tell Anna to call me and remind me of the keys at nine", "send_message",
         "call me and remind me of the keys at nine"),
        ("tell Anna I'm bored and play some jazz", "send_message", "I'm bored and play some jazz"),
        ("告诉妈妈我到家了", "send_message", "我到家了"),
        ("问一下妈妈要不要吃饭", "send_message", "要不要吃饭"),
        ("发消息告诉小王明天不去了", "send_message", "明天不去了"),
        ("reply to her and say thanks", "reply_to_message", "thanks"),
        ("reply and say thank you", "reply_to_message", "thank you"),
        ("reply to the mail and say thanks", "reply_to_mail", "thanks"),
        ("reply to Anna and say thanks", "send_message", "thanks"),
        ("回复说谢谢", "reply_to_message", "谢谢"),
        ("remind me to turn off the music and check my email at nine", "set_reminder",
         "turn off the music and check my email at nine"),
    ],
)  # fmt: skip
async def test_what_is_told_is_not_parted(tmp_path: Path, said: str, tool: str, text: str) -> None:
    async with rig(tmp_path) as running:
        found = running.assistant._matcher.match_all(said, running.now)
        assert [(intent.name, intent.said["text"]) for intent, _ in found] == [(tool, text)]


@pytest.mark.parametrize(
    ("said", "text", "tool"),
    [
        ("tell Anna I'm late and set a timer for five minutes", "I'm late", "set_timer"),
        (
            "text Anna that dinner is ready, and remind me to call Bob at nine",
            "dinner is ready",
            "set_reminder",
        ),
        ("告诉妈妈我晚到，然后定一个五分钟的计时器", "我晚到", "set_timer"),
    ],
)
async def test_a_message_ends_where_lapel_is_asked(tmp_path: Path, said: str, text: str, tool: str) -> None:
    async with rig(tmp_path) as running:
        found = running.assistant._matcher.match_all(said, running.now)
        assert [intent.name for intent, _ in found] == ["send_message", tool]
        assert found[0][0].said["text"] == text


async def test_names_and_things_are_not_parted(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        for said in (
            "play rock and roll",
            "what is five and six",
            "add salt and pepper to the shopping list",
        ):
            assert len(running.assistant._matcher.match_all(said, running.now)) == 1
