"""
Whether the functions that come with a request are well described, and what the request says about calling them.

A chat completion has a function's fields in a `function` of their own, a response has them in the tool itself.

Source: platform.openai.com/docs/guides/function-calling
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sandbox.openai import fields
from sandbox.openai.errors import ApiError, bad_request

MOST = 128

_kind = fields.choice("function")
_mode = fields.choice("none", "auto", "required")


def check_tools(path: str, value: Any) -> None:
    """Of a chat completion."""
    fields.array(path, value, of="objects", longest=MOST)
    for index, tool in enumerate(value):
        here = f"{path}[{index}]"
        fields.mapping(here, tool)
        fields.present(tool, here, ["type", "function"])
        _kind(f"{here}.type", tool["type"])
        fields.known(tool, here, ["type", "function"])
        _check_function(f"{here}.function", tool["function"])


def check_flat_tools(path: str, value: Any) -> None:
    """Of a response. There, none at all may be written as an empty list."""
    if value == []:
        return
    fields.array(path, value, of="objects", longest=MOST)
    for index, tool in enumerate(value):
        here = f"{path}[{index}]"
        fields.mapping(here, tool)
        fields.present(tool, here, ["type"])
        _kind(f"{here}.type", tool["type"])
        _check_function(here, {name: one for name, one in tool.items() if name != "type"})


def _check_function(path: str, function: Any) -> None:
    fields.mapping(path, function)
    fields.present(function, path, ["name"])
    fields.known(function, path, ["name", "description", "parameters", "strict"])
    check_name(f"{path}.name", function["name"])
    if function.get("description") is not None:
        fields.string(f"{path}.description", function["description"])
    if function.get("strict") is not None:
        fields.boolean(f"{path}.strict", function["strict"])
    if function.get("parameters") is not None:
        _check_parameters(path, function["name"], function["parameters"])


def check_name(path: str, value: Any) -> None:
    fields.pattern(path, value, r"^[a-zA-Z0-9_-]+$")
    fields.text(64)(path, value)


def _check_parameters(path: str, name: str, parameters: Any) -> None:
    """A JSON Schema of an object, or nothing in it."""
    fields.mapping(f"{path}.parameters", parameters)
    kind = parameters.get("type", "object")
    if kind != "object":
        sentence = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        raise ApiError(
            bad_request(
                f"Invalid schema for function '{name}': {sentence}", f"{path}.parameters", "invalid_function_parameters"
            )
        )


def check_choice(path: str, value: Any) -> None:
    """A mode, or the one function that has to be called."""
    if isinstance(value, str):
        _mode(path, value)
        return
    if not isinstance(value, dict):
        raise fields.wrong_type(path, "one of a string or object", value)
    fields.present(value, path, ["type"])
    _kind(f"{path}.type", value["type"])
    function = value.get("function", value)
    inside = f"{path}.function" if "function" in value else path
    fields.mapping(inside, function)
    fields.present(function, inside, ["name"])
    check_name(f"{inside}.name", function["name"])


def names(tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of well-formed tools."""
    return [_named(tool) for tool in tools]


def _named(tool: Mapping[str, Any]) -> str:
    return str(tool.get("function", tool)["name"])


def check_together(body: Mapping[str, Any], offered: Collection[str]) -> None:
    """Of a chat completion: what only makes sense when functions are `offered`."""
    for name in ("tool_choice", "parallel_tool_calls"):
        if body.get(name) is not None and not offered:
            sentence = f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified."
            raise ApiError(bad_request(sentence, name))
    check_chosen(body, offered)


def check_chosen(body: Mapping[str, Any], offered: Collection[str]) -> None:
    """What has to be called must have been offered."""
    choice = body.get("tool_choice")
    if choice == "required" and not offered:
        sentence = "Tool choice 'required' must be specified with 'tools' parameter."
        raise ApiError(bad_request(sentence, "tool_choice"))
    if isinstance(choice, dict) and _named(choice) not in offered:
        raise ApiError(bad_request("Tool choice 'function' not found in 'tools' parameter.", "tool_choice"))


def demanded(body: Mapping[str, Any]) -> str:
    """The function that a well-formed request wants to see called; "" when the model may choose."""
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        return _named(choice)
    return names(body["tools"])[0] if choice == "required" else ""
