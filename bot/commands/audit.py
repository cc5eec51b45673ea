"""/audit: who did what to keys, quotas and people."""

from bot.access import Rank
from bot.audit import AuditEntry, newest
from bot.commands.spec import Command
from bot.errors import NotAllowed
from bot.people import rank_of
from bot.ports import Outcome, Setting
from bot.reply import Reply, plain

LINES = 20


async def _audit(setting: Setting) -> Outcome:
    key = setting.call.origin.key
    if key.private and await rank_of(setting.call, setting.ports) < Rank.OWNER:
        raise NotAllowed("audit in private", Rank.OWNER.called)
    entries = await newest(setting.ports.records, LINES, key.club or None)
    if not entries:
        return Reply("Nothing was done yet to keys, quotas or people here.")
    return Reply("\n".join(map(_line, entries)))


def _line(entry: AuditEntry) -> str:
    new = f": {plain(entry.new)}" if entry.new else ""
    return f"- {entry.at:%Y-%m-%d %H:%M} `{entry.actor}` **{entry.action}** `{entry.what}`{new}"


AUDIT = Command("audit", "See who did what to keys, quotas and people", _audit, audience=Rank.ADMIN, secret=True)
