"""A request that passed every check."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.openai import routes


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation that came along. A picture or a file leaves no text."""

    role: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What is to be answered. Where there is no conversation, as for a picture, its one message is the prompt.

    Args:
        most: How many tokens the answer may have.
        prompt_tokens: What is read costs so much.
        body: The request as it came; of a form, its fields.
        route: Under the name that faults know, too.
    """

    model: str
    messages: tuple[Said, ...]
    stream: bool
    include_usage: bool
    choices: int
    most: int
    stops: tuple[str, ...]
    prompt_tokens: int
    body: Mapping[str, Any]
    route: str = routes.CHAT

    @property
    def text(self) -> str:
        """What the user said last; "" when nobody said anything."""
        return next(reversed(self.lines("user")), "")

    def lines(self, role: str) -> list[str]:
        """Everything that one side said, oldest first."""
        return [said.text for said in self.messages if said.role == role]


UNLIMITED = sys.maxsize
"""Tokens, where an answer is not made of them."""


def prompted(route: str, model: str, prompt: str, prompt_tokens: int, body: Mapping[str, Any]) -> Asked:
    """A request of a prompt alone, to be answered at once."""
    return Asked(
        model=model,
        messages=(Said("user", prompt),),
        stream=False,
        include_usage=False,
        choices=1,
        most=UNLIMITED,
        stops=(),
        prompt_tokens=prompt_tokens,
        body=body,
        route=route,
    )


def said(message: Mapping[str, Any]) -> Said:
    return Said(message["role"], text_of(message.get("content")), message.get("name") or "")


def text_of(content: str | Sequence[Mapping[str, Any]] | None) -> str:
    """The text of a message, whether it came whole or in parts."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part["text"] for part in content if part["type"] == "text")
