"""/request: ask for more; those who run the place answer with a button."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.access import Rank
from bot.amounts import amount_words, limit_words, parse_limit, words_of_limits
from bot.billing import key_scopes, member_scope, user_scope
from bot.chat import Key
from bot.commands.diary import noted
from bot.commands.quota import is_limited
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, Banned, Gone, NotAllowed
from bot.owner import owners
from bot.people import is_banned, rank_of, write_to
from bot.ports import Outcome, Records, Setting
from bot.quota import UNLIMITED, Limit
from bot.reply import Button, Reply, plain

REQUESTS = "requests"
"""The folder: requests by the id of the turn that made them."""

NEWEST = "newest requests"
"""The folder: for each person the turn of their newest request."""

PATIENCE = timedelta(days=1)
"""After which a request that nobody has answered may be made once more."""

_NOT_YOURS = (
    "There is no limit of {limit} on {name} here that you could add to. What each user has in all, only the owner can "
    "raise; a key lifts it: `/key issue`."
)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for. `answer` is "" until somebody decided, `by` whom and in which `turn`."""

    key: Key
    name: str
    limit: str
    at: datetime
    answer: str = ""
    by: str = ""
    turn: str = ""


_shape: TypeAdapter[Request] = TypeAdapter(Request)


async def forget(records: Records, before: datetime) -> int:
    """Forget the requests that were made before then, answered or not. Returns how many these were."""
    made = await records.all(REQUESTS)
    old = {turn: raw for turn, raw in made.items() if _shape.validate_json(raw).at < before}
    for person, turn in (await records.all(NEWEST)).items():
        if turn in old:
            await records.swap(NEWEST, person, turn, None)
    return sum([await records.swap(REQUESTS, turn, raw, None) for turn, raw in old.items()])


async def _request(setting: Setting) -> Outcome:
    call, ports = setting.call, setting.ports
    if await is_banned(ports, call.origin.key):
        raise Banned
    limit = parse_limit(call.arguments.get("limit", ""))
    if limit.most in (0, UNLIMITED):
        raise BadArgument("How much more would you need? Like `20k tokens per day`.")
    asked = Request(call.origin.key, call.origin.author, call.arguments["limit"], call.origin.at)
    await _require_patience(setting, asked)
    await ports.records.swap(REQUESTS, setting.turn.id, None, _shape.dump_json(asked).decode())
    why = call.arguments.get("why", "")
    said = f"{plain(asked.name)} asks for {limit_words(limit)} more." + (f" “{plain(why)}”" if why else "")
    question = Reply(said, buttons=(_button("Give it", "approve", setting), _button("Decline", "decline", setting)))
    if not call.origin.key.private:
        return replace(question, note="Those who run this place can press.")
    told = [await write_to(ports, owner, question) for owner in sorted(await owners(ports))]
    if any(told):
        return Reply("I have asked.")
    await ports.records.swap(NEWEST, asked.key.person, setting.turn.id, None)
    return Reply("There is nobody whom I could ask. Ask in a server or a group.")


async def _require_patience(setting: Setting, asked: Request) -> None:
    """Let everybody have one request open, so that nobody is flooded with buttons. Raises BadArgument."""
    records, person = setting.ports.records, asked.key.person
    newest = await records.get(NEWEST, person)
    raw = await records.get(REQUESTS, newest) if newest not in (None, setting.turn.id) else None
    before = _shape.validate_json(raw) if raw else None
    if before and not before.answer and asked.at - before.at < PATIENCE:
        raise BadArgument("You have asked already, and nobody has answered yet. You can ask again after a day.")
    if newest != setting.turn.id and not await records.swap(NEWEST, person, newest, setting.turn.id):
        raise BadArgument("You have asked for something else at the same moment. Wait for the answer to that.")


