"""
The items of a response's input: whether they are well formed, and what they are as messages of a chat.

Source: platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.openai import fields, tools
from sandbox.openai.errors import ApiError, bad_request
from sandbox.openai.messages import check_picture_url

Message = Mapping[str, Any]
"""One message as a chat completion has it."""

_PARTS = {
    "user": ("input_text", "input_image", "input_file"),
    "system": ("input_text", "input_image", "input_file"),
    "developer": ("input_text", "input_image", "input_file"),
    "assistant": ("output_text", "refusal"),
}

_TEXTS = {"input_text": "text", "output_text": "text", "refusal": "refusal"}
"""A part that is text, and its field that has it."""

_role = fields.choice(*_PARTS)


def check_input(path: str, value: Any) -> None:
    if isinstance(value, str):
        return
    if not isinstance(value, list):
        raise fields.wrong_type(path, "one of a string or array of input items", value)
    fields.array(path, value, of="input items")
    for index, item in enumerate(value):
        _check_item(f"{path}[{index}]", item)


def _check_item(path: str, item: Any) -> None:
    fields.mapping(path, item)
    kind = item.get("type", "message")
    fields.choice(*_ITEMS)(f"{path}.type", kind)
    _ITEMS[kind](path, item)


def _check_message(path: str, item: dict[str, Any]) -> None:
    fields.present(item, path, ["role", "content"])
    _role(f"{path}.role", item["role"])
    content = item["content"]
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise fields.wrong_type(f"{path}.content", "one of an array of objects or string", content)
    kind = fields.choice(*_PARTS[item["role"]])
    for index, part in enumerate(content):
        here = f"{path}.content[{index}]"
        fields.mapping(here, part)
        fields.present(part, here, ["type"])
        kind(f"{here}.type", part["type"])
        _check_part(here, part)


def _check_part(path: str, part: dict[str, Any]) -> None:
    name = _TEXTS.get(part["type"])
    if name is not None:
        fields.present(part, path, [name])
        fields.string(f"{path}.{name}", part[name])
    elif part["type"] == "input_image" and part.get("file_id") is None:
        fields.present(part, path, ["image_url"])
        check_picture_url(f"{path}.image_url", part["image_url"])


def _check_call(path: str, item: dict[str, Any]) -> None:
    fields.present(item, path, ["call_id", "name", "arguments"])
    for name in ("call_id", "arguments"):
        fields.string(f"{path}.{name}", item[name])
    tools.check_name(f"{path}.name", item["name"])


def _check_result(path: str, item: dict[str, Any]) -> None:
    fields.present(item, path, ["call_id", "output"])
    fields.string(f"{path}.call_id", item["call_id"])
    if not isinstance(item["output"], str):
        _check_message(path, {"role": "user", "content": item["output"]})


def _check_thought(path: str, item: dict[str, Any]) -> None:
    fields.present(item, path, ["id", "summary"])


_ITEMS: Mapping[str, Callable[[str, dict[str, Any]], None]] = {
    "message": _check_message,
    "function_call": _check_call,
    "function_call_output": _check_result,
    "reasoning": _check_thought,
}


def messages(value: str | Sequence[Mapping[str, Any]]) -> list[Message]:
    """A well-formed input as messages. Thoughts are left out: they are not read again."""
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    return [_message(item) for item in value if item.get("type") != "reasoning"]


def _message(item: Mapping[str, Any]) -> Message:
    match item.get("type", "message"):
        case "function_call":
            function = {"name": item["name"], "arguments": item["arguments"]}
            call = {"id": item["call_id"], "type": "function", "function": function}
            return {"role": "assistant", "content": None, "tool_calls": [call]}
        case "function_call_output":
            return {"role": "tool", "content": _content(item["output"]), "tool_call_id": item["call_id"]}
    return {"role": item["role"], "content": _content(item["content"])}


def _content(content: str | Sequence[Mapping[str, Any]]) -> str | list[Mapping[str, Any]]:
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    name = _TEXTS.get(part["type"])
    return {"type": "text", "text": part[name]} if name else {"type": part["type"]}


def check_calls(talk: Sequence[Message]) -> None:
    """
    Every call of a function has its output, and every output its call, in whatever order the outputs come.

    Raises:
        ApiError: One is missing.
    """
    called: list[str] = [call["id"] for message in talk for call in message.get("tool_calls", ())]
    given: list[str] = [message["tool_call_id"] for message in talk if message["role"] == "tool"]
    for call in given:
        if call not in called:
            raise ApiError(bad_request(f"No tool call found for function call output with call_id {call}.", "input"))
    for call in called:
        if call not in given:
            raise ApiError(bad_request(f"No tool output found for function call {call}.", "input"))
