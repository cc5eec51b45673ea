"""Whom a message really mentions: what stands in the text, cut down to what is allowed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.discord.forms import Form
from sandbox.discord.permissions import Permission
from sandbox.discord.state import Channel, Guild, Message, User
from sandbox.discord.world import World

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)")

KINDS = frozenset({"users", "roles", "everyone"})


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    Who may be mentioned: whole kinds by name, or single ids.

    Source: docs.discord.com/developers/resources/message#allowed-mentions-object
    """

    kinds: frozenset[str] = KINDS
    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    replied_user: bool = True


ANY = Allowed()
"""What holds for a message that says nothing of mentions."""

USERS_ONLY = Allowed(kinds=frozenset({"users"}))
"""The same for the answer to an interaction."""


@dataclass(frozen=True, slots=True)
class Mentioned:
    users: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    everyone: bool = False


def allowed(form: Form | None) -> Allowed | None:
    """Read `allowed_mentions`."""
    if form is None:
        return None
    kinds = frozenset(str(kind) for kind in form.items("parse", most=3) or ())
    for unknown in kinds - KINDS:
        form.refuse("parse", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(KINDS)}, not {unknown}.")
    return Allowed(kinds, _ids(form, "users", kinds), _ids(form, "roles", kinds), bool(form.flag("replied_user")))


def _ids(form: Form, kind: str, kinds: frozenset[str]) -> frozenset[int]:
    ids = frozenset(int(value) for value in form.items(kind, most=100) or () if str(value).isdigit())
    if ids and kind in kinds:
        sentence = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
        form.refuse("", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", sentence)
    return ids


def mentioned(
    world: World, channel: Channel, author: User, text: str, allow: Allowed, answered: Message | None
) -> Mentioned:
    """
    Work out whom a message mentions.

    Args:
        text: All text of the message, that of its components included.
        answered: The message that it replies to.
    """
    users = [user for user in _found(_USER, text) if _may(user, "users", allow, allow.users) and user in world.users]
    if answered is not None and allow.replied_user and answered.author != author:
        users.append(answered.author.id)
    if channel.guild_id is None:
        return Mentioned(tuple(dict.fromkeys(users)))
    known = world.guilds[channel.guild_id].roles
    roles = [role for role in _found(_ROLE, text) if _may(role, "roles", allow, allow.roles) and role in known]
    everyone = (
        "everyone" in allow.kinds
        and _EVERYONE.search(text) is not None
        and Permission.MENTION_EVERYONE in world.permissions(author.id, channel)
    )
    return Mentioned(tuple(dict.fromkeys(users)), tuple(roles), everyone)


def notified(world: World, channel: Channel, message: Message) -> tuple[int, ...]:
    """
    Whose client calls for their attention when a message is posted: in a DM the other's, else theirs who are mentioned
    and see the channel.

    Source: docs.discord.com/developers/resources/message#allowed-mentions-object
    """
    meant = channel.people if channel.guild_id is None else _meant(world.guilds[channel.guild_id], message)
    return tuple(user for user in meant if user != message.author.id and world.sees(user, channel))


def _meant(guild: Guild, message: Message) -> Iterable[int]:
    """The members that a message mentions, by whatever name."""
    for user, member in guild.members.items():
        by_role = any(role in message.mention_roles for role in member.roles)
        if message.mention_everyone or by_role or user in message.mentions:
            yield user


def _found(pattern: re.Pattern[str], text: str) -> Iterable[int]:
    return dict.fromkeys(int(match) for match in pattern.findall(text))


def _may(id_: int, kind: str, allow: Allowed, single: frozenset[int]) -> bool:
    return kind in allow.kinds or id_ in single