async def _approve(setting: Setting) -> Outcome:
    raw, asked = await _asked(setting)
    limit, ports, now = parse_limit(asked.limit), setting.ports, setting.ports.now()
    scopes = [scope for scope in await _scopes(setting, asked) if await is_limited(ports, scope, limit)]
    if not scopes:
        raise BadArgument(_NOT_YOURS.format(limit=_kind_of(limit), name=plain(asked.name)))
    await _decide(setting, raw, asked, "approved")
    request = setting.call.arguments["turn"]
    for scope in scopes:
        await ports.ledger.grant(f"{request}/{scope}", scope, limit.unit, limit.window, limit.most, now)
    more = f"{amount_words(limit.unit, limit.most)} more"
    await noted(setting, "request approve", asked.key.person, new=more)
    told = await write_to(ports, asked.key.person, Reply(f"You were given {more}: what you asked for."))
    return Reply(f"{plain(asked.name)} has {more} now.{_unheard(told)}")


async def _decline(setting: Setting) -> Outcome:
    raw, asked = await _asked(setting)
    await _decide(setting, raw, asked, "declined")
    await noted(setting, "request decline", asked.key.person)
    told = await write_to(setting.ports, asked.key.person, Reply(f"You asked for {plain(asked.limit)} more: not now."))
    return Reply(f"Declined.{_unheard(told)}")


async def _asked(setting: Setting) -> tuple[str, Request]:
    """
    The request below which the button stands, as it is kept and read. It may have been answered in this very turn,
    which was cut off before all was done that follows.

    Raises:
        NotAllowed: In a private chat, where everybody runs the place, only the owner decides.
        Gone: There is none, or it was made elsewhere.
        BadArgument: It was answered before.
    """
    key = setting.call.origin.key
    if key.private and await rank_of(setting.call, setting.ports) < Rank.OWNER:
        raise NotAllowed(setting.call.command, Rank.OWNER.called)
    raw = await setting.ports.records.get(REQUESTS, setting.call.arguments.get("turn", ""))
    asked = _shape.validate_json(raw) if raw else None
    if raw is None or asked is None or (not key.private and asked.key.club != key.club):
        raise Gone
    if asked.answer and asked.turn != setting.turn.id:
        raise BadArgument(f"That was {asked.answer} already.")
    return raw, asked


async def _decide(setting: Setting, raw: str, asked: Request, answer: str) -> None:
    """Write the answer to a request down. Raises BadArgument when somebody else was quicker."""
    decided = replace(asked, answer=answer, by=setting.call.origin.key.person, turn=setting.turn.id)
    id = setting.call.arguments["turn"]
    if not await setting.ports.records.swap(REQUESTS, id, raw, _shape.dump_json(decided).decode()):
        raise BadArgument("Somebody else has answered that at the same moment.")


async def _scopes(setting: Setting, asked: Request) -> tuple[str, ...]:
    """Where more is given: to their key, and to themselves as far as the one who gives it has a say."""
    owner = await rank_of(setting.call, setting.ports) >= Rank.OWNER
    own = (user_scope(asked.key.person),) if owner or not asked.key.club else ()
    member = (member_scope(asked.key, asked.key.user),) if asked.key.club else ()
    return (*own, *member, *await key_scopes(setting.ports, asked.key))


def _kind_of(limit: Limit) -> str:
    """ "questions a day", for a limit of any number of them."""
    return limit_words(replace(limit, most=UNLIMITED)).removeprefix("any number of ")


def _button(label: str, command: str, setting: Setting) -> Button:
    return Button(label, command, setting.turn.id)


def _unheard(told: bool) -> str:
    return "" if told else " I cannot write to them, so tell them yourself."


REQUEST = Command(
    "request",
    "Ask those who run this place for more",
    _request,
    params=(
        Param("limit", "How much more, like 20k tokens per day", required=True, words=words_of_limits),
        Param("why", "What you need it for"),
    ),
    aside=False,
)
APPROVE = Command("approve", "Give what was asked for", _approve, audience=Rank.ADMIN, listed=False)
DECLINE = Command("decline", "Do not give what was asked for", _decline, audience=Rank.ADMIN, listed=False)
