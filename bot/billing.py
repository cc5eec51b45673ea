"""What a turn takes of whose shares: held before the model is asked, charged when the answer is there."""

from dataclasses import dataclass, replace

from bot.access import Rank
from bot.amounts import amount_words, limit_words, wait_words
from bot.catalogue import ModelSpec, Plus
from bot.chat import Key
from bot.errors import Banned, KeyNeeded, QuotaExhausted
from bot.keyring import KeyRecord, KeyScope, Tier, key_of, require
from bot.names import remember_name
from bot.own import own_of
from bot.people import Standing, standing_of, standings_of
from bot.period import Window
from bot.ports import Ports, Request
from bot.preferences import plus_for
from bot.quota import EVERYONE, MILLION, Balance, Charge, Cost, Crossing, Demand, Denied, Share, Unit, kind_of
from bot.reply import Reply
from bot.turn import Ending, Turn, Usage
from bot.usage import cost

LEAST_ANSWER = 256
"""Tokens of the shortest answer worth beginning, where a quota has little left."""

DOUBT = 110
"""Percent of the prompt's tokens, as we count them, that are held: a provider may count more."""

OWNERS = {
    "user": ("You have", "your"),
    "member": ("You have", "your"),
    "welcome": ("You have, as a newcomer,", "your"),
    "key": ("Your key has", "its"),
    "client": ("The keys of whoever gave you yours have", "their"),
    "channel": ("This channel has", "its"),
    "community": ("This community has", "its"),
    "everyone": ("This bot has", "its"),
}
"""How a sentence about a limit begins, by the kind of its scope."""


def user_scope(person: str) -> str:
    return f"user/{person}"


def member_scope(key: Key, user: str) -> str:
    """A user as far as they speak in that community: what its admins give applies nowhere else."""
    return f"member/{key.club}/{user}"


def welcome_scope(key: Key) -> str:
    return f"welcome/{key.person}"


def channel_scope(key: Key) -> str:
    return f"channel/{key.room}"


def community_scope(club: str) -> str:
    """A community by its `Key.club`."""
    return f"community/{club}"


def client_scope(club: str, person: str) -> str:
    """All that the keys which a client issued may use together."""
    return f"client/{club}/{person}"


@dataclass(frozen=True, slots=True)
class Asker:
    """
    As what somebody asks.

    Args:
        held: The key by which they ask; None for without, and `why` then tells what became of one that they had.
        newcomer: Whether they may use what newcomers are given, and no more.
        plus: Whether they may be answered by accounts of tier plus.
    """

    held: KeyRecord | None
    why: str
    newcomer: bool
    plus: bool = False


async def admitted(ports: Ports, key: Key) -> Asker:
    """
    As what somebody asks, if they may.

    Raises:
        Banned: They get no answers.
        KeyNeeded: They have no key that works, and may not ask without.
    """
    standings = await standings_of(ports.records, key)
    if any(standing.banned for standing in standings):
        raise Banned(key.person)
    asker = await _asker(ports, key, standings[0])
    if asker.newcomer and not _is_welcome(ports, key):
        raise KeyNeeded(key.person, asker.why)
    owner = key.person in ports.owners or standings[-1].rank is Rank.OWNER
    return replace(asker, plus=owner or (asker.held is not None and asker.held.tier is Tier.PLUS))


async def _asker(ports: Ports, key: Key, standing: Standing) -> Asker:
    found = await key_of(ports.records, key.person, ports.now())
    guest = bool(key.club) and standing.rank is Rank.GUEST
    return Asker(found.key, found.why, found.key is None and (ports.policy.key_needed or guest))


def shares_at(ports: Ports, key: Key, asker: Asker) -> tuple[Share, ...]:
    """
    Everything that an answer there is taken from.

    A key takes the place of what each user usually has. One that a community gave is taken from that community,
    wherever it is used.
    """
    held, scopes = asker.held, [channel_scope(key)]
    clubs = {key.club}
    if held:
        clubs.add(held.community)
        scopes += [held.ledger_scope, client_scope(held.community, held.issuer)]
    elif asker.newcomer:
        scopes.append(welcome_scope(key))
    if key.club:
        scopes.append(member_scope(key, key.user))
    scopes += [*(community_scope(club) for club in sorted(clubs - {""})), EVERYONE]
    user = Share(user_scope(key.person), () if held else ports.policy.user)
    return (user, *(Share(scope, ports.policy.at(scope)) for scope in scopes))


async def key_scopes(ports: Ports, key: Key) -> tuple[str, ...]:
    """The scope of the key by which somebody asks, if there is one and it was given by that community."""
    held = (await key_of(ports.records, key.person, ports.now())).key
    return (held.ledger_scope,) if held and held.community == key.club else ()


def _is_welcome(ports: Ports, key: Key) -> bool:
    """Whether a newcomer may ask without a key, as far as `Policy.welcome` goes."""
    policy = ports.policy
    if not policy.welcome or (key.private and not policy.welcome_in_private):
        return False
    made = ports.platforms[key.platform].made(key.user)
    return made is None or ports.now() - made >= policy.account_age


