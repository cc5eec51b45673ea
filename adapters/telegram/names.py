"""Who is meant by "@name": Telegram tells a bot of nobody by their username, so we go by whom we heard of late."""

from collections import OrderedDict

from telegram import Message, User

CROWD = 10_000
"""People that are remembered, until the process ends."""


class Names:
    """Usernames of people who were heard, and their ids. A name may go over to somebody else: the latest counts."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, int] = OrderedDict()

    def hear(self, message: Message | None) -> None:
        """Remember who wrote a message, and the one that it answers."""
        for said in (message, message.reply_to_message if message else None):
            if said is not None and said.from_user is not None:
                self._remember(said.from_user)

    def id_of(self, name: str) -> int | None:
        """Whose username that is, in whatever case."""
        return self._ids.get(name.casefold())

    def _remember(self, user: User) -> None:
        if not user.username or user.is_bot:
            return
        self._ids[str(user.username).casefold()] = user.id
        self._ids.move_to_end(str(user.username).casefold())
        if len(self._ids) > CROWD:
            self._ids.popitem(last=False)
