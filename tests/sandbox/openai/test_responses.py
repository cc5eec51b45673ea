"""The Responses API: streamed and whole, gone on from, read again and deleted."""

from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.openai import errors, tokens
from sandbox.openai.script import Ending, Script, Wire, calling, paced, say, use
from sandbox.openai.server import OpenAI
from tests.sandbox.openai.listen import user

LOOK: dict[str, Any] = {
    "type": "function",
    "name": "look",
    "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
    "strict": False,
}
ARGUMENTS = '{"at": "owl"}'


async def create(client: AsyncOpenAI, asked: Any = "Who?", **options: Any) -> Any:
    return await client.responses.create(model="parley-demo", input=asked, **options)


async def listen(client: AsyncOpenAI, asked: Any = "Who?", **options: Any) -> list[Any]:
    return [event async for event in await create(client, asked, stream=True, **options)]


async def test_a_response_comes_whole(provider: OpenAI, client: AsyncOpenAI) -> None:
    """One message, with what was read and written counted."""
    provider.queue(say("Hoo, hoo."))

    answer = await create(client, instructions="Be an owl.")

    assert ("completed", "Hoo, hoo.", "Be an owl.") == (answer.status, answer.output_text, answer.instructions)
    read = tokens.prompt_tokens([{"role": "system", "content": "Be an owl."}, user("Who?")])
    assert (read, tokens.count("Hoo, hoo.")) == (answer.usage.input_tokens, answer.usage.output_tokens)
    (bill,) = provider.books.invoice
    assert ("responses", answer.usage.total_tokens) == (bill.route, bill.total)


async def test_a_stream_tells_of_every_step(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Named events in OpenAI's order, counted without a gap."""
    provider.queue(say("Hoo, hoo."))

    events = await listen(client)

    names = [event.type for event in events]
    assert [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * tokens.count("Hoo, hoo."),
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ] == names
    assert list(range(len(events))) == [event.sequence_number for event in events]
    assert "Hoo, hoo." == events[-1].response.output_text
    assert tokens.count("Hoo, hoo.") == events[-1].response.usage.output_tokens


async def test_the_sdk_puts_a_stream_together(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Thoughts, words and a call: its own helper follows every event."""
    pieces = (*paced("Hm.", thought=True), *paced("I look. 🦉"), *calling("look", ARGUMENTS))
    provider.queue(Script(pieces, Ending.TOOLS, wire=Wire(line_end="\r\n", split=7)))

    async with client.responses.stream(model="parley-demo", input="?", tools=[LOOK]) as stream:  # type: ignore[list-item]
        answer: Any = await stream.get_final_response()

    thought, text, call = answer.output
    assert ("reasoning", "message", "function_call") == (thought.type, text.type, call.type)
    assert ("I look. 🦉", "look", ARGUMENTS) == (answer.output_text, call.name, call.arguments)
    assert tokens.count("Hm.") == answer.usage.output_tokens_details.reasoning_tokens


async def test_the_line_names_the_event(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Readers of server-sent events other than the SDK go by this line; there is no [DONE]."""
    provider.queue(say("Hoo."))

    raw = await client.responses.with_raw_response.create(model="parley-demo", input="?", stream=True)
    text = (await raw.http_response.aread()).decode()

    assert text.startswith('event: response.created\ndata: {"type":"response.created",')
    assert "[DONE]" not in text


@pytest.mark.parametrize("stream", [True, False])
async def test_a_limit_makes_a_response_incomplete(provider: OpenAI, client: AsyncOpenAI, stream: bool) -> None:
    """Told by status and reason; there is no finish_reason."""
    provider.queue(say(" owl" * 40))

    if stream:
        events = await listen(client, max_output_tokens=16)
        assert "response.incomplete" == events[-1].type
        answer = events[-1].response
    else:
        answer = await create(client, max_output_tokens=16)

    assert ("incomplete", "max_output_tokens") == (answer.status, answer.incomplete_details.reason)
    assert (" owl" * 16, 16) == (answer.output_text, answer.usage.output_tokens)


async def test_a_response_without_words_is_a_message_all_the_same(provider: OpenAI, client: AsyncOpenAI) -> None:
    """It happens: completed, and not a word."""
    provider.queue(Script())

    answer = await create(client)

    assert [("message", "completed")] == [(item.type, item.status) for item in answer.output]
    assert "" == answer.output_text


async def test_a_conversation_goes_on(provider: OpenAI, client: AsyncOpenAI) -> None:
    """What was said is read again, and paid for again; instructions are not."""
    provider.queue(say("An owl."), say("At night."))

    first = await create(client, "Who hoots?", instructions="Be brief.")
    events = await listen(client, "When?", previous_response_id=first.id)

    second = events[-1].response
    assert first.id == second.previous_response_id
    talk = [user("Who hoots?"), {"role": "assistant", "content": [{"type": "text", "text": "An owl."}]}, user("When?")]
    assert tokens.prompt_tokens(talk) == second.usage.input_tokens


async def test_a_streamed_response_can_be_gone_on_from(client: AsyncOpenAI) -> None:
    """From the moment that its last event is there, and from a conversation, too."""
    first = (await listen(client, "My name is Ada."))[-1].response
    second = (await listen(client, "joke", previous_response_id=first.id))[-1].response
    third = await create(client, "What is my name?", previous_response_id=second.id)

    assert "Ada" in third.output_text


async def test_a_response_is_read_again_until_it_is_deleted(client: AsyncOpenAI) -> None:
    """Then nothing is left of it, and nobody can go on from it."""
    answer = await create(client, "joke", metadata={"a": "b"})

    assert answer.to_dict() == (await client.responses.retrieve(answer.id)).to_dict()
    await client.responses.delete(answer.id)
    with pytest.raises(openai.NotFoundError, match=f"Response with id '{answer.id}' not found"):
        await client.responses.retrieve(answer.id)
    with pytest.raises(openai.NotFoundError):
        await client.responses.delete(answer.id)
    with pytest.raises(openai.BadRequestError) as caught:
        await create(client, previous_response_id=answer.id)
    assert ("previous_response_not_found", "previous_response_id") == (caught.value.code, caught.value.param)


async def test_what_is_not_to_be_stored_is_gone(client: AsyncOpenAI) -> None:
    """Whoever says store=False wants no copy left."""
    answer = await create(client, "joke", store=False)

    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(answer.id)


async def test_what_a_function_found_goes_back(provider: OpenAI, client: AsyncOpenAI) -> None:
    """By the id of the call; the call itself was stored."""
    provider.queue(use("look", ARGUMENTS), say("Asleep."))

    first = await create(client, tools=[LOOK])
    (call,) = first.output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "asleep"}
    second = await create(client, [result], previous_response_id=first.id, tools=[LOOK])

    assert "Asleep." == second.output_text


async def test_input_items_of_every_kind_are_taken(client: AsyncOpenAI) -> None:
    """Strict is not the same as narrow: all that is well formed passes."""
    items: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "Look."}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "an owl"}]},
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "An owl.", "annotations": [], "logprobs": []}],
        },
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "And this table?"},
                {"type": "input_image", "image_url": "https://example.org/table.png", "detail": "auto"},
            ],
        },
    ]

    assert "Tyto alba" in (await create(client, items)).output_text