def demand_for(spec: ModelSpec, prompt: int, output: int) -> Demand:
    """What an answer may take: a prompt of so many tokens as we count them, and at most so long an answer."""
    prompt = -(-prompt * DOUBT // 100)
    price = spec.price
    costs = {
        Unit.TOKENS: Cost(prompt, MILLION),
        Unit.REQUESTS: Cost(1),
        Unit.MICRO_USD: Cost(-(-prompt * price.input // MILLION), price.output),
    }
    return Demand(costs, output, min(LEAST_ANSWER, output))


def spent_on(usage: Usage, spec: ModelSpec) -> dict[Unit, int]:
    """What an answer took; no money when the asker's own key paid for it."""
    money = 0 if usage.own else cost(usage, spec.price)
    return {Unit.TOKENS: usage.input + usage.output, Unit.REQUESTS: 1, Unit.MICRO_USD: money}


def without_money(demand: Demand) -> Demand:
    """The demand of somebody whose own key with the provider pays."""
    return replace(demand, costs={unit: cost for unit, cost in demand.costs.items() if unit is not Unit.MICRO_USD})


def refusal(ports: Ports, person: str, balance: Balance) -> QuotaExhausted:
    """Why somebody gets no answer: that limit has too little left."""
    brief = balance.unit is Unit.REQUESTS and balance.window is Window.MINUTE
    wait = (balance.resets - ports.now()).total_seconds() if balance.resets else None
    return QuotaExhausted(f"{person}: {balance.scope} {balance.unit}", exhausted(ports, balance), wait, brief=brief)


async def hold(ports: Ports, turn: Turn, request: Request) -> Request:
    """
    Hold what an answer may take.

    Returns:
        The request, with as long an answer as there is enough left for.

    Raises:
        Banned, KeyNeeded: They may not ask.
        KeyTooNarrow: Their key is not for this model, or not for chat.
        QuotaExhausted: A limit has too little left, even for a short answer.
    """
    asker = await admitted(ports, turn.origin.key)
    if asker.held:
        require(asker.held, KeyScope.CHAT, request.spec.alias)
    person = turn.origin.key.person
    plus = await plus_for(ports, person) if asker.plus else Plus.NO
    request = replace(request, plus=plus, own=await own_of(ports, person))
    shares, now = shares_at(ports, turn.origin.key, asker), ports.now()
    demand = demand_for(request.spec, request.prompt_tokens, request.max_output)
    if request.own is not None:
        demand = without_money(demand)
    outcome = await ports.ledger.reserve(turn.id, shares, demand, ports.limits.held, now)
    if isinstance(outcome, Denied):
        raise refusal(ports, person, outcome.balance)
    return replace(request, max_output=outcome.output)


async def settle(ports: Ports, turn: Turn) -> Reply:
    """
    Charge what the answer took, once for the turn; what was held and not taken is free again.

    Returns:
        The turn's reply, with a word on every limit that is nearly or wholly used up now.
    """
    now = ports.now()
    if turn.usage is None:
        await ports.ledger.release(turn.id, now)
        return turn.reply
    key, spec = turn.origin.key, ports.catalogue.get(turn.model)
    questions = 0 if turn.ending is Ending.REFUSED else 1
    standing = await standing_of(ports.records, key.club, key.person) if key.club else Standing()
    asker = await _asker(ports, key, standing)
    spent, shares = spent_on(turn.usage, spec) | {Unit.REQUESTS: questions}, shares_at(ports, key, asker)
    charge = Charge(turn.id, key, turn.model, turn.usage, now, spent, shares, asker.held.account if asker.held else "")
    settlement = await ports.ledger.settle(charge, now)
    await remember_name(ports.settings, key, turn.origin.author)
    warnings = [warning(ports, crossing) for crossing in settlement.crossings]
    return replace(turn.reply, note=" ".join(filter(None, (turn.reply.note, *warnings))))


def exhausted(ports: Ports, balance: Balance) -> str:
    """Why there is no answer, and when there is one again."""
    has, whose = OWNERS[kind_of(balance.scope)]
    limit = limit_words(balance.limit)
    if balance.left:
        left = amount_words(balance.unit, balance.left)
        said = f"{has} {left} left of {whose} {limit}: too little for this question."
    else:
        said = f"{has} used {whose} {limit}."
    return f"{said} {_more(ports, balance)}"


def warning(ports: Ports, crossing: Crossing) -> str:
    """What is said, once, when a limit is nearly or wholly used up."""
    balance = crossing.balance
    has, whose = OWNERS[kind_of(balance.scope)]
    used = "all" if crossing.percent >= 100 else f"{crossing.percent} %"
    return f"{has} used {used} of {whose} {limit_words(balance.limit)}. {_more(ports, balance)}"


def _more(ports: Ports, balance: Balance) -> str:
    if balance.resets is None:
        return "The people who run this can give more."
    return f"More comes {wait_words(balance.resets, ports.now())}."
