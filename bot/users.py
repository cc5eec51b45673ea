"""
Users who are made over HTTP: each is a person of their own, whose key is shown once, to whoever made them.

Who holds an admin's key makes clients and users. A client makes and removes users of its own, names them as it likes,
and never learns of anybody else's: all that they use together counts as the client's, within what its key allows. A
user only asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter

from bot import keyring, keys
from bot.amounts import limit_words
from bot.audit import AuditEntry, note
from bot.billing import client_scope
from bot.caller import HTTP, Caller
from bot.errors import BadArgument, ClaimRefused, KeyRefused, Refused
from bot.keyring import ANY, LASTS, SCOPES, KeyRecord, KeyScope, Tier, no_longer, require
from bot.keys import ApiKey
from bot.ports import Ports, Records
from bot.quota import Limit
from bot.records import Shape

USERS, USERIDS = "users", "userids"
"""The folders: users by their ids; the id of a user by their issuer and the name that it gave them."""

LONGEST_NAME, LONGEST_USERID = 60, 100
"""Characters."""

ADMIN = f"{HTTP}:admin"
"""The person for whom the first admin key is made."""

STARTED = "parley"
"""Who the audit log says made it."""

FIRST_KEY, FIRST = "admin key", "first"
"""Folder and name of the id of the key that was made at the first start."""

TEN_YEARS = timedelta(days=3650)


class Role(StrEnum):
    """What somebody made over HTTP may do there: ask, or make users."""

    USER = "user"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What somebody is to be.

    Args:
        userid: What their issuer calls them, each name once; "" for nothing.
        limits: Of a client: of all its users together.
        lasts: How long the key works; None for as long as usual.
        models: As people write them; none for all that their issuer may give.
    """

    role: Role = Role.USER
    name: str = ""
    userid: str = ""
    plus: bool = False
    limits: Sequence[Limit] = ()
    lasts: timedelta | None = None
    models: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class User:
    """
    Somebody who was made over HTTP.

    Args:
        issuer: The person who made them, as `Key.person`.
        account: Under which their key, and any that takes its place, spends (`KeyRecord.account`).
    """

    id: str
    issuer: str
    created: datetime
    account: str
    role: Role = Role.USER
    name: str = ""
    userid: str = ""
    plus: bool = False

    @property
    def person(self) -> str:
        return f"{HTTP}:{self.id}"


@dataclass(frozen=True, slots=True)
class Added:
    """A new user, and their key, which nobody can look up later."""

    user: User
    key: ApiKey = field(repr=False)


class NoSuchUser(Refused):
    """There is none, or they are somebody else's: a client cannot tell which."""

    for_user = "There is no such user."


class UserTaken(Refused):
    for_user = "There is a user with that userid already. Delete that one first, or take another userid."


class NotForClients(Refused):
    def __init__(self, what: str) -> None:
        super().__init__(f"a client may not {what}")
        self.for_user = f"A client's key cannot {what}."


_shape = Shape(TypeAdapter(User), version=1)


async def add(ports: Ports, by: Caller, wanted: Wanted) -> Added:
    """
    Make a user, or a client.

    Whoever dies in the middle of it leaves a user whose key was never shown, and who makes way for one of that userid.

    Raises:
        BadArgument: There can be no such user; says why.
        NotForClients: An admin could make that one.
        UserTaken: There is one with that userid.
        KeyTooNarrow, KeyRefused: The issuer's key is not for that, or was revoked meanwhile.
    """
    terms = _terms(ports, by, wanted)
    await _make_way(ports, by, wanted.userid)
    await _bound(ports, by)
    issued = await keyring.issue(ports.records, ports.ledger, ports.pepper, terms, wanted.limits)
    user = _user(issued.key, wanted)
    await ports.records.swap(USERS, user.id, None, _shape.dump(user))
    await _note(ports, by, "user add", user, ", ".join(map(limit_words, wanted.limits)))
    try:
        await _name(ports.records, user)
        key = await _shown(ports, user, issued.claim.reveal())
        await _require_working(ports, by)
    except Refused:
        await remove(ports, by, user)
        raise
    return Added(user, key)


async def remove(ports: Ports, by: Caller, user: User) -> None:
    """Let a user's key work no longer, nor those of all whom a client made; forget them."""
    await _revoke(ports, user.account)
    if user.role is Role.CLIENT:
        for theirs in await _made_by(ports.records, user.person):
            await remove(ports, by, theirs)
    await _note(ports, by, "user delete", user)
    await _forget(ports.records, user)


