"""A key that was let in a moment ago is not looked up again, and no revoked one is good for more than a second."""

import asyncio
import time

import pytest

from adapters.http import auth
from bot.caller import Caller
from bot.keyring import KeyRecord
from tests.bot.core import FREE, Core
from tests.bot.test_exchange import HELD
from tests.clock import now, virtual


@virtual
@pytest.mark.parametrize(("takes", "lookups"), [(0.1, 1), (auth.FRESH, 2)])
async def test_a_lookup_counts_from_when_it_began(monkeypatch: pytest.MonkeyPatch, takes: float, lookups: int) -> None:
    """What happens to a key while a store is slow may not have been seen."""
    looked = []

    async def admitted(*_: object) -> KeyRecord:
        looked.append(now())
        await asyncio.sleep(takes)
        return HELD

    async def calling(*_: object) -> Caller:
        return Caller(HELD, FREE)

    monkeypatch.setattr(auth, "admitted", admitted)
    monkeypatch.setattr(auth, "calling", calling)
    monkeypatch.setattr(time, "monotonic", asyncio.get_running_loop().time)
    door = auth.Door(Core(FREE, frozenset()).sessions._ports)
    for _ in range(2):
        await door.caller("key", "127.0.0.1")

    assert lookups == len(looked)
