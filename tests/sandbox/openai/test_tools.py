"""Functions that a model may call, in chat completions."""

import json
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.openai import tokens
from sandbox.openai.script import Ending, Script, calling, limited, paced, say, use
from sandbox.openai.server import OpenAI
from tests.sandbox.openai.listen import listen, user, whole

LOOK: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Look at something.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
    },
}
ARGUMENTS = '{"at": "the owl 🦉"}'


async def test_a_call_comes_whole(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Id, name and arguments, with the reason by which clients know that it is their turn."""
    provider.queue(use("look", ARGUMENTS))

    answer = await whole(client, tools=[LOOK])

    (choice,) = answer.choices
    assert (None, "tool_calls") == (choice.message.content, choice.finish_reason)
    (call,) = choice.message.tool_calls or []
    assert "function" == call.type
    assert ("look", ARGUMENTS) == (call.function.name, call.function.arguments)
    assert call.id.startswith("call_")


async def test_calls_are_streamed_in_pieces(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Words, then two calls side by side: a client puts each together by its index."""
    pieces = (*paced("I look."), *calling("look", ARGUMENTS), *calling("look", '{"at": "a bat"}'))
    provider.queue(Script(pieces, Ending.TOOLS))

    chunks = await _chunks(client, tools=[LOOK])

    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "I look." == "".join(delta.content or "" for delta in deltas)
    calls = [call for delta in deltas for call in delta.tool_calls or []]
    assert [0, 1] == [call.index for call in calls if call.id]
    assert 2 == len({call.id for call in calls if call.id})
    said = ["".join(call.function.arguments for call in calls if call.index == index) for index in (0, 1)]
    assert [ARGUMENTS, '{"at": "a bat"}'] == said
    assert 3 < len(calls)
    assert "tool_calls" == chunks[-1].choices[0].finish_reason


async def test_the_sdk_puts_a_streamed_call_together(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Its own helper is the strictest reader of chunks there is."""
    provider.queue(use("look", ARGUMENTS))

    async with client.chat.completions.stream(
        model="parley-demo",
        messages=[{"role": "user", "content": "?"}],
        tools=[LOOK],  # type: ignore[list-item]
    ) as stream:
        answer = await stream.get_final_completion()

    (call,) = answer.choices[0].message.tool_calls or []
    assert ("look", ARGUMENTS) == (call.function.name, call.function.arguments)
    assert answer.choices[0].message.content is None


async def _chunks(client: AsyncOpenAI, **options: Any) -> list[Any]:
    stream = await client.chat.completions.create(
        model="parley-demo", messages=[{"role": "user", "content": "?"}], stream=True, **options
    )
    return [chunk async for chunk in stream]


async def test_calls_are_paid_for(provider: OpenAI, client: AsyncOpenAI) -> None:
    """A name and arguments are output like words, and descriptions of tools are read like words."""
    provider.queue(use("look", ARGUMENTS))

    heard = await listen(client, "?", tools=[LOOK])

    (bill,) = provider.books.invoice
    assert tokens.count("look") + tokens.count(ARGUMENTS) == bill.completion
    assert tokens.prompt_tokens([user("?")]) + tokens.count(json.dumps([LOOK])) == bill.prompt
    assert heard.usage is not None
    assert bill.total == heard.usage.total_tokens


async def test_a_limit_of_tokens_ends_a_call(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Arguments that break off are no JSON; a client has to look at the reason."""
    provider.queue(use("look", ARGUMENTS))

    answer = await whole(client, tools=[LOOK], max_completion_tokens=4)

    (choice,) = answer.choices
    (call,) = choice.message.tool_calls or []
    assert call.type == "function"
    assert ("length", ARGUMENTS[: len(call.function.arguments)]) == (choice.finish_reason, call.function.arguments)
    assert answer.usage is not None
    assert 4 == answer.usage.completion_tokens


def test_a_stop_ends_the_words_and_what_comes_after() -> None:
    """Nothing is called after an answer is over."""
    kept = limited(Script((*paced("I look"), *calling("look")), Ending.TOOLS), 100, ("look",))

    assert ("I ", [], Ending.STOP) == (kept.text, kept.calls, kept.ending)


async def test_what_a_function_found_goes_back(provider: OpenAI, client: AsyncOpenAI) -> None:
    """The whole round: a call, its result, an answer."""
    provider.queue(use("look", ARGUMENTS), say("It is asleep."))

    first = await whole(client, "How is the owl?", tools=[LOOK])
    message = first.choices[0].message
    result = {"role": "tool", "content": "asleep", "tool_call_id": (message.tool_calls or [])[0].id}
    second = await whole(client, "How is the owl?", message.to_dict(), result, tools=[LOOK])

    assert "It is asleep." == second.choices[0].message.content
    assert "asleep" == provider.books.requests[-1]["messages"][-1]["content"]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "look"}}])
