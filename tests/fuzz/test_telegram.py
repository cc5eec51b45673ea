"""
Updates in any order, twice, and damaged: nothing breaks, and every message to the bot makes one turn.

`make test` tries some of them, PARLEY_LONG=1 a hundred thousand.
"""

import logging
import random
import sys

import pytest

from adapters.telegram.client import Telegram
from bot.commands.book import BOOK
from sandbox.telegram.server import Telegram as Server
from tests.fuzz.amount import SEED, amount
from tests.fuzz.door import Door
from tests.fuzz.events import disturbed
from tests.fuzz.telegram_updates import Updates

UPDATES = amount(3_000, 64_000)


async def test_every_message_to_the_bot_makes_one_turn(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.CRITICAL)
    dice = random.Random(SEED)
    door = Door()
    async with Server() as server:
        telegram = Telegram(server.token, BOOK, server.base_url.removesuffix("/bot"))
        await telegram.introduce()
        me = {"id": server.bot.id, "is_bot": True, "first_name": "Parley", "username": server.bot.username}
        updates = Updates(me, dice)
        events = disturbed([updates.make() for _ in range(UPDATES)], dice)
        for event in events:
            await telegram.take(event.body, door.sessions, door.letters)
        await telegram.close()

    with capsys.disabled():
        sys.stdout.write(
            f"\nTelegram: {len(events)} updates, {len(door.turns.new)} turns, {door.letters.count} unread\n"
        )
    assert not (found := door.faults(events)), found[:5]
