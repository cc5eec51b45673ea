"""`parley agent` between the real door and a loopback model server."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import web
from typer.testing import CliRunner

from adapters import agent
from adapters.agent import Between, Doing, Mistake, address, introduction, offered, pause, serve
from adapters.cli import app
from adapters.upstream.frames import LARGEST_FRAME
from adapters.upstream.heard import Timeouts
from adapters.upstream.openai import OpenAIModel
from bot.account import Account
from bot.errors import BotError, ContextFull, ModelBusy, ModelCut, ModelDown, ModelMisconfigured
from bot.pool import Pool
from bot.tasks import end
from sandbox.openai import errors
from sandbox.openai.errors import Refusal
from sandbox.openai.script import Ending, page, say
from sandbox.openai.server import API_KEY, OpenAI
from sandbox.redis_server import free_port
from storage.memory import open_memory
from tests.adapters.http.agents_door import BOUND, Door, Roll, asked, joined, request, text_of, until
from tests.clock import START
from tests.fuzz.amount import amount

CUT = "cut"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """To join anew takes a second at least where nobody is in a hurry."""
    monkeypatch.setattr(agent, "SHORTEST", 0.01)


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI() as server:
        yield server


@pytest.fixture
def roll() -> Roll:
    return Roll()


@pytest_asyncio.fixture
async def door(roll: Roll) -> AsyncIterator[Door]:
    async with Door(roll) as opened:
        yield opened


class AtHome:
    """`parley agent`, in this process. `job` ends when the agent does."""

    def __init__(self, door: Door, upstream: str, *, key: str = "key-of-ann", name: str = "home", capacity: int = 8):
        self.stop, self.doing = asyncio.Event(), Doing()
        self.name = f"agent/ann/{name}"
        between = Between(address(door.url), key, upstream, API_KEY)
        hello = introduction(name, ["parley-demo"], capacity)
        self.job = asyncio.ensure_future(serve(between, hello, self.stop, self.doing))


@contextlib.asynccontextmanager
async def at_home(door: Door, upstream: str, name: str = "home", capacity: int = 8) -> AsyncIterator[AtHome]:
    """An agent that has joined, until the block ends."""
    home = AtHome(door, upstream, name=name, capacity=capacity)
    try:
        await until(lambda: home.doing.connected and home.name in [each.name for each in door.agents.here])
        yield home
    finally:
        await end(home.job)


async def mistake_of(home: AtHome) -> str:
    """What an agent ends with that somebody must mend."""
    with pytest.raises(Mistake) as mistake:
        async with asyncio.timeout(BOUND):
            await home.job
    return str(mistake.value)


# Answering.


async def test_an_answer_comes_from_home(provider: OpenAI, door: Door, roll: Roll) -> None:
    """With the figures of the model server; and the line counts it."""
    provider.queue(say("Because of scattering. 🦉"))
    async with at_home(door, provider.base_url) as home:
        chunks = await asked(roll.model("home"))
        await until(lambda: (0, 1) == (home.doing.in_flight, home.doing.served))

    assert "Because of scattering. 🦉" == text_of(chunks)
    usage = chunks[-1].usage
    assert usage is not None
    assert (provider.books.invoice[0].prompt, provider.books.invoice[0].completion) == (usage.input, usage.output)


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (errors.rate_limited(3), ModelBusy),
        (errors.context_exceeded(8000, 9000, 500), ContextFull),
        (errors.no_such_model("gpt-9"), ModelMisconfigured),
        (errors.server_error(), ModelDown),
    ],
)
async def test_what_the_model_server_refuses_is_told(
    provider: OpenAI, door: Door, roll: Roll, refusal: Refusal, expected: type[BotError]
) -> None:
    """The pool asks another account, or knows better."""
    provider.queue(refusal)
    async with at_home(door, provider.base_url):
        with pytest.raises(BotError) as failed:
            await asked(roll.model("home"))

    assert expected is type(failed.value)
    if isinstance(failed.value, ModelBusy):
        assert 3 == failed.value.retry_after


async def test_a_model_server_that_is_gone_is_down(provider: OpenAI, door: Door, roll: Roll) -> None:
    """The agent stays: the model server may come back."""
    async with at_home(door, provider.base_url) as home:
        await provider.stop()
        with pytest.raises(ModelDown):
            await asked(roll.model("home"))
        await provider.start()
        provider.queue(say("Hoo."))

        assert "Hoo." == text_of(await asked(roll.model("home")))
        assert not home.job.done()


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.EOF, Ending.GARBAGE, Ending.ERROR])
async def test_half_an_answer_is_told_from_a_whole_one(
    provider: OpenAI, door: Door, roll: Roll, ending: Ending
) -> None:
    provider.queue(say("Half an ans", ending))
    async with at_home(door, provider.base_url):
        with pytest.raises(ModelCut):
            await asked(roll.model("home"))


async def test_an_event_that_no_frame_can_hold_ends_the_answer_alone(provider: OpenAI, door: Door, roll: Roll) -> None:
    """The server would cut the agent off, and all its other answers."""
    event = b'data: {"choices": [{"delta": {"content": "' + b"\\\\" * (LARGEST_FRAME // 4) + b'"}}]}\n\n'
    provider.queue(page(event), say("Hoo."))
    async with at_home(door, provider.base_url):
        with pytest.raises(ModelDown, match="too large"):
            await asked(roll.model("home"))

        assert "Hoo." == text_of(await asked(roll.model("home")))


async def test_stop_ends_the_call_at_home(provider: OpenAI, door: Door, roll: Roll) -> None:
    """The machine is free again for whoever asks next; even one that can answer one at a time."""
    provider.queue(say("owl " * 1_000, rate=100), say("Hoo."))
    async with at_home(door, provider.base_url, capacity=1) as home:
        (here,) = door.agents.here
        async with aclosing(roll.model("home").stream(request())) as stream:
            await anext(stream)
        again = asked(roll.model("home"))
        await until(lambda: 1 == provider.books.cancelled)

        assert "Hoo." == text_of(await again)
        assert 1 == home.doing.served
        assert [here] == door.agents.here
        await until(lambda: not here._answers)


# Joining, leaving.


async def test_an_agent_comes_back_after_the_server_did(provider: OpenAI, roll: Roll) -> None:
    async with Door(roll) as door, at_home(door, provider.base_url):
        await door.close()
        await until(lambda: not roll.members)
        await door.open()
        await until(lambda: bool(roll.members))
        provider.queue(say("Hoo."))

        assert "Hoo." == text_of(await asked(roll.model("home")))


async def test_who_is_told_to_stop_ends_its_answers_first(provider: OpenAI, door: Door, roll: Roll) -> None:
    """The pool gives it no more work from then on."""
    provider.queue(say("owl " * 60, rate=200))
    async with at_home(door, provider.base_url) as home:
        running = asked(roll.model("home"))
        await until(lambda: 1 == home.doing.in_flight)
        home.stop.set()
        await until(lambda: not roll.members)
        assert "owl " * 60 == text_of(await running)
        async with asyncio.timeout(BOUND):
            await home.job


async def test_who_is_told_to_stop_does_not_wait_for_ever(
    provider: OpenAI, roll: Roll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "DRAIN", 0.05)
    provider.queue(say("Half an ans", Ending.HANG))
    async with Door(roll, timeouts=Timeouts()) as door, at_home(door, provider.base_url) as home:
        running = asked(roll.model("home"))
        await until(lambda: 1 == home.doing.in_flight)
        home.stop.set()
        async with asyncio.timeout(BOUND):
            await home.job
        with pytest.raises(ModelCut):
            await running


async def test_ctrl_c_is_first_a_request_and_then_an_order() -> None:
    """What whoever presses it twice expects."""
    stop = asyncio.Event()

    async def work() -> None:
        agent._heed_signals(stop)
        os.kill(os.getpid(), signal.SIGINT)
        await stop.wait()
        os.kill(os.getpid(), signal.SIGINT)
        async with asyncio.timeout(BOUND):
            await asyncio.Event().wait()

    try:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.ensure_future(work())
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)


def test_many_agents_do_not_come_back_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between a second and a minute, ever longer."""
    monkeypatch.setattr(agent, "SHORTEST", 1.0)
    for failures in range(20):
        pauses = {pause(failures) for _ in range(100)}
        assert min(pauses) >= 1
        assert max(pauses) <= min(60, 2**failures)
    assert len({pause(6) for _ in range(100)}) > 50


