"""What a model said, in whatever it was told: counted where a provider does not say what it took."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

SAID = ("content", "arguments", "text", "delta", "reasoning_content", "refusal")
"""The fields of an answer, or of a piece of one, in which a model's words stand."""


def words_in(said: Iterable[Mapping[str, Any]]) -> str:
    """All that is said in an answer, or in the events of one."""
    return "".join(text for each in said if _is_new(each) for text in _words(each))


def _is_new(said: Mapping[str, Any]) -> bool:
    """Whether an event says something that others do not say again; a response's events tell each text thrice."""
    kind = said.get("type")
    return not isinstance(kind, str) or kind.endswith(".delta")


def _words(value: Any, name: str = "") -> Iterator[str]:
    """What a model said, in an answer or in a piece of one."""
    if isinstance(value, str):
        if name in SAID:
            yield value
    elif isinstance(value, dict):
        for field, inner in value.items():
            yield from _words(inner, field)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner, name)
