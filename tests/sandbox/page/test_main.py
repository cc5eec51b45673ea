"""`python -m sandbox` as somebody types it."""

import asyncio
import logging
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.config.shape import UpstreamConfig
from sandbox.__main__ import app, is_configured
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from sandbox.stage import RealModel, on_stage

runner = CliRunner()


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """The command sets the log up for its process; here the process is that of all tests."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_it_says_where_it_is_and_stops_when_told() -> None:
    """Exit code 0, so that neither make nor a supervisor reports a failure."""
    command = (sys.executable, "-m", "sandbox", "--port", "0")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = ""
        while "sandbox is at" not in line:
            line = (await process.stdout.readline()).decode()
        process.send_signal(signal.SIGTERM)
        code = await process.wait()

    assert re.search(r"http://127.0.0.1:\d+/ .*http://127.0.0.1:\d+/v1 with the key parley_\w+", line)
    assert "\x1b" not in line
    assert 0 == code


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--model", "qwen3"], "--upstream URL and --model NAME go together"),
        (["--upstream", "ftp://x", "--model", "qwen3"], "begins with http"),
        (["--port", "70000"], "less than or equal to 65535"),
        (["--nonsense"], "No such option"),
    ],
)
def test_wrong_arguments_get_a_sentence(arguments: list[str], sentence: str) -> None:
    """And exit code 2, as everything that its reader can mend."""
    result = runner.invoke(app, arguments)

    assert 2 == result.exit_code
    assert sentence in " ".join(result.output.replace("│", " ").split())


async def test_a_server_without_that_model_is_noticed_at_once() -> None:
    """Otherwise the first thing that a visitor sees is an error in a chat."""
    async with OpenAI() as server:
        command = ["--upstream", server.base_url, "--key", server.api_key, "--model", "qwen3"]
        result = await asyncio.to_thread(runner.invoke, app, command)

    assert 2 == result.exit_code
    assert "has no model 'qwen3'. It has parley-demo" in " ".join(result.output.split())


def test_a_server_that_is_not_there_is_noticed_at_once() -> None:
    """Ollama was not started, say."""
    result = runner.invoke(app, ["--upstream", "http://127.0.0.1:9/v1", "--model", "qwen3"])

    assert 2 == result.exit_code
    assert "does not answer. Is it running" in result.output


def test_a_token_means_the_real_thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make run` is one command for both: what is configured is run, and its mistakes are told as ever."""
    monkeypatch.chdir(tmp_path)
    assert not is_configured()
    monkeypatch.setenv("PARLEY_TELEGRAM__TOKEN", "1:not-a-token")
    result = runner.invoke(app, ["--or-run"])

    assert 2 == result.exit_code
    assert "The configuration has" in result.output


async def test_a_real_model_can_answer() -> None:
    """The page names it and its place; the questions go there."""
    async with OpenAI() as server:
        server.queue(say("Hoo from afar."))
        account = UpstreamConfig.model_validate({"base_url": server.base_url, "api_key": server.api_key})
        async with on_stage(model=RealModel(account, "parley-demo")) as stage:
            bot = stage.discord.bot.mention
            await stage.discord.say("general", "alice", f"{bot} Anybody there?")
            await stage.discord.wait_until(lambda: ["Hoo from afar."] == stage.discord.texts("general"))

    assert f"127.0.0.1:{server.port}" == RealModel(account, "parley-demo").place
