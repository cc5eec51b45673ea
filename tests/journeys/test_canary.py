"""Whatever goes wrong, no key, token or other secret is written anywhere, and no prompt or answer into a log."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio
from typer.testing import CliRunner

from adapters import cli, logs
from adapters.pace import Rule
from adapters.telegram import client as telegram_client
from adapters.wiring import secrets_of
from sandbox.faults import Fault
from sandbox.openai import errors
from sandbox.openai.script import Ending, Script, say
from sandbox.redis_server import RedisServer, free_port, redis_server
from tests.journeys.stage import PATIENCE, DiscordSeat
from tests.journeys.town import SHARED, Town, in_town

PEPPER = "canary-pepper-of-the-owls"
HOOK = "canary-webhook-secret"
PROMPT = "Nightingales whisper purple arithmetic"
ANSWER = "Seventeen porcelain badgers disagreed quietly"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for rules in ("PRIVATE", "GROUP"):
        monkeypatch.setattr(telegram_client, rules, (Rule(1_000, 1.0),))


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root of all logs, which is afterwards as it was. What a test that failed had logged is shown."""
    found = logging.getLogger()
    handlers, level = list(found.handlers), found.level
    yield found
    for handler in found.handlers:
        if isinstance(handler, logging.StreamHandler) and isinstance(handler.stream, io.StringIO):
            sys.stdout.write(handler.stream.getvalue())
    found.handlers[:] = handlers
    found.setLevel(level)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server("--appendonly", "yes") as running:
        yield running


class Canaries:
    """A town in which every secret is known, and all that is written."""

    def __init__(self, town: Town, folder: Path, root: logging.Logger, level: int) -> None:
        self.town = town
        self.folder = folder
        self.log = io.StringIO()
        self.keys: list[str] = []
        logs.configure(secrets_of(town.config()), level=level, colours=False)
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(self.log)

    @property
    def secrets(self) -> list[str]:
        """What must stand nowhere: tokens, and of each key what only its holder knows."""
        town = self.town
        fixed = [town.discord.application.token, town.telegram.token, town.openai.api_key, PEPPER, HOOK]
        return [*fixed, *(part for key in self.keys for part in (key.split("_")[2], key.split("_")[2][:32]))]

    async def key(self, who: str = "alice", **terms: object) -> str:
        """A key that somebody was issued and shown."""
        await self.town.issue(**terms)
        self.keys.append(await self.town.show(who))
        return self.keys[-1]

    async def says(self, *arguments: str) -> str:
        """What `parley` says to an operator."""
        done = await asyncio.to_thread(CliRunner().invoke, cli.app, arguments)
        return done.output

    async def logged(self, words: str) -> None:
        """Wait until the log says that."""
        async with asyncio.timeout(PATIENCE):
            while words.lower() not in self.log.getvalue().lower():
                await asyncio.sleep(0.02)

    def assert_clean(self, where: str, written: str, *words: str) -> None:
        """No secret, and none of these words, is to be found."""
        lowered = written.lower()
        found = [each for each in (*self.secrets, *words) if each.lower() in lowered]
        shown = [written[max(0, lowered.find(each.lower()) - 300) :][:600] for each in found]
        assert not found, (where, found, shown)


# What goes wrong.


async def hand_keys_around(canaries: Canaries) -> None:
    """Redeemed, mistyped, pasted where all can read it, quoted to the model, put where a name belongs."""
    town, bot = canaries.town, canaries.town.telegram.bot.username
    key = await canaries.key()
    await town.slash("redeem", key=key[:-2])
    await town.slash("redeem", key=key)
    await town.write(key[:20] + "x" + key[21:])
    await town.write(key)
    await town.write(f"/redeem {key.lower()}")
    await town.write(f"/key {key}")
    await town.slash("key revoke", id=key)
    await town.slash("quota set", limit=key)
    await town.slash("request", limit="5k", why=f"my key {key} is used up")
    await town.write(f"/ask@{bot} Is {await canaries.key()} good?", place=town.telegram.club)
    await town.write(f"/redeem@{bot} {await canaries.key()}", place=town.telegram.club)
    await town.write(f"/model@{bot} {await canaries.key()}", place=town.telegram.club)
    shown = DiscordSeat(town.discord, "random")
    await shown.say(f"{PROMPT}: {await canaries.key()}")
    await shown.until(lambda: shown.shown() and shown.shown()[-1].final)


