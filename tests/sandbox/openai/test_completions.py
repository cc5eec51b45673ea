"""Answers that end well, streamed and whole."""

from typing import Any

import pytest
from openai import AsyncOpenAI

from sandbox.openai import tokens
from sandbox.openai.script import Ending, Script, limited, paced, say, steady
from sandbox.openai.server import OpenAI
from tests.sandbox.openai.listen import listen, user, whole


async def test_a_stream_says_what_the_script_says(provider: OpenAI, client: AsyncOpenAI) -> None:
    """A token at a time, in order, with the reason at the end: what every adapter relies on."""
    provider.queue(say("The owl hears the mouse."))

    heard = await listen(client)

    assert ["The", " owl", " hears", " the", " mouse", "."] == heard.deltas
    assert "stop" == heard.reason


async def test_a_stream_ends_with_its_tokens(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Bills are settled from this chunk, so it must add up."""
    provider.queue(say("The owl hears the mouse."))

    usage = (await listen(client, "Who hears?")).usage

    assert usage is not None
    assert 6 == usage.completion_tokens
    assert tokens.prompt_tokens([user("Who hears?")]) == usage.prompt_tokens
    assert usage.prompt_tokens + 6 == usage.total_tokens


async def test_tokens_are_told_only_when_asked_for(provider: OpenAI, client: AsyncOpenAI) -> None:
    """An adapter that forgets include_usage must find out here."""
    provider.queue(say("One."))

    stream = await client.chat.completions.create(
        model="parley-demo", messages=[{"role": "user", "content": "?"}], stream=True
    )
    chunks = [chunk async for chunk in stream]

    assert [None] * len(chunks) == [chunk.usage for chunk in chunks]
    assert "assistant" == chunks[0].choices[0].delta.role
    assert "stop" == chunks[-1].choices[0].finish_reason
    assert 1 == len({chunk.id for chunk in chunks})


async def test_a_provider_may_keep_its_tokens_to_itself(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Some compatible servers ignore include_usage; then we must count ourselves."""
    provider.queue(Script(paced("One."), usage=False))

    heard = await listen(client)

    assert ("One.", None) == (heard.text, heard.usage)


async def test_an_answer_can_come_whole(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Without stream=True, one body with text, reason and tokens."""
    provider.queue(say("Whole."))

    answer = await whole(client)

    assert ("Whole.", "stop") == (answer.choices[0].message.content, answer.choices[0].finish_reason)
    assert answer.usage is not None
    assert 2 == answer.usage.completion_tokens


@pytest.mark.parametrize("ending", [Ending.LENGTH, Ending.FILTER])
@pytest.mark.parametrize("stream", [True, False])
async def test_the_reason_is_told(provider: OpenAI, client: AsyncOpenAI, ending: Ending, stream: bool) -> None:
    """Each reason has its own words in a chat."""
    provider.queue(say("Some", ending))

    if stream:
        assert ending == (await listen(client)).reason
    else:
        answer = await whole(client)
        assert ending == answer.choices[0].finish_reason


async def test_an_empty_answer_ends_well(provider: OpenAI, client: AsyncOpenAI) -> None:
    """It happens: stop, and not a word."""
    provider.queue(Script())

    heard = await listen(client)

    assert ("", "stop") == (heard.text, heard.reason)


@pytest.mark.parametrize("stream", [True, False])
async def test_thoughts_are_apart_from_the_answer(provider: OpenAI, client: AsyncOpenAI, stream: bool) -> None:
    """Reasoning models of other makers send them in a field of their own, and they are paid for."""
    provider.queue(Script((*paced("Hm, owls.", thought=True), *paced("Owls."))))

    if stream:
        heard = await listen(client)
        thought, text, usage = heard.thought, heard.text, heard.usage
    else:
        answer = await whole(client)
        message = answer.choices[0].message
        thought, text, usage = (message.model_extra or {})["reasoning_content"], message.content or "", answer.usage

    assert ("Hm, owls.", "Owls.") == (thought, text)
    assert usage is not None
    assert usage.completion_tokens_details is not None
    reasoning = tokens.count("Hm, owls.")
    assert reasoning == usage.completion_tokens_details.reasoning_tokens
    assert reasoning + tokens.count("Owls.") == usage.completion_tokens


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_a_limit_of_tokens_ends_the_answer(provider: OpenAI, client: AsyncOpenAI, name: str) -> None:
    """The reservation of a quota is a limit on tokens; the provider keeps to it exactly."""
    provider.queue(say("one two three four five"))

    heard = await listen(client, **{name: 3})

    assert ("one two three", "length") == (heard.text, heard.reason)
    assert heard.usage is not None
    assert 3 == heard.usage.completion_tokens


@pytest.mark.parametrize("stop", [" three", [" four", "hree"]])
async def test_a_stop_ends_the_answer_before_it(provider: OpenAI, client: AsyncOpenAI, stop: Any) -> None:
    """The stop itself is not said, even when it begins inside a token."""
    provider.queue(say("one two three four five"))

    heard = await listen(client, stop=stop)

    assert "one two three four five".split(" three" if isinstance(stop, str) else "hree")[0] == heard.text
    assert "stop" == heard.reason


async def test_several_choices_are_given_and_paid_for(provider: OpenAI, client: AsyncOpenAI) -> None:
    """n=2 says everything twice, under two indexes."""
    provider.queue(say("Hoo."))

    answer = await whole(client, n=2)

    assert [(0, "Hoo."), (1, "Hoo.")] == [(choice.index, choice.message.content) for choice in answer.choices]
    assert answer.usage is not None
    assert 2 * tokens.count("Hoo.") == answer.usage.completion_tokens


def test_a_script_for_measuring_has_as_many_tokens_as_it_says() -> None:
    """Benchmarks compare tokens told with tokens sent."""
    script = steady(200, 2.0)

    assert 200 == sum(piece.cost for piece in script.pieces)
    assert 2.0 == pytest.approx(script.seconds)


def test_a_piece_of_several_tokens_is_cut_inside() -> None:
    """A limit counts tokens, however the script is divided."""
    assert "one two" == limited(say("one two three"), 2, ()).text
