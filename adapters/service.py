"""The running service: what is started, what is watched, and how it all comes to rest."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from adapters.config.shape import Config, WebhookConfig
from adapters.discord.client import Discord
from adapters.discord.client import WrongToken as WrongDiscordToken
from adapters.patience import patiently
from adapters.telegram.client import Telegram
from adapters.telegram.client import WrongToken as WrongTelegramToken
from adapters.tenure import Office
from adapters.wiring import make_ports, open_models, open_platforms, utc_now
from bot.commands.book import BOOK
from bot.errors import PlatformDown
from bot.session import Sessions
from bot.worker import Worker
from storage.store import Store

log = logging.getLogger(__name__)


class NobodyToServe(Exception):
    """No platform is left that would let us in."""


class Service:
    """Everything, put together. `ready` is set once every platform that is configured has let us in."""

    def __init__(self, config: Config, store: Store) -> None:
        self.ready = asyncio.Event()
        self._config = config
        self._store = store
        self._models = open_models(config)
        self._platforms = open_platforms(config)
        self._opened = list(self._platforms.values())
        self._waiting_for = set(self._platforms)
        self._ports = make_ports(config, store, self._models, self._platforms)
        self._worker = Worker(self._ports, BOOK)
        self._sessions = Sessions(self._ports, BOOK, self._worker)

    async def run(self, stop: asyncio.Event) -> None:
        """
        Serve until `stop` is set, then let what runs end, and close.

        Raises:
            NobodyToServe: No platform knows us.
            CannotListen: The HTTP server's port cannot be had.
        """
        parts = {asyncio.ensure_future(part) for part in (self._worker.serve(), *self._platform_parts())}
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await self._watch(parts, stopping)
            log.info("stopping: answers in progress get %.0f s", self._config.limits.drain)
            await self._worker.drain()
        finally:
            for task in (*parts, stopping):
                task.cancel()
            await asyncio.gather(*parts, stopping, return_exceptions=True)
            await self._close()

    async def _watch(self, parts: set["asyncio.Task[None]"], stopping: "asyncio.Future[Any]") -> None:
        """Return when told to stop. A part that fails takes the service down; a platform that refuses us does not."""
        while not stopping.done():
            await asyncio.wait({*parts, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for part in [part for part in parts if part.done()]:
                parts.discard(part)
                part.result()
            if not self._platforms:
                raise NobodyToServe

    def _platform_parts(self) -> list[Coroutine[Any, Any, None]]:
        parts: list[Coroutine[Any, Any, None]] = []
        for name, platform in self._platforms.items():
            serving = self._discord(platform) if isinstance(platform, Discord) else self._telegram(platform)
            parts.append(self._serve(name, serving))
        return parts

    async def _serve(self, name: str, serving: Coroutine[Any, Any, None]) -> None:
        """Serve one platform. A wrong token ends it, and leaves the other platforms alone."""
        try:
            await serving
        except (WrongDiscordToken, WrongTelegramToken):
            log.error("%s does not know the token in %s.token; this platform is not served", name.title(), name)
            del self._platforms[name]

    async def _discord(self, platform: Discord) -> None:
        await platform.serve(
            self._sessions, self._ports, self._store.leases, lambda name: self._let_in("discord", name)
        )

    async def _telegram(self, platform: Telegram) -> None:
        section = self._config.telegram
        assert section is not None
        name = await patiently("Telegram", platform.introduce, PlatformDown)
        await platform.publish()
        self._let_in("telegram", name)
        if section.mode == "polling" or section.webhook is None:
            office = Office(self._store.leases, [f"telegram/{platform.id}/updates"], utc_now)
            await office.serve(lambda _: platform.poll(self._sessions, self._store.letters))
        else:
            await self._webhook(platform, section.webhook)

    async def _webhook(self, platform: Telegram, webhook: WebhookConfig) -> None:
        # Imported only where it is needed: the HTTP server weighs 25 MB.
        from adapters.http.server import add_webhook, create, serve

        secret = webhook.secret.get_secret_value()
        app = create()
        add_webhook(
            app, webhook.path, secret, lambda update: platform.take(update, self._sessions, self._store.letters)
        )
        serving = asyncio.ensure_future(serve(app, self._config.http.host, self._config.http.port))
        await platform.listen(f"{webhook.url}{webhook.path}", secret)
        await serving

    def _let_in(self, platform: str, name: str) -> None:
        log.info("%s: %s is listening", platform.title(), name)
        self._waiting_for.discard(platform)
        if not self._waiting_for:
            self.ready.set()

    async def _close(self) -> None:
        for platform in self._opened:
            if isinstance(platform, Telegram):
                await platform.close()
        await self._models.close()
        await self._store.close()