async def trouble_the_provider(canaries: Canaries) -> None:
    """Errors that quote the account's key, the question, and the answer so far."""
    town = canaries.town
    quoting: dict[str, Any] = {
        "error": {"message": "See failed_generation", "code": "tool_use_failed", "failed_generation": ANSWER}
    }
    told = errors.Refusal(500, json.dumps(quoting))
    so_far = errors.refusal(500, f"Ended after '{ANSWER}'")
    troubles: list[tuple[Any, ...]] = [
        (errors.refusal(401, f"Incorrect API key provided: {town.openai.api_key}. Bearer {town.openai.api_key}"),),
        (errors.refusal(500, f"Could not process “{PROMPT}”"),),
        (errors.Refusal(422, json.dumps({"detail": [{"loc": ["body"], "msg": "bad", "input": {"content": PROMPT}}]})),),
        (errors.Refusal(400, json.dumps({"error": {"message": f"Invalid: '{PROMPT.upper()}'", "code": "invalid"}})),),
        (told,),
        (Script(ending=Ending.ERROR, error=told),),
        (Script(say(ANSWER).pieces, Ending.ERROR, error=told), Script(say(ANSWER).pieces, Ending.ERROR, error=so_far)),
        (say(ANSWER, Ending.CUT), say(ANSWER, Ending.GARBAGE)),
    ]
    for number, cues in enumerate(troubles):
        town.openai.queue(*cues)
        if number % 2:
            await town.write(PROMPT)
        else:
            await town.ask(PROMPT)
    town.openai.otherwise(say(ANSWER))


async def trouble_the_platforms(canaries: Canaries) -> None:
    """Refusals that quote what was sent, outages, and an update that nobody can read."""
    town = canaries.town
    for code, why in ((400, "Bad Request: MESSAGE_TOO_ODD"), (403, "Forbidden: bot was blocked by the user")):
        body = {"ok": False, "error_code": code, "description": why}
        town.telegram.faults.plan(Fault("editMessageText", status=code, body=body))
        await town.telegram.say(town.person("bob"), town.person("bob"), PROMPT)
        await canaries.logged(why.partition(": ")[2])
    for number, status in enumerate((500, 503)):
        town.discord.faults.plan(Fault("PATCH /webhooks/*", status=status, body={"message": "Oh", "code": number}))
        await town.ask(PROMPT, where="random")
    key = await canaries.key()
    broken = {"message_id": 1, "date": None, "text": f"{PROMPT} {key}", "caption": f'"{key}"\\', "chat": 7}
    town.telegram.updates.inject({"message": broken})
    await town.write("Still there?")


async def break_a_command(canaries: Canaries) -> None:
    """What a hand at the store has left behind cannot be read."""
    town = canaries.town
    store = town.store
    bob, guild = town.discord.people["bob"], town.discord.guild
    await store.records.swap(f"people/discord:{guild.id}", f"discord:{bob.id}", None, '{"rank": "owl"}')
    broken = await town.discord.slash("general", "bob", "key issue", {"limit": "5k", "name": PROMPT})
    await canaries.logged("attempt 1 broke")
    await store.records.swap(f"people/discord:{guild.id}", f"discord:{bob.id}", '{"rank": "owl"}', None)
    await town.discord.wait_until(lambda: town.discord.response(broken), PATIENCE)


async def all_that_was_said_to_operators(canaries: Canaries) -> dict[str, str]:
    listed = await canaries.says("dead", "list")
    said = {"dead list": listed}
    for line in listed.splitlines():
        said[f"dead show {line.split()[0]}"] = await canaries.says("dead", "show", line.split()[0])
    for command in ("usage", "usage --csv", "usage --by key", "quota list", "check"):
        said[command] = await canaries.says(*command.split())
    return said


