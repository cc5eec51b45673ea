"""adapters.discord.errors: the table is whole."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from adapters.discord.errors import TROUBLE, DeadInteraction, NotThere, Unreachable, renamed
from bot.errors import BotError, PartGone, PlatformBusy, PlatformDown, Undeliverable


def every_kind() -> Iterator[type[Exception]]:
    for kind in list(vars(discord).values()):
        if isinstance(kind, type) and issubclass(kind, discord.DiscordException):
            yield kind


def refusal(status: int, code: int) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="")
    return discord.HTTPException(response, {"code": code, "message": "no"})


def test_every_error_of_the_library_has_our_name() -> None:
    """A new release may bring a new one."""
    kinds = [kind for kind in every_kind() if not issubclass(kind, discord.HTTPException | discord.RateLimited)]

    assert len(kinds) > 5
    for kind in kinds:
        error = kind.__new__(kind)
        assert isinstance(error, TROUBLE)
        assert isinstance(renamed(error), BotError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (discord.RateLimited(7.0), PlatformBusy),
        (refusal(404, 10004), NotThere),
        (refusal(404, 10007), NotThere),
        (refusal(404, 10008), PartGone),
        (refusal(404, 10013), Unreachable),
        (refusal(404, 10015), DeadInteraction),
        (refusal(401, 50027), DeadInteraction),
        (refusal(404, 10003), NotThere),
        (refusal(403, 50013), Undeliverable),
        (refusal(403, 50001), NotThere),
        (refusal(403, 50007), Unreachable),
        (refusal(400, 50278), Unreachable),
        (refusal(400, 50035), Undeliverable),
        (refusal(429, 0), PlatformDown),
        (refusal(500, 0), PlatformDown),
        (refusal(503, 0), PlatformDown),
        (aiohttp.ClientConnectionError(), PlatformDown),
        (TimeoutError(), PlatformDown),
    ],
)
def test_an_error_is_told_apart_by_what_to_do(error: Exception, expected: type[BotError]) -> None:
    """Wait, try again, skip this message, or give the channel up."""
    assert expected is type(renamed(error))
