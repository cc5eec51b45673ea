"""adapters.upstream.work: what programs ask of agents that may say anything."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from adapters.reported import MOST
from adapters.upstream.agent import Agent
from adapters.upstream.frames import LARGEST_WORK
from bot.catalogue import ModelSpec
from bot.errors import AccountLocked, BotError, ContextFull, ModelBusy, ModelCut, ModelDown, ModelMisconfigured
from bot.ports import ApiRequest
from bot.tasks import end
from tests.adapters.http.agents_door import BOUND, Door, Puppet, Roll, joined

SPEC = ModelSpec("demo", "parley-demo", 8_000, 500)
SECRET = "Why do owls hoot at night?"
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    async with Door(Roll()) as opened:
        yield opened


@pytest_asyncio.fixture
async def puppet(door: Door) -> AsyncIterator[Puppet]:
    async with joined(door) as agent:
        yield agent


@pytest.fixture
def agent(door: Door, puppet: Puppet) -> Agent:
    del puppet  # it has joined
    (here,) = door.agents.here
    return here


def request(**fields: Any) -> ApiRequest:
    messages = [{"role": "user", "content": [{"type": "text", "text": SECRET}]}]
    return ApiRequest(SPEC, "chat/completions", {"model": "parley-demo", "messages": messages, **fields}, limit=500)


def words(text: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None, **more}]}


async def asked(agent: Agent, wanted: ApiRequest) -> tuple[int, bytes]:
    """Ask, and read all of the answer."""
    async with asyncio.timeout(BOUND), agent.call(wanted) as response:
        return response.status, b"".join([block async for block in response.body])


async def answer(puppet: Puppet, agent: Agent, *events: Mapping[str, Any], **fields: Any) -> bytes:
    """What a program reads of an answer that has these events."""
    asking = asyncio.ensure_future(asked(agent, request(**fields)))
    id = (await puppet.work()).id
    for event in events:
        await puppet.say(id, "chunk", json.dumps(event))
    await puppet.say(id, "done")
    return (await asking)[1]


def events_in(body: bytes) -> list[Any]:
    *events, last = [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]
    assert "[DONE]" == last
    return list(map(json.loads, events))


async def test_an_agent_is_sent_what_the_program_wrote_and_asked_for_pieces(puppet: Puppet, agent: Agent) -> None:
    asking = asyncio.ensure_future(asked(agent, request(temperature=0.5, tools=[{"type": "function"}])))
    sent = json.loads(str((await puppet.work()).data))
    await end(asking)

    assert {**request().fields, "temperature": 0.5, "tools": [{"type": "function"}], "max_tokens": 500} == {
        name: value for name, value in sent.items() if not name.startswith("stream")
    }
    assert (True, {"include_usage": True}) == (sent["stream"], sent["stream_options"])


@pytest.mark.parametrize(
    ("options", "sent"),
    [({"include_usage": False, "odd": 1}, {"include_usage": True, "odd": 1}), ("odd", {"include_usage": True})],
)
async def test_the_usage_is_always_asked_for(puppet: Puppet, agent: Agent, options: Any, sent: Any) -> None:
    """Whatever stands there: a program that wants no stream may write anything."""
    asking = asyncio.ensure_future(asked(agent, request(stream_options=options)))
    assert sent == json.loads(str((await puppet.work()).data))["stream_options"]
    await end(asking)


@pytest.mark.parametrize("stream", [False, True])
async def test_what_it_took_is_told_as_far_as_it_can_be(puppet: Puppet, agent: Agent, stream: bool) -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}}
    body = await answer(puppet, agent, words("Hoo."), STOP, {"choices": [], "usage": usage}, stream=stream)

    last = events_in(body)[-1] if stream else json.loads(body)
    assert {**usage, "total_tokens": 15} == last["usage"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "lie",
    [
        {"usage": {"prompt_tokens": 8_001, "completion_tokens": 1}},
        {"usage": {"prompt_tokens": 1, "completion_tokens": 501}},
        {"usage": {"prompt_tokens": -1, "completion_tokens": 1}},
        {"usage": {"input_tokens": MOST, "output_tokens": MOST}},
        {"response": {"usage": {"input_tokens": MOST, "output_tokens": MOST}}},
        {"type": "response.completed"},
    ],
)
async def test_what_it_cannot_have_taken_is_not_told(
    puppet: Puppet, agent: Agent, stream: bool, lie: dict[str, Any]
) -> None:
    """It would come out of the asker's share: without, we count ourselves, and count what is passed on."""
    body = await answer(puppet, agent, {**words("Hoo."), **lie}, {**STOP, **lie}, stream=stream)

    assert b"Hoo." in body
    assert b"usage" not in body
    assert b"response" not in body


