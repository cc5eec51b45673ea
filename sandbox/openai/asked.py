"""A request that passed every check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation that came along. A picture or a file leaves no text."""

    role: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What is to be answered.

    `most` is how many tokens the answer may have. `prompt_tokens` is what the messages cost. `body` is the request as
    it came.
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

    @property
    def text(self) -> str:
        """What the user said last; "" when nobody said anything."""
        return next(reversed(self.lines("user")), "")

    def lines(self, role: str) -> list[str]:
        """Everything that one side said, oldest first."""
        return [said.text for said in self.messages if said.role == role]


def said(message: Mapping[str, Any]) -> Said:
    return Said(message["role"], text_of(message.get("content")), message.get("name") or "")


def text_of(content: str | Sequence[Mapping[str, Any]] | None) -> str:
    """The text of a message, whether it came whole or in parts."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part["text"] for part in content if part["type"] == "text")
