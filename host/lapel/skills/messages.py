"""Messages: to people over Matrix or a service of Apprise; what comes over Matrix is read on the palm."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ..accounts.faults import honest
from ..accounts.notifiers import notify
from . import Choice, Contact, Context, Reply, Secret, SkillError, tool

_KEPT = 20  # of those that came; a palm is no archive


@dataclass(frozen=True)
class Settings:
    homeserver: str = ""  # of Matrix, such as https://matrix.home.example
    user: str = ""  # @me:home.example
    password: Secret = field(default_factory=Secret)
    # Names, and Apprise's URL for each: {"Anna" = "tgram://$TELEGRAM_TOKEN/123"}
    apprise: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """A message that came, and where an answer goes."""

    name: str
    text: str
    room: str


async def _is_set_up(context: Context) -> None:
    if context.state.matrix is None and not context.settings.apprise:
        raise SkillError(
            context.say(
                en="Messages are not set up. See [skills.messages] in the guide.",
                zh="还没有设置消息。请看指南里的[skills.messages]。",
            )
        )


async def _what_is_sent(context: Context, to: Contact, text: str) -> str:
    if _way(context, to) is None:
        raise SkillError(_no_way(context, to.name))
    return context.say(en=f"Send to {to.name}: {text}", zh=f"发给{to.name}：{text}")


@tool(effect="reaches", ready=_is_set_up, confirm=_what_is_sent)
async def send_message(context: Context, to: Contact, text: str) -> str:
    """Send a text message to a person.

    to: who gets it
    text: what to say, word for word
    """
    await _send(context, to, text)
    return context.say(en=f"Sent to {to.name}.", zh=f"已发给{to.name}。")


@tool(untrusted=True, view="messages")
async def new_messages(context: Context) -> Reply:
    """Read the messages that came and were not read yet."""
    if not context.state.unread:
        raise SkillError(context.say(en="No new messages.", zh="没有新消息。"))
    return await read_messages(context)


@tool(untrusted=True)
async def read_messages(context: Context) -> Reply:
    """Read the messages that came, the newest first."""
    kept: deque[Received] = context.state.received
    if not kept:
        return Reply(context.say(en="No messages.", zh="没有消息。"))
    newest = kept[-1]
    earlier = "; ".join(f"{message.name}: {message.text}" for message in list(kept)[-2::-1])
    context.state.unread = 0
    context.state.read = newest
    context.home(unread=0)
    return Reply(newest.text, earlier, title=newest.name)


async def _whom_to_answer(context: Context, text: str) -> str:
    message = context.state.answering = _last(context)
    return context.say(en=f"Answer {message.name}: {text}", zh=f"回复{message.name}：{text}")


@tool(effect="reaches", ready=_is_set_up, confirm=_whom_to_answer)
async def reply_to_message(context: Context, text: str) -> str:
    """Answer the message that was read last.

    text: what to say, word for word
    """
    message = context.state.answering  # whom the palm named: another message may have come since
    with honest(context.language):
        await context.state.matrix.send(message.room, text)
    return context.say(en=f"Sent to {message.name}.", zh=f"已发给{message.name}。")


async def start(context: Context) -> None:
    context.state.received = deque(maxlen=_KEPT)
    context.state.unread = 0
    context.state.read = context.state.answering = None
    context.state.matrix = None
    settings: Settings = context.settings
    people = [Contact(name, {"apprise": url}) for name, url in settings.apprise.items()]

    async def find(name: str) -> list[Contact]:
        wanted = name.casefold()
        return [
            person for person in people if wanted in (person.name.casefold(), *person.name.casefold().split())
        ]

    if people:
        context.offer_contacts(find)
    if settings.homeserver and settings.user:
        from ..accounts.matrix import Matrix  # half a second, and few need it

        context.state.matrix = Matrix(settings.homeserver, settings.user, settings.password)
        context.spawn(_receive(context))


async def close(context: Context) -> None:
    if context.state.matrix is not None:
        await context.state.matrix.close()


async def _receive(context: Context) -> None:
    async def welcome(person: str) -> bool:
        known = await context.contacts(person.removeprefix("@").partition(":")[0])
        return any(contact.addresses.get("matrix") == person for contact in known)

    async for message in context.state.matrix.messages(welcome):
        received = Received(message.name, message.text, message.room)
        context.state.received.append(received)
        context.state.unread += 1
        context.state.read = received  # an answer goes to what the palm shows
        context.home(unread=context.state.unread)
        read = Choice(context.say(en="Read", zh="阅读"), read_messages)
        context.notify(Reply(message.text, title=message.name, kind="notice", choices=[read]))


def _way(context: Context, to: Contact) -> str | None:
    """How this person is reached: the kind of address; None if there is no way."""
    if to.addresses.get("matrix") and context.state.matrix is not None:
        return "matrix"
    return "apprise" if to.addresses.get("apprise") else None


async def _send(context: Context, to: Contact, text: str) -> None:
    way = _way(context, to)
    if way is None:
        raise SkillError(_no_way(context, to.name))
    with honest(context.language):
        if way == "matrix":
            await context.state.matrix.send(to.addresses[way], text)
        else:
            await notify(to.addresses[way], text)


def _no_way(context: Context, name: str) -> str:
    return context.say(en=f"I know no way to message {name}.", zh=f"没有给{name}发消息的方式。")


def _last(context: Context) -> Received:
    """The message that was shown last. Raises SkillError."""
    message = context.state.read
    if message is None:
        raise SkillError(context.say(en="There is no message to answer.", zh="没有可以回复的消息。"))
    assert isinstance(message, Received)
    return message
