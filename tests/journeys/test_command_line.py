"""The `parley` command, run as its users run it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from sandbox.discord.server import Discord
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from sandbox.telegram.server import Telegram
from tests.journeys.stage import PATIENCE

QUESTION = "a question that must not be in any log"


@dataclass(frozen=True, slots=True)
class World:
    """Three simulators, and a folder with a configuration for them."""

    discord: Discord
    telegram: Telegram
    openai: OpenAI
    folder: Path

    def write(self, **changes: object) -> None:
        config = {
            "storage": {"url": f"sqlite:///{self.folder}/parley.db"},
            "discord": {
                "token": self.discord.application.token,
                "api_base": self.discord.api_base,
                "gateway_url": self.discord.gateway_url,
            },
            "telegram": {"token": self.telegram.token, "api_base": self.telegram.base_url.removesuffix("/bot")},
            "upstreams": [{"name": "main", "base_url": self.openai.base_url, "api_key": self.openai.api_key}],
            "models": {"demo": {"model": "parley-demo"}},
        }
        (self.folder / "config.yaml").write_text(yaml.safe_dump({**config, **changes}))

    async def parley(self, *arguments: str) -> asyncio.subprocess.Process:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "adapters.cli", *arguments),
            cwd=self.folder,
            env={**environment, "PYTHONPATH": os.getcwd()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def says(self, *arguments: str) -> tuple[int, str]:
        """Run to the end. Returns the exit code and all that was printed."""
        process = await self.parley(*arguments)
        said, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode is not None
        return process.returncode, said.decode()


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Discord() as discord, Telegram() as telegram, OpenAI() as openai:
        openai.otherwise(say("Hoo."))
        yield World(discord, telegram, openai, tmp_path)


async def test_it_says_its_version(world: World) -> None:
    """The first question in any report of a fault."""
    code, said = await world.says("--version")

    assert (0, "parley 0.1.0\n") == (code, said)


async def test_run_serves_until_it_is_told_to_stop(world: World) -> None:
    """And neither a token nor a word of anybody's is in its log."""
    world.write()
    process = await world.parley("run")
    alice = world.telegram.people["alice"]
    await world.telegram.say(alice, alice, QUESTION)
    await world.telegram.wait_until(
        lambda: [message for message in world.telegram.messages(alice) if message.text == "Hoo."], PATIENCE
    )
    process.send_signal(signal.SIGTERM)
    log, _ = await asyncio.wait_for(process.communicate(), 25)

    assert 0 == process.returncode
    assert b"is listening" in log
    for secret in (world.telegram.token, world.discord.application.token, world.openai.api_key, QUESTION, "Hoo."):
        assert secret.encode() not in log


async def test_a_file_is_served_by_one_process(world: World) -> None:
    """A second one says so, and the first is not disturbed."""
    world.write()
    process = await world.parley("run")
    alice = world.telegram.people["alice"]
    await world.telegram.say(alice, alice, QUESTION)
    await world.telegram.wait_until(lambda: len(world.telegram.messages(alice)) > 1, PATIENCE)
    code, said = await world.says("run")

    assert 2 == code
    assert "parley.db: another process serves it" in said.replace("\n", "")
    assert (0, "Nothing was given up.\n") == await world.says("dead", "list")
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), 25)
    assert 0 == process.returncode


async def test_check_reaches_every_account(world: World) -> None:
    """Before the members do."""
    world.write()
    code, said = await world.says("check")

    assert 0 == code, said
    assert 5 == said.count("ok ")
    assert "Parley" in said
    assert "@ParleyOwlBot" in said
    assert "/setprivacy" in said


async def test_check_says_what_is_wrong_and_how_to_mend_it(world: World) -> None:
    """All at once, and nothing else happens."""
    world.write(
        telegram={"token": "1:wrong", "api_base": world.telegram.base_url.removesuffix("/bot")},
        upstreams=[{"name": "main", "base_url": world.openai.base_url, "api_key": "sk-wrong"}],
        storage={"url": "redis://127.0.0.1:9/0"},
    )
    code, said = await world.says("check")

    assert 2 == code
    assert "storage: cannot reach Redis" in said
    assert "upstream main:" in said
    assert "Check its api_key and base_url." in said
    assert "telegram: it does not know the token Copy telegram.token anew from @BotFather." in said
    assert "Traceback" not in said


async def test_check_finds_a_model_that_is_not_offered(world: World) -> None:
    """A typo in a model's name would fail at the first question."""
    world.write(models={"demo": {"model": "parley-dmo"}})
    code, said = await world.says("check")

    assert 2 == code
    assert "it does not offer parley-dmo It offers parley-demo" in said


async def test_check_warns_of_limits_that_hold_nobody_back(world: World) -> None:
    """In dollars without prices; for users whose community may give them any key."""
    world.write(quotas={"user": ["$1 per day"]})
    code, said = await world.says("check")

    assert 2 == code
    assert "Give models.NAME.price" in said
    assert "Give quotas.community" in said


async def test_a_bad_configuration_is_told_without_a_traceback(world: World) -> None:
    """Exit code 2, every mistake with its line."""
    (world.folder / "config.yaml").write_text("telegram: {tokn: x}\nupstreams: []\n")
    code, said = await world.says("run")

    assert 2 == code
    assert "line 1: telegram.tokn: there is no such key. Did you mean `token`?" in said
    assert "models: is missing" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["run", "check"])
async def test_no_mistake_ends_in_a_traceback(world: World, command: str) -> None:
    """Neither an empty secret, nor a number without end, nor an address with a password, nor a file within itself."""
    world.write(
        telegram={"token": ""},
        discord={"token": "a b"},
        limits={"drain": float("inf"), "lease": float("nan")},
        storage={"url": "redis://user:hunter2@host:notaport/0"},
    )
    bad = await world.says(command)
    (world.folder / "config.yaml").write_text("upstreams: &all [*all]\n")
    endless = await world.says(command)

    assert 2 == bad[0] == endless[0]
    for key in ("telegram.token", "discord.token", "limits.drain", "limits.lease", "storage.url"):
        assert f": {key}: " in bad[1]
    assert "Traceback" not in bad[1] + endless[1]
    assert "hunter2" not in bad[1]


async def test_a_plain_terminal_is_enough(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may have characters that it cannot show."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    world.write(upstreams=[{"name": "Eule 🦉", "base_url": world.openai.base_url, "api_key": world.openai.api_key}])
    code, said = await world.says("check")

    assert 0 == code, said
    assert "upstream Eule ?: " in said


async def test_nothing_configured_points_to_the_sandbox(world: World) -> None:
    """Somebody who only wants to look around."""
    world.write(discord=None, telegram=None)
    code, said = await world.says("run")

    assert 2 == code
    assert "python -m sandbox" in said


@pytest.mark.parametrize("storage", ["redis://127.0.0.1:9/0", "sqlite:////proc/nowhere/parley.db"])
async def test_a_store_that_cannot_be_had_is_told(world: World, storage: str) -> None:
    """In a sentence, at the start."""
    world.write(storage={"url": storage})
    code, said = await world.says("run")

    assert 2 == code
    assert "Traceback" not in said
    assert storage.split(":")[0] in said.lower()
