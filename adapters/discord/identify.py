"""
How often we may still introduce ourselves to the gateway.

Discord lets a bot IDENTIFY 1,000 times in 24 hours; beyond that it ends every session and resets the token, and the
bot is gone until somebody has put the new one in. So every IDENTIFY is written down, and they follow each other ever
more slowly, on whatever machine they are made and however often the service starts.

Source: discord.com/developers/docs/events/gateway#identifying
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from adapters.patience import patiently
from bot.errors import StorageDown
from bot.ports import Settings

log = logging.getLogger(__name__)

DAY = timedelta(hours=24)

LIMIT = 500
"""IDENTIFYs in a day after which we stop: half of what Discord allows, for it may count otherwise than we do."""

FREE = 10
"""IDENTIFYs in a day that need not wait for each other."""

STEP = 2 * DAY / (LIMIT - FREE) ** 2
"""What each further one waits longer than the one before: so it takes a whole day to come to the limit."""

LONGEST = timedelta(seconds=20)
"""How long an open connection is left without its IDENTIFY; for a longer wait it is given up."""


class NotYet(TimeoutError):
    """It is too early for another IDENTIFY. discord.py takes this for a connection that failed, and tries again."""


class Identifies:
    """The IDENTIFYs of one bot, all its shards and processes together."""

    def __init__(self, settings: Settings, bot: int, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._name = f"discord:{bot}/identifies"
        self._now = now

    async def wait(self) -> None:
        """Return once the next one may be sent, or nearly."""
        while (pause := await patiently("Discord", self._pause, StorageDown)) > LONGEST:
            await asyncio.sleep(pause.total_seconds())

    async def take(self) -> None:
        """Write one down that is sent now. Raises NotYet when it may not, or when nobody can tell."""
        try:
            while pause := await self._pause():
                if pause > LONGEST:
                    raise NotYet(f"the next IDENTIFY may be sent in {pause}")
                await asyncio.sleep(pause.total_seconds())
            await self._write_down()
        except StorageDown as trouble:
            raise NotYet(str(trouble)) from trouble

    async def _pause(self) -> timedelta:
        """How long to wait for the next one."""
        now = self._now()
        recent = sorted(at for name in await self._settings.get(self._name) if now - (at := _moment(name)) < DAY)
        if len(recent) >= LIMIT:
            until = recent[-LIMIT] + DAY
            when = f"{until:%Y-%m-%d %H:%M} UTC"
            log.error("Discord got %d IDENTIFYs in 24 h; the next one goes at %s", len(recent), when)
            return until - now
        if len(recent) <= FREE:
            return timedelta()
        return max(recent[-1] + STEP * (len(recent) - FREE) - now, timedelta())

    async def _write_down(self) -> None:
        now = self._now()
        past = [name for name in await self._settings.get(self._name) if now - _moment(name) >= DAY]
        name = f"{now.timestamp():.6f} {secrets.token_hex(4)}"
        await self._settings.put(self._name, {**dict.fromkeys(past, ""), name: "sent"})


def _moment(name: str) -> datetime:
    """When the IDENTIFY that was written down under that name was sent."""
    return datetime.fromtimestamp(float(name.split()[0]), UTC)
