"""A model at home answers a question that was asked in Discord."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from adapters.agent import Between, Doing, address, introduction, serve
from bot import keyring
from bot.keyring import KeyRecord, KeyScope
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from sandbox.redis_server import free_port
from tests.journeys.stage import PATIENCE
from tests.journeys.test_pool import accounts, configured
from tests.journeys.town import Town, in_town
from tests.storage.conftest import NOW


async def key_for(town: Town, scope: KeyScope) -> str:
    """The text of a key for that alone."""
    store = town.store
    wanted = KeyRecord("operator", NOW, NOW.replace(year=NOW.year + 1), frozenset({scope}))
    issued = await keyring.issue(store.records, store.ledger, store.pepper, wanted)
    return (await keyring.claim(store.records, store.pepper, issued.claim.reveal(), "", NOW)).reveal()


async def connections(url: str, key: str) -> int:
    """How many agents the server says are there, or the status with which it refuses to say."""
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession() as session, session.get(f"{url}/api/connections", headers=headers) as response:
        return len((await response.json())["connections"]) if response.status == 200 else response.status


async def metrics(url: str) -> list[str]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
        return (await response.text()).splitlines()


async def test_an_agent_joins_answers_and_leaves(tmp_path: Path) -> None:
    port = free_port()
    async with (
        accounts(1) as providers,
        in_town(
            tmp_path,
            upstreams=configured(providers),
            pool={"agents": True},
            http={"port": port, "metrics": True},
        ) as town,
        OpenAI(otherwise=say("I am at home.")) as home,
    ):
        url = f"http://127.0.0.1:{port}"
        agents_key, admins_key = await key_for(town, KeyScope.AGENT), await key_for(town, KeyScope.ADMIN)
        stop, doing = asyncio.Event(), Doing()
        between = Between(address(url), agents_key, home.base_url, home.api_key)
        working = asyncio.ensure_future(serve(between, introduction("home", ["parley-demo"], 2), stop, doing))
        async with asyncio.timeout(PATIENCE):
            while await connections(url, admins_key) != 1:
                await asyncio.sleep(0.05)
        assert 401 == await connections(url, agents_key)
        assert 'parley_account_up{account="account-0"} 1.0' in await metrics(url)

        said = {where: await town.ask(where=where) for where in ("general", "random")}
        assert {"I am 0.", "I am at home."} == set(said.values())
        (at_home,) = [where for where, answer in said.items() if answer == "I am at home."]
        assert "I am at home." == await town.ask(where=at_home)
        assert 2 == doing.served

        stop.set()
        await asyncio.wait_for(working, PATIENCE)
        assert 0 == await connections(url, admins_key)
        assert "I am 0." == await town.ask(where=at_home)


async def test_a_key_for_anything_else_lets_no_agent_in(tmp_path: Path) -> None:
    port = free_port()
    async with in_town(tmp_path, pool={"agents": True}, http={"port": port}) as town:
        url = f"http://127.0.0.1:{port}"
        for key in (await key_for(town, KeyScope.API), await key_for(town, KeyScope.ADMIN), "parley_nonsense"):
            headers = {"Authorization": f"Bearer {key}"}
            async with aiohttp.ClientSession(headers=headers) as session:
                with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                    await session.ws_connect(f"{url}/client/register")
            assert 401 == refusal.value.status
