"""What of OpenAI's API is offered, and how it is described."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.http import calls
from adapters.http.asked import Asked
from adapters.http.forms import FORM, Form
from bot.catalogue import Ability, ModelSpec
from bot.keyring import KeyScope
from bot.window import Count

Read = Callable[[dict[str, Any], ModelSpec, Count], Asked]
ReadForm = Callable[[Form, ModelSpec, Count], Asked]


@dataclass(frozen=True, slots=True)
class Route:
    """
    One of OpenAI's routes.

    Args:
        path: Below the prefix, ours and the provider's.
        scope: What a key must be for, beside programs.
        says: What it does, for the documentation.
        example: A request, for the documentation.
        read: Looks a request through that is JSON, `form` one that is a form.
        pictures: The field in whose messages there may be pictures.
    """

    path: str
    ability: Ability
    scope: KeyScope
    says: str
    example: Mapping[str, Any]
    read: Read | None = None
    form: ReadForm | None = None
    pictures: str = ""


ROUTES: Sequence[Route] = (
    Route(
        "chat/completions",
        Ability.CHAT,
        KeyScope.CHAT,
        "Have a model answer a chat: whole or as events.",
        {"model": "gpt", "messages": [{"role": "user", "content": "Hello!"}], "stream": False},
        calls.chat,
        pictures="messages",
    ),
    Route(
        "responses",
        Ability.CHAT,
        KeyScope.CHAT,
        "The same in OpenAI's newer format; a response can be continued.",
        {"model": "gpt", "input": "Hello!"},
        calls.responses,
        pictures="input",
    ),
    Route(
        "embeddings",
        Ability.EMBEDDINGS,
        KeyScope.CHAT,
        "Turn texts into vectors.",
        {"model": "embed", "input": "Hello!"},
        calls.embeddings,
    ),
    Route(
        "images/generations",
        Ability.IMAGES,
        KeyScope.IMAGES,
        "Have pictures made. With `callback_url` the result is posted to it.",
        {"model": "art", "prompt": "An owl"},
        calls.pictures,
    ),
    Route(
        "images/edits",
        Ability.IMAGES,
        KeyScope.IMAGES,
        "Have a picture changed.",
        {"model": "art", "prompt": "An owl", "image": "(a file)"},
        form=calls.edited,
    ),
    Route(
        "audio/speech",
        Ability.SPEECH,
        KeyScope.AUDIO,
        "Have a text read aloud.",
        {"model": "voice", "input": "Hello!", "voice": "alloy"},
        calls.speech,
    ),
    Route(
        "audio/transcriptions",
        Ability.TRANSCRIPTION,
        KeyScope.AUDIO,
        "Have a recording written down.",
        {"model": "ear", "file": "(a file)"},
        form=calls.transcribed,
    ),
)


def documented(route: Route) -> dict[str, Any]:
    """What the documentation says of a route, beside its name."""
    schema = {"type": "object", "required": ["model"], "additionalProperties": True, "example": dict(route.example)}
    type = FORM if route.form else "application/json"
    return {"requestBody": {"required": True, "content": {type: {"schema": schema}}}}
