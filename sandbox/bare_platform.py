"""A chat platform on which nobody is anybody: for trials of what needs no more of one than its screens."""

from collections.abc import Mapping

from bot.access import Rank
from bot.chat import Key
from bot.reply import Reply


class BarePlatform:
    """All of a bot.ports.Platform but `screen`."""

    whispers = True

    async def rank(self, key: Key) -> Rank:
        del key
        return Rank.USER

    def address(self, key: Key) -> Mapping[str, str]:
        return {"channel": key.channel}

    async def private(self, user: str) -> None:
        del user

    async def belongs(self, key: Key) -> bool:
        del key
        return True

    async def write_to(self, user: str, reply: Reply) -> bool:
        del user, reply
        return False

    def made(self, user: str) -> None:
        del user
