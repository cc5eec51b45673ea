"""
Which keys there are, what each opens, and who may use it.

A key is issued without a secret. Whoever it is for gets a *claim*, a link or a button of one use, and the secret comes
into being when they press it: it is shown to them once, and only a digest of it is kept. A member then *redeems* the
key in chat: from then on their account stands for it, whatever becomes of the text. Programs send the text itself.

Each verb reads a record, decides, and writes it in place of what it read; when somebody was quicker it decides again.
Nothing is remembered between calls: what was revoked is refused at once by every process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import TypeAdapter

from bot import keys
from bot.errors import BadArgument, ClaimRefused, KeyRefused, KeyTooNarrow, StorageDown, UnknownKey
from bot.keys import ApiKey, Proof, Secret
from bot.ports import Ledger, Records
from bot.quota import Limit
from bot.records import Shape, change
from bot.reply import plain

KEYS, WALLETS = "keys", "wallets"
"""The folders: records of keys by their ids; the id of a person's key by the person."""

LASTS = timedelta(days=90)
"""How long a key works when nothing else is said."""

CLAIM_LASTS = timedelta(hours=24)
GRACE = timedelta(hours=24)
"""How long a key goes on working that another has taken the place of."""

ANY = "*"
"""In place of a model's name: all of them."""


_NO_DIGEST = "0" * 64


class KeyScope(StrEnum):
    """What a key may be used for."""

    CHAT = "chat"
    IMAGES = "images"
    AUDIO = "audio"
    API = "api"
    """All of that also by programs, over HTTP."""
    ADMIN = "admin"
    """To make and remove clients and users over HTTP; never together with anything else."""
    CLIENT = "client"
    """To make and remove users of its own over HTTP; never together with anything else."""
    AGENT = "agent"
    """To join the pool with a model of one's own; never together with anything else."""


ALONE = frozenset({KeyScope.ADMIN, KeyScope.CLIENT, KeyScope.AGENT})

SCOPES = frozenset({KeyScope.CHAT, KeyScope.IMAGES, KeyScope.AUDIO, KeyScope.API})
"""What a key is for when nothing else is said."""


class Tier(StrEnum):
    FREE = "free"
    PLUS = "plus"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """
    What is known of a key. Whoever issues one says everything from `issuer` to `name`.

    Args:
        issuer: The person who issued it, as `Key.person`.
        scopes: What it may be used for; never empty.
        made_for: The person to whom it is shown; "" for whoever presses the claim first. With a single use, nobody
            else can redeem it either; on another platform, whoever has the text is taken for them.
        community: The only one whose members can redeem it, as `Key.club`; "" for the whole service.
        models: Names from the catalogue, or ANY.
        uses: How many people can redeem it; one person may do so on each platform.
        account: The id under whose ledger scope it spends; a key that takes another's place keeps it.
        digest: Of the secret; "" as long as nobody was shown one.
        claim: Digest of the claim by which it can be shown, until `claim_ends`; "" for none.
        next: The id of the key that took its place; it works until `ends`.
    """

    issuer: str
    created: datetime
    expires: datetime
    scopes: frozenset[KeyScope]
    made_for: str = ""
    community: str = ""
    models: tuple[str, ...] = (ANY,)
    tier: Tier = Tier.FREE
    uses: int = 1
    name: str = ""
    id: str = ""
    account: str = ""
    redeemed_by: tuple[str, ...] = ()
    revoked: datetime | None = None
    next: str = ""
    ends: datetime | None = None
    digest: str = field(default="", repr=False)
    claim: str = field(default="", repr=False)
    claim_ends: datetime | None = None

    @property
    def ledger_scope(self) -> str:
        """The scope whose limits hold for it, for `bot.quota`."""
        return ledger_scope(self.account)


@dataclass(frozen=True, slots=True)
class Issued:
    """A key that can be shown, and the claim by which it is."""

    key: KeyRecord
    claim: Secret


@dataclass(frozen=True, slots=True)
class Standing:
    """The key that a person's account stands for; or none, and `why` in a sentence, when there was one."""

    key: KeyRecord | None = None
    why: str = ""


_shape = Shape(TypeAdapter(KeyRecord), version=1)


def ledger_scope(account: str) -> str:
    return f"key/{account}"