async def test_several_answers_may_take_as_much_each(puppet: Puppet, agent: Agent) -> None:
    both = [{**STOP["choices"][0], "index": index} for index in (0, 1)]
    usage = {"prompt_tokens": 1, "completion_tokens": 1_000}
    body = await answer(puppet, agent, {"choices": both, "usage": usage}, n=2)

    assert 1_000 == json.loads(body)["usage"]["completion_tokens"]


async def test_the_limit_that_a_program_names_is_the_one_that_counts(puppet: Puppet, agent: Agent) -> None:
    asking = asyncio.ensure_future(
        asked(agent, ApiRequest(SPEC, "chat/completions", {**request().fields, "max_completion_tokens": 9}))
    )
    id = (await puppet.work()).id
    await puppet.say(id, "chunk", json.dumps({**STOP, "usage": {"prompt_tokens": 1, "completion_tokens": 10}}))
    await puppet.say(id, "done")

    assert "usage" not in json.loads((await asking)[1])


async def test_one_answer_of_two_is_not_all(puppet: Puppet, agent: Agent) -> None:
    with pytest.raises(ModelCut):
        await answer(puppet, agent, words("Hoo."), STOP, n=2)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("late", [{"error": {"message": "late"}}, {"choices": "late"}])
async def test_after_the_last_word_nothing_can_cut_it(
    puppet: Puppet, agent: Agent, stream: bool, late: dict[str, Any]
) -> None:
    body = await answer(puppet, agent, words("Hoo."), STOP, late, stream=stream)

    assert b"Hoo." in body
    assert b"late" not in body


@pytest.mark.parametrize("status", [400, 409, 415, 422])
async def test_the_programs_own_mistake_is_told_to_it_and_is_no_failure(
    puppet: Puppet, agent: Agent, status: int
) -> None:
    """Whoever sends nonsense would have the agent rest, and its owner told."""
    asking = asyncio.ensure_future(asked(agent, request(temperature=9)))
    trouble = {"status": status, "message": "temperature is too high" + "!" * 9_000, "code": "odd"}
    await puppet.say((await puppet.work()).id, "error", json.dumps(trouble))
    answered, body = await asking

    assert status == answered
    told = json.loads(body)["error"]
    assert "odd" == told["code"]
    assert told["message"].startswith("temperature is too high!")
    assert 500 == len(told["message"])


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ({"status": 401}, AccountLocked),
        ({"status": 404}, ModelMisconfigured),
        ({"status": 400, "code": "model_not_found"}, ModelMisconfigured),
        ({"status": 400, "code": "insufficient_quota"}, AccountLocked),
        ({"status": 400, "code": "context_length_exceeded"}, ContextFull),
        ({"status": 413}, ContextFull),
        ({"status": 429, "retry_after": 3.0}, ModelBusy),
        ({"status": 500}, ModelDown),
        ({"status": "?"}, ModelDown),
    ],
)
async def test_the_agents_own_trouble_is_not_the_programs(
    puppet: Puppet, agent: Agent, trouble: dict[str, Any], expected: type[BotError]
) -> None:
    asking = asyncio.ensure_future(asked(agent, request()))
    await puppet.say((await puppet.work()).id, "error", json.dumps(trouble))
    with pytest.raises(expected) as failed:
        await asking

    assert expected is type(failed.value)


