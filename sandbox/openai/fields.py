"""
Checks of single fields. Each takes the field's path and its value, and raises `ApiError` as OpenAI words it.

The codes are those of OpenAI's own 400s: invalid_type, decimal_above_max_value, empty_array and so on.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sandbox.openai.errors import ApiError, bad_request

Check = Callable[[str, Any], None]

_KINDS = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def wrong_type(path: str, expected: str, value: Any) -> ApiError:
    got = _KINDS.get(type(value), "null")
    sentence = f"Invalid type for '{path}': expected {expected}, but got {got} instead."
    return ApiError(bad_request(sentence, path, "invalid_type"))


def string(path: str, value: Any) -> None:
    if not isinstance(value, str):
        raise wrong_type(path, "a string", value)


def boolean(path: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise wrong_type(path, "a boolean", value)


def mapping(path: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise wrong_type(path, "an object", value)


def text(longest: int, shortest: int = 0) -> Check:
    """A string of that many characters."""

    def check(path: str, value: Any) -> None:
        string(path, value)
        for wrong, word, side, limit in (
            (len(value) > longest, "long", "maximum", longest),
            (len(value) < shortest, "short", "minimum", shortest),
        ):
            if wrong:
                raise _wrong_length(path, value, word, side, limit)

    return check


def _wrong_length(path: str, value: str, word: str, end: str, limit: int) -> ApiError:
    side = "above" if end == "maximum" else "below"
    sentence = f"Expected a string with {end} length {limit}, but got a string with length {len(value)} instead."
    code = f"string_{side}_{end[:3]}_length"
    return ApiError(bad_request(f"Invalid '{path}': string too {word}. {sentence}", path, code))


def metadata(path: str, value: Any) -> None:
    """Up to 16 short notes (platform.openai.com/docs/api-reference/chat/create#chat-create-metadata)."""
    mapping(path, value)
    if len(value) > 16:
        sentence = f"Expected an object with at most 16 properties, but got an object with {len(value)} instead."
        raise ApiError(
            bad_request(f"Invalid '{path}': too many properties. {sentence}", path, "object_above_max_properties")
        )
    for name, note in value.items():
        text(64)(path, name)
        text(512)(f"{path}.{name}", note)


def integer(low: int | None = None, high: int | None = None) -> Check:
    def check(path: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(path, "an integer", value)
        _within(path, value, low, high, "integer")

    return check


def number(low: float, high: float) -> Check:
    def check(path: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(path, "a decimal", value)
        _within(path, value, low, high, "decimal")

    return check


def _within(path: str, value: float, low: float | None, high: float | None, kind: str) -> None:
    if low is not None and value < low:
        raise _out_of_range(path, value, kind, "below", "minimum", f">= {low}")
    if high is not None and value > high:
        raise _out_of_range(path, value, kind, "above", "maximum", f"<= {high}")


def _out_of_range(path: str, value: float, kind: str, side: str, end: str, expected: str) -> ApiError:
    sentence = f"Invalid '{path}': {kind} {side} {end} value. Expected a value {expected}, but got {value} instead."
    return ApiError(bad_request(sentence, path, f"{kind}_{side}_{end[:3]}_value"))


def choice(*allowed: str) -> Check:
    def check(path: str, value: Any) -> None:
        string(path, value)
        if value not in allowed:
            raise ApiError(bad_request(_not_one_of(value, allowed), path, "invalid_value"))

    return check


def _not_one_of(value: str, allowed: Sequence[str]) -> str:
    quoted = [f"'{one}'" for one in allowed]
    listed = "".join(quoted) if len(quoted) < 2 else ", ".join(quoted[:-1]) + f", and {quoted[-1]}"
    return f"Invalid value: '{value}'. Supported values are: {listed}."


def array(path: str, value: Any, *, of: str, longest: int | None = None) -> None:
    """A list with something in it."""
    if not isinstance(value, list):
        raise wrong_type(path, f"an array of {of}", value)
    if not value:
        sentence = "empty array. Expected an array with minimum length 1, but got an empty array instead."
        raise ApiError(bad_request(f"Invalid '{path}': {sentence}", path, "empty_array"))
    if longest is not None and len(value) > longest:
        sentence = f"array too long. Expected an array with maximum length {longest}, but got an array with length"
        raise ApiError(
            bad_request(f"Invalid '{path}': {sentence} {len(value)} instead.", path, "array_above_max_length")
        )


def pattern(path: str, value: Any, expected: str) -> None:
    string(path, value)
    if not re.search(expected, value):
        sentence = f"string does not match pattern. Expected a string that matches the pattern '{expected}'."
        raise ApiError(bad_request(f"Invalid '{path}': {sentence}", path, "invalid_value"))


def pattern_of(expected: str) -> Check:
    return lambda path, value: pattern(path, value, expected)


def present(body: Mapping[str, Any], path: str, names: Collection[str]) -> None:
    for name in names:
        if name not in body:
            full = f"{path}.{name}" if path else name
            raise ApiError(bad_request(f"Missing required parameter: '{full}'.", full, "missing_required_parameter"))


def known(body: Mapping[str, Any], path: str, names: Collection[str]) -> None:
    for name in body:
        if name not in names:
            full = f"{path}.{name}" if path else name
            raise ApiError(bad_request(f"Unknown parameter: '{full}'.", full, "unknown_parameter"))
