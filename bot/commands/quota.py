"""/quota: what is left of which limit, and who may use how much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.access import Rank
from bot.amounts import EXAMPLES, amount_words, left_words, limit_words, more_words, parse_limit, window_words
from bot.billing import admitted, channel_scope, community_scope, member_scope, shares_at, user_scope
from bot.commands.diary import noted
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, NotAllowed
from bot.people import rank_of
from bot.period import Window
from bot.ports import Outcome, Ports, Setting
from bot.quota import EVERYONE, UNLIMITED, Balance, Limit, Share, kind_of
from bot.reply import Reply

CALENDAR = (Window.MINUTE, Window.HOUR, Window.DAY, Window.MONTH)

USUAL = {"usual", "default", "standard"}

TITLES = {
    "user": "You",
    "member": "You, in this community",
    "welcome": "You, as a newcomer",
    "key": "Your key",
    "client": "All whom your key's issuer gives keys to",
    "channel": "This channel, all together",
    "community": "This community, all together",
    "everyone": "Everybody who uses this bot, all together",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Whose limits a command is about: the scope, and how a sentence about it begins."""

    scope: str
    words: str


async def _show(setting: Setting) -> Outcome:
    ports, key = setting.ports, setting.call.origin.key
    balances = await ports.ledger.balances(shares_at(ports, key, await admitted(ports, key)), ports.now())
    if not balances:
        return Reply("Nothing is limited for you here. Ask away.")
    return Reply("\n\n".join(_section(ports, kind, balances) for kind in TITLES if _of_kind(balances, kind)))


async def _set(setting: Setting) -> Outcome:
    target, words = await _target(setting), setting.call.arguments.get("limit", "")
    ports = setting.ports
    if words.strip().lower() in USUAL:
        for limit in await ports.ledger.limits(target.scope):
            await ports.ledger.drop_limit(target.scope, limit.unit, limit.window)
        await noted(setting, "quota set", target.scope, new="usual")
        return Reply(f"{target.words} may use what is usual again.")
    limit = parse_limit(words)
    await ports.ledger.set_limit(target.scope, limit, ports.now())
    await noted(setting, "quota set", target.scope, new=limit_words(limit))
    return Reply(f"{target.words} may use {limit_words(limit)} from now on.{await _others(setting, target, limit)}")


async def _grant(setting: Setting) -> Outcome:
    target, limit = await _target(setting), parse_limit(setting.call.arguments.get("limit", ""))
    if limit.most == UNLIMITED or not limit.most:
        raise BadArgument(f"How much more? Write it like {EXAMPLES}.")
    ports = setting.ports
    if not await is_limited(ports, target.scope, limit):
        raise BadArgument(f"{target.words} has no limit of {limit.unit} {window_words(limit.window)} to add to.")
    await ports.ledger.grant(setting.turn.id, target.scope, limit.unit, limit.window, limit.most, ports.now())
    await noted(setting, "quota grant", target.scope, new=limit_words(limit))
    until = f" in the {limit.window} that is now" if limit.window in CALENDAR else ""
    return Reply(f"{target.words} may use {amount_words(limit.unit, limit.most)} more{until}.")


async def is_limited(ports: Ports, scope: str, limit: Limit) -> bool:
    """Whether a scope has a limit of that unit and window, so that adding to it makes a difference."""
    balances = await ports.ledger.balances((Share(scope, ports.policy.at(scope)),), ports.now())
    return any((each.unit, each.window) == (limit.unit, limit.window) for each in balances)


async def _reset(setting: Setting) -> Outcome:
    target = await _target(setting)
    await setting.ports.ledger.reset(target.scope, setting.ports.now())
    await noted(setting, "quota reset", target.scope)
    return Reply(f"{target.words} begins anew, with nothing used.")


async def _target(setting: Setting) -> Target:
    """Whose limits the caller wants to change. Raises NotAllowed, BadArgument."""
    call, key = setting.call, setting.call.origin.key
    user, channel = call.arguments.get("user", ""), call.arguments.get("channel", "")
    owner = await rank_of(setting.call, setting.ports) >= Rank.OWNER
    if user and channel:
        raise BadArgument("For one of them: a user or a channel.")
    if key.private:
        if not owner:
            raise NotAllowed(call.command, Rank.OWNER.called)
        return Target(user_scope(f"{key.platform}:{user}"), f"User {user}") if user else Target(EVERYONE, "Everybody")
    if user:
        return Target(member_scope(key, user), f"User {user}")
    if channel:
        if channel not in ("here", key.channel):
            raise BadArgument("Give that command in the channel that it is for.")
        return Target(channel_scope(key), "This channel")
    if not owner:
        raise NotAllowed(f"{call.command} for the whole community", Rank.OWNER.called)
    return Target(community_scope(key.club), "This community")


async def _others(setting: Setting, target: Target, limit: Limit) -> str:
    """A word on a usual limit that a new one does not lift."""
    usual = setting.ports.policy.user if kind_of(target.scope) == "member" else ()
    tighter = [known for known in usual if (known.unit, known.window) == (limit.unit, limit.window)]
    if not any(limit.most == UNLIMITED or known.most < limit.most for known in tighter):
        return ""
    return f" Each user has {limit_words(tighter[0])} in all, whatever is set here; a key lifts that: `/key issue`."


def _of_kind(balances: Iterable[Balance], kind: str) -> list[Balance]:
    return [balance for balance in balances if kind_of(balance.scope) == kind]


def _section(ports: Ports, kind: str, balances: Sequence[Balance]) -> str:
    lines = "\n".join(_line(ports, balance) for balance in _of_kind(balances, kind))
    return f"**{TITLES[kind]}**\n{lines}"


def _line(ports: Ports, balance: Balance) -> str:
    return f"- {left_words(balance)}{more_words(balance, ports.now())}"


_WHO = (
    Param("user", "For this user", kind="user"),
    Param("channel", "For everybody in this channel", kind="channel"),
)

SHOW = Command("quota show", "See what is left for you here, and when there is more", _show, urgent=True, secret=True)
SET = Command(
    "quota set",
    "Set how much somebody may use",
    _set,
    params=(Param("limit", "Like 20k tokens per day, $5 per month, unlimited, usual", required=True), *_WHO),
    audience=Rank.ADMIN,
)
GRANT = Command(
    "quota grant",
    "Give somebody more, just this once",
    _grant,
    params=(Param("limit", "Like 5k tokens per day: in the day that is now", required=True), *_WHO),
    audience=Rank.ADMIN,
)
RESET = Command("quota reset", "Let somebody begin anew", _reset, params=_WHO, audience=Rank.ADMIN)
