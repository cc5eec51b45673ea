"""
In which form an answer is wanted: text, any JSON, or JSON after a schema.

Source: platform.openai.com/docs/guides/structured-outputs
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.openai import fields
from sandbox.openai.errors import ApiError, bad_request

_kind = fields.choice("json_object", "json_schema", "text")


def check_format(path: str, value: Any) -> None:
    """A chat completion's `response_format`."""
    _check_kind(path, value)
    if value["type"] == "json_schema":
        fields.present(value, path, ["json_schema"])
        _check_schema(f"{path}.json_schema", path, value["json_schema"])


def check_flat_format(path: str, value: Any) -> None:
    """A response's `text.format`, which has the fields of the schema in itself."""
    _check_kind(path, value)
    if value["type"] == "json_schema":
        fields.present(value, path, ["schema"])
        _check_schema(path, path, {name: one for name, one in value.items() if name != "type"})


def _check_kind(path: str, value: Any) -> None:
    fields.mapping(path, value)
    fields.present(value, path, ["type"])
    _kind(f"{path}.type", value["type"])


def _check_schema(path: str, where: str, named: Any) -> None:
    fields.mapping(path, named)
    fields.present(named, path, ["name"])
    fields.known(named, path, ["name", "description", "schema", "strict"])
    fields.pattern(f"{path}.name", named["name"], r"^[a-zA-Z0-9_-]+$")
    fields.text(64)(f"{path}.name", named["name"])
    if named.get("strict") is not None:
        fields.boolean(f"{path}.strict", named["strict"])
    schema = named.get("schema") or {}
    fields.mapping(f"{path}.schema", schema)
    if named.get("strict"):
        _check_strict(where, named["name"], schema)


def _check_strict(where: str, name: str, schema: dict[str, Any]) -> None:
    """The outermost object alone is looked at."""
    if schema.get("type") != "object":
        raise _invalid(
            where, name, f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'."
        )
    if schema.get("additionalProperties") is not False:
        raise _invalid(where, name, "In context=(), 'additionalProperties' is required to be supplied and to be false.")


def _invalid(where: str, name: str, why: str) -> ApiError:
    return ApiError(bad_request(f"Invalid schema for response_format '{name}': {why}", where))


def check_json_is_named(
    wanted: Mapping[str, Any] | None, messages: Sequence[Mapping[str, Any]], where: str = "messages"
) -> None:
    """Without the word, models went on writing blanks for ever; so OpenAI insists on it."""
    if wanted is None or wanted["type"] != "json_object":
        return
    said = json.dumps([message.get("content") for message in messages], ensure_ascii=False)
    if "json" not in said.lower():
        sentence = (
            f"'{where}' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        )
        raise ApiError(bad_request(sentence, where))
