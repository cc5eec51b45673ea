"""
Which groups have become supergroups.

A supergroup has another id than the group that it was. The first id stays the name under which we know the place, so
that history, limits, roles and bans go on; the newest is where it is called. Message ids begin anew in a supergroup, so
its own goes before them.

Source: core.telegram.org/bots/api#message, `migrate_to_chat_id` and `migrate_from_chat_id`
"""

from datetime import UTC, datetime, timedelta

from telegram import Update

from bot.ports import Settings

SUPERGROUPS = -1_000_000_000_000
"""Ids of supergroups are below. Source: core.telegram.org/api/bots/ids"""

FRESH = timedelta(minutes=1)
"""How long what was read counts: another process may have heard of a move since, though a message came here first."""


def move_in(update: Update) -> tuple[int, int] | None:
    """The old id and the new one, if a service message tells of a move. Both chats get one, in any order."""
    message = update.message
    if message is not None and message.migrate_to_chat_id:
        return message.chat.id, int(message.migrate_to_chat_id)
    if message is not None and message.migrate_from_chat_id:
        return int(message.migrate_from_chat_id), message.chat.id
    return None


def name_of(chat: int, message: int) -> str:
    """The name of a message in a chat that has moved."""
    return f"{chat}:{message}"


def place_of(name: str, home: int) -> tuple[int, int]:
    """Chat and id of a message; `home` is the chat of one that was named by its id alone."""
    chat, _, message = name.rpartition(":")
    return (int(chat) if chat else home), int(message)


class Moved:
    """
    The moves of one bot's groups, as all processes know them. `firsts` maps the id of a supergroup to its first one.

    Kept in bot.ports.Settings once that is given; each method raises StorageDown.
    """

    def __init__(self) -> None:
        self.firsts: dict[int, int] = {}
        self._settings: Settings | None = None
        self._name = ""
        self._met: set[int] = set()
        self._read_at = datetime.min.replace(tzinfo=UTC)

    async def recall(self, settings: Settings, bot: int) -> None:
        """Read what was written, and from now on write there."""
        self._settings, self._name = settings, f"telegram:{bot}/moved"
        await self._read()

    async def meet(self, chat: int, now: datetime) -> None:
        """Look up whether a supergroup was something else before: at the first time, and when that is long ago."""
        if chat > SUPERGROUPS or chat in self.firsts or (chat in self._met and now - self._read_at < FRESH):
            return
        await self._read()
        self._met.add(chat)
        self._read_at = now

    async def note(self, old: int, new: int) -> None:
        """Write a move down, once. Returns when every process can know of it."""
        await self._read()
        first = self.firsts.get(old, old)
        if new in self.firsts or first == new:
            return
        later = [chat for chat, known in self.firsts.items() if known == new]
        moves = dict.fromkeys((new, *later), first)
        if self._settings is not None:
            await self._settings.put(self._name, {str(chat): str(first) for chat in moves})
        self.firsts.update(moves)

    async def where(self, first: int) -> int:
        """The id by which a chat is called now. A group that was left behind may still answer, with what held once."""
        if first > SUPERGROUPS:
            await self._read()
        return self.newest(first)

    def newest(self, first: int) -> int:
        """The newest id of a chat that this process knows of."""
        return next((chat for chat, known in self.firsts.items() if known == first), first)

    async def _read(self) -> None:
        if self._settings is not None:
            kept = await self._settings.get(self._name)
            self.firsts.update({int(chat): int(first) for chat, first in kept.items()})
