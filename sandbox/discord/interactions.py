"""
What people ask of the bot, and how it may answer.

Source: docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace

from sandbox.discord import commands, drafts, mentions, modals, posting
from sandbox.discord.bodies import Body
from sandbox.discord.drafts import Draft, Reply
from sandbox.discord.errors import already_acknowledged, invalid_webhook_token, unknown
from sandbox.discord.events import Answered, Asked, Unanswered
from sandbox.discord.forms import Form
from sandbox.discord.state import Asking, Channel, Flag, Interaction, Json, Message, Type, User
from sandbox.discord.world import World

MESSAGE, THINK, KEEP, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
"""The callbacks: a message, a message to come, the old message kept or changed, autocomplete, a modal."""

_ALLOWED = {
    Asking.COMMAND: (MESSAGE, THINK, MODAL),
    Asking.COMPONENT: (MESSAGE, THINK, KEEP, UPDATE, MODAL),
    Asking.AUTOCOMPLETE: (CHOICES,),
    Asking.MODAL: (MESSAGE, THINK, KEEP, UPDATE),
}


def ask(
    world: World,
    kind: Asking,
    user: User,
    channel: Channel,
    data: Json,
    *,
    command: str = "",
    source: Message | None = None,
    earlier: Interaction | None = None,
) -> Interaction:
    """Tell the bot what somebody asks, and give it three seconds."""
    asked = Interaction(
        id=world.snowflakes.next(),
        token=secrets.token_urlsafe(96),
        kind=kind,
        user=user,
        channel_id=channel.id,
        guild_id=channel.guild_id,
        data=data,
        at=time.monotonic(),
        command=command,
        source=source,
        earlier=earlier,
    )
    world.interactions[asked.id] = world.tokens[asked.token] = asked
    world.emit(Asked(asked))
    world.later(world.rules.ack_seconds, lambda: _expire(world, asked))
    return asked


def _expire(world: World, asked: Interaction) -> None:
    if asked.answer is None:
        asked.failed = True
        world.emit(Unanswered(asked))


def waiting(world: World, number: int, token: str) -> Interaction:
    """
    The interaction to acknowledge.

    Raises:
        ApiError: 10062, there is none, or it is too late; 40060, it was answered before.
    """
    asked = world.interactions.get(number)
    if asked is None or asked.token != token or asked.failed:
        raise unknown("interaction")
    if asked.answer is not None:
        raise already_acknowledged()
    return asked


def answered(world: World, application: int, token: str) -> Interaction:
    """
    The interaction to whose answer something is to be done.

    Raises:
        ApiError: 10015, no such webhook or nothing acknowledged yet; 50027, no such token or one of over 15 minutes.
    """
    if application != world.application.id:
        raise unknown("Webhook")
    asked = world.tokens.get(token)
    if asked is None or time.monotonic() - asked.at > world.rules.token_seconds:
        raise invalid_webhook_token()
    if asked.answer is None:
        raise unknown("Webhook")
    return asked


def acknowledge(world: World, asked: Interaction, body: Body) -> Message | None:
    """
    Take the bot's callback; the message that it made or changed, if any.

    Raises:
        ApiError: whatever is wrong with it; then the interaction still waits.
    """
    form = body.form()
    among = _ALLOWED[asked.kind]
    if asked.kind is Asking.MODAL and asked.source is None:
        among = (MESSAGE, THINK)
    kind = form.choice("type", among, required=True)
    form.problems.check()
    data = form.part("data", required=kind in (MESSAGE, CHOICES, MODAL)) or Form({}, form.problems)
    form.problems.check()
    message = _carry_out(world, asked, kind or MESSAGE, Body(data.value, body.files))
    asked.answer = kind
    world.emit(Answered(asked))
    return message


def _carry_out(world: World, asked: Interaction, kind: int, body: Body) -> Message | None:
    if kind == CHOICES:
        asked.choices = _choices(asked, body.form())
    elif kind == MODAL:
        asked.modal = _modal(body.form())
    elif kind in (KEEP, UPDATE):
        return _touch(world, asked, kind, body)
    else:
        return _first(world, asked, kind, body)
    return None


def _first(world: World, asked: Interaction, kind: int, body: Body) -> Message:
    """The first message in answer, or the one that says that it will come."""
    think = kind == THINK
    draft = drafts.read(body, Flag.EPHEMERAL if think else drafts.IN_ANSWER)
    message = _post(world, asked, Draft(flags=draft.flags) if think else draft, think)
    asked.original = message.id
    return message


def _touch(world: World, asked: Interaction, kind: int, body: Body) -> Message:
    """Keep or change the message that carried the button; it is what `@original` names from now on."""
    source = _source(world, asked)
    asked.original = source.id
    asked.made.append(source.id)
    if kind == KEEP:
        return source
    draft = drafts.read(body, drafts.IN_EDIT, source.flags)
    return posting.edit(world, source, draft, default=mentions.USERS_ONLY)


def _source(world: World, asked: Interaction) -> Message:
    assert asked.source is not None
    found = world.message((asked.source.channel_id, asked.source.id))
    if found is None:
        raise unknown("Message")
    return found


def follow_up(world: World, asked: Interaction, body: Body) -> Message:
    """
    Post a further message. While the first is still to come, this one takes its place.

    Source: docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message
    """
    first = None if asked.original is None else world.message((asked.channel_id, asked.original))
    if first is not None and first.loading:
        return change(world, first, body)
    draft = drafts.read(body, drafts.IN_ANSWER)
    reply = None if first is None else Reply(first.id, None, strict=False)
    return _post(world, asked, replace(draft, reply=reply), thinking=False)


def change(world: World, message: Message, body: Body) -> Message:
    """Change a message that an interaction made."""
    draft = drafts.read(body, drafts.IN_EDIT, message.flags)
    return posting.edit(world, message, draft, default=mentions.USERS_ONLY)


def made(world: World, asked: Interaction, number: int | None) -> Message:
    """
    A message of this interaction.

    Args:
        number: Its id, None for the original.

    Raises:
        ApiError: 10008, it is gone or of another.
    """
    number = asked.original if number is None else number
    if number is None or number not in asked.made:
        raise unknown("Message")
    message = world.message((asked.channel_id, number))
    if message is None:
        raise unknown("Message")
    return message


def _post(world: World, asked: Interaction, draft: Draft, thinking: bool) -> Message:
    """An answer is posted with what the asker may do, so it needs no permission of the bot's."""
    kind = Type.DEFAULT
    if asked.original is None and asked.kind is Asking.COMMAND:
        kind = Type.CHAT_INPUT_COMMAND if asked.data.get("type", 1) == 1 else Type.CONTEXT_MENU_COMMAND
    message = posting.post(
        world,
        world.channels[asked.channel_id],
        world.bot,
        draft,
        default=mentions.USERS_ONLY,
        kind=kind,
        via=asked,
        thinking=thinking,
    )
    asked.made.append(message.id)
    return message


def _choices(asked: Interaction, form: Form) -> list[Json]:
    """The suggestions for the option that has the focus, each of that option's type."""
    parts = form.parts("choices", most=25, required=True) or []
    kind = next((option["type"] for option in options(asked.data) if option.get("focused")), commands.STRING)
    choices = [commands.choice(part, kind) for part in parts]
    form.problems.check()
    return choices


def options(data: Json) -> list[Json]:
    """The options that carry values, out of whatever sub-commands they are in."""
    found: list[Json] = []
    for option in data.get("options", []):
        found += options(option) if "options" in option else [option]
    return found


def _modal(form: Form) -> Json:
    shown = modals.modal(form)
    form.problems.check()
    return shown