async def test_as_long_as_nothing_is_said_somebody_else_may_be_asked(puppet: Puppet, agent: Agent) -> None:
    """A role alone is no word: there is no response yet."""
    opening = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
    entering = asyncio.ensure_future(agent.call(request(stream=True)).__aenter__())
    id = (await puppet.work()).id
    await puppet.say(id, "chunk", json.dumps(opening))
    await puppet.say(id, "done")
    with pytest.raises(ModelDown) as failed:
        await asyncio.wait_for(entering, BOUND)

    assert not isinstance(failed.value, ModelCut)


async def test_an_answer_that_fails_after_the_first_word_was_cut(puppet: Puppet, agent: Agent) -> None:
    """What the model had begun to answer was no mistake of the program's."""
    asking = asyncio.ensure_future(asked(agent, request()))
    id = (await puppet.work()).id
    await puppet.words(id, "Hoo")
    await puppet.say(id, "error", json.dumps({"status": 400, "message": "no"}))
    with pytest.raises(ModelCut):
        await asking


async def test_a_stream_that_fails_after_the_first_word_was_cut(puppet: Puppet, agent: Agent) -> None:
    """A program's own mistake cannot come to light as late as that."""
    async with asyncio.timeout(BOUND):
        calling = agent.call(request(stream=True))
        entering = asyncio.ensure_future(calling.__aenter__())
        id = (await puppet.work()).id
        await puppet.words(id, "Hoo")
        response = await entering
        await puppet.say(id, "error", json.dumps({"status": 400, "message": "no"}))
        with pytest.raises(ModelCut):
            [block async for block in response.body]
        await calling.__aexit__(None, None, None)


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [{"index": 1, "delta": {"content": "Hoo"}}]},
        {"choices": [{"index": -1, "delta": {"content": "Hoo"}}]},
        {"choices": [{"delta": {"content": ["Hoo"]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 10**9}]}}]},
        {"choices": {"delta": "Hoo"}},
        {"choices": [{"logprobs": {"content": [[[[]]]]}}]},
        {"choices": [{"logprobs": {"content": [{"token": "Hoo", "logprob": float("nan")}]}}]},
        {"choices": [{"delta": {"content": "\ud83e"}}]},
    ],
)
async def test_what_is_no_chat_completion_is_not_passed_on(puppet: Puppet, agent: Agent, event: dict[str, Any]) -> None:
    with pytest.raises(ModelDown):
        await answer(puppet, agent, event, STOP)


async def test_what_no_chat_completion_has_is_not_passed_on(puppet: Puppet, agent: Agent) -> None:
    event = {**words("Hoo.", secret="a"), "id": "b" * 9_000, "model": "gpt-9", "choices_too": ["c"]}
    (said, _) = events_in(await answer(puppet, agent, event, STOP, stream=True))

    assert {"id", "created", "object", "model", "choices"} == set(said)
    assert "parley-demo" == said["model"]
    assert [{"index": 0, "delta": {"content": "Hoo."}, "finish_reason": None}] == said["choices"]


async def test_a_request_that_is_too_large_costs_the_agent_nothing(puppet: Puppet, agent: Agent) -> None:
    """It would be cut off by its own socket, with all that it is answering."""
    with pytest.raises(ContextFull):
        await asked(agent, request(user="x" * LARGEST_WORK))

    assert b"Hoo." in await answer(puppet, agent, words("Hoo."), STOP)


async def test_leaving_ends_the_work_and_an_answer_that_has_ended_is_not_ended_again(
    puppet: Puppet, agent: Agent
) -> None:
    await answer(puppet, agent, words("Hoo."), STOP)
    asking = asyncio.ensure_future(asked(agent, request()))
    id = (await puppet.work()).id
    await end(asking)

    assert id == (await puppet.next("cancel")).id


@pytest.mark.parametrize("said", ["chunk", "error"])
async def test_the_log_has_no_word_of_what_a_program_asked(puppet: Puppet, agent: Agent, said: str) -> None:
    asking = asyncio.ensure_future(asked(agent, request()))
    data = {"error": {"message": f"no: {SECRET}"}} if said == "chunk" else {"message": f"no: {SECRET}"}
    await puppet.say((await puppet.work()).id, said, json.dumps(data))
    with pytest.raises(ModelDown) as failed:
        await asking

    assert "owls" not in str(failed.value)
