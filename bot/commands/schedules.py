"""/schedules: what somebody has at set times; pause it, let it go on, delete it, have it done now."""

from collections.abc import Sequence

from bot import agenda
from bot.access import Rank
from bot.amounts import moment_words
from bot.chat import Call
from bot.commands.schedule import delete_button, described
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, Banned, NotAllowed
from bot.people import is_banned, rank_of
from bot.ports import Outcome, Ports, Setting
from bot.reply import Button, Reply, plain
from bot.schedule import Schedule

BUTTONS = 5
"""What stands below one message at most."""

LINES = 30
"""How many are listed."""

NONE = "You have nothing at set times. `/remind` and `/schedule` change that."

GONE = "It was deleted a moment ago."

PAUSED = "Its owner has paused it."

HELD = "Those who run the place have paused it."

NOT_YOURS = "It is taken from its owner's share, so only they can have that done. You can pause it, or delete it."


async def _list(setting: Setting) -> Outcome:
    found = await _listed(setting)
    if len(found) == 1:
        return _card(setting, found[0])
    if not found:
        return Reply(NONE)
    lines = "\n".join(map(_line, found[:LINES]))
    more = f"\n\n{len(found) - LINES} more." if len(found) > LINES else ""
    buttons = tuple(Button(each.id, "schedules show", each.id) for each in found[:BUTTONS])
    return Reply(f"{lines}{more}\n\n`/schedules show` and its id shows one of them.", buttons=buttons)


async def _listed(setting: Setting) -> Sequence[Schedule]:
    """The caller's own, or those of the place that they run. Raises NotAllowed, BadArgument."""
    key, of = setting.call.origin.key, setting.call.arguments.get("of", "") or "me"
    if of not in ("me", "here"):
        raise BadArgument("Whose: `me`, or all that are `here`?")
    if of == "me":
        return await setting.ports.schedules.of(key.person)
    if await rank_of(setting.call, setting.ports) < Rank.ADMIN:
        raise NotAllowed("schedules here", Rank.ADMIN.called)
    return await setting.ports.schedules.at(key.place)


async def _show(setting: Setting) -> Outcome:
    return _card(setting, await _named(setting))


async def _pause(setting: Setting) -> Outcome:
    schedule = await _named(setting)
    why = PAUSED if agenda.is_own(setting.call, schedule) else HELD
    there = await agenda.pause(setting.ports, schedule.id, why)
    return Reply("Paused.", buttons=(_resume_button(schedule),)) if there else Reply(GONE)


async def _resume(setting: Setting) -> Outcome:
    """Its owner lets it go on, unless those who run the place have paused it: then these do."""
    ports, schedule = setting.ports, await _named(setting)
    own = agenda.is_own(setting.call, schedule)
    if schedule.paused and own == (schedule.paused == HELD):
        raise BadArgument(f"{HELD} So can only they let it go on." if own else NOT_YOURS)
    if await is_banned(ports, schedule.place):
        raise Banned(schedule.owner.person)
    there = await agenda.resume(ports, schedule.id)
    if there is None:
        return Reply(GONE)
    if there.next is None:
        await ports.schedules.remove(there.id)
        return Reply("Its time has passed, so I have deleted it.")
    return Reply(f"It goes on. The next time is {moment_words(there.next, there.recurrence.zone)}.")


async def _delete(setting: Setting) -> Outcome:
    await setting.ports.schedules.remove((await _named(setting)).id)
    return Reply("Deleted.")


async def _run(setting: Setting) -> Outcome:
    schedule = await _named(setting)
    if not agenda.is_own(setting.call, schedule):
        raise BadArgument(NOT_YOURS)
    if schedule.paused:
        raise BadArgument(f"It is paused. {plain(schedule.paused)} `/schedules resume {schedule.id}` lets it go on.")
    return Reply("I do it now." if await agenda.run_now(setting.ports, schedule.id) else GONE)


async def _named(setting: Setting) -> Schedule:
    """The one that was named, or the caller's only one. Raises BadArgument."""
    call = setting.call
    id = call.arguments.get("turn" if call.pressed else "id", "")
    if id:
        return await agenda.find(setting.ports, call, id)
    theirs = await setting.ports.schedules.of(call.origin.key.person)
    if len(theirs) != 1:
        raise BadArgument(f"Which one? {_ids(theirs)}" if theirs else NONE)
    return theirs[0]


def _ids(schedules: Sequence[Schedule]) -> str:
    return ", ".join(f"`{each.id}`" for each in schedules)


def _card(setting: Setting, schedule: Schedule) -> Reply:
    paused = f"\n\n**Paused.** {schedule.paused}" if schedule.paused else ""
    text = f"`{schedule.id}`: {described(setting.ports, schedule, setting.call.origin.key)}{paused}"
    if schedule.paused:
        return Reply(text, buttons=(_resume_button(schedule), delete_button(schedule)))
    pause, run = (Button("Pause", "schedules pause", schedule.id), Button("Do it now", "schedules run", schedule.id))
    return Reply(text, buttons=(pause, run, delete_button(schedule)))


def _resume_button(schedule: Schedule) -> Button:
    return Button("Go on", "schedules resume", schedule.id)


def _line(schedule: Schedule) -> str:
    when = moment_words(schedule.next, schedule.recurrence.zone) if schedule.next else "over"
    state = "paused" if schedule.paused else when
    return f"- `{schedule.id}` {state}: {plain(schedule.text)}"


async def _suggest(ports: Ports, call: Call, typed: str) -> Sequence[str]:
    theirs = await ports.schedules.of(call.origin.key.person)
    return [each.id for each in theirs if each.id.startswith(typed.casefold())][:25]


_ID = Param("id", "Which one: its id, as /schedules shows it", suggest=_suggest)

LIST = Command(
    "schedules list",
    "See what you have at set times",
    _list,
    params=(Param("of", "Yours, or all that are here (for those who run the place)", choices=("me", "here")),),
    secret=True,
)
SHOW = Command("schedules show", "See one of them", _show, params=(_ID,), secret=True)
PAUSE = Command("schedules pause", "Let one rest", _pause, params=(_ID,))
RESUME = Command("schedules resume", "Let one go on", _resume, params=(_ID,))
DELETE = Command("schedules delete", "Delete one", _delete, params=(_ID,))
RUN = Command("schedules run", "Have one done now", _run, params=(_ID,))
