"""What the OpenAPI document says beside what FastAPI reads off the routes: where keys go, and how errors look."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from adapters.http.refusals import is_openai

OPERATION = "operation"
"""The tag of what anybody may ask."""

SCHEMES: Mapping[str, Mapping[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key: `Authorization: Bearer parley_...`"},
    "alone": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The key alone, as older clients send it: `Authorization: parley_...`",
    },
    "user": {
        "type": "apiKey",
        "in": "query",
        "name": "user",
        "description": "The key in a field, of the query or of the body. Addresses are written down on their way.",
    },
}

ELSEWHERE: Mapping[str, tuple[str, ...]] = {"chat": ("user",)}
"""Where else than in the header a key may be, by tag."""

SAYS: Mapping[int, str] = {
    400: "The request lacks something, or has something that is not taken here.",
    401: "There is no key, or one that does not work.",
    403: "The key is not for that, or whoever has it gets no answers.",
    404: "There is no such thing, or it is somebody else's.",
    408: "The request was not all here in time.",
    409: "That Idempotency-Key came with another request, or its first one is being answered; or it is there already.",
    413: "The request is too large.",
    415: "The body is neither JSON nor a form.",
    422: "A field is not what it should be.",
    429: "A limit has too little left, or there were too many: now, or in a minute (`Retry-After`).",
    500: "Something broke on our side.",
    503: "No provider answers now, or our store does not, or too much is under way.",
}

ALWAYS = (400, 401, 403, 404, 422, 429, 500, 503)
WITH_BODY = (408, 409, 413, 415)

RETRY = {"Retry-After": {"description": "Seconds after which it is worth trying again.", "schema": {"type": "integer"}}}

TEXT, MAYBE = {"type": "string"}, {"type": ["string", "null"]}

ERRORS: Mapping[str, Mapping[str, Any]] = {
    "Error": {"type": "object", "required": ["error"], "properties": {"error": TEXT}},
    "OpenAIError": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["message", "type", "param", "code"],
                "properties": {"message": TEXT, "type": TEXT, "param": MAYBE, "code": MAYBE},
            }
        },
    },
}

FASTAPIS = ("HTTPValidationError", "ValidationError")
"""Its own shapes of errors, which are never sent."""


def complete(app: FastAPI) -> None:
    """Let the document say it, when it is made."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _fill(made())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change the document


def _fill(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    own = {name: shape for name, shape in components.get("schemas", {}).items() if name not in FASTAPIS}
    components["schemas"] = {**own, **ERRORS}
    components["securitySchemes"] = SCHEMES
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if OPERATION not in operation.get("tags", ()):
                operation["security"] = [{name: []} for name in _schemes(operation)]
                operation["responses"] = {**_answers(operation), **_errors(path, operation)}


def _schemes(operation: Mapping[str, Any]) -> tuple[str, ...]:
    return ("bearer", "alone", *(name for tag in operation.get("tags", ()) for name in ELSEWHERE.get(tag, ())))


def _answers(operation: Mapping[str, Any]) -> dict[str, Any]:
    """What FastAPI knows of them, without its own errors."""
    return {status: told for status, told in operation["responses"].items() if status < "400"}


def _errors(path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    shape = {"$ref": f"#/components/schemas/{'OpenAIError' if is_openai(path) else 'Error'}"}
    statuses = (*ALWAYS, *(WITH_BODY if "requestBody" in operation else ()))
    return {str(status): _error(status, shape) for status in sorted(statuses)}


def _error(status: int, shape: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"headers": RETRY} if status in (429, 503) else {}
    return {"description": SAYS[status], "content": {"application/json": {"schema": shape}}, **headers}
