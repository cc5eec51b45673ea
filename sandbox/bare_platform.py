"""A chat platform on which nobody is anybody: for trials of what needs no more of one than its screens."""

from bot.access import Rank
from bot.chat import Key
from bot.reply import Reply


class BarePlatform:
    """All of a bot.ports.Platform but `screen`."""

    whispers = True

    async def rank(self, key: Key) -> Rank:
        del key
        return Rank.USER

    async def write_to(self, user: str, reply: Reply) -> bool:
        del user, reply
        return False

    def made(self, user: str) -> None:
        del user
