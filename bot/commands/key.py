"""/key and /redeem: keys are issued, shown to whom they are for, redeemed, replaced and revoked."""

from collections.abc import Sequence
from datetime import datetime

from bot import keyring
from bot.access import Rank
from bot.amounts import limit_words, parse_duration, parse_limit, words_of_limits
from bot.billing import community_scope
from bot.chat import Call
from bot.commands.diary import noted
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, NotAllowed
from bot.keyring import ALONE, ANY, LASTS, SCOPES, KeyRecord, KeyScope, Tier
from bot.keys import unsealed
from bot.people import rank_of, write_to
from bot.ports import Outcome, Ports, Setting
from bot.reply import Button, Reply, plain
from bot.spoken import redeem, redeemed

NEWEST = 20


async def _issue(setting: Setting) -> Outcome:
    ports, call, now = setting.ports, setting.call, setting.ports.now()
    await _require_issuer(setting)
    key, arguments = call.origin.key, call.arguments
    user, uses = arguments.get("user", ""), _uses(arguments.get("uses", ""))
    limits = [parse_limit(words) for words in arguments.get("limit", "").split(",") if words.strip()]
    wanted = KeyRecord(
        issuer=key.person,
        created=now,
        expires=now + (parse_duration(arguments["expires"]) if "expires" in arguments else LASTS),
        scopes=_scopes(arguments.get("for", "")),
        made_for=f"{key.platform}:{user}" if user else key.person,
        community=key.club,
        models=_models(ports, arguments.get("models", "")),
        tier=_tier(arguments.get("tier", "")),
        uses=uses,
        name=arguments.get("name", "")[:60],
    )
    await _require_owner_for(setting, wanted)
    await _require_bounds(setting)
    record = (await keyring.issue(ports.records, ports.ledger, ports.pepper, wanted, limits)).key
    share = ", ".join(map(limit_words, limits)) or "whatever is not limited otherwise"
    await noted(setting, "key issue", record.id, new=f"for {wanted.made_for}: {share}")
    if not user:
        return Reply(f"Key `{record.id}` is there: {share}. {_terms(record)}", buttons=(_show_button(record),))
    told = await _tell(ports, record, share)
    hint = "I have written to them." if told else "I cannot write to them, so tell them: `/key show` shows it to them."
    return Reply(f"Key `{record.id}` for user {user} is there: {share}. {_terms(record)} {hint}")


async def _show(setting: Setting) -> Outcome:
    """Show a key to whom it is for, once."""
    ports, person, now = setting.ports, setting.call.origin.key.person, setting.ports.now()
    id = _named(setting) or await _unseen(ports, person, now)
    record = await keyring.find(ports.records, id) if id else None
    if record is None or record.made_for != person:
        raise BadArgument("There is no key for you that you have not seen. `/quota show` says what you can use.")
    key = setting.call.origin.key
    if not key.private and not ports.platforms[key.platform].whispers:
        return Reply("There is a key for you.", buttons=(_show_button(record),))  # made when it can be seen
    claim = (await keyring.offer(ports.records, ports.pepper, id, now)).claim
    shown = await keyring.claim(ports.records, ports.pepper, claim.reveal(), person, now)
    await noted(setting, "key show", id)
    return Reply(
        f"This is your key. I show it once, so keep it safe, and show it to nobody:\n\n```\n{shown.reveal()}\n```\n\n"
        "Use it here with the button, elsewhere with `/redeem`, and in programs as their API key.",
        buttons=(_use_button(record),),
    )


async def _use(setting: Setting) -> Outcome:
    """Let an account stand for the key that was made for it, without its text."""
    ports, key = setting.ports, setting.call.origin.key
    record = await keyring.accept(ports.records, _named(setting), key.person, ports.now())
    await noted(setting, "redeem", record.id)
    return Reply(f"Done: what you ask me from now on is taken from key `{record.id}`. `/quota show` says what is left.")


async def _redeem(setting: Setting) -> Outcome:
    text = setting.call.arguments.get("key", "")
    record = await redeem(setting.ports, setting.call.origin.key, lambda: unsealed(text))
    await noted(setting, "redeem", record.id)
    return Reply(redeemed(record))


