"""The models on offer, what each can do, and how the API tells of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.openai import fields
from sandbox.openai.errors import ApiError, no_such_model

CREATED = 1_795_219_200
"""When the demo models came into being: 2026-11-21, as a Unix time in seconds."""


class Skill(StrEnum):
    """What a model is for."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    PICTURES = "pictures"
    SPEECH = "speech"
    TRANSCRIPTION = "transcription"


@dataclass(frozen=True, slots=True)
class Model:
    """
    One model.

    Args:
        context: Its limit in tokens, all in all.
        output: Its limit of one answer, in tokens.
        hears: Whether a chat model takes `input_audio`.
        dimensions: The length of an embedding model's vectors.
        links: Whether a picture model is one like DALL-E 2, which can answer with a link; others are like GPT Image.
    """

    id: str
    context: int = 128_000
    output: int = 16_384
    owner: str = "parley"
    skill: Skill = Skill.CHAT
    hears: bool = False
    dimensions: int = 1536
    links: bool = False

    @property
    def body(self) -> dict[str, Any]:
        return {"id": self.id, "object": "model", "created": CREATED, "owned_by": self.owner}


DEMO = Model("parley-demo")
DEMO_MINI = Model("parley-demo-mini", context=16_384, output=4_096)
DEMO_EMBEDDING = Model("parley-demo-embedding", context=8_192, skill=Skill.EMBEDDINGS)
DEMO_PICTURE = Model("parley-demo-picture", skill=Skill.PICTURES)
DEMO_SKETCH = Model("parley-demo-sketch", skill=Skill.PICTURES, links=True)
DEMO_SPEECH = Model("parley-demo-speech", skill=Skill.SPEECH)
DEMO_TRANSCRIPTION = Model("parley-demo-transcription", skill=Skill.TRANSCRIPTION)

ALL = (DEMO, DEMO_MINI, DEMO_EMBEDDING, DEMO_PICTURE, DEMO_SKETCH, DEMO_SPEECH, DEMO_TRANSCRIPTION)


def listing(models: Iterable[Model]) -> dict[str, Any]:
    return {"object": "list", "data": [model.body for model in models]}


def named(models: Mapping[str, Model], name: str) -> Model:
    """
    The model of that name.

    Raises:
        ApiError: There is none.
    """
    model = models.get(name)
    if model is None:
        raise ApiError(no_such_model(name))
    return model


def skilled(models: Mapping[str, Model], name: str, skill: Skill) -> Model:
    """
    The model of that name.

    Raises:
        ApiError: There is none, or it cannot do that. Chat, responses and embeddings have refusals of their own.
    """
    model = named(models, name)
    if model.skill is not skill:
        fields.choice(*(each.id for each in able(models, skill)))("model", name)
    return model


def able(models: Mapping[str, Model], skill: Skill) -> list[Model]:
    """All that can do it, in the order in which they are listed."""
    return [model for model in models.values() if model.skill is skill]