async def find(records: Records, by: Caller, id: str = "", userid: str = "") -> User:
    """A user by their id, or by what the caller named them. Raises NoSuchUser: also for those of others."""
    user = await _named(records, issuer_of(by), userid) if userid else await _get(records, id)
    if user is None or not (is_admin(by) or user.issuer == issuer_of(by)):
        raise NoSuchUser(f"no user {keys.redacted(userid or id)!r} of {issuer_of(by)}")
    return user


async def listed(records: Records, by: Caller) -> list[tuple[User, KeyRecord]]:
    """The caller's users, or everybody for an admin, the newest first; each with the key that they have now."""
    users = await _made_by(records, None if is_admin(by) else issuer_of(by))
    current = {key.account: key for key in await keyring.listed(records) if not key.next}
    return [(user, current[user.account]) for user in users]


def issuer_of(by: Caller) -> str:
    """The person as whom somebody makes users: for ever the same, though the key is redeemed in chat later."""
    return by.held.made_for or f"{HTTP}:{by.held.account}"


def is_admin(by: Caller) -> bool:
    return KeyScope.ADMIN in by.held.scopes


async def first_admin_key(ports: Ports) -> ApiKey | None:
    """
    The key by which the first users are made: of all processes, and of all starts, one gets it, and shows it.

    A start that died before it had shown the key leaves that to the next.
    """
    records, now = ports.records, ports.now()
    id = await records.get(FIRST_KEY, FIRST) or await _make_first(ports)
    if not id:
        return None
    try:
        claim = (await keyring.offer(records, ports.pepper, id, now)).claim
        return await keyring.claim(records, ports.pepper, claim.reveal(), ADMIN, now)
    except (KeyRefused, ClaimRefused):
        return None


async def _make_first(ports: Ports) -> str:
    """The id of the first admin key, whoever makes it; "" when an operator was quicker than all starts."""
    if any(KeyScope.ADMIN in key.scopes and key.made_for != ADMIN for key in await keyring.listed(ports.records)):
        return ""
    now = ports.now()
    wanted = KeyRecord(STARTED, now, now + TEN_YEARS, frozenset({KeyScope.ADMIN}), made_for=ADMIN, name="first start")
    made = (await keyring.issue(ports.records, ports.ledger, ports.pepper, wanted)).key
    if await ports.records.swap(FIRST_KEY, FIRST, None, made.id):
        await note(ports.records, AuditEntry(now, STARTED, "", "key issue", made.id, new=f"for {ADMIN}"))
        return made.id
    await keyring.revoke(ports.records, made.id, now)
    return await ports.records.get(FIRST_KEY, FIRST) or ""


# What a new user is.


def _terms(ports: Ports, by: Caller, wanted: Wanted) -> KeyRecord:
    """The key that they get. Raises BadArgument, NotForClients, KeyTooNarrow."""
    _check_names(wanted)
    if not is_admin(by):
        _check_client(by, wanted)
    now = ports.now()
    return KeyRecord(
        issuer=issuer_of(by),
        created=now,
        expires=_end(by, wanted, now),
        scopes=frozenset({KeyScope.CLIENT}) if wanted.role is Role.CLIENT else SCOPES,
        made_for=f"{HTTP}:{keys.new_id()}",
        community=by.held.community,
        models=_models(ports, by, wanted.models),
        tier=Tier.PLUS if wanted.plus else Tier.FREE,
        name=wanted.name,
    )


def _check_names(wanted: Wanted) -> None:
    """Raises BadArgument."""
    for what, text, longest in (("name", wanted.name, LONGEST_NAME), ("userid", wanted.userid, LONGEST_USERID)):
        if len(text) > longest or not text.isprintable():
            raise BadArgument(f"A {what} has at most {longest} characters, all of which can be seen.")


def _check_client(by: Caller, wanted: Wanted) -> None:
    """Raises KeyTooNarrow, NotForClients."""
    require(by.held, KeyScope.CLIENT)
    if wanted.role is not Role.USER:
        raise NotForClients("make clients")
    if wanted.plus and not by.plus:
        raise NotForClients("give plus without having it")


def _end(by: Caller, wanted: Wanted, now: datetime) -> datetime:
    """When the key ends: a client's users have no more time than it has. Raises NotForClients."""
    end = now + (wanted.lasts or LASTS)
    if is_admin(by) or end <= by.held.expires:
        return end
    if wanted.lasts:
        raise NotForClients(f"give more time than it has: it works until {by.held.expires:%Y-%m-%d}")
    return by.held.expires