async def provoke(canaries: Canaries) -> None:
    canaries.town.openai.otherwise(say(ANSWER))
    await hand_keys_around(canaries)
    await trouble_the_provider(canaries)
    await trouble_the_platforms(canaries)
    await break_a_command(canaries)


@pytest.fixture
def operators(monkeypatch: pytest.MonkeyPatch) -> Callable[[Town], None]:
    """Lets commands of the shell work on a town."""

    def let(town: Town) -> None:
        for module in ("cli", "dead", "errands"):
            monkeypatch.setattr(f"adapters.{module}.settings_of", lambda _: town.config())
        monkeypatch.setattr("adapters.logs.configure", lambda *_, **__: None)

    return let


async def judge(canaries: Canaries, kept: Iterable[tuple[str, str]]) -> None:
    """Search everything."""
    for command, said in (await all_that_was_said_to_operators(canaries)).items():
        words = () if command.startswith("dead show") else (PROMPT, ANSWER)
        canaries.assert_clean(command, said, *words)
    log = canaries.log.getvalue()
    assert "shown in public" in log
    assert "could not be taken" in log
    canaries.assert_clean("the log", log, PROMPT, ANSWER)
    count = 0
    for name, text in kept:
        canaries.assert_clean(name, name + text)
        count += PROMPT in text
    assert count, "the conversation itself is kept"


async def test_nothing_secret_is_written_into_a_file(
    tmp_path: Path, root: logging.Logger, operators: Callable[[Town], None]
) -> None:
    """Nor into what it keeps beside that file."""
    async with in_town(
        tmp_path, keys={"pepper": PEPPER}, quotas={"user": ["1M tokens per day"], "community": SHARED}
    ) as town:
        canaries = Canaries(town, tmp_path, root, logging.DEBUG)
        operators(town)
        await provoke(canaries)

        await judge(canaries, list(files_in(tmp_path)))


async def test_nothing_secret_is_written_into_redis(
    tmp_path: Path, root: logging.Logger, server: RedisServer, operators: Callable[[Town], None]
) -> None:
    """Also when it goes away for a while; and with Telegram calling us."""
    port = free_port()
    webhook = {"mode": "webhook", "webhook": {"url": f"http://127.0.0.1:{port}", "secret": HOOK}}
    changes = {"keys": {"pepper": PEPPER}, "telegram": webhook, "http": {"port": port}}
    async with in_town(tmp_path, server, **changes) as town:
        canaries = Canaries(town, tmp_path, root, logging.INFO)
        operators(town)
        await provoke(canaries)
        await server.kill()
        refused = await town.discord.slash("general", "alice", "ask", {"prompt": PROMPT})
        await town.discord.wait_until(lambda: town.discord.response(refused), PATIENCE)
        await server.start()
        await town.ask(PROMPT)

        await judge(canaries, await everything_in(server))


def files_in(folder: Path) -> Iterator[tuple[str, str]]:
    """The store's file and what stands beside it, byte by byte."""
    files = [path for path in folder.iterdir() if path.name.startswith("parley.db")]
    assert {"parley.db", "parley.db-wal"} <= {path.name for path in files}
    return ((path.name, path.read_bytes().decode("latin-1")) for path in files)


async def everything_in(server: RedisServer) -> list[tuple[str, str]]:
    """Every key of a Redis, and what stands there."""
    async with redis.asyncio.Redis.from_url(server.url) as client:
        names = [name async for name in client.scan_iter(count=1_000)]
        return [(name.decode(), await _value(client, name)) for name in names]


async def _value(client: Any, name: bytes) -> str:
    """What stands there; nothing where it is gone by now."""
    kind: str = (await client.type(name)).decode()
    reads: dict[str, Callable[[], Any]] = {
        "string": lambda: client.get(name),
        "hash": lambda: client.hgetall(name),
        "list": lambda: client.lrange(name, 0, -1),
        "set": lambda: client.smembers(name),
        "zset": lambda: client.zrange(name, 0, -1),
        "stream": lambda: client.xrange(name),
        "none": lambda: asyncio.sleep(0),
    }
    return str(await reads[kind]())
