"""What a model is given to read: that it is what we can price, and how many tokens it has."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import to_json

from adapters.http.refusals import Rejected
from bot.catalogue import ModelSpec
from bot.window import Count

PICTURE = 8_500
"""
Tokens of a picture that a model looks at: those of one square with gpt-4o-mini, which counts them dearest. Others take
less of what is held; a large picture there takes more.

Source: platform.openai.com/docs/guides/images-vision#calculating-costs
"""

LONGEST_TOKEN = 16
"""Characters of a token, more than in any language: with more of them than a context has, nothing is counted."""

CALLED = ("function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning")
"""Items of a response's input that are no messages."""

TEXTS = ("text", "input_text", "output_text", "refusal", "summary_text", "reasoning_text")

PICTURES = {"messages": "image_url", "input": "input_image"}
"""The part of a message that is a picture, by the field. What other parts cost, nobody knows before."""


def bounded(count: Count, spec: ModelSpec) -> Count:
    """How to count the tokens of one request: what cannot be for that model is not counted. Raises Rejected."""
    left = spec.context * LONGEST_TOKEN

    def counted(text: str) -> int:
        nonlocal left
        left -= len(text)
        if left < 0:
            raise Rejected(
                f"That is more than this model takes: {spec.context:,} tokens.", 400, "context_length_exceeded"
            )
        return count(text)

    return counted


def message_tokens(message: object, count: Count) -> int:
    """Tokens of a message of a chat. Raises Rejected."""
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise Rejected("Each of `messages` must have a role.", param="messages")
    content = message.get("content")
    beside = {name: value for name, value in message.items() if name not in ("role", "content") and value}
    size = count(_json(beside)) if beside else 0
    return size + (0 if content is None else _content(content, count, "messages"))


def item_tokens(item: object, count: Count) -> int:
    """Tokens of an item of a response's input. Raises Rejected."""
    if not isinstance(item, dict):
        raise Rejected("Each item of `input` must be an object.", param="input")
    if "content" in item and item.get("type", "message") == "message":
        return _content(item["content"], count, "input")
    if item.get("type") in CALLED:
        output = item.get("output")
        beside = {name: value for name, value in item.items() if name != "output"}
        return count(_json(beside)) + (0 if output is None else _content(output, count, "input"))
    raise Rejected("That kind of item is not taken here.", param="input")


def _content(content: object, count: Count, param: str) -> int:
    """Tokens of a text, or of parts. Raises Rejected."""
    if isinstance(content, str):
        return count(content)
    if not isinstance(content, list):
        raise Rejected("A message's content must be a text, or a list of parts.", param=param)
    return sum(_part(part, count, param) for part in content)


def _part(part: object, count: Count, param: str) -> int:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(part, dict) and kind in TEXTS:
        text = part.get("text", part.get("refusal"))
        return count(text) if isinstance(text, str) else 0
    if isinstance(part, dict) and kind == PICTURES.get(param):
        _check_picture(part, param)
        return PICTURE
    raise Rejected(f"Parts of type {str(kind)[:40]!r} are not taken here: texts and pictures are.", param=param)


def _check_picture(part: Mapping[str, Any], param: str) -> None:
    """Raise Rejected for a picture that is named in any other way than by its address, or by itself."""
    given = part.get("image_url")
    address = given.get("url") if param == "messages" and isinstance(given, dict) else given
    if (param == "messages") != isinstance(given, dict) or not isinstance(address, str) or part.get("file_id"):
        raise Rejected("A picture must come as `image_url`, in the shape of this route.", param=param)


def rules_tokens(fields: Mapping[str, Any], names: Iterable[str], count: Count) -> int:
    """Tokens of what goes along with the messages."""
    given = [fields[name] for name in names if fields.get(name)]
    return sum(count(_json(each)) for each in given)


def embedded_tokens(given: object, count: Count) -> int | None:
    """Tokens of what is to be embedded; None for what cannot be."""
    if isinstance(given, str):
        return count(given)
    if not isinstance(given, list) or not given:
        return None
    if all(isinstance(each, int) for each in given):
        return len(given)
    sizes = [embedded_tokens(each, count) if isinstance(each, (str, list)) else None for each in given]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


def _json(value: object) -> str:
    return to_json(value).decode()
