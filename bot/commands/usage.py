"""/usage: how much was taken, by whom, of which model."""

from bot.access import Rank
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, NotAllowed
from bot.overview import of_community, of_person, taken
from bot.people import rank_of
from bot.ports import Outcome, Setting

DAYS = 30
MOST_DAYS = 366


async def _usage(setting: Setting) -> Outcome:
    of, key = setting.call.arguments.get("of", "me"), setting.call.origin.key
    user = setting.call.arguments.get("user", "")
    days = _days(setting.call.arguments.get("days", ""))
    needed = Rank.OWNER if key.private else Rank.ADMIN
    if (of != "me" or user) and await rank_of(setting.call, setting.ports) < needed:
        raise NotAllowed("usage of others", needed.called)
    by_all = await taken(setting.ports, days)
    if of == "me" or user:
        return of_person(by_all, f"{key.platform}:{user}" if user else key.person)
    return await of_community(setting.ports, by_all, key)


def _days(text: str) -> int:
    """Raises BadArgument."""
    if not text:
        return DAYS
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise BadArgument(f"How many days? A number from 1 to {MOST_DAYS}.")
    return int(text)


USAGE = Command(
    "usage",
    "See how much was used, by you or by this community",
    _usage,
    params=(
        Param("of", "Yours, or the whole community's (for those who run it)", choices=("me", "community")),
        Param("user", "Of this user (for those who run the community)", kind="user"),
        Param("days", "The last so many days; 30 if you leave it out"),
    ),
    secret=True,
)