# Mistakes.


async def test_a_key_that_does_not_work_is_told(provider: OpenAI, door: Door) -> None:
    """To try again for ever would help nobody."""
    assert "does not take this key" in await mistake_of(AtHome(door, provider.base_url, key="key-of-eve"))


async def test_a_second_agent_of_one_name_is_told(provider: OpenAI, door: Door) -> None:
    """Else the two would push each other out for ever."""
    async with at_home(door, provider.base_url) as home, joined(door, "home"):
        assert "its own --name" in await mistake_of(home)


async def test_an_introduction_that_is_not_taken_is_told(
    provider: OpenAI, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of another version, say."""
    monkeypatch.setattr(agent, "HELLO", "Good evening")
    assert "does not take this agent" in await mistake_of(AtHome(door, provider.base_url))


async def test_another_server_is_told(provider: OpenAI) -> None:
    """Somebody else's 404, and a server that speaks something else."""

    async def greet(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("Welcome to the echo service!")
        return socket

    site = web.Application()
    site.router.add_get("/echo/client/register", greet)
    runner = web.AppRunner(site)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
        for path, expected in (("", "no Parley at"), ("/echo", "is no Parley")):
            door = Door(Roll())
            door.port = port
            between = Between(address(door.url + path), "key-of-ann", provider.base_url)
            with pytest.raises(Mistake, match=expected):
                await serve(between, introduction("home", ["m"], 1), asyncio.Event(), Doing())
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://parley.example.org", "wss://parley.example.org/client/register"),
        ("http://127.0.0.1:8080/", "ws://127.0.0.1:8080/client/register"),
        ("wss://example.org/parley/client/register", "wss://example.org/parley/client/register"),
    ],
)
def test_the_address_is_found_from_the_one_that_people_know(given: str, expected: str) -> None:
    assert expected == address(given)


