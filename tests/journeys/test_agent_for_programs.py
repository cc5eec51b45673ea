"""A model at home answers programs, which ask with OpenAI's own client and cannot tell it from a provider."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
import pytest_asyncio

from adapters.agent import Between, Doing, address, introduction, serve
from bot.keyring import KeyScope
from bot.tasks import end
from sandbox.openai.script import Ending, Script, calling, paced, page, say, steady, use
from sandbox.openai.server import OpenAI
from tests.journeys.programs import PATIENCE, Programs, on_programs
from tests.journeys.thirty_calls import CHAT, QUESTION, WEATHER, WORDS, thirty_calls

OF_CHAT = (0, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 15, 27)
"""Those of the thirty calls that a model at home can answer: chat completions of that one model, with no pictures."""


class AtHome:
    """A model server at home, and the agent before it. `working` ends when the agent leaves."""

    def __init__(self, programs: Programs, home: OpenAI, working: "asyncio.Future[None]", doing: Doing) -> None:
        self.programs = programs
        self.home = home
        self.working = working
        self.doing = doing

    async def idle(self) -> None:
        """Wait until nothing is under way, neither at home nor on the ledger."""
        await self.programs.until(lambda: self.home.books.open == 0 and self.doing.in_flight == 0)
        await self.programs.until_async(self.programs.nothing_held)


@contextlib.asynccontextmanager
async def joined(programs: Programs, home: OpenAI) -> AsyncIterator[AtHome]:
    """An agent that has joined, until the block ends."""
    key = await programs.key(scopes=frozenset({KeyScope.AGENT}))
    between = Between(address(programs.url), key.reveal(), home.base_url, home.api_key)
    doing = Doing()
    hello = introduction("home", [CHAT], 8)
    working = asyncio.ensure_future(serve(between, hello, asyncio.Event(), doing))
    try:
        await programs.until(lambda: doing.connected)
        async with programs.sdk(await programs.key(), max_retries=0) as client:
            await programs.until_async(lambda: _answers(client))
        yield AtHome(programs, home, working, doing)
    finally:
        await end(working)


async def _answers(client: openai.AsyncOpenAI) -> bool:
    """Whether the agent is in the pool: nobody else has the model."""
    try:
        await client.chat.completions.create(model=CHAT, messages=QUESTION)
    except openai.InternalServerError:
        return False
    return True


@pytest_asyncio.fixture
async def at_home(tmp_path: Path) -> AsyncIterator[AtHome]:
    """The only account of the service has other models; and one question has been asked."""
    async with OpenAI(hurry=1000.0, otherwise=say(WORDS)) as home, OpenAI() as provider:
        upstream = {"base_url": provider.base_url, "api_key": provider.api_key, "models": ["parley-demo-mini"]}
        async with (
            on_programs(tmp_path, upstreams=[upstream], pool={"agents": True}) as programs,
            joined(programs, home) as there,
        ):
            yield there


async def test_calls_end_as_they_do_at_the_model_server(at_home: AtHome) -> None:
    """Whole and as streams; tools, several answers, probabilities, limits, a mistake of the program's."""
    programs, home = at_home.programs, at_home.home
    async with openai.AsyncOpenAI(base_url=home.base_url, api_key=home.api_key) as straight:
        expected = await thirty_calls(home, straight)
    async with programs.sdk(await programs.key()) as client:
        actual = await thirty_calls(home, client)

    for number in OF_CHAT:
        assert _plain(expected[number]) == _plain(actual[number]), number


async def test_what_is_charged_is_what_the_model_server_counted(at_home: AtHome) -> None:
    home = at_home.home
    async with at_home.programs.sdk(await at_home.programs.key()) as client:
        await client.chat.completions.create(model=CHAT, messages=QUESTION, n=2)
        async for _ in await client.chat.completions.create(model=CHAT, messages=QUESTION, stream=True, n=2):
            pass
    await at_home.idle()

    spendings = await at_home.programs.spendings()
    assert sum(bill.prompt for bill in home.books.invoice) == sum(each.input for each in spendings)
    assert sum(bill.completion for bill in home.books.invoice) == sum(each.output for each in spendings)
    assert len(home.books.invoice) == sum(each.requests for each in spendings)


async def test_words_come_as_they_are_said(at_home: AtHome) -> None:
    """Not all at the end."""
    at_home.home.queue(say("Hoo.", Ending.HANG))
    async with at_home.programs.sdk(await at_home.programs.key()) as client:
        stream = await client.chat.completions.create(model=CHAT, messages=QUESTION, stream=True)
        heard = ""
        async with asyncio.timeout(PATIENCE):
            async for chunk in stream:
                heard += chunk.choices[0].delta.content or ""
                if heard == "Hoo.":
                    break
        await stream.close()
    await at_home.idle()


