"""
Puts messages up in a Discord channel, or as answers to an interaction, at the pace that Discord's buckets allow.

Calls go through discord.py's own HTTP client, which knows the buckets, with payloads made here: everything that is
needed to go on after a restart is an id, a token, and a page.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from discord.http import HTTPClient, Route

from adapters.discord.catchup import snowflake
from adapters.discord.errors import TROUBLE, DeadInteraction, Unreachable, renamed
from adapters.discord.render import pages
from adapters.discord.strays import NONCE, find_stray, mark
from adapters.pace import Pace, Rule
from bot.errors import PartGone, PlatformBusy, PlatformDown, Undeliverable
from bot.reply import Button, Page, Picture, Reply
from bot.turn import Turn

log = logging.getLogger(__name__)

CHANNEL = (Rule(5, 5.0, kept=1), Rule(1, 1.1, spares=True))
"""
A first guess at a channel's bucket for edits; what the headers say is obeyed as it comes. New messages have a bucket of
their own, and are too few to be paced here: discord.py waits for it where it must.

Source: discord.com/developers/docs/topics/rate-limits (limits are to be read from the headers).
"""
EVERYWHERE = (Rule(48, 1.0, kept=16),)
"""50 requests a second for a bot (same source)."""

PATIENCE = 8.0
"""Seconds that a call may take: well within a lease, so that a fence checked before it still holds."""

SUPPRESS_EMBEDS = 1 << 2
"""Message flag: no previews, and so no fetch of whatever address a model was talked into writing."""
EPHEMERAL = 1 << 6
"""Message flag: seen by the one who gave the command alone."""

ROW, BUTTON, GREY, LINK = 1, 2, 2, 5
NO_MENTIONS = {"parse": list[str]()}

LONGEST_ALT = 1024
"""Characters. Source: discord.com/developers/docs/resources/message#attachment-object, description."""

CROWD = 10_000
"""Private channels that are remembered."""

T = TypeVar("T")


class Acks:
    """Interactions that this process has stored and not yet acknowledged: until then they cannot be answered."""

    def __init__(self) -> None:
        self._pending: dict[str, asyncio.Event] = {}

    @contextlib.contextmanager
    def pending(self, token: str) -> Iterator[None]:
        """Until the end of the block, answers to that interaction wait."""
        self._pending[token] = asyncio.Event()
        try:
            yield
        finally:
            self._pending.pop(token).set()

    async def given(self, token: str) -> None:
        """Return once the interaction can be answered."""
        if token in self._pending:
            await self._pending[token].wait()


UNHEARD = timedelta(seconds=4)
"""How long an interaction may still be acknowledged, by the process that heard it: 3 s, and some for the way."""