async def _list(setting: Setting) -> Outcome:
    await _require_issuer(setting)
    ports, key = setting.ports, setting.call.origin.key
    found = await keyring.listed(ports.records, community=key.club or None, issuer=await _only_own(setting.call, ports))
    if not found:
        return Reply("No keys were issued here yet. `/key issue` makes one.")
    lines = [_line(record, ports.now()) for record in found[:NEWEST]]
    more = f"\n\n{len(found) - NEWEST} older ones." if len(found) > NEWEST else ""
    return Reply("\n".join(lines) + more)


async def _revoke(setting: Setting) -> Outcome:
    record = await _manageable(setting)
    await keyring.revoke(setting.ports.records, record.id, setting.ports.now())
    await noted(setting, "key revoke", record.id)
    return Reply(f"Key `{record.id}` is revoked. Nobody can use it any more.")


async def _rotate(setting: Setting) -> Outcome:
    ports, record = setting.ports, await _manageable(setting)
    issued = await keyring.rotate(ports.records, ports.pepper, record.id, ports.now())
    await noted(setting, "key rotate", record.id, new=issued.key.id)
    whom = "You see it" if issued.key.made_for == setting.call.origin.key.person else "Whoever it is for sees it"
    return Reply(
        f"Key `{issued.key.id}` takes the place of `{record.id}`, which goes on working for a day. "
        f"{whom} with `/key show`; those who redeemed the old one need do nothing."
    )


# Who may.


async def _require_owner_for(setting: Setting, wanted: KeyRecord) -> None:
    """What a community has no say in. Raises NotAllowed."""
    special = wanted.scopes & ALONE or wanted.tier is Tier.PLUS
    if special and await rank_of(setting.call, setting.ports) < Rank.OWNER:
        raise NotAllowed(f"{setting.call.command} for administration, for agents, or of tier plus", Rank.OWNER.called)


async def _require_bounds(setting: Setting) -> None:
    """
    A key lifts what each user has, so only what the whole community has bounds those who issue it.

    Anybody can bring a bot into a group of their own, and runs that. Raises BadArgument where keys would be boundless.
    """
    ports, call = setting.ports, setting.call
    lifts = ports.policy.user or ports.policy.key_needed
    scope = community_scope(call.origin.key.club)
    bounded = ports.policy.community or await ports.ledger.limits(scope)
    if lifts and not bounded and await rank_of(call, ports) < Rank.OWNER:
        raise BadArgument(
            "This community has no share yet that keys could be taken from. The owner of this bot gives it one with "
            "`/quota set` here, or all communities with `quotas.community` in the configuration."
        )


async def _require_issuer(setting: Setting) -> None:
    """Raises NotAllowed."""
    if not await _may_issue(setting.call, setting.ports):
        raise NotAllowed(setting.call.command, Rank.CLIENT.called)


async def _may_issue(call: Call, ports: Ports) -> bool:
    """Whether somebody deals with keys there: in private the owner alone does."""
    return await rank_of(call, ports) >= (Rank.OWNER if call.origin.key.private else Rank.CLIENT)


async def _only_own(call: Call, ports: Ports) -> str | None:
    """The issuer whose keys the caller may deal with; None for anybody's."""
    return call.origin.key.person if await rank_of(call, ports) < Rank.ADMIN else None


async def _manageable(setting: Setting) -> KeyRecord:
    """The key that a command is about, if its caller may deal with it; to others it is as if it were not there."""
    await _require_issuer(setting)
    id, key = _named(setting), setting.call.origin.key
    record = await keyring.find(setting.ports.records, id)
    own = await _only_own(setting.call, setting.ports)
    elsewhere = record is not None and not key.private and record.community != key.club
    if record is None or elsewhere or own not in (None, record.issuer):
        raise BadArgument(f"There is no key `{plain(id)}` here. `/key list` shows those that are.")
    return record


# What is read and said.


def _named(setting: Setting) -> str:
    """The id in a command's argument, or in its button."""
    arguments = setting.call.arguments
    return (arguments.get("turn", "") if setting.call.pressed else arguments.get("id", "")).strip()


async def _unseen(ports: Ports, person: str, now: datetime) -> str:
    """The newest key that was made for somebody and not shown yet; "" for none."""
    for record in await keyring.listed(ports.records):
        if record.made_for == person and not record.digest and not keyring.no_longer(record, now):
            return record.id
    return ""


async def _tell(ports: Ports, record: KeyRecord, share: str) -> bool:
    """Write to whom a key is for. Returns whether that could be done."""
    said = f"There is a key for you: {share}. {_terms(record)}"
    buttons = (_use_button(record), _show_button(record))
    return await write_to(ports, record.made_for, Reply(said, buttons=buttons))


