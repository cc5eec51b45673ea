"""What goes wrong on the platforms' side while people talk."""

import asyncio
import random
from collections.abc import Callable, Sequence

from sandbox.faults import Fault, Faults

BAD_GATEWAY = {"ok": False, "error_code": 502, "description": "Bad Gateway"}
"""What Telegram says when it has trouble inside."""

PAUSE = 3.0
"""Seconds between two faults, in the mean."""


def on_telegram() -> Sequence[Fault]:
    """One of each kind."""
    return (
        Fault("getUpdates", status=502, body=BAD_GATEWAY),
        Fault("getUpdates", lose_reply=True),
        Fault("sendMessage", status=502, body=BAD_GATEWAY),
        Fault("editMessageText", status=502, body=BAD_GATEWAY),
        Fault("editMessageText", lose_reply=True),
        Fault("editMessageText", delay=1.0),
    )


def on_discord() -> Sequence[Fault]:
    """One of each kind. A lost reply to a new message does no harm: its nonce tells that it is there."""
    return (
        Fault("POST /channels/{channel_id}/messages", status=502, body={}),
        Fault("POST /channels/{channel_id}/messages", lose_reply=True),
        Fault("PATCH /channels/{channel_id}/messages/*", status=502, body={}),
        Fault("PATCH /channels/{channel_id}/messages/*", lose_reply=True),
        Fault("PATCH /channels/{channel_id}/messages/*", delay=1.0),
    )


async def plan(faults: Faults, kinds: Callable[[], Sequence[Fault]], dice: random.Random) -> None:
    """Plan one fault every few seconds, in place of one that has not struck yet, until cancelled."""
    while True:
        await asyncio.sleep(dice.expovariate(1 / PAUSE))
        faults.clear()
        faults.plan(dice.choice(kinds()))