@pytest.mark.parametrize(
    "given", ["parley.example.org", "ftp://example.org", "https://", "http://[::1", "http://x:port"]
)
def test_what_is_no_address_is_told(given: str) -> None:
    with pytest.raises(Mistake, match="not an address"):
        address(given)


async def test_the_models_at_home_are_asked_for(provider: OpenAI) -> None:
    between = Between("", "", provider.base_url, API_KEY)
    assert "parley-demo" in await offered(between)


async def test_a_model_server_that_cannot_be_asked_is_told(provider: OpenAI) -> None:
    """Not running, a wrong key, a wrong path."""
    for upstream, expected in (
        (f"http://127.0.0.1:{free_port()}/v1", "cannot be reached"),
        (provider.base_url, "answers 401"),
        ("nonsense", "cannot be reached"),
    ):
        with pytest.raises(Mistake, match=expected):
            await offered(Between("", "", upstream))


def told_by(*arguments: str) -> str:
    """What the command says when it ends with a mistake."""
    result = CliRunner().invoke(app, ["agent", *arguments], env={"PARLEY_AGENT_KEY": None, "COLUMNS": "200"})
    assert 2 == result.exit_code
    assert "Traceback" not in result.output
    return re.sub(r"\x1b\[[\d;]*m", "", result.output)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"--server": "parley.example.org"}, "is not an address of a Parley server"),
        ({"--key": "käse"}, "That is no key"),
        ({"--upstream": "http://127.0.0.1:9/v1"}, "cannot be reached"),
        ({"--model": "*"}, "No server would take this: wrong in its introduction: models"),
        ({"--capacity": "0"}, "--capacity"),
    ],
)
def test_a_mistake_gets_a_sentence(changed: dict[str, str], expected: str) -> None:
    """And exit code 2, and no traceback."""
    usual = {"--server": "http://127.0.0.1:9", "--upstream": "http://127.0.0.1:9/v1", "--key": "k"}
    given = usual | changed
    assert expected in told_by(*(word for pair in given.items() for word in pair))


def test_a_key_is_needed() -> None:
    assert "--key" in told_by("--server", "http://127.0.0.1:9", "--upstream", "http://127.0.0.1:9/v1")


# Agents that come and go.


async def test_every_question_has_one_end_while_agents_are_killed(provider: OpenAI) -> None:
    """
    Two agents and an account in one pool, an agent killed at every 50th question: none hangs, none is told twice.

    `make test` asks 200, PARLEY_LONG=1 a thousand.
    """
    questions = amount(200, 1_000)
    provider.otherwise(say("Nightingales whisper, and owls hoot.", rate=400))
    store = open_memory()
    pool = Pool(store.records, store.settings, store.slots, lambda: START, lambda _: None)
    account = OpenAIModel(provider.base_url, provider.api_key)
    pool.join(Account("account"), account)
    ends: list[str] = []
    async with Door(pool) as door, contextlib.AsyncExitStack() as agents:
        running = {name: await agents.enter_async_context(at_home(door, provider.base_url, name, 16)) for name in "ab"}

        async def ask(count: int) -> None:
            for _ in range(count):
                ends.append(await _end_of(pool))
                if len(ends) % 50 == 0:
                    victim = "ab"[len(ends) // 50 % 2]
                    running[victim].job.cancel()
                    await asyncio.wait([running[victim].job])
                    await until(lambda: len(door.agents.here) < 2)
                    running[victim] = await agents.enter_async_context(at_home(door, provider.base_url, victim, 16))

        async with asyncio.timeout(amount(4, 20) * BOUND):
            await asyncio.gather(*(ask(questions // 10) for _ in range(10)))
    await account.close()

    assert questions == len(ends)
    assert {"Nightingales whisper, and owls hoot.", CUT} >= set(ends)
    assert ends.count(CUT) < questions / 5


async def _end_of(pool: Pool) -> str:
    """The whole answer, or how it broke. Anything else is for the test to fail with."""
    try:
        return text_of([chunk async for chunk in pool.stream(replace(request(), session=""))])
    except ModelCut:
        return CUT