def _show_button(record: KeyRecord) -> Button:
    return Button("Show it", "showkey", record.id)


def _use_button(record: KeyRecord) -> Button:
    return Button("Use it here", "usekey", record.id)


def _terms(record: KeyRecord) -> str:
    """What else is to be known of a key."""
    said = [f"It works until {record.expires:%-d %B %Y}"]
    if ANY not in record.models:
        said.append(f"for {', '.join(record.models)}")
    if record.uses > 1:
        said.append(f"and {record.uses} people can redeem it")
    return f"{' '.join(said)}."


def _line(record: KeyRecord, now: datetime) -> str:
    name = f" {plain(record.name)}" if record.name else ""
    whom = record.made_for.partition(":")[2]
    return f"- `{record.id}`{name}: for user {whom}, {keyring.no_longer(record, now) or _state(record)}"


def _state(record: KeyRecord) -> str:
    """How far a key that works has come."""
    if not record.digest and not record.redeemed_by:
        return "not used"
    if record.uses == 1:
        return "redeemed" if record.redeemed_by else "shown"
    return f"redeemed by {len(record.redeemed_by)} of {record.uses}"


def _uses(text: str) -> int:
    """Raises BadArgument."""
    if text and (not text.isdecimal() or not 1 <= int(text) <= 10_000):
        raise BadArgument("How many people may redeem it? A number from 1 to 10,000.")
    return int(text or 1)


def _scopes(text: str) -> frozenset[KeyScope]:
    """Raises BadArgument."""
    words = text.replace(",", " ").split()
    unknown = [word for word in words if word not in list(KeyScope)]
    if unknown:
        raise BadArgument(f"“{plain(unknown[0])}” is nothing that a key can be for. There is {', '.join(KeyScope)}.")
    return frozenset(map(KeyScope, words)) or SCOPES


def _tier(text: str) -> Tier:
    """Raises BadArgument."""
    word = text.strip().lower() or Tier.FREE
    if word not in list(Tier):
        raise BadArgument(f"“{plain(text)}” is no tier. There is {', '.join(Tier)}.")
    return Tier(word)


def _models(ports: Ports, text: str) -> tuple[str, ...]:
    """Raises BadArgument."""
    return tuple(ports.catalogue.find(name).alias for name in text.replace(",", " ").split()) or (ANY,)


async def _ids(ports: Ports, call: Call, typed: str) -> Sequence[str]:
    """The keys of this community that the caller may deal with, to choose from while they type."""
    if not await _may_issue(call, ports):
        return ()
    found = await keyring.listed(
        ports.records, community=call.origin.key.club or None, issuer=await _only_own(call, ports)
    )
    return [record.id for record in found if typed.casefold() in record.id.casefold() and not record.revoked]


_ID = Param("id", "Its eight letters, as /key list shows them", required=True, suggest=_ids)

ISSUE = Command(
    "key issue",
    "Make a key: a share that somebody can use here, elsewhere and in programs",
    _issue,
    params=(
        Param("limit", "How much, like 20k tokens per day; several with commas", words=words_of_limits),
        Param("user", "Whom it is for; you, if you leave it out", kind="user"),
        Param("expires", "When it ends, like 30d; 90 days if you leave it out"),
        Param("uses", "How many people may redeem it; 1 if you leave it out"),
        Param("for", "Some of: chat, images, audio, api; or admin; or client; or agent"),
        Param("models", "Only for these models"),
        Param("tier", "Whose accounts it may use", choices=tuple(Tier)),
        Param("name", "A name for your list"),
    ),
    audience=Rank.CLIENT,
)
LIST = Command("key list", "See the keys of this community", _list, audience=Rank.CLIENT, secret=True)
SHOW = Command(
    "key show", "See a key that was made for you, once", _show, params=(Param("id", "Which one"),), secret=True
)
REVOKE = Command("key revoke", "End a key at once", _revoke, params=(_ID,), audience=Rank.CLIENT)
ROTATE = Command("key rotate", "Put another key in the place of one", _rotate, params=(_ID,), audience=Rank.CLIENT)
REDEEM = Command(
    "redeem",
    "Use a key that you were given",
    _redeem,
    params=(Param("key", "The key: parley_…", required=True),),
    secret=True,
)
SHOW_BUTTON = Command("showkey", "Show a key", _show, secret=True, listed=False)
USE_BUTTON = Command("usekey", "Use a key here", _use, listed=False)
