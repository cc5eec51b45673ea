"""What a command did to keys, quotas and people, written into the audit log."""

from bot.audit import AuditEntry, note
from bot.ports import Setting


async def noted(setting: Setting, action: str, what: str, old: str = "", new: str = "") -> None:
    """Write down that the caller of a command did this."""
    key, ports = setting.call.origin.key, setting.ports
    await note(ports.records, AuditEntry(ports.now(), key.person, key.club, action, what, old, new, setting.turn.id))