class DiscordScreen:
    """One turn's messages."""

    def __init__(
        self,
        http: Callable[[], HTTPClient],
        acks: Acks,
        turn: Turn,
        channel_pace: Pace,
        bot_pace: Pace,
        now: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._acks = acks
        self._turn = turn
        self._address = turn.origin.address
        self._channel_pace = channel_pace
        self._bot_pace = bot_pace
        self._now = now
        self._parts = [*turn.parts]
        self._tried = {len(turn.parts)}

    def pages(self, reply: Reply) -> Sequence[Page]:
        """In private, whatever we say calls for attention."""
        return pages(replace(reply, mention="") if self._turn.origin.key.private else reply)

    @contextlib.asynccontextmanager
    async def turn(self, *, urgent: bool, fresh: bool) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if not fresh:
                await stack.enter_async_context(self._channel_pace.turn(urgent=urgent))
            await stack.enter_async_context(self._bot_pace.turn(urgent=urgent))
            yield

    async def create(self, part: int, page: Page) -> str:
        message = await self._create(part, page)
        self._parts.append(message)
        return message

    async def _create(self, part: int, page: Page) -> str:
        if part == 0 and self._address["kind"] == "slash":
            try:
                return await self._answer(page)
            except DeadInteraction:
                if self._by_webhook:
                    raise
        if self._by_webhook:
            return await self._call(self._followup(), self._aside(page))
        return await self._stray(part) or await self._call(self._channel("POST", ""), self._fresh(part, page))

    async def edit(self, message: str, page: Page) -> None:
        await self._call(self._message("PATCH", message), _content(page))

    async def delete(self, message: str) -> None:
        try:
            await self._call(self._message("DELETE", message))
        except PartGone:
            return

    async def disown(self, message: str) -> None:
        """Nothing: the nonce gave the turn's new owner this same message."""

    async def tell(self, pages: Sequence[Page]) -> None:
        for part, page in enumerate(pages):
            await self._say(part, page)

    async def _say(self, part: int, page: Page) -> None:
        """Tell one page; should Discord refuse its picture, then without: the words matter more."""
        try:
            if part == 0 and self._address["kind"] == "slash":
                await self._answer(page)
            elif self._address["kind"] == "message":
                await self._create(part, page)
            else:
                await self._acks.given(self._address["token"])
                await self._call(self._followup(), self._aside(page), page.picture)
        except DeadInteraction:
            raise
        except Undeliverable as refusal:
            if page.picture is None:
                raise
            log.error("refused with its picture, so told without: %s", refusal)
            await self._say(part, replace(page, text=page.text or page.picture.alt, picture=None))

    async def _stray(self, part: int) -> str | None:
        """
        The message that an earlier try at this part made, where its nonce may be forgotten.

        How often it was tried is no help: a try that a stop or an outage ended does not count.
        """
        turn, tried = self._turn, part in self._tried
        self._tried.add(part)
        if not tried or self._now() - turn.origin.at < NONCE:
            return None
        after = int(self._parts[-1]) if self._parts else snowflake(turn.origin.at)
        place = self._address["channel"], turn.origin.key.bot
        try:
            return await self._timely(lambda http: find_stray(http, *place, turn.id, after, self._parts))
        except Undeliverable:
            return None

    def _fresh(self, part: int, page: Page) -> dict[str, Any]:
        """A new message, such that it can be found again."""
        nonce = hashlib.sha256(f"{self._turn.id}:{part}".encode()).hexdigest()[:25]
        body = {**_content(page), "flags": SUPPRESS_EMBEDS, "nonce": nonce, "enforce_nonce": True}
        if not page.buttons:
            body["components"] = [{"type": ROW, "components": [mark(self._turn.id)]}]
        if part == 0 and self._address["reply_to"]:
            body["message_reference"] = {"message_id": self._address["reply_to"], "fail_if_not_exists": False}
        return body

    async def _answer(self, page: Page) -> str:
        """Fill in the answer that Discord shows as being thought about."""
        await self._acks.given(self._address["token"])
        try:
            return await self._call(self._webhook("PATCH", "@original"), _content(page), page.picture)
        except DeadInteraction as dead:
            if self._now() - self._turn.origin.at < UNHEARD:
                raise PlatformDown("the process that heard it has yet to acknowledge it") from dead
            raise

    @property
    def _by_webhook(self) -> bool:
        return self._address["via"] == "webhook"

    def _message(self, method: str, message: str) -> Route:
        return self._webhook(method, message) if self._by_webhook else self._channel(method, message)

    def _channel(self, method: str, message: str) -> Route:
        path = "/channels/{channel_id}/messages" + ("/{message_id}" if message else "")
        return Route(method, path, channel_id=self._address["channel"], message_id=message)

    def _webhook(self, method: str, message: str) -> Route:
        path = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
        application, token = self._address["application"], self._address["token"]
        return Route(method, path, webhook_id=application, webhook_token=token, message_id=message)

    def _followup(self) -> Route:
        path = "/webhooks/{webhook_id}/{webhook_token}"
        return Route("POST", path, webhook_id=self._address["application"], webhook_token=self._address["token"])

    def _aside(self, page: Page) -> dict[str, Any]:
        alone = self._address["private"] or self._address["kind"] == "press"
        return {**_content(page), "flags": SUPPRESS_EMBEDS | (EPHEMERAL if alone else 0)}

    async def _call(self, route: Route, body: dict[str, Any] | None = None, picture: Picture | None = None) -> str:
        """Make a call. Returns the id of the message that it made or changed."""
        answer = await self._timely(lambda http: request(http, route, body, picture))
        return str(answer["id"]) if isinstance(answer, dict) else ""

    async def _timely(self, call: Callable[[HTTPClient], Awaitable[T]]) -> T:
        try:
            return await timely(self._http, call)
        except PlatformBusy as wait:
            self._channel_pace.hold_off(wait.retry_after)
            raise


class PrivateChats:
    """Where we write to people who did not ask for it just now. Each one's channel is asked for once."""

    def __init__(self, http: Callable[[], HTTPClient], pace: Pace) -> None:
        self._http = http
        self._pace = pace
        self._channels: dict[str, str] = {}

    async def write(self, user: str, reply: Reply) -> bool:
        """
        Write to somebody. A message that failed halfway may arrive twice when it is tried again.

        Returns False when they cannot be written to. Raises PlatformDown.
        """
        try:
            channel = await self._channel(user)
            for page in pages(reply):
                body = {**_content(page), "flags": SUPPRESS_EMBEDS}
                route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
                await self._paced(partial(request, route=route, body=body, picture=page.picture))
        except Unreachable as reason:
            log.info("user %s cannot be written to: %s", user, reason)
            return False
        except Undeliverable as refusal:
            log.error("what was written to user %s was refused: %s", user, refusal)
            return False
        return True

    async def find(self, user: str) -> str | None:
        """The private channel with somebody; None when there can be none. Raises PlatformDown."""
        try:
            return await self._channel(user)
        except Unreachable:
            return None
        except Undeliverable as refusal:
            raise PlatformDown(str(refusal)) from refusal

    async def _channel(self, user: str) -> str:
        """The private channel with somebody; Discord makes it when it is asked for."""
        if user not in self._channels:
            if len(self._channels) >= CROWD:
                self._channels.clear()
            route = Route("POST", "/users/@me/channels")
            channel = await self._paced(partial(request, route=route, body={"recipient_id": user}))
            self._channels[user] = str(channel["id"])
        return self._channels[user]

    async def _paced(self, call: Callable[[HTTPClient], Awaitable[T]]) -> T:
        async with self._pace.turn(urgent=True):
            return await timely(self._http, call)


async def timely(http: Callable[[], HTTPClient], call: Callable[[HTTPClient], Awaitable[T]]) -> T:
    """Make a call within our patience. What the library raises leaves under our names."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await call(http())
    except TROUBLE as error:
        raise renamed(error) from error
    except RuntimeError:
        http()  # raises PlatformDown when the connection was closed under the call
        raise


async def request(
    http: HTTPClient, route: Route, body: dict[str, Any] | None = None, picture: Picture | None = None
) -> Any:
    """Send a body as JSON, or beside a picture as Discord wants it (developers/reference#uploading-files)."""
    if body is None:
        return await http.request(route)
    if picture is None:
        return await http.request(route, json=body)
    attached = {"id": 0, "filename": picture.name, "description": picture.alt[:LONGEST_ALT]}
    words = json.dumps({**body, "attachments": [attached]})
    file = {"name": "files[0]", "value": picture.png, "filename": picture.name, "content_type": "image/png"}
    return await http.request(route, form=[{"name": "payload_json", "value": words}, file])


def _content(page: Page) -> dict[str, Any]:
    return {"content": page.text, "components": _rows(page.buttons), "allowed_mentions": _mentions(page)}


def _mentions(page: Page) -> dict[str, Any]:
    """Who may be notified: whom we mean, and nobody because a model has written so."""
    return {**NO_MENTIONS, "users": list(page.marks)} if page.marks else NO_MENTIONS


def _rows(buttons: Sequence[Button]) -> list[dict[str, Any]]:
    if not buttons:
        return []
    return [{"type": ROW, "components": [_button(button) for button in buttons]}]


def _button(button: Button) -> dict[str, Any]:
    if button.url:
        return {"type": BUTTON, "style": LINK, "label": button.label, "url": button.url}
    return {"type": BUTTON, "style": GREY, "label": button.label, "custom_id": button.data}
