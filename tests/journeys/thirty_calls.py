"""Thirty calls as programs make them, with OpenAI's own client, and what comes of each."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import openai
from openai import AsyncOpenAI

from sandbox.openai.script import say, use
from sandbox.openai.server import OpenAI
from sandbox.openai.sounds import wav

QUESTION: list[Any] = [{"role": "user", "content": "What do owls eat?"}]

WORDS = "Owls eat mice, and **some** eat fish. 🦉"

OWL = (
    "data:image/png;base64,"
    + base64.b64encode(
        base64.b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
    ).decode()
)

WEATHER: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather",
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
        },
    }
]

CALLED: list[Any] = [
    *QUESTION,
    {
        "role": "assistant",
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
]

CHAT, MINI, EMBEDDING = "parley-demo", "parley-demo-mini", "parley-demo-embedding"
PICTURE, SPEECH, EAR = "parley-demo-picture", "parley-demo-speech", "parley-demo-transcription"

NEVER_ALIKE = (
    *("id", "call_id", "item_id", "previous_response_id", "system_fingerprint", "obfuscation"),
    *("created", "created_at", "completed_at"),
)
"""Fields that are different in each answer."""

OURS = ("max_output_tokens",)
"""A field in which a response repeats what it was asked: we name a limit where a program does not."""

Call = Callable[[], Awaitable[Any]]


async def thirty_calls(provider: OpenAI, client: AsyncOpenAI) -> list[Any]:
    """Make them one after the other. Returns what came of each: plain values, or the class and code of an error."""
    provider.otherwise(say(WORDS))
    return [await _outcome(call) for call in _calls(provider, client)]


def _calls(provider: OpenAI, client: AsyncOpenAI) -> list[Call]:
    chat, responses = client.chat.completions.create, client.responses.create

    def ask(**options: Any) -> Call:
        return lambda: chat(**{"model": CHAT, "messages": QUESTION, **options})

    def respond(**options: Any) -> Call:
        return lambda: responses(**{"model": CHAT, "input": "What do owls eat?", **options})

    def with_tools(**options: Any) -> Call:
        async def call() -> Any:
            provider.queue(use("weather", '{"place": "Oslo"}'))
            return await chat(**{"model": CHAT, "messages": QUESTION, "tools": WEATHER, **options})

        return call

    async def continued() -> Any:
        first = await responses(model=CHAT, input="My name is Ada.")
        return await responses(model=CHAT, input="And now?", previous_response_id=first.id)

    async def spoken() -> Any:
        return (
            await client.audio.speech.create(model=SPEECH, voice="alloy", input="Hoo.", response_format="wav")
        ).content

    def heard(**options: Any) -> Call:
        file = ("hoo.wav", wav(2.5), "audio/wav")
        return lambda: client.audio.transcriptions.create(model=EAR, file=file, **options)

    edit = client.images.edit
    png = ("owl.png", base64.b64decode(OWL.partition(",")[2]), "image/png")
    wrong = client.with_options(api_key="sk-wrong", max_retries=0)
    return [
        ask(),
        ask(model=MINI, temperature=0.5, seed=7, user="ada", metadata={"a": "b"}),
        ask(max_tokens=3),
        ask(max_completion_tokens=4),
        ask(n=2),
        ask(stop=["mice"]),
        ask(response_format={"type": "text"}),
        ask(logprobs=True, top_logprobs=2),
        ask(messages=[{"role": "system", "content": "Be brief."}, *QUESTION]),
        ask(messages=[{"role": "user", "content": [{"type": "text", "text": "This?"}, _image(OWL)]}]),
        with_tools(),
        ask(messages=CALLED, tools=WEATHER),
        ask(stream=True),
        ask(stream=True, stream_options={"include_usage": True}),
        ask(stream=True, n=2, max_tokens=5),
        with_tools(stream=True),
        respond(),
        respond(instructions="Be brief.", max_output_tokens=16),
        respond(stream=True),
        continued,
        lambda: client.embeddings.create(model=EMBEDDING, input="An owl"),
        lambda: client.embeddings.create(model=EMBEDDING, input=["a", "b"], encoding_format="float", dimensions=8),
        lambda: client.images.generate(model=PICTURE, prompt="An owl", n=2, size="1024x1024"),
        lambda: edit(model=PICTURE, image=png, prompt="A hat on it"),
        spoken,
        heard(),
        heard(response_format="verbose_json"),
        ask(temperature=9),
        ask(model="no-such-model"),
        lambda: wrong.chat.completions.create(model=CHAT, messages=QUESTION),
    ]


def _image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


async def _outcome(call: Call) -> Any:
    try:
        result = await call()
    except openai.APIStatusError as error:
        return type(error).__name__, error.status_code, error.code
    if isinstance(result, (bytes, str)):
        return result
    if isinstance(result, AsyncIterator) or hasattr(result, "__aiter__"):
        return [_alike(event.model_dump()) async for event in result]
    return _alike(result.model_dump())


def _alike(value: Any) -> Any:
    """Without what is different each time."""
    if isinstance(value, dict):
        return {name: _alike(inner) for name, inner in value.items() if name not in (*NEVER_ALIKE, *OURS)}
    return [_alike(inner) for inner in value] if isinstance(value, list) else value
