"""/remind and /schedule: what is said, or asked, at set times. What repeats, or costs, is shown before it is kept."""

from datetime import datetime

from bot import agenda
from bot.amounts import moment_words
from bot.billing import admitted
from bot.chat import Key
from bot.commands.spec import Command, Param
from bot.errors import BadArgument
from bot.ports import Outcome, Ports, Setting
from bot.preferences import zone_of
from bot.reply import Button, Reply, plain
from bot.schedule import Job, Recurrence, Schedule

SHOWN = 3
"""Of the times to come, so many are shown."""

HOW = {
    Job.REMIND: "When, and of what? Like `/remind tomorrow 9:00 call the dentist` or "
    "`/remind every monday 18:00 water the plants`.",
    Job.PROMPT: "When, and what shall I answer? Like `/schedule every weekday 8:00 three facts about owls`.",
}

FACELESS = "You write as the group, so I cannot tell whose share this would be. Write as yourself, and ask me again."

UNWRITTEN = "I cannot write to you in private yet: open a private chat with me, press Start, and ask me again."


async def _remind(setting: Setting) -> Outcome:
    wanted = await _wanted(setting, Job.REMIND)
    if not wanted.recurrence.once:
        return await _shown_first(setting, wanted)
    kept = await agenda.begin(setting.ports, setting.call, wanted)
    when = f"{_when(setting.ports, kept)} ({plain(kept.recurrence.zone)})"
    return Reply(f"I will remind {_whom(kept)} on {when}: “{plain(kept.text)}”", buttons=(delete_button(kept),))


async def _schedule(setting: Setting) -> Outcome:
    wanted = await _wanted(setting, Job.PROMPT)
    await admitted(setting.ports, wanted.place)
    return await _shown_first(setting, wanted)


async def _shown_first(setting: Setting, wanted: Schedule) -> Reply:
    """What would be kept; a button keeps it."""
    ports, turn = setting.ports, setting.turn.id
    await agenda.require_room(ports, setting.call, wanted)
    await agenda.draft(ports, turn, wanted)
    shown = described(ports, wanted, setting.call.origin.key)
    return Reply(shown, buttons=(Button("Save", "keep", turn), Button("Cancel", "discard", turn)))


async def _keep(setting: Setting) -> Outcome:
    kept = await agenda.confirm(setting.ports, setting.call, setting.call.arguments["turn"])
    first = moment_words(kept.next or kept.made, kept.recurrence.zone)
    return Reply(f"Saved as `{kept.id}`. The first time is {first}. `/schedules` shows what you have.")


async def _discard(setting: Setting) -> Outcome:
    await agenda.discard(setting.ports, setting.call, setting.call.arguments["turn"])
    return Reply("Nothing was saved.")


async def _wanted(setting: Setting, job: Job) -> Schedule:
    """What somebody wrote, as it would be kept: "in 2 minutes" counts from when they wrote it. Raises Refused."""
    origin = setting.call.origin
    if origin.key.user.startswith("-"):
        raise BadArgument(FACELESS)
    recurrence, text = await _read(setting, job)
    upcoming = setting.ports.planner.after(recurrence, origin.at)
    id, place = agenda.short_id(setting.turn.id), await _place(setting)
    return Schedule(id, 1, job, text, recurrence, origin.key, origin.author, place, origin.at, upcoming)


async def _read(setting: Setting, job: Job) -> tuple[Recurrence, str]:
    """When, and what. Where a platform has no named arguments, both stand in one line. Raises Refused."""
    ports, arguments = setting.ports, setting.call.arguments
    when, text = arguments.get("when", "").strip(), arguments.get("text", "").strip()
    zone, now = await zone_of(ports, setting.call.origin.key.person), setting.call.origin.at
    recurrence, rest = (ports.planner.read(when, now, zone), text) if text else ports.planner.split(when, now, zone)
    if not rest:
        raise BadArgument(HOW[job])
    if len(rest) > agenda.LONGEST:
        raise BadArgument(f"That is too long: {len(rest):,} characters, and {agenda.LONGEST:,} may be kept.")
    return recurrence, rest


async def _place(setting: Setting) -> Key:
    """Where it is said: here, or in the asker's private chat. Raises BadArgument, PlatformDown."""
    key, where = setting.call.origin.key, setting.call.arguments.get("where", "here").strip().casefold()
    if where not in WHERE:
        raise BadArgument("Where shall I say it: `here`, or in `private`?")
    if where == "here" or key.private:
        return key
    private = await setting.ports.platforms[key.platform].private(key.user)
    if private is None:
        raise BadArgument(UNWRITTEN)
    return private


# In words.


def described(ports: Ports, schedule: Schedule, reader: Key) -> str:
    """What is done when and where, with the next times, to whoever reads it there."""
    what = "I say" if schedule.job is Job.REMIND else "I answer"
    zone = schedule.recurrence.zone
    times = "".join(f"\n- {moment_words(moment, zone)}" for moment in upcoming(ports, schedule))
    following = f"\n\nNext:\n{times}" if times else ""
    how = f"**{_capital(ports.planner.words(schedule.recurrence))}** ({plain(zone)})"
    return f"{how} {what} {_where(schedule.place, reader)}:\n\n> {plain(schedule.text)}{following}"


def _where(place: Key, reader: Key) -> str:
    if place.private:
        return "in your private chat"
    return "here" if place.place == reader.place else "in another place"


def upcoming(ports: Ports, schedule: Schedule) -> list[datetime]:
    """The next times that are still to come, as far as there are any."""
    found: list[datetime] = []
    moment = schedule.waiting and max(schedule.waiting, ports.now())
    if moment and schedule.next != moment:
        moment = ports.planner.after(schedule.recurrence, moment)
    while moment is not None and len(found) < SHOWN:
        found.append(moment)
        moment = ports.planner.after(schedule.recurrence, moment)
    return found


def delete_button(schedule: Schedule) -> Button:
    return Button("Delete", "schedules delete", schedule.id)


def _when(ports: Ports, schedule: Schedule) -> str:
    return moment_words(schedule.next or ports.now(), schedule.recurrence.zone)


def _whom(schedule: Schedule) -> str:
    return "you" if schedule.place.private else "you here"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


WHERE = ("here", "private")

_WHEN = Param("when", "Like in 2 h, tomorrow 9:00, every Monday 18:00", required=True, left=True)
_WHERE = Param("where", "Here, or in your private chat", choices=WHERE)

REMIND = Command(
    "remind",
    "Be reminded of something, once or again and again",
    _remind,
    params=(_WHEN, Param("text", "Of what"), _WHERE),
    urgent=True,
)
SCHEDULE = Command(
    "schedule",
    "Have me answer something at set times",
    _schedule,
    params=(_WHEN, Param("text", "What I shall answer then"), _WHERE),
    urgent=True,
)
KEEP = Command("keep", "Keep what was shown", _keep, listed=False)
DISCARD = Command("discard", "Do not keep what was shown", _discard, listed=False)
