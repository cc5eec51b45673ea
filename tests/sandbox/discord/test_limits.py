"""Rate limits, as the real client meets them and as a bare caller reads them."""

from __future__ import annotations

import time

import discord
import pytest

from sandbox.discord.rules import Quota
from sandbox.discord.server import Discord
from tests.sandbox.discord.conftest import Raw, connected

SEND = "POST /channels/{channel_id}/messages"


async def test_the_library_paces_itself_by_the_headers(club: Discord) -> None:
    """Twelve messages into a bucket of five take two more windows, and not one of them is refused."""
    club.rules.quotas[SEND] = Quota(5, 0.2)
    async with connected(club) as client:
        channel = client.sendable(club.channel("general").id)
        started = time.monotonic()
        for number in range(12):
            await channel.send(str(number))
        took = time.monotonic() - started

    assert [str(number) for number in range(12)] == club.texts("general")
    assert (0, True) == (club.counts.limited, took >= 0.4)


async def test_each_channel_has_its_own_bucket(club: Discord, raw: Raw) -> None:
    """The headers say how much is left, and the bucket's name says nothing of the channel."""
    answers = [
        await raw("POST", f"/channels/{club.channel(name).id}/messages", {"content": "x"})
        for name in ("general", "general", "random")
    ]

    assert ["4", "3", "4"] == [each.headers["X-RateLimit-Remaining"] for each in answers]
    assert 1 == len({each.headers["X-RateLimit-Bucket"] for each in answers})
    assert {"5"} == {each.headers["X-RateLimit-Limit"] for each in answers}
    assert 0 < float(answers[0].headers["X-RateLimit-Reset-After"]) <= 5
    assert float(answers[0].headers["X-RateLimit-Reset"]) > time.time()


async def test_one_too_many_is_told_to_wait(club: Discord, raw: Raw) -> None:
    """429 with all that a client needs to retry, and `Via`, without which discord.py gives up."""
    path = f"/channels/{club.channel('general').id}/messages"
    *_, last = [await raw("POST", path, {"content": "x"}) for _ in range(6)]

    assert 429 == last.status
    assert ("You are being rate limited.", False) == (last.body["message"], last.body["global"])
    assert 0 < last.body["retry_after"] <= 5
    assert ("user", "0", "5") == tuple(
        last.headers[name] for name in ("X-RateLimit-Scope", "X-RateLimit-Remaining", "Retry-After")
    )
    assert "Via" in last.headers
    assert (1, 6) == (club.counts.limited, club.counts.calls[SEND])


async def test_a_refused_call_is_repeated_by_the_library(club: Discord, raw: Raw) -> None:
    """Somebody else used the bucket up: the library is refused once, waits and comes through."""
    club.rules.quotas[SEND] = Quota(5, 0.2)
    async with connected(club) as client:
        for _ in range(5):
            await raw("POST", f"/channels/{club.channel('general').id}/messages", {"content": "x"})
        await client.sendable(club.channel("general").id).send("patience")

    assert "patience" == club.texts("general")[-1]
    assert 1 == club.counts.limited


async def test_everything_together_has_a_limit(club: Discord, raw: Raw) -> None:
    """Fifty calls a second in all; what carries an interaction's token is not counted."""
    club.rules.everything = Quota(2, 5)
    *_, last = [await raw("GET", "/users/@me") for _ in range(3)]
    callback = await raw("POST", "/interactions/1/token/callback", {"type": 5})

    assert (429, True, "global") == (last.status, last.body["global"], last.headers["X-RateLimit-Scope"])
    assert "true" == last.headers["X-RateLimit-Global"]
    assert 404 == callback.status


async def test_edits_by_token_share_one_bucket(club: Discord, raw: Raw) -> None:
    """Follow-ups and edits of one interaction count together."""
    path = f"/webhooks/{club.application.id}/token"
    answers = [await raw(method, path + more, {"content": "x"}) for method, more in CALLS]

    assert ["4", "3", "2"] == [each.headers["X-RateLimit-Remaining"] for each in answers]


CALLS = (("POST", ""), ("PATCH", "/messages/@original"), ("PATCH", "/messages/1"))


async def test_too_many_invalid_calls_shut_the_address_out(club: Discord, raw: Raw) -> None:
    """Cloudflare answers in Discord's place, without `Via` and without JSON: the library gives up at once."""
    club.rules.invalid = Quota(3, 60)
    for _ in range(3):
        await raw("GET", "/users/@me", headers={"Authorization": "Bot wrong"})
    shut = await raw("GET", "/users/@me")
    client = discord.Client(intents=discord.Intents.none())
    async with client:
        with pytest.raises(discord.HTTPException) as caught:
            await client.login(club.application.token)
    club.limits.forgive()
    free = await raw("GET", "/users/@me")

    assert (429, "error code: 1015", False) == (shut.status, shut.body, "Via" in shut.headers)
    assert 429 == caught.value.status
    assert 200 == free.status
