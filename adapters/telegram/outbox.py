"""Puts messages up in a Telegram chat, at the pace that Telegram allows."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import BadRequest, TelegramError

from adapters.pace import Pace, Rule
from adapters.telegram.errors import is_gone, is_unchanged, maybe_created, renamed
from adapters.telegram.render import Entity, pages
from bot.errors import PartGone, PlatformBusy
from bot.reply import Page, Reply
from bot.turn import Turn

log = logging.getLogger(__name__)

T = TypeVar("T")

PRIVATE = (Rule(1, 1.02),)
"""
About one message a second in a chat; edits count. A little more than a second, for clocks that differ.

Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""
GROUP = (Rule(1, 1.02), Rule(20, 61.0, kept=8), Rule(4, 10.0, spares=True), Rule(8, 30.0, spares=True))
"""
And 20 a minute in a group (same source). Some are left for beginnings and ends of answers; the edits between come
quickly at first and slower the longer an answer gets.
"""

EVERYWHERE = (Rule(29, 1.0),)
"""
About 30 messages a second over all chats (same source). It speaks of messages to many people, and edits send none.
"""

TOAST = 200
"""Characters of an answer to a pressed button. Source: core.telegram.org/bots/api#answercallbackquery"""

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""A preview would have Telegram fetch whatever address a model was talked into writing."""


class TelegramScreen:
    """One turn's messages in one chat."""

    def __init__(self, bot: Bot, turn: Turn, chat_pace: Pace, bot_pace: Pace) -> None:
        self._bot = bot
        self._address = turn.origin.address
        self._chat = int(self._address["chat"])
        self._chat_pace = chat_pace
        self._bot_pace = bot_pace

    def pages(self, reply: Reply) -> Sequence[Page]:
        return pages(reply)

    @contextlib.asynccontextmanager
    async def turn(self, *, urgent: bool, fresh: bool) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self._chat_pace.turn(urgent=urgent))
            if fresh:
                await stack.enter_async_context(self._bot_pace.turn(urgent=urgent))
            yield

    async def create(self, part: int, page: Page) -> str:
        if part == 0:
            await self._hush()
        return str((await self._send(page, part)).message_id)

    async def edit(self, message: str, page: Page) -> None:
        async def call(marks: list[MessageEntity]) -> None:
            await self._bot.edit_message_text(
                page.text,
                self._chat,
                int(message),
                entities=marks,
                reply_markup=_keyboard(page),
                link_preview_options=NO_PREVIEW,
            )

        try:
            await self._paced(lambda: _plain_if_refused(call, page))
        except TelegramError as error:
            if not is_unchanged(error):
                raise renamed(error) from error

    async def delete(self, message: str) -> None:
        try:
            await self._paced(lambda: self._bot.delete_message(self._chat, int(message)))
        except TelegramError as error:
            trouble = renamed(error)
            if not isinstance(trouble, PartGone):
                raise trouble from error

    async def disown(self, message: str) -> None:
        with contextlib.suppress(TelegramError):
            await self._bot.delete_message(self._chat, int(message))

    async def tell(self, pages: Sequence[Page]) -> None:
        if "callback" in self._address:
            await self._toast(pages[0].text if pages else "")
            return
        for part, page in enumerate(pages):
            await self._send(page, part)

    async def _send(self, page: Page, part: int) -> Message:
        topic = self._address["topic"]
        answered = None
        if part == 0:
            answered = ReplyParameters(int(self._address["reply_to"]), allow_sending_without_reply=True)

        async def call(marks: list[MessageEntity]) -> Message:
            return await self._bot.send_message(
                self._chat,
                page.text,
                entities=marks,
                message_thread_id=int(topic) if topic else None,
                reply_parameters=answered,
                reply_markup=_keyboard(page),
                link_preview_options=NO_PREVIEW,
                disable_notification=part > 0,
            )

        try:
            return await self._paced(lambda: _plain_if_refused(call, page))
        except TelegramError as error:
            raise maybe_created(error) from error

    async def _paced(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call and let the pace know how it went."""
        try:
            return await call()
        except TelegramError as error:
            trouble = renamed(error)
            if isinstance(trouble, PlatformBusy):
                self._chat_pace.hold_off(trouble.retry_after)
            raise

    async def _hush(self) -> None:
        """Let the pressed button, if there is one, stop waiting."""
        if "callback" in self._address:
            await self._toast("")

    async def _toast(self, text: str) -> None:
        short = text if len(text) <= TOAST else text[: TOAST - 1] + "…"
        try:
            await self._bot.answer_callback_query(self._address["callback"], short or None, show_alert=bool(short))
        except TelegramError as error:
            log.info("a pressed button was not answered: %s", error)  # it is answered once, and only for a while


async def _plain_if_refused(call: Callable[[list[MessageEntity]], Awaitable[T]], page: Page) -> T:
    """Make a call with the page's marks, or without them should Telegram refuse it: the words matter more."""
    marks = [_entity(mark) for mark in page.marks if isinstance(mark, Entity)]
    try:
        return await call(marks)
    except BadRequest as error:
        if not marks or is_unchanged(error) or is_gone(error):
            raise
        log.error("refused with marks, so tried without: %s", error)
        return await call([])


def _entity(mark: Entity) -> MessageEntity:
    return MessageEntity(mark.type, mark.offset, mark.length, url=mark.url or None, language=mark.language or None)


def _keyboard(page: Page) -> InlineKeyboardMarkup | None:
    row = [InlineKeyboardButton(button.label, callback_data=button.data) for button in page.buttons]
    return InlineKeyboardMarkup([row]) if row else None
