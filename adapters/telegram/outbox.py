"""Puts messages up in a Telegram chat, at the pace that Telegram allows."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
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
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from adapters.pace import Pace, Rule
from adapters.telegram.errors import is_gone, is_unchanged, maybe_created, renamed
from adapters.telegram.moved import name_of, place_of
from adapters.telegram.render import Entity, pages, units
from bot.errors import PartGone, PlatformBusy, Undeliverable
from bot.reply import Button, Page, Picture, Reply

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

SILENT = 1
"""The number of a part that goes on with an answer: it replies to nothing, and no phone rings."""

LONGEST_CAPTION = 1024
"""UTF-16 code units below a picture. Source: core.telegram.org/bots/api#sendphoto"""

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""A preview would have Telegram fetch whatever address a model was talked into writing."""


class TelegramScreen:
    """
    One turn's messages in one chat; `address` says where these stand, and what they answer. `names` are those of users
    who may be mentioned.

    If the group becomes a supergroup meanwhile, new messages go there, and answer nothing: ids began anew. What stands
    in the group can be changed no more, so an answer under way is put up anew in the supergroup and grows there; what
    was shown of it before stays as it was. Should the process die just then, it may be put up anew once more.
    """

    def __init__(
        self,
        bot: Bot,
        address: Mapping[str, str],
        chat_pace: Pace,
        bot_pace: Pace,
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._bot = bot
        self._names = names
        self._address = address
        self._home = self._chat = int(self._address["chat"])
        self._anew: dict[str, str] = {}
        self._chat_pace = chat_pace
        self._bot_pace = bot_pace

    def pages(self, reply: Reply) -> Sequence[Page]:
        """In private, whatever we say calls for attention; of those who write as a group, it cannot be called."""
        if self._is_private or not reply.mention.isdecimal():
            return pages(replace(reply, mention=""))
        return pages(reply, self._names.get(reply.mention, ""))

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
        return self._name(await self._send(page, part))

    async def edit(self, message: str, page: Page) -> None:
        chat, id = self._place(message)

        async def call(marks: list[MessageEntity]) -> None:
            await self._bot.edit_message_text(
                page.text,
                chat,
                id,
                entities=marks,
                reply_markup=_keyboard(page),
                link_preview_options=NO_PREVIEW,
            )

        try:
            await self._paced(lambda: _plain_if_refused(call, page))
        except ChatMigrated as move:
            self._follow(move)
            self._anew[message] = self._name(await self._send(page, SILENT))
        except TelegramError as error:
            if not is_unchanged(error):
                raise renamed(error) from error

    async def delete(self, message: str) -> None:
        try:
            await self._paced(lambda: self._bot.delete_message(*self._place(message)))
        except ChatMigrated:
            log.info("message %s stays in a group that is a supergroup now", message)
        except TelegramError as error:
            trouble = renamed(error)
            if not isinstance(trouble, PartGone):
                raise trouble from error

    async def disown(self, message: str) -> None:
        with contextlib.suppress(TelegramError):
            await self._bot.delete_message(*self._place(message))

    async def tell(self, pages: Sequence[Page]) -> None:
        if "callback" in self._address and not (self._is_private and _is_much(pages)):
            await self._toast(pages[0].text if pages else "")
            return
        await self._hush()
        for part, page in enumerate(pages):
            if page.picture:
                await self._tell_with(page.picture, page, part)
            else:
                await self._send(page, part)

    async def _tell_with(self, picture: Picture, page: Page, part: int) -> None:
        """Send a picture and the words to it: below it if they fit there, else after it, and in any case the words."""
        below = page if units(page.text) <= LONGEST_CAPTION else Page("")
        try:
            await self._send_picture(picture, below, part)
        except Undeliverable as refusal:
            log.error("the picture was refused, so told without: %s", refusal)
            below, page = Page(""), replace(page, text=page.text or picture.alt)
        if below is not page and page.text:
            await self._send(page, part)

    async def _send(self, page: Page, part: int) -> Message:
        topic = self._address["topic"]

        async def call(marks: list[MessageEntity]) -> Message:
            return await self._bot.send_message(
                self._chat,
                page.text,
                entities=marks,
                message_thread_id=int(topic) if topic else None,
                reply_parameters=self._answered(part),
                reply_markup=_keyboard(page),
                link_preview_options=NO_PREVIEW,
                disable_notification=part > 0,
            )

        return await self._new(call, page)

    async def _send_picture(self, picture: Picture, page: Page, part: int) -> Message:
        topic = self._address["topic"]

        async def call(marks: list[MessageEntity]) -> Message:
            return await self._bot.send_photo(
                self._chat,
                picture.png,
                page.text or None,
                caption_entities=marks,
                filename=picture.name,
                message_thread_id=int(topic) if topic else None,
                reply_parameters=self._answered(part),
                reply_markup=_keyboard(page),
            )

        return await self._new(call, page)

    async def _new(self, call: Callable[[list[MessageEntity]], Awaitable[Message]], page: Page) -> Message:
        """Make a call that puts a message up."""
        try:
            return await self._following(lambda: self._paced(lambda: _plain_if_refused(call, page)))
        except TelegramError as error:
            raise maybe_created(error) from error

    def _answered(self, part: int) -> ReplyParameters | None:
        """The first message is a reply to what was said, if that was a message."""
        said = self._address["reply_to"]
        return ReplyParameters(int(said), allow_sending_without_reply=True) if said and part == 0 else None

    async def _following(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call, and once more if it was for a group that is a supergroup now."""
        try:
            return await call()
        except ChatMigrated as move:
            self._follow(move)
            return await call()

    def _follow(self, move: ChatMigrated) -> None:
        self._chat = move.new_chat_id
        self._address = {"first": str(self._home), **self._address, "topic": "", "reply_to": ""}

    def _name(self, message: Message) -> str:
        moved = "first" in self._address
        return name_of(self._chat, message.message_id) if moved else str(message.message_id)

    def _place(self, message: str) -> tuple[int, int]:
        """Chat and id of a message, or of the one that was put up in its stead."""
        return place_of(self._anew.get(message, message), self._home)

    @property
    def _is_private(self) -> bool:
        return self._chat > 0

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
    row = [_button(button) for button in page.buttons]
    return InlineKeyboardMarkup([row]) if row else None


def _button(button: Button) -> InlineKeyboardButton:
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url)
    return InlineKeyboardButton(button.label, callback_data=button.data)


def _is_much(pages: Sequence[Page]) -> bool:
    """Whether it is more than what pops up at a pressed button can show."""
    return any(len(page.text) > TOAST or page.buttons or page.picture for page in pages) or len(pages) > 1


async def write(screen: TelegramScreen, user: str, reply: Reply) -> bool:
    """
    Write to somebody who did not ask for it just now. A message that failed halfway may arrive twice.

    Returns False when they cannot be written to. Raises PlatformDown.
    """
    for part, page in enumerate(screen.pages(reply)):
        try:
            async with screen.turn(urgent=True, fresh=True):
                await screen.tell([page]) if page.picture else await screen.create(part, page)
        except Undeliverable as refusal:
            log.log(_level(refusal), "user %s cannot be written to: %s", user, refusal)
            return False
    return True


def _level(refusal: Undeliverable) -> int:
    """That somebody blocked us, or never wrote to us, is nobody's fault."""
    expected = isinstance(refusal.__cause__, Forbidden) or "chat not found" in str(refusal).lower()
    return logging.INFO if expected else logging.ERROR
