"""/report: what was used, sent every week to those who run the place."""

from bot.access import Rank
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, NotAllowed
from bot.people import rank_of
from bot.ports import Outcome, Setting
from bot.reply import Reply, plain
from bot.weekly import is_entitled, is_wanted, needed, subscribe, unsubscribe

ON = "You get the weekly report on {about}, in private, every Monday at 9:00 ({zone}). `/report off` ends that."
OFF = "You get no weekly report on {about}. `/report on` sends you one every Monday."

BY_ROLE = (
    "You run this place by a role, and I cannot look up who has that when nobody asks me. Have somebody who runs it "
    "make you an admin yourself, with `/role`, and ask again."
)


async def _report(setting: Setting) -> Outcome:
    key, records = setting.call.origin.key, setting.ports.records
    if await rank_of(setting.call, setting.ports) < needed(key):
        raise NotAllowed("report", needed(key).called)
    word = setting.call.arguments.get("weekly", "").strip().lower()
    if word not in ("", "on", "off"):
        raise BadArgument("Write `/report on` for one every Monday, or `/report off` for none.")
    if word == "on":
        if not await is_entitled(setting.ports, key):
            raise BadArgument(BY_ROLE)
        await subscribe(records, key)
    elif word == "off":
        await unsubscribe(records, key)
    said = ON if await is_wanted(records, key) else OFF
    about = "all of this bot" if key.private else "this community"
    return Reply(said.format(about=about, zone=plain(setting.ports.zone.key)))


REPORT = Command(
    "report",
    "Have what was used here sent to you every week",
    _report,
    params=(Param("weekly", "on: every Monday; off: no more", choices=("on", "off")),),
    audience=Rank.ADMIN,
    secret=True,
)