async def issue(
    records: Records, ledger: Ledger, pepper: bytes, wanted: KeyRecord, limits: Sequence[Limit] = ()
) -> Issued:
    """
    Make a key as wanted, with these limits. Nobody can use it before its claim was pressed.

    Raises:
        BadArgument: There can be no such key; says why.
    """
    _check_terms(wanted)
    id = keys.new_id()
    for limit in limits:  # first, so that there is at no time a key without its limits
        await ledger.set_limit(ledger_scope(id), limit, wanted.created)
    return await _create(records, pepper, replace(wanted, id=id, account=id))


async def offer(records: Records, pepper: bytes, id: str, now: datetime) -> Issued:
    """
    Make another claim, in place of the last, for a key that was not shown yet.

    Raises:
        BadArgument: There is no key with that id.
        KeyRefused: It was shown before, or does not work any more.
    """
    claim = keys.make_claim(id)

    def claimable(record: KeyRecord | None) -> KeyRecord:
        record = _existing(record, id)
        if why := no_longer(record, now) or _superseded(record):
            raise KeyRefused(id, why)
        if record.digest:
            raise KeyRefused(id, "was shown before: replace it by another one")
        return replace(record, claim=keys.digest(pepper, claim), claim_ends=now + CLAIM_LASTS)

    return Issued(await _change(records, id, claimable), claim)


async def claim(records: Records, pepper: bytes, text: str, person: str, now: datetime) -> ApiKey:
    """
    Use a claim: the key comes into being and is returned, this once.

    Raises:
        ClaimRefused: It is no claim, was used or replaced, is too old, or is for somebody else.
        KeyRefused: The key does not work any more.
    """
    id = keys.claimed_id(text)
    key = keys.make(id)

    def shown(record: KeyRecord | None) -> KeyRecord:
        kept = record.claim if record and record.claim else _NO_DIGEST
        if not keys.matches(pepper, Secret(text), kept) or record is None:
            raise ClaimRefused("no such claim")
        if record.made_for not in ("", person) or record.claim_ends is None or now >= record.claim_ends:
            raise ClaimRefused(f"key {id}: too late, or not for {person}")
        if why := no_longer(record, now):
            raise KeyRefused(id, why)
        return replace(record, digest=keys.digest(pepper, key.secret), claim="", claim_ends=None)

    await _change(records, id, shown)
    return key


async def redeem(records: Records, given: Proof, person: str, club: str, now: datetime) -> KeyRecord:
    """
    Let a person's account stand for a key, in place of any other. Doing it again takes no further use.

    A key of one community is redeemed there; who it was made for may do so in private (`club` is "") as well, and with
    an account on another platform anywhere.

    Raises:
        UnknownKey: There is no such key, or there is one that this person has nothing to do with.
        KeyRefused: It cannot be redeemed by this person, here, any more; said to its holder, or to who issued it.
    """

    def redeemed(record: KeyRecord | None) -> KeyRecord:
        record = _proven(record, given)
        if why := _not_redeemable(record, person, club, now):
            raise KeyRefused(given.id, why) if person in _insiders(record) else UnknownKey(given.id)
        return record if person in record.redeemed_by else replace(record, redeemed_by=(*record.redeemed_by, person))

    record = await _change(records, given.id, redeemed)
    await _put_in_wallet(records, person, record.id)
    return record


async def accept(records: Records, id: str, person: str, now: datetime) -> KeyRecord:
    """
    Let a person's account stand for a key that was made for them, without its text.

    Raises:
        ClaimRefused: It was made for somebody else, or there is none.
        KeyRefused: It cannot be redeemed any more.
    """

    def accepted(record: KeyRecord | None) -> KeyRecord:
        if record is None or record.made_for != person:
            raise ClaimRefused(f"key {id}: not for {person}")
        if why := _not_redeemable(record, person, "", now):
            raise KeyRefused(id, why)
        return record if person in record.redeemed_by else replace(record, redeemed_by=(*record.redeemed_by, person))

    record = await _change(records, id, accepted)
    await _put_in_wallet(records, person, record.id)
    return record


async def proven(records: Records, given: Proof) -> KeyRecord:
    """The key that a proof is of, whether it still works or not. Raises UnknownKey."""
    return _proven(await find(records, given.id), given)


