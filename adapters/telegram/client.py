"""The connection to Telegram: updates are handed on one by one, and acknowledged once they are stored."""

import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from telegram import Bot, ChatMember, Update
from telegram.error import BadRequest, EndPointNotFound, InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from adapters.pace import Pace, Paces
from adapters.patience import patiently
from adapters.telegram.commands import menu
from adapters.telegram.errors import renamed
from adapters.telegram.intake import Me, read
from adapters.telegram.outbox import EVERYWHERE, GROUP, PRIVATE, TelegramScreen
from bot.access import Rank
from bot.chat import Call, Inbound, Key
from bot.commands.book import Book
from bot.errors import BotError, PlatformDown, StorageDown
from bot.ports import DeadLetter, DeadLetters
from bot.session import Sessions
from bot.turn import Turn

log = logging.getLogger(__name__)

WANTED = ["message", "callback_query"]
"""The kinds of update that we ask for."""

LONG_POLL = 50
"""Seconds that Telegram may hold a getUpdates call open."""

PATIENCE = 8.0
"""Seconds that a call to Telegram may take: well within a lease, so that a fence checked before it still holds."""


class WrongToken(Exception):
    """Telegram does not know the token."""


class Telegram:
    """The Telegram side of the service. It is a bot.ports.Platform."""

    def __init__(self, token: str, book: Book, api_base: str | None = None) -> None:
        request = HTTPXRequest(
            connection_pool_size=64,
            read_timeout=PATIENCE,
            write_timeout=PATIENCE,
            connect_timeout=PATIENCE / 2,
            pool_timeout=PATIENCE,
        )
        os.environ.setdefault("PTB_TIMEDELTA", "1")  # the library's switch for durations as timedelta; else it warns
        base = f"{api_base or 'https://api.telegram.org'}/bot"
        self._bot = Bot(token, base_url=base, request=request)
        self._book = book
        self._me = Me(0, "")
        self._paces = Paces()
        self._pace = Pace(EVERYWHERE)
        self._offset = 0

    # bot.ports.Platform

    def screen(self, turn: Turn) -> TelegramScreen:
        chat = turn.origin.address["chat"]
        rules = GROUP if chat.startswith("-") else PRIVATE
        return TelegramScreen(self._bot, turn, self._paces.of(chat, rules), self._pace)

    async def rank(self, key: Key) -> Rank:
        if key.user == key.channel:
            return Rank.ADMIN  # writes as the group itself: an anonymous administrator
        try:
            member = await self._bot.get_chat_member(int(key.channel), int(key.user))
        except BadRequest:
            return Rank.USER
        except TelegramError as error:
            raise PlatformDown(str(error)) from error
        return Rank.ADMIN if member.status in (ChatMember.OWNER, ChatMember.ADMINISTRATOR) else Rank.USER

    # The connection.

    @property
    def id(self) -> int:
        """Which bot we are, once introduced."""
        return self._me.id

    @property
    def hears_mentions(self) -> bool:
        """Whether Telegram passes on what is said in groups, once introduced; else commands and replies only."""
        return bool(self._bot.bot.can_read_all_group_messages)

    async def introduce(self) -> str:
        """
        Learn who we are. Returns our name.

        Raises:
            WrongToken: Telegram does not know us.
            PlatformDown: It cannot be reached.
        """
        try:
            await self._bot.initialize()
        except (InvalidToken, EndPointNotFound) as error:
            raise WrongToken from error
        except TelegramError as error:
            raise PlatformDown(str(renamed(error))) from error
        self._me = Me(self._bot.id, self._bot.username)
        return f"@{self._me.username}"

    async def publish(self) -> None:
        """Show our commands in Telegram's menu."""
        await self._patiently(lambda: self._bot.set_my_commands(menu(self._book.listed)))

    async def close(self) -> None:
        await self._bot.shutdown()

    async def poll(self, sessions: Sessions, letters: DeadLetters) -> None:
        """Take updates until cancelled. Telegram lets one process at a time do it."""
        self._offset = 0
        await self._patiently(self._bot.delete_webhook)
        while True:
            await patiently("Telegram updates", lambda: self._take_batch(sessions, letters), BotError)

    async def listen(self, url: str, secret: str) -> None:
        """Have Telegram call `url` with what is new, and the secret along with it."""
        await self._patiently(lambda: self._bot.set_webhook(url, secret_token=secret, allowed_updates=WANTED))

    async def take(self, update: Mapping[str, Any], sessions: Sessions, letters: DeadLetters) -> bool:
        """
        Store what an update says to us. One that cannot be read becomes a dead letter, and the rest go on.

        Returns whether it could be read. Raises StorageDown: then it was not taken.
        """
        try:
            said = self._read(update)
            if isinstance(said, Inbound):
                await sessions.ask(said)
            elif said is not None:
                await sessions.call(said)
        except StorageDown:
            raise
        except Exception as error:
            log.exception("update %s could not be taken", update.get("update_id"))
            await letters.add(self._dead(update, error))
            return False
        return True

    def _read(self, update: Mapping[str, Any]) -> Inbound | Call | None:
        parsed = Update.de_json(dict(update), self._bot)
        return read(parsed, self._me, self._book, datetime.now(UTC)) if parsed else None

    def _dead(self, update: Mapping[str, Any], error: Exception) -> DeadLetter:
        id = f"telegram-{self._me.id}-{update.get('update_id')}"
        return DeadLetter(id, datetime.now(UTC), "telegram", f"unreadable: {error!r}", body=json.dumps(update))

    async def _take_batch(self, sessions: Sessions, letters: DeadLetters) -> None:
        """Store what is new. Asking from a later offset acknowledges all that came before it."""
        for update in await self._updates(self._offset):
            await self.take(update, sessions, letters)
            self._offset = update["update_id"] + 1

    async def _updates(self, offset: int) -> list[dict[str, Any]]:
        """
        What is new, as raw JSON.

        The library's own get_updates decodes the whole batch at once, so that one update that it cannot read would
        hold up all others for ever. Telegram takes method names in any case; this spelling keeps the library from
        recommending its own method.
        """
        wanted = {"offset": offset, "timeout": LONG_POLL, "allowed_updates": WANTED}
        try:
            found: Any = await self._bot.do_api_request(
                "getupdates", api_kwargs=wanted, read_timeout=LONG_POLL + PATIENCE
            )
        except TelegramError as error:
            raise renamed(error) from error
        return list(found)

    async def _patiently(self, call: Callable[[], Awaitable[object]]) -> None:
        await patiently("Telegram", call, TelegramError)