async def test_trouble_inside_a_stream_is_an_event(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Another trap: the SDK raises nothing, one has to look for it."""
    provider.queue(Script(paced("Hoo."), Ending.ERROR, error=errors.rate_limited(2)))

    events = await listen(client)

    assert ("error", "rate_limit_exceeded") == (events[-1].type, events[-1].code)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_cut_connection_is_a_connection_error(provider: OpenAI, client: AsyncOpenAI, stream: bool) -> None:
    """The same endings as everywhere."""
    provider.queue(say("Hoo.", Ending.CUT))

    with pytest.raises(openai.APIConnectionError):
        await (listen(client) if stream else create(client))


def _items(*items: Any) -> dict[str, Any]:
    return {"input": list(items)}


BAD: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "no input": ({"input": None}, "input", "invalid_type"),
    "no items": (_items(), "input", "empty_array"),
    "an item as text": (_items("hello"), "input[0]", "invalid_type"),
    "an unknown item": (_items({"type": "owl"}), "input[0].type", "invalid_value"),
    "no role": (_items({"content": "hello"}), "input[0].role", "missing_required_parameter"),
    "an unknown role": (_items({"role": "owl", "content": ""}), "input[0].role", "invalid_value"),
    "a part of a chat completion": (
        _items({"role": "user", "content": [{"type": "text", "text": ""}]}),
        "input[0].content[0].type",
        "invalid_value",
    ),
    "a result without a call": (
        _items({"type": "function_call_output", "call_id": "c1", "output": ""}),
        "input",
        None,
    ),
    "a call without a result": (
        _items({"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}),
        "input",
        None,
    ),
    "too few tokens": ({"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
    "stream options alone": ({"stream_options": {}}, "stream_options", None),
    "a tool of a chat completion": (
        {"tools": [{"type": "function", "function": {"name": "look"}}]},
        "tools[0].name",
        "missing_required_parameter",
    ),
    "a choice that is not offered": (
        {"tools": [LOOK], "tool_choice": {"type": "function", "name": "hear"}},
        "tool_choice",
        None,
    ),
    "required, but nothing offered": ({"tool_choice": "required"}, "tool_choice", None),
    "messages": ({"messages": []}, "messages", "unknown_parameter"),
    "what the models cannot do": ({"background": True}, "background", "unsupported_parameter"),
    "json that nobody asked for": ({"text": {"format": {"type": "json_object"}}}, "input", None),
}


@pytest.mark.parametrize(("options", "param", "code"), BAD.values(), ids=BAD.keys())
async def test_a_bad_request_is_refused(
    client: AsyncOpenAI, options: dict[str, Any], param: str, code: str | None
) -> None:
    """What slips through here would fail at OpenAI."""
    body = {"model": "parley-demo", "input": "hello", **options}

    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/responses", body=body, cast_to=object)

    assert (param, code) == (caught.value.param, caught.value.code)


async def test_too_long_an_input_is_refused(client: AsyncOpenAI) -> None:
    """With the code that chat completions have, too."""
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="parley-demo-mini", input=" owl" * 20_000)

    assert "context_length_exceeded" == caught.value.code
