"""Routes at the paths that the configuration wants."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Response
from pydantic import BaseModel

from adapters.http.paths import PATHS

Handler = Callable[..., Awaitable[Response]]

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Routes:
    """Where routes are added. `paths` says what is elsewhere than at its usual path."""

    def __init__(self, app: FastAPI, paths: Mapping[str, str]) -> None:
        self._app = app
        self._paths = paths

    def add(self, path: str, handler: Handler, methods: Sequence[str], **openapi: Any) -> None:
        """Answer calls of what is usually at that path. `openapi` is what FastAPI takes for the documentation."""
        assert path in PATHS, path
        self._app.add_api_route(self._paths.get(path, path), handler, methods=list(methods), **openapi)


def takes(shape: type[BaseModel], *, form: bool = False) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its body itself."""
    schema = _schema(shape)
    kinds = (JSON, FORM) if form else (JSON,)
    return {"requestBody": {"content": {kind: {"schema": schema} for kind in kinds}}}


def takes_query(shape: type[BaseModel]) -> dict[str, Any]:
    """The same for one that reads its query."""
    schema = _schema(shape)
    needed = schema.get("required", [])
    return {
        "parameters": [
            {"name": name, "in": "query", "required": name in needed, "schema": field}
            for name, field in schema["properties"].items()
        ]
    }


def _schema(shape: type[BaseModel]) -> dict[str, Any]:
    """What a shape is, definitions in place of references: FastAPI has only its own models where these would lead."""
    schema = shape.model_json_schema()
    definitions = schema.pop("$defs", {})
    return {**schema, "properties": _inlined(schema["properties"], definitions)}


def _inlined(value: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_inlined(inner, definitions) for inner in value]
    if not isinstance(value, dict):
        return value
    beside = {name: _inlined(inner, definitions) for name, inner in value.items() if name != "$ref"}
    name = value.get("$ref", "").removeprefix("#/$defs/")
    return {**_inlined(definitions[name], definitions), **beside} if name else beside