async def key_of(records: Records, person: str, now: datetime) -> Standing:
    """The key that a person redeemed last, or the one that took its place."""
    id = await records.get(WALLETS, person)
    record = await find(records, id) if id else None
    while record and record.next:
        record = await find(records, record.next)
    if not id or not record:
        return Standing()
    if record.id != id:
        await records.swap(WALLETS, person, id, record.id)  # a shorter way the next time
    why = no_longer(record, now)
    return Standing(why=f"Your key {why}.") if why else Standing(record)


async def check(records: Records, pepper: bytes, text: str, scope: KeyScope, model: str, now: datetime) -> KeyRecord:
    """
    The key that a program sent, if it may be used for that over HTTP. `model` is "" where none is asked.

    Raises:
        KeyTypo, NoKey: It cannot be one; nothing was looked up.
        UnknownKey: There is no such key.
        KeyRefused: It does not work any more.
        KeyTooNarrow: It is for other things.
    """
    record = await proven(records, keys.prove(pepper, keys.read(text)))
    require_by_program(record, scope, model, now)
    return record


def require_by_program(record: KeyRecord, scope: KeyScope, model: str, now: datetime) -> None:
    """Raise KeyRefused or KeyTooNarrow when a program may not use a key for that now."""
    if why := no_longer(record, now):
        raise KeyRefused(record.id, why)
    if scope not in ALONE:
        require(record, KeyScope.API)
    require(record, scope, model)


def require(record: KeyRecord, scope: KeyScope, model: str = "") -> None:
    """Raise KeyTooNarrow when a key is not for that, or not for that model."""
    if scope not in record.scopes:
        raise KeyTooNarrow(record.id, f"is not for {_USES[scope]}")
    if model and ANY not in record.models and model not in record.models:
        raise KeyTooNarrow(record.id, f"is only for {', '.join(f'`{name}`' for name in record.models)}")


async def revoke(records: Records, id: str, now: datetime) -> KeyRecord:
    """
    Let a key work no longer, nor its claim. One that took its place goes on working.

    Raises:
        BadArgument: There is no key with that id.
    """

    def revoked(record: KeyRecord | None) -> KeyRecord:
        record = _existing(record, id)
        return record if record.revoked else replace(record, revoked=now, claim="", claim_ends=None)

    return await _change(records, id, revoked)


async def rotate(records: Records, pepper: bytes, id: str, now: datetime, grace: timedelta = GRACE) -> Issued:
    """
    Let another key take the place of one: same account, same people, new id, new secret.

    Args:
        grace: How long the old text goes on working. It can be redeemed by nobody new; who did goes on as before.

    Raises:
        BadArgument: There is no key with that id.
        KeyRefused: It does not work any more, or another took its place before.
    """
    while True:
        raw = await records.get(KEYS, id)
        old = _existing(_load(raw), id)
        if why := no_longer(old, now) or _superseded(old):
            raise KeyRefused(id, why)
        issued = await _create(records, pepper, replace(old, id=keys.new_id(), digest="", created=now))
        replaced = replace(old, next=issued.key.id, ends=now + grace, claim="", claim_ends=None)
        if await records.swap(KEYS, id, raw, _shape.dump(replaced)):
            return issued
        # Somebody redeemed, revoked or rotated it meanwhile, and the new one does not know.
        await records.swap(KEYS, issued.key.id, _shape.dump(issued.key), None)


async def find(records: Records, id: str) -> KeyRecord | None:
    return _load(await records.get(KEYS, id))


async def listed(records: Records, *, community: str | None = None, issuer: str | None = None) -> list[KeyRecord]:
    """The keys of a community, or of an issuer, or both; the newest first. None is any."""
    found = [_shape.read(raw) for raw in (await records.all(KEYS)).values()]
    wanted = (key for key in found if community in (None, key.community) and issuer in (None, key.issuer))
    return sorted(wanted, key=lambda key: (key.created, key.id), reverse=True)


def no_longer(record: KeyRecord, now: datetime) -> str:
    """Why a key does not work any more, to go on after "That key"; "" when it does."""
    if record.revoked:
        return f"was revoked on {_day(record.revoked)}"
    if now >= record.expires:
        return f"expired on {_day(record.expires)}"
    if record.ends and now >= record.ends:
        return f"was replaced by another one on {_day(record.ends)}"
    return ""


