"""Several accounts behind one bot: who answers when one of them does not."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bot.access import Rank
from bot.owner import FIRST, OWNER
from bot.people import EVERYWHERE, decide
from sandbox.openai.errors import rate_limited, wrong_key
from sandbox.openai.script import Ending, say
from sandbox.openai.server import OpenAI
from tests.journeys.stage import PATIENCE
from tests.journeys.town import in_town


@contextlib.asynccontextmanager
async def accounts(count: int) -> AsyncIterator[list[OpenAI]]:
    """Providers that say which of them they are."""
    async with contextlib.AsyncExitStack() as stack:
        found = [await stack.enter_async_context(OpenAI(api_key=f"sk-{number}")) for number in range(count)]
        for number, provider in enumerate(found):
            provider.otherwise(say(f"I am {number}."))
        yield found


def configured(providers: list[OpenAI], **more: Any) -> list[dict[str, Any]]:
    return [
        {"name": f"account-{number}", "base_url": provider.base_url, "api_key": provider.api_key, **more}
        for number, provider in enumerate(providers)
    ]


async def test_a_conversation_stays_and_moves_when_its_account_is_down(tmp_path: Path) -> None:
    async with accounts(2) as providers, in_town(tmp_path, upstreams=configured(providers)) as town:
        first = [await town.ask() for _ in range(3)]
        assert ["I am 0."] * 3 == first
        providers[0].queue(rate_limited(3600))
        assert "I am 1." == await town.ask()
        assert "I am 1." == await town.ask()
        assert 4 == providers[0].books.calls


async def test_an_account_that_dies_in_the_middle_is_followed_by_another_in_the_same_message(tmp_path: Path) -> None:
    async with accounts(2) as providers, in_town(tmp_path, upstreams=configured(providers)) as town:
        providers[0].queue(say("I am nob", Ending.CUT))
        assert "I am 1." == await town.ask()
        assert 1 == sum("I am" in text for text in town.discord.texts("general", "alice"))


async def test_an_account_that_is_turned_away_is_parked_its_owner_told_and_resumed(tmp_path: Path) -> None:
    async with accounts(2) as providers, in_town(tmp_path, upstreams=configured(providers)) as town:
        alice = town.discord.people["alice"]
        await town.store.records.swap(OWNER, FIRST, None, f"discord:{alice.id}")
        await decide(town.store.records, EVERYWHERE, f"discord:{alice.id}", rank=Rank.OWNER)
        providers[0].queue(wrong_key("sk-0"))
        assert "I am 1." == await town.ask()
        await town.discord.wait_until(lambda: any("account-0" in letter for letter in town.letters("alice")), PATIENCE)

        assert "is for the owner of this bot only" in (await town.write("/pool", "bob")).text
        shown = (await town.slash("pool show")).content
        assert "**account-0**: parked: 401" in shown
        assert "**account-1**: well; any number of places; today 1 question, " in shown
        assert "sk-0" not in shown
        assert "is asked again" in (await town.slash("pool resume", name="account-0")).content
        assert "**account-0**: well" in (await town.slash("pool show")).content
        assert "There is no account" in (await town.slash("pool resume", name="nobody")).content


async def test_when_every_account_is_down_it_is_told_when_one_is_back(tmp_path: Path) -> None:
    async with accounts(2) as providers, in_town(tmp_path, upstreams=configured(providers)) as town:
        for provider in providers:
            provider.otherwise(rate_limited(600))
        said = await town.ask()
        assert "10 min" in said
        again = await town.ask()
        assert "It should be back in about 10 min" in again
        assert [1, 1] == [provider.books.calls for provider in providers]
