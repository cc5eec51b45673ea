"""/timezone: on whose clocks and calendars somebody's times are read."""

from collections.abc import Sequence

from bot.amounts import moment_words
from bot.chat import Call
from bot.commands.spec import Command, Param
from bot.errors import BadArgument
from bot.ports import Outcome, Ports, Setting
from bot.preferences import set_zone, zone_of
from bot.reply import Reply, plain

HOW = "Write `/timezone` and where you are, like `/timezone Europe/Oslo` or `/timezone Tokyo`."


async def _timezone(setting: Setting) -> Outcome:
    ports, person = setting.ports, setting.call.origin.key.person
    typed = setting.call.arguments.get("zone", "").strip()
    if not typed:
        return Reply(_told(ports, await zone_of(ports, person)))
    zone = ports.planner.zone(typed)
    if zone is None:
        raise BadArgument(f"I know no zone “{plain(typed)}”.{_nearly(ports.planner.zones(typed))} {HOW}")
    await set_zone(ports, person, zone)
    return Reply(f"{_told(ports, zone)} What you have at set times already keeps the zone that it was made in.")


def _told(ports: Ports, zone: str) -> str:
    if not zone:
        return f"I do not know where you are. {HOW}"
    return f"For you it is {moment_words(ports.now(), zone)} ({plain(zone)})."


def _nearly(zones: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(f'`{zone}`' for zone in zones[:3])}?" if zones else ""


async def _suggest(ports: Ports, call: Call, typed: str) -> Sequence[str]:
    del call
    return ports.planner.zones(typed)


TIMEZONE = Command(
    "timezone",
    "Tell me where you are, so that I know when 9:00 is for you",
    _timezone,
    params=(Param("zone", "Like Europe/Oslo", suggest=_suggest),),
)