_USES = {
    KeyScope.CHAT: "chat",
    KeyScope.IMAGES: "pictures",
    KeyScope.AUDIO: "audio",
    KeyScope.API: "programs",
    KeyScope.ADMIN: "administration",
    KeyScope.CLIENT: "clients",
    KeyScope.AGENT: "agents",
}


def _not_redeemable(record: KeyRecord, person: str, club: str, now: datetime) -> str:
    """Why this person cannot redeem it here and now; "" when they can."""
    if why := no_longer(record, now):
        return why
    other_account = _is_other_account(record, person)
    if record.uses == 1 and record.made_for not in ("", person) and not other_account:
        return "is for somebody else"
    if record.community not in ("", club) and not other_account and (club or record.made_for != person):
        return "is for another server or group: redeem it there"
    if person in record.redeemed_by:
        return ""
    if why := _superseded(record):
        return why
    if len(_counted_with(record, person)) >= record.uses:
        return f"was redeemed as often as it can be: {record.uses} {'time' if record.uses == 1 else 'times'}"
    return ""


def _is_other_account(record: KeyRecord, person: str) -> bool:
    """
    Whether somebody is taken for whom a key of one use was made for, on another platform than theirs.

    Platforms do not tell whose account is whose. That they have the text, which was shown to nobody else, has to do.
    """
    return record.uses == 1 and bool(record.made_for) and _platform(record.made_for) != _platform(person)


def _counted_with(record: KeyRecord, person: str) -> list[str]:
    """Whose redemptions a further one is counted with. A key for one person may serve an account on each platform."""
    if record.uses > 1 or not record.made_for:
        return list(record.redeemed_by)
    return [other for other in record.redeemed_by if _platform(other) == _platform(person)]


def _platform(person: str) -> str:
    return person.partition(":")[0]


def _superseded(record: KeyRecord) -> str:
    return f"was replaced by another one, `{record.next}`" if record.next else ""


def _insiders(record: KeyRecord) -> tuple[str, ...]:
    """Who knows of the key anyway, and may learn why it is refused."""
    return record.issuer, record.made_for, *record.redeemed_by


def _check_terms(wanted: KeyRecord) -> None:
    """Raise BadArgument when there can be no such key."""
    if not wanted.scopes:
        raise BadArgument("A key must be for something: chat, images, audio, api, admin, client or agent.")
    if wanted.scopes & ALONE and len(wanted.scopes) > 1:
        raise BadArgument("A key for administration, or for an agent, cannot be for anything else, nor can a client's.")
    if wanted.expires <= wanted.created:
        raise BadArgument("A key must expire some time later than now.")
    if wanted.uses < 1:
        raise BadArgument("A key must be redeemable at least once.")
    if not wanted.models:
        raise BadArgument("A key must be for a model, or for all.")


def _proven(record: KeyRecord | None, given: Proof) -> KeyRecord:
    """The record, if the proof is of its key. Takes equally long when there is none."""
    kept = record.digest if record and record.digest else _NO_DIGEST
    if not keys.agrees(given, kept) or record is None or not record.digest:
        raise UnknownKey(given.id)
    return record


def _existing(record: KeyRecord | None, id: str) -> KeyRecord:
    if record is None:
        raise BadArgument(f"There is no key “{plain(keys.redacted(id))}”.")
    return record


async def _create(records: Records, pepper: bytes, draft: KeyRecord) -> Issued:
    claim = keys.make_claim(draft.id)
    ends = draft.created + CLAIM_LASTS
    record = replace(draft, claim=keys.digest(pepper, claim), claim_ends=ends)
    if not await records.swap(KEYS, record.id, None, _shape.dump(record)):
        raise StorageDown(f"key {record.id} is there already")  # one in 2 * 10^14; the next try has another id
    return Issued(record, claim)


async def _put_in_wallet(records: Records, person: str, id: str) -> None:
    await change(records, WALLETS, person, lambda _: id)


async def _change(records: Records, id: str, new: Callable[[KeyRecord | None], KeyRecord]) -> KeyRecord:
    """Write what `new` makes of a record in its place; what it raises leaves the record as it is."""
    return _shape.read(await change(records, KEYS, id, lambda raw: _shape.dump(new(_load(raw)))))


def _load(raw: str | None) -> KeyRecord | None:
    return None if raw is None else _shape.read(raw)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d} at {moment:%H:%M} UTC"
