"""The running service: what is started, what is watched, and how it all comes to rest."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from adapters import web
from adapters.clockwork import Clockwork
from adapters.config.shape import Config, WebhookConfig
from adapters.console import output
from adapters.fetch import Outside
from adapters.patience import patiently
from adapters.tenure import Office
from adapters.wiring import by_name, join_accounts, make_ports, open_discord, open_pool, open_telegram, utc_now
from adapters.wrong_token import WrongToken
from bot import owner, users
from bot.api import Desk
from bot.commands.book import BOOK
from bot.errors import PlatformDown, StorageDown
from bot.people import write_to
from bot.reply import Reply
from bot.session import Sessions
from bot.tasks import end
from bot.upkeep import chores
from bot.worker import Worker
from storage.store import Store

if TYPE_CHECKING:
    from adapters.discord.client import Discord
    from adapters.telegram.client import Telegram

log = logging.getLogger(__name__)

POLLING = timedelta(seconds=6)
"""How long Telegram is asked by nobody when the process that did so has died. To change hands costs nothing there."""

KEEPING = 10.0
"""Seconds between two writes of what the accounts did."""


class NobodyToServe(Exception):
    """No platform is left that would let us in."""


class Service:
    """Everything, put together. `ready` is set once every platform has let us in, and programs can ask."""

    def __init__(self, config: Config, store: Store, outside: Outside | None = None) -> None:
        """`outside` is how addresses are reached that strangers name; the public internet where left out."""
        self.ready = asyncio.Event()
        self._config = config
        self._store = store
        self._pool = open_pool(config, store, self._tell_owners)
        self._models = join_accounts(config, self._pool)
        self._telling: set[asyncio.Task[None]] = set()
        self._discord, self._telegram = open_discord(config), open_telegram(config)
        self._platforms = by_name(self._discord, self._telegram)
        self._waiting_for = {*self._platforms, *(["http"] if config.http.api else [])}
        self._ports = make_ports(config, store, self._pool, self._platforms)
        self._worker = Worker(self._ports, BOOK)
        self._sessions = Sessions(self._ports, BOOK, self._worker)
        self._clockwork = Clockwork(
            self._ports, self._sessions, store.leases, chores(self._ports, store.sweep, self._pool.probe)
        )
        self._desk = Desk(self._ports)
        self._web = web.create(config, self._desk, self._pool, outside or Outside()) if web.is_wanted(config) else None

    async def run(self, stop: asyncio.Event) -> None:
        """
        Serve until `stop` is set, then let what runs end, and close.

        Raises:
            NobodyToServe: No platform knows us.
            CannotListen: The HTTP server's port cannot be had.
        """
        ours = (
            *(self._worker.serve(), self._clockwork.serve()),
            *(self._offer(), self._keep_figures(), self._serve_web()),
        )
        parts = {asyncio.ensure_future(part) for part in (*ours, *self._platform_parts())}
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await self._watch(parts, stopping)
            log.info("stopping: answers in progress get %.0f s", self._config.limits.drain)
            await self._worker.drain()
        finally:
            await end(*parts, *self._telling, stopping)
            await self._desk.drain(self._config.limits.drain)
            with contextlib.suppress(StorageDown):
                await self._pool.keep()
            await self._close()

    async def _watch(self, parts: set["asyncio.Task[None]"], stopping: "asyncio.Future[Any]") -> None:
        """Return when told to stop. A part that fails takes the service down; a platform that refuses us does not."""
        while not stopping.done():
            await asyncio.wait({*parts, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for part in [part for part in parts if part.done()]:
                parts.discard(part)
                part.result()
            if not self._platforms and not self._config.http.api:
                raise NobodyToServe

    def _platform_parts(self) -> list[Coroutine[Any, Any, None]]:
        parts = []
        if self._discord is not None:
            parts.append(self._serve("discord", self._serve_discord(self._discord)))
        if self._telegram is not None:
            parts.append(self._serve("telegram", self._serve_telegram(self._telegram)))
        return parts

    async def _serve(self, name: str, serving: Coroutine[Any, Any, None]) -> None:
        """Serve one platform. A wrong token ends it, and leaves the other platforms alone."""
        try:
            await serving
        except WrongToken:
            log.error("%s does not know the token in %s.token; this platform is not served", name.title(), name)
            del self._platforms[name]

    async def _serve_discord(self, platform: "Discord") -> None:
        await platform.serve(
            self._sessions, self._ports, self._store.leases, lambda name: self._let_in("discord", name)
        )

    async def _serve_telegram(self, platform: "Telegram") -> None:
        section = self._config.telegram
        assert section is not None
        name = await patiently("Telegram", platform.introduce, PlatformDown)
        await patiently("Telegram's groups", lambda: platform.recall(self._store.settings), StorageDown)
        await platform.publish()
        self._let_in("telegram", name)
        if section.mode == "polling" or section.webhook is None:
            office = Office(self._store.leases, [f"telegram/{platform.id}/updates"], utc_now, term=POLLING)
            await office.serve(lambda _: platform.poll(self._sessions, self._store.letters))
        else:
            await self._webhook(platform, section.webhook)

    async def _webhook(self, platform: "Telegram", webhook: WebhookConfig) -> None:
        from adapters.http.server import add_webhook

        secret = webhook.secret.get_secret_value()
        assert self._web is not None
        add_webhook(
            self._web.app,
            webhook.path,
            secret,
            lambda update: platform.take(update, self._sessions, self._store.letters),
        )
        await platform.listen(f"{webhook.url}{webhook.path}", secret)

    async def _offer(self) -> None:
        """While nobody owns the bot, say how somebody can; show the first admin key of its HTTP server, once."""
        if self._config.http.api:
            await self._show_admin_key()
        code = await patiently("the owner's code", self._make_code, StorageDown)
        if code:
            log.warning("Nobody owns this bot yet. Send it `/claim %s` in private within ten minutes.", code)

    async def _show_admin_key(self) -> None:
        """On the terminal: from the log it would be hidden."""
        key = await patiently("the first admin key", lambda: users.first_admin_key(self._ports), StorageDown)
        if key:
            output.print(f"This key makes clients and users over HTTP. It is shown once; keep it safe:\n{key.reveal()}")

    async def _make_code(self) -> str:
        if await owner.has_owner(self._ports):
            return ""
        return await owner.make_code(self._ports.records, self._ports.pepper, utc_now())

    async def _serve_web(self) -> None:
        if self._web is not None:
            from adapters.http.server import serve

            http = self._config.http
            await serve(
                self._web,
                http.host,
                http.port,
                grace=math.ceil(self._config.limits.drain),
                listening=lambda: self._let_in("http", f"{http.host}:{http.port}"),
            )

    async def _keep_figures(self) -> None:
        """Write down, every few seconds, what the accounts did."""
        while True:
            await asyncio.sleep(KEEPING)
            with contextlib.suppress(StorageDown):
                await self._pool.keep()

    def _tell_owners(self, sentence: str) -> None:
        """Tell those who run the service, beside whatever is going on. Returns at once."""
        telling = asyncio.ensure_future(self._write_to_owners(sentence))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _write_to_owners(self, sentence: str) -> None:
        with contextlib.suppress(StorageDown):
            for person in await owner.owners(self._ports):
                await write_to(self._ports, person, Reply(sentence))

    def _let_in(self, platform: str, name: str) -> None:
        log.info("%s: %s is listening", platform.title(), name)
        self._waiting_for.discard(platform)
        if not self._waiting_for:
            self.ready.set()

    async def _close(self) -> None:
        if self._telegram is not None:
            await self._telegram.close()
        for model in self._models:
            await model.close()
        await self._store.close()