def _models(ports: Ports, by: Caller, written: Sequence[str]) -> tuple[str, ...]:
    """Raises BadArgument, NotForClients."""
    allowed = (ANY,) if is_admin(by) else by.held.models
    asked = tuple(ports.catalogue.find(name).alias for name in written)
    if ANY not in allowed and not set(asked) <= set(allowed):
        raise NotForClients(f"give other models than its own: {', '.join(allowed)}")
    return asked or allowed


def _user(key: KeyRecord, wanted: Wanted) -> User:
    return User(
        id=key.made_for.removeprefix(f"{HTTP}:"),
        issuer=key.issuer,
        created=key.created,
        account=key.account,
        role=wanted.role,
        name=wanted.name,
        userid=wanted.userid,
        plus=wanted.plus,
    )


# The steps.


async def _make_way(ports: Ports, by: Caller, userid: str) -> None:
    """Remove whoever has that userid and was never shown a key. Raises UserTaken for anybody else."""
    user = await _named(ports.records, issuer_of(by), userid) if userid else None
    if user is None:
        return
    key = await keyring.find(ports.records, user.account)
    if key is None or key.digest or key.next:
        raise UserTaken(f"{issuer_of(by)} has a user {userid!r}")
    await remove(ports, by, user)


async def _bound(ports: Ports, by: Caller) -> None:
    """Let the limits of a client's key hold for all its users together: nothing is spent by that key itself."""
    if is_admin(by):
        return
    for limit in await ports.ledger.limits(by.held.ledger_scope):
        await ports.ledger.set_limit(client_scope(by.held.community, issuer_of(by)), limit, ports.now())


async def _name(records: Records, user: User) -> None:
    """Let the userid stand for that user. Raises UserTaken."""
    if not user.userid:
        return
    name = _userid(user.issuer, user.userid)
    old = await records.get(USERIDS, name)
    if (old and await _get(records, old)) or not await records.swap(USERIDS, name, old, user.id):
        raise UserTaken(f"{user.issuer} has a user {user.userid!r}")


async def _shown(ports: Ports, user: User, claim: str) -> ApiKey:
    """The user's key, this once. Raises UserTaken when somebody put another in their place, or removed them."""
    try:
        return await keyring.claim(ports.records, ports.pepper, claim, user.person, ports.now())
    except (KeyRefused, ClaimRefused) as error:
        raise UserTaken(f"user {user.id} was removed while being made") from error


async def _require_working(ports: Ports, by: Caller) -> None:
    """
    Raise KeyRefused when the issuer's key does not work any more.

    Who ends a client revokes its key before looking for its users: either we see that, or they see our user.
    """
    held = await keyring.find(ports.records, by.held.id)
    if held and (why := no_longer(held, ports.now())):
        raise KeyRefused(held.id, why)


async def _revoke(ports: Ports, id: str) -> None:
    """Revoke a key and all that took its place. One that is revoked gets no further successor."""
    while id:
        id = (await keyring.revoke(ports.records, id, ports.now())).next


async def _note(ports: Ports, by: Caller, action: str, user: User, share: str = "") -> None:
    said = f"{user.role} {user.person} by key {by.held.id}" + (f": {share}" if share else "")
    entry = AuditEntry(ports.now(), issuer_of(by), by.held.community, action, user.account, new=said)
    await note(ports.records, entry)


# What is kept.


async def _get(records: Records, id: str) -> User | None:
    raw = await records.get(USERS, id)
    return _shape.read(raw) if raw else None


async def _named(records: Records, issuer: str, userid: str) -> User | None:
    id = await records.get(USERIDS, _userid(issuer, userid))
    return await _get(records, id) if id else None


async def _made_by(records: Records, issuer: str | None) -> list[User]:
    """The users of an issuer, or of all; the newest first."""
    found = map(_shape.read, (await records.all(USERS)).values())
    wanted = (user for user in found if issuer in (None, user.issuer))
    return sorted(wanted, key=lambda user: (user.created, user.id), reverse=True)


async def _forget(records: Records, user: User) -> None:
    name = _userid(user.issuer, user.userid)
    if user.userid and await records.get(USERIDS, name) == user.id:
        await records.swap(USERIDS, name, user.id, None)
    raw = await records.get(USERS, user.id)
    await records.swap(USERS, user.id, raw, None)


def _userid(issuer: str, userid: str) -> str:
    return f"{issuer}/{userid}"
