"""The connection to Telegram: updates are handed on one by one, and acknowledged once they are stored."""

import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from telegram import Bot, ChatMember, ChatMemberRestricted, Update
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, EndPointNotFound, Forbidden, InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from adapters.pace import Pace, Paces
from adapters.patience import patiently
from adapters.telegram.commands import menu
from adapters.telegram.errors import is_absent, renamed
from adapters.telegram.intake import Me, leaks, read
from adapters.telegram.moved import Moved, move_in
from adapters.telegram.names import Names
from adapters.telegram.outbox import EVERYWHERE, GROUP, PRIVATE, TelegramScreen, write
from adapters.wrong_token import WrongToken
from bot import own
from bot.access import Rank
from bot.chat import Call, Inbound, Key, Origin
from bot.commands.book import Book
from bot.errors import BotError, PlatformDown, StorageDown
from bot.keys import hidden
from bot.ports import DeadLetter, DeadLetters, Settings
from bot.reply import Reply
from bot.session import Sessions
from bot.turn import Turn

log = logging.getLogger(__name__)

WANTED = ["message", "edited_message", "callback_query"]
"""The kinds of update that we ask for. Edited messages are looked through for keys, and not answered."""

LONG_POLL = 50
"""Seconds that Telegram may hold a getUpdates call open."""

PATIENCE = 8.0
"""Seconds that a call to Telegram may take: well within a lease, so that a fence checked before it still holds."""


class Telegram:
    """The Telegram side of the service. It is a bot.ports.Platform, and Unsays."""

    def __init__(self, token: str, book: Book, api_base: str | None = None) -> None:
        request = HTTPXRequest(
            connection_pool_size=64,
            read_timeout=PATIENCE,
            write_timeout=PATIENCE,
            media_write_timeout=PATIENCE,
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
        self._names = Names()
        self._moved = Moved()
        self._offset = 0

    # bot.ports.Platform

    whispers = False

    def screen(self, turn: Turn) -> TelegramScreen:
        return self._screen(turn.origin.address, {turn.origin.key.user: turn.origin.author})

    def _screen(self, address: Mapping[str, str], names: Mapping[str, str]) -> TelegramScreen:
        chat = address["chat"]
        pace = self._paces.of(address.get("first", chat), GROUP if chat.startswith("-") else PRIVATE)
        return TelegramScreen(self._bot, address, pace, self._pace, names)

    async def rank(self, key: Key) -> Rank:
        if key.user == key.channel:
            return Rank.ADMIN  # writes as the group itself: an anonymous administrator
        try:
            member = await self._member(await self._moved.where(int(key.channel)), int(key.user))
        except BadRequest:
            return Rank.USER
        except TelegramError as error:
            raise PlatformDown(str(error)) from error
        return Rank.ADMIN if member.status in (ChatMember.OWNER, ChatMember.ADMINISTRATOR) else Rank.USER

    async def _member(self, chat: int, user: int) -> ChatMember:
        try:
            return await self._bot.get_chat_member(chat, user)
        except ChatMigrated as move:
            return await self._bot.get_chat_member(move.new_chat_id, user)

    def address(self, key: Key) -> Mapping[str, str]:
        chat = str(self._moved.newest(int(key.channel)))
        address = _unasked(chat, key.thread)
        return address if chat == key.channel else {**address, "first": key.channel}

    async def private(self, user: str) -> Key | None:
        """Whether somebody lets us write to them, Telegram says only when we do something there: we seem to type."""
        if user.startswith("-"):
            return None
        try:
            await self._bot.send_chat_action(int(user), ChatAction.TYPING)
        except TelegramError as error:
            if is_absent(error):
                return None
            raise PlatformDown(str(error)) from error
        return Key("telegram", str(self._me.id), "", user, "", user)

    async def belongs(self, key: Key) -> bool:
        """Of whoever writes as a group, or as a channel, nobody can tell: it is enough that we are there."""
        if key.private:
            return True
        user = self._me.id if key.user.startswith("-") else int(key.user)
        try:
            member = await self._member(await self._moved.where(int(key.channel)), user)
        except TelegramError as error:
            if is_absent(error):
                return False
            raise PlatformDown(str(error)) from error
        return _is_inside(member)

    async def write_to(self, user: str, reply: Reply) -> bool:
        if user.startswith("-"):
            return False  # a group that somebody writes as: it would be read by all
        return await write(self._screen(_unasked(user), {}), user, reply)

    async def unsay(self, said: Origin) -> bool:
        """
        In private we always may; in a group, where we are an administrator with that right, unless it has moved.

        Source: core.telegram.org/bots/api#deletemessage
        """
        try:
            await self._bot.delete_message(int(said.address["chat"]), int(said.address["reply_to"]))
        except (BadRequest, ChatMigrated, Forbidden) as error:
            return "message to delete not found" in str(error).lower()
        except TelegramError as error:
            raise renamed(error) from error
        return True

    def made(self, user: str) -> datetime | None:
        """Telegram does not say."""
        del user
        return None

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
        self._me = Me(self._bot.id, self._bot.username, self._moved.firsts)
        return f"@{self._me.username}"

    async def recall(self, settings: Settings) -> None:
        """Once introduced, learn which groups have moved, and write down which do from now on. Raises StorageDown."""
        await self._moved.recall(settings, self._me.id)

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
            for said in await self._read(update):
                await (sessions.ask(said) if isinstance(said, Inbound) else sessions.call(said))
        except StorageDown:
            raise
        except Exception as error:
            log.exception("update %s could not be taken", update.get("update_id"))
            await letters.add(self._dead(update, error))
            return False
        return True

    async def _read(self, update: Mapping[str, Any]) -> Sequence[Inbound | Call]:
        parsed = Update.de_json(dict(update), self._bot)
        if parsed is None:
            return ()
        now = datetime.now(UTC)
        if move := move_in(parsed):
            await self._moved.note(*move)
        if parsed.effective_chat is not None:
            await self._moved.meet(parsed.effective_chat.id, now)
        self._names.hear(parsed.message)
        said = read(parsed, self._me, self._book, now, self._names)
        return (*leaks(parsed, self._me, said), *([said] if said else ()))

    def _dead(self, update: Mapping[str, Any], error: Exception) -> DeadLetter:
        id = f"telegram-{self._me.id}-{update.get('update_id')}"
        body = own.hidden(hidden(json.dumps(update)))
        return DeadLetter(id, datetime.now(UTC), "telegram", f"unreadable: {error!r}", body=body)

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


def _unasked(chat: str, topic: str = "") -> dict[str, str]:
    """The address of what answers nobody."""
    return {"chat": chat, "topic": topic, "reply_to": ""}


def _is_inside(member: ChatMember) -> bool:
    """Whoever is restricted may be so within a group, or after leaving it."""
    if isinstance(member, ChatMemberRestricted):
        return bool(member.is_member)
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)