async def test_the_demo_model_calls_what_has_to_be_called(client: AsyncOpenAI, choice: Any) -> None:
    """As OpenAI's do, whatever was said."""
    answer = await whole(client, "hello", tools=[LOOK], tool_choice=choice)

    (call,) = answer.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert ("look", "{}") == (call.function.name, call.function.arguments)


@pytest.mark.parametrize("choice", ["none", "auto"])
async def test_the_demo_model_speaks_when_it_may(client: AsyncOpenAI, choice: Any) -> None:
    """It understands no tools."""
    answer = await whole(client, "joke", tools=[LOOK], tool_choice=choice, parallel_tool_calls=False)

    assert answer.choices[0].message.content


def _looking(**function: Any) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": "look", **function}}]


BAD: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "no tools": ({"tools": []}, "tools", "empty_array"),
    "too many": ({"tools": [LOOK] * 129}, "tools", "array_above_max_length"),
    "a tool as text": ({"tools": ["look"]}, "tools[0]", "invalid_type"),
    "no type": ({"tools": [{"function": {"name": "look"}}]}, "tools[0].type", "missing_required_parameter"),
    "another type": ({"tools": [{"type": "owl", "function": {}}]}, "tools[0].type", "invalid_value"),
    "no function": ({"tools": [{"type": "function"}]}, "tools[0].function", "missing_required_parameter"),
    "no name": (
        {"tools": [{"type": "function", "function": {}}]},
        "tools[0].function.name",
        "missing_required_parameter",
    ),
    "a name of two words": ({"tools": _looking(name="look at")}, "tools[0].function.name", "invalid_value"),
    "a long name": ({"tools": _looking(name="a" * 65)}, "tools[0].function.name", "string_above_max_length"),
    "parameters as text": ({"tools": _looking(parameters="x")}, "tools[0].function.parameters", "invalid_type"),
    "parameters of an array": (
        {"tools": _looking(parameters={"type": "array"})},
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    "strict as text": ({"tools": _looking(strict="yes")}, "tools[0].function.strict", "invalid_type"),
    "an unknown field": ({"tools": _looking(owl=1)}, "tools[0].function.owl", "unknown_parameter"),
    "a choice alone": ({"tool_choice": "auto"}, "tool_choice", None),
    "parallel calls alone": ({"parallel_tool_calls": True}, "parallel_tool_calls", None),
    "an unknown choice": ({"tools": [LOOK], "tool_choice": "owl"}, "tool_choice", "invalid_value"),
    "a choice as number": ({"tools": [LOOK], "tool_choice": 1}, "tool_choice", "invalid_type"),
    "a choice that is not offered": (
        {"tools": [LOOK], "tool_choice": {"type": "function", "function": {"name": "hear"}}},
        "tool_choice",
        None,
    ),
}


@pytest.mark.parametrize(("options", "param", "code"), BAD.values(), ids=BAD.keys())
async def test_bad_tools_are_refused(
    client: AsyncOpenAI, options: dict[str, Any], param: str, code: str | None
) -> None:
    """What slips through here would fail at OpenAI."""
    body = {"model": "parley-demo", "messages": [user("?")], **options}

    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/chat/completions", body=body, cast_to=object)

    assert (param, code) == (caught.value.param, caught.value.code)
