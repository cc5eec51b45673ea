"""Ask with the real SDK, and keep all that was heard."""

from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion


@dataclass(slots=True)
class Heard:
    """A streamed answer. `deltas` are the texts as they came, the empty one of the role left out."""

    deltas: list[str]
    thought: str = ""
    reason: str | None = None
    usage: CompletionUsage | None = None

    @property
    def text(self) -> str:
        return "".join(self.deltas)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _written(messages: tuple[Any, ...]) -> list[Any]:
    return [user(one) if isinstance(one, str) else one for one in messages or ("hello",)]


async def whole(client: AsyncOpenAI, *messages: Any, model: str = "parley-demo", **options: Any) -> ChatCompletion:
    """The same without a stream."""
    answer: ChatCompletion = await client.chat.completions.create(
        model=model, messages=_written(messages), stream=False, **options
    )
    return answer


async def listen(client: AsyncOpenAI, *messages: Any, **options: Any) -> Heard:
    """Stream an answer to the messages, or to "hello" when there are none."""
    heard = Heard([])
    await listen_into(heard, client, *messages, **options)
    return heard


async def listen_into(heard: Heard, client: AsyncOpenAI, *messages: Any, **options: Any) -> None:
    """Like `listen`; what came before an error stays in `heard`."""
    stream = await client.chat.completions.create(
        model="parley-demo",
        messages=_written(messages),
        stream=True,
        stream_options={"include_usage": True},
        **options,
    )
    async for chunk in stream:
        heard.usage = chunk.usage or heard.usage
        for choice in chunk.choices:
            heard.deltas += [choice.delta.content] if choice.delta.content else []
            heard.thought += (choice.delta.model_extra or {}).get("reasoning_content", "")
            heard.reason = choice.finish_reason or heard.reason