async def test_words_and_several_calls_of_one_answer_are_told_apart(at_home: AtHome) -> None:
    pieces = (
        *paced("Let me see."),
        *calling("weather", '{"place": "Oslo"}'),
        *calling("weather", '{"place": "Bergen"}'),
    )
    at_home.home.queue(Script(pieces, Ending.TOOLS), use("weather", "{}"))
    async with at_home.programs.sdk(await at_home.programs.key()) as client:
        options: dict[str, Any] = {"model": CHAT, "messages": QUESTION, "tools": WEATHER}
        both = (await client.chat.completions.create(**options)).choices[0]
        one = (await client.chat.completions.create(**options)).choices[0]

    assert ("Let me see.", "tool_calls") == (both.message.content, both.finish_reason)
    calls = [call for call in both.message.tool_calls or () if call.type == "function"]
    assert ['{"place": "Oslo"}', '{"place": "Bergen"}'] == [call.function.arguments for call in calls]
    assert 2 == len({call.id for call in calls})
    assert None is one.message.content


@pytest.mark.parametrize("stream", [False, True])
async def test_whoever_leaves_ends_it_at_home(at_home: AtHome, stream: bool) -> None:
    """The machine is free again at once; what had come of a stream is paid for."""
    before, home = await at_home.programs.spendings(), at_home.home
    home.queue(steady(200, 30_000.0) if stream else say(WORDS, Ending.HANG))
    async with at_home.programs.sdk(await at_home.programs.key("discord:43")) as client:
        asking = asyncio.ensure_future(_heard(client) if stream else _asked(client))
        if stream:
            await asyncio.wait_for(asking, PATIENCE)
        else:
            await at_home.programs.until(lambda: home.books.open == 1 and at_home.doing.in_flight == 1)
        asking.cancel()
        await at_home.idle()

    assert 1 == home.books.cancelled
    output = sum(each.output for each in await at_home.programs.spendings()) - sum(each.output for each in before)
    assert (0 < output < 200) if stream else output == 0
    async with at_home.programs.sdk(await at_home.programs.key()) as client:
        assert WORDS == await _asked(client)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_agent_that_dies_while_it_answers_is_told_of(at_home: AtHome, stream: bool) -> None:
    """A stream ends with an event that says so; before anything was passed on, it is a status."""
    at_home.home.queue(say("Owls eat mice", Ending.HANG))
    heard: list[str] = []
    async with at_home.programs.sdk(await at_home.programs.key("discord:43"), max_retries=0) as client:
        asking = asyncio.ensure_future(_listening(client, heard) if stream else _asked(client))
        await at_home.programs.until(lambda: "".join(heard) == "Owls eat mice" if stream else at_home.home.books.open)
        await end(at_home.working)
        with pytest.raises(openai.APIError) as caught:
            await asyncio.wait_for(asking, PATIENCE)

    assert "upstream_unavailable" == caught.value.code
    assert (not stream) == isinstance(caught.value, openai.InternalServerError)
    await at_home.programs.until_async(at_home.programs.nothing_held)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_agent_that_talks_and_talks_takes_no_more_than_was_held(at_home: AtHome, stream: bool) -> None:
    """It tells no usage, or one that cannot be, and does not heed the limit: the asker's share is not its to spend."""
    words = {"choices": [{"index": 0, "delta": {"content": "owl " * 5_000}, "finish_reason": "stop"}]}
    told = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5_000}}
    at_home.home.queue(page(b"".join(b"data: " + json.dumps(said).encode() + b"\n\n" for said in (words, told))))
    async with at_home.programs.sdk(await at_home.programs.key("discord:43")) as client:
        answer = await client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=300, stream=stream)
        if isinstance(answer, openai.AsyncStream):
            assert 5_000 == sum([len((chunk.choices[0].delta.content or "").split()) async for chunk in answer])
    await at_home.idle()

    spent = [each for each in await at_home.programs.spendings() if each.user == "discord:43"]
    assert [300] == [each.output for each in spent]


async def test_what_no_agent_can_do_is_not_asked_of_one(at_home: AtHome) -> None:
    asked = at_home.home.books.calls
    async with at_home.programs.sdk(await at_home.programs.key(), max_retries=0) as client:
        with pytest.raises(openai.InternalServerError):
            await client.responses.create(model=CHAT, input="What do owls eat?")

    assert asked == at_home.home.books.calls


async def _asked(client: openai.AsyncOpenAI) -> str | None:
    return (await client.chat.completions.create(model=CHAT, messages=QUESTION)).choices[0].message.content


async def _listening(client: openai.AsyncOpenAI, heard: list[str]) -> None:
    async for chunk in await client.chat.completions.create(model=CHAT, messages=QUESTION, stream=True):
        heard.append(chunk.choices[0].delta.content or "")  # noqa: PERF401  # an error must not lose what came before


async def _heard(client: openai.AsyncOpenAI) -> None:
    """Listen to the first words, and leave."""
    stream = await client.chat.completions.create(model=CHAT, messages=QUESTION, stream=True)
    async for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    await stream.close()


def _plain(outcome: Any) -> Any:
    """What an answer says: neither how many pieces it came in, nor what only some servers tell."""
    if isinstance(outcome, list):
        return [_plain(each) for each in outcome]
    if isinstance(outcome, dict):
        dull = ("service_tier", "completion_tokens_details", "prompt_tokens_details", "annotations")
        return {name: _plain(inner) for name, inner in outcome.items() if name not in dull and inner is not None}
    return outcome
