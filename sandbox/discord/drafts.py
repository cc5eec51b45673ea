"""A message as the bot asks for it: checked, not yet posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from sandbox.discord import components, embeds, mentions
from sandbox.discord.bodies import Body
from sandbox.discord.errors import ApiError, empty_message
from sandbox.discord.forms import Form, Json
from sandbox.discord.mentions import Allowed
from sandbox.discord.state import NO_FLAGS, File, Flag

_T = TypeVar("_T")

MOST_CONTENT = 2000
"""Characters, docs.discord.com/developers/resources/message#create-message."""

IN_CHANNEL = Flag.SUPPRESS_EMBEDS | Flag.SUPPRESS_NOTIFICATIONS | Flag.IS_COMPONENTS_V2
IN_ANSWER = IN_CHANNEL | Flag.EPHEMERAL
IN_EDIT = Flag.SUPPRESS_EMBEDS | Flag.IS_COMPONENTS_V2
"""
What may be set when, docs.discord.com/developers/resources/message#message-object-message-flags and
docs.discord.com/developers/interactions/receiving-and-responding. Others are dropped without a word.
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """The message that a draft answers; `strict` when the draft is refused if that message is gone."""

    message_id: int
    channel_id: int | None
    strict: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """
    What a checked body asks for. None leaves an edited message as it is in that respect; null in the body empties it.

    `kept` are the attachments that an edit keeps, `files` those that come new.
    """

    content: str | None = None
    embeds: tuple[Json, ...] | None = None
    components: tuple[Json, ...] | None = None
    flags: Flag | None = None
    allowed: Allowed | None = None
    kept: tuple[int, ...] | None = None
    files: tuple[File, ...] = ()
    reply: Reply | None = None
    nonce: str | int | None = None
    unique: bool = False
    tts: bool = False


def read(body: Body, settable: Flag, present: Flag = NO_FLAGS) -> Draft:
    """
    Check the body of a message to post or to edit.

    Args:
        settable: The flags that may be set here.
        present: The flags that the edited message has.

    Raises:
        ApiError: 50035 with all that is wrong, 30015 for too many files, 50081 for a sticker.
    """
    form = body.form()
    flags = _flags(form, settable)
    v2 = Flag.IS_COMPONENTS_V2 in ((flags or NO_FLAGS) | present)
    kept, files = _attachments(form, body)
    draft = Draft(
        content=_given(form, "content", form.text("content", most=MOST_CONTENT), ""),
        embeds=_given(form, "embeds", embeds.embeds(form), ()),
        components=_given(form, "components", components.layout(form, v2=v2), ()),
        flags=flags,
        allowed=mentions.allowed(form.part("allowed_mentions")),
        kept=kept,
        files=files,
        reply=_reply(form),
        nonce=_nonce(form),
        unique=bool(form.flag("enforce_nonce")),
        tts=bool(form.flag("tts")),
    )
    form.problems.check()
    if form.value.get("sticker_ids"):
        raise ApiError(400, 50081, "Invalid sticker sent")
    return draft


def check_shown(content: str, shown: tuple[Json, ...], rest: bool, flags: Flag) -> None:
    """
    A message must show something, and one of components nothing beside them.

    Args:
        rest: Whether it has components, attachments or stickers.

    Raises:
        ApiError: 50006, or 50035 with MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2.
    """
    if not content.strip() and not shown and not rest:
        raise empty_message()
    if Flag.IS_COMPONENTS_V2 not in flags:
        return
    form = Body({}).form()
    for name, used in (("content", content), ("embeds", shown)):
        if used:
            sentence = f'The "{name}" field cannot be used when using MessageFlags.IS_COMPONENTS_V2'
            form.refuse(name, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", sentence)
    form.problems.check()


def _given(form: Form, name: str, value: _T | None, empty: _T) -> _T | None:
    return empty if value is None and form.has(name) else value


def _flags(form: Form, settable: Flag) -> Flag | None:
    number = form.integer("flags", least=0)
    return None if number is None else Flag(number) & settable


def _nonce(form: Form) -> str | int | None:
    nonce = form.value.get("nonce")
    if nonce is None or (isinstance(nonce, int) and not isinstance(nonce, bool)):
        return nonce
    if not isinstance(nonce, str):
        form.refuse("nonce", "NONCE_TYPE_INVALID_TYPE", "This field must be a string or integer.")
        return None
    if len(nonce) > 25:
        form.refuse("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer characters long.")
    return nonce


def _reply(form: Form) -> Reply | None:
    part = form.part("message_reference")
    if part is None:
        return None
    part.choice("type", (0,))
    message = part.snowflake("message_id", required=True)
    strict = part.flag("fail_if_not_exists")
    return Reply(message or 0, part.snowflake("channel_id"), True if strict is None else strict)


def _attachments(form: Form, body: Body) -> tuple[tuple[int, ...] | None, tuple[File, ...]]:
    """The attachments to keep, None for all, and the new files with the names and descriptions given to them."""
    if len(body.files) > 10:
        raise ApiError(400, 30015, "Maximum number of attachments in a message reached (10)")
    parts = form.parts("attachments", most=10)
    if parts is None:
        return (() if form.has("attachments") else None), tuple(body.files.values())
    kept: list[int] = []
    files = dict(body.files)
    for part in parts:
        number = part.snowflake("id", required=True)
        if number in files:
            files[number] = _described(part, files[number])
        elif number is not None:
            kept.append(number)
    return tuple(kept), tuple(files.values())


def _described(part: Form, file: File) -> File:
    name = part.text("filename", least=1, most=1024) or file.name
    return File(name, file.data, file.content_type, part.text("description", most=1024) or "")
