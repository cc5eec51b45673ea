"""
schemathesis against what we say of ourselves at /openapi.json: nothing it makes up breaks us, or opens a door.

`make test` lets it try some requests, PARLEY_LONG=1 many more.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest_asyncio

from bot.keyring import KeyScope
from sandbox.openai.server import OpenAI
from tests.adapters.http.api_stage import SECRET, WRONG, Stage, on_api_stage
from tests.fuzz.amount import LONG, SEED, amount

PUBLIC = {"/health", "/ready"}
"""What anybody may ask, beside the documentation."""

PATIENCE = amount(120, 1200)
"""Seconds for one run."""

NAMES = {
    "gpt": {"model": "parley-demo"},
    "embed": {"model": "parley-demo-embedding", "abilities": ["embeddings"]},
    "art": {"model": "parley-demo-picture", "abilities": ["images"]},
    "voice": {"model": "parley-demo-speech", "abilities": ["speech"]},
    "ear": {"model": "parley-demo-transcription", "abilities": ["transcription"]},
}
"""The models that the examples in the document ask."""

MESSAGE = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"enum": ["system", "user", "assistant", "tool"]},
        "content": {
            "anyOf": [
                {"type": "string"},
                {"type": "null"},
                {"type": "array", "items": {"type": "object", "properties": {"type": {"enum": ["text", "image_url"]}}}},
            ]
        },
    },
}

FIELDS: Mapping[str, Any] = {
    "messages": {"type": "array", "items": MESSAGE, "minItems": 1},
    "n": {"type": "integer"},
    "max_tokens": {"type": "number"},
    "max_output_tokens": {"type": "integer"},
    "stream": {"type": "boolean"},
    "stream_options": {"type": "object"},
    "tools": {"type": "array", "items": {"type": "object"}},
    "stop": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "response_format": {"type": "object"},
    "input": {"anyOf": [{"type": "string"}, {"type": "array"}]},
    "instructions": {"type": "string"},
    "previous_response_id": {"type": "string"},
    "dimensions": {"type": "integer"},
    "prompt": {"type": "string"},
    "callback_url": {"type": "string"},
    "voice": {"type": "string"},
}
"""What OpenAI's clients send, which our own document leaves to OpenAI's."""

KEEPING = """
[phases.coverage]
unexpected-methods = ["PUT", "TRACE", "QUERY"]
"""
"""Its settings for a run that takes nothing away: otherwise it tries DELETE, too."""


@dataclass(frozen=True, slots=True)
class Try:
    """One request, and the status of its answer."""

    method: str
    path: str
    status: int
    answer: str


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Own keys are tried at a provider on loopback, too: whatever is made up must stay here."""
    async with (
        OpenAI(hurry=1000.0) as elsewhere,
        on_api_stage(tmp_path, models=NAMES, own_keys={"secrets": [SECRET], "base_url": elsewhere.base_url}) as running,
    ):
        yield running


async def test_nothing_breaks_us_with_a_key(stage: Stage, tmp_path: Path) -> None:
    """With models that are there and a conversation that exists, so that requests get past the first look."""
    id = (await stage.begin())["conversation_id"]
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(_fuller(await _document(stage), id)))
    (tmp_path / "schemathesis.toml").write_text(KEEPING)

    tries = await _tried(stage, tmp_path, stage.alice, examples=amount(4, 300), document=str(document))

    assert set() == _untold(json.loads(document.read_text()), tries)
    assert [] == [each for each in tries if each.status >= 500]
    assert {"/v1/chat/completions", "/v1/embeddings", "/v1/images/generations", "/v1/audio/speech"} <= _answered(tries)
    assert {f"/conversations/{id}/ask", f"/conversations/{id}/messages", "/create"} <= _answered(tries)


async def test_without_a_key_nothing_is_answered(stage: Stage, tmp_path: Path) -> None:
    tries = await _tried(stage, tmp_path, "", examples=amount(2, 100))

    assert set() == _answered(tries) - PUBLIC
    assert [] == [each for each in tries if each.status >= 500]
    assert 0 == stage.provider.books.calls


async def test_with_a_wrong_key_nothing_is_answered(stage: Stage, tmp_path: Path) -> None:
    tries = await _tried(stage, tmp_path, WRONG, examples=amount(2, 100), phases=_phases())

    assert set() == _untold(await _document(stage), tries)
    assert set() == _answered(tries) - PUBLIC
    assert [] == [each for each in tries if each.status >= 500]
    assert {401, 429} & {each.status for each in tries}
    assert 0 == stage.provider.books.calls


async def test_with_a_key_for_users_only_these_are_opened(stage: Stage, tmp_path: Path) -> None:
    key = await stage.key("discord:1", scopes=frozenset({KeyScope.ADMIN}))

    tries = await _tried(stage, tmp_path, key.reveal(), examples=amount(5, 100), phases=_phases())

    assert set() == _untold(await _document(stage), tries)
    assert [] == [each for each in tries if each.status >= 500]
    assert {path for path in _answered(tries) if not path.startswith("/admin/")} <= PUBLIC
    assert "/admin/users" in _answered(tries)
    assert 0 == stage.provider.books.calls


async def test_every_path_wants_a_key(stage: Stage) -> None:
    """In the shape that its clients read."""
    operations = await _operations(stage)

    assert len(operations) > 20
    for method, path in operations:
        answer = await stage.call(method, path.replace("{id}", "x").replace("{model}", "x"), key="")
        assert (path, 401) == (path, answer.status)
        error = answer.body["error"]
        assert (path, path.startswith("/v1/")) == (path, isinstance(error, dict))
        assert "Authorization: Bearer" in (error["message"] if isinstance(error, dict) else error)


async def test_the_document_says_where_keys_go_and_how_errors_look(stage: Stage) -> None:
    """A client that is made out of it sends no key otherwise, and stumbles over the first refusal."""
    document = await _document(stage)

    assert {"bearer", "alone", "user"} == set(document["components"]["securitySchemes"])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert (path, path not in PUBLIC) == (path, {"bearer": []} in operation.get("security", []))
    assert {"user": []} in document["paths"]["/api/chat"]["get"]["security"]
    for path, shape in (("/v1/chat/completions", "OpenAIError"), ("/conversations/new", "Error")):
        told = document["paths"][path]["post"]["responses"]["429"]
        assert f"#/components/schemas/{shape}" == told["content"]["application/json"]["schema"]["$ref"]
        assert "Retry-After" in told["headers"]


async def test_errors_look_as_the_document_says(stage: Stage) -> None:
    schemas = (await _document(stage))["components"]["schemas"]
    for path, shape in (("/v1/chat/completions", "OpenAIError"), ("/conversations/new", "Error")):
        refused = await stage.call("POST", path, {})
        jsonschema.validate(refused.body, schemas[shape])


async def test_all_that_the_document_refers_to_is_in_it(stage: Stage) -> None:
    """Programs that make clients out of it stumble over what is not."""
    document = await _document(stage)

    references = _references(document)

    assert references
    for reference in references:
        found: Any = document
        for name in reference.removeprefix("#/").split("/"):
            assert name in found, reference
            found = found[name]


def _phases() -> Sequence[str]:
    """Its examples and borders take longest: where keys are refused, the short run does without."""
    return ("examples", "coverage", "fuzzing") if LONG else ("fuzzing",)


async def _tried(
    stage: Stage,
    folder: Path,
    key: str,
    *,
    examples: int,
    phases: Sequence[str] = ("examples", "coverage", "fuzzing"),
    document: str = "",
) -> Sequence[Try]:
    """Let schemathesis try requests of each kind, and return what came of them; the same ones each time."""
    found = folder / "tries.har"
    written = ["--header", f"Authorization: Bearer {key}"] if key else []
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", document or f"{stage.url}/openapi.json"),
        *("--url", stage.url, *written, "--checks", "not_a_server_error", "--continue-on-failure"),
        *("--phases", ",".join(phases), "--max-examples", str(examples), "--seed", str(SEED)),
        *("--generation-database", "none", "--report", "har", "--report-har-path", str(found)),
        *("--output-sanitize", "false", "--no-color", "--request-timeout", "30"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        said, _ = await running.communicate()
    assert 0 == running.returncode, said.decode()[-4000:]
    return [_try(entry) for entry in json.loads(found.read_text())["log"]["entries"]]


def _try(entry: Mapping[str, Any]) -> Try:
    request, response = entry["request"], entry["response"]
    said = response["content"].get("text", "")
    return Try(request["method"], urlsplit(request["url"]).path, response["status"], said[:200])


def _answered(tries: Sequence[Try]) -> set[str]:
    return {each.path for each in tries if 200 <= each.status < 300}


def _untold(document: Mapping[str, Any], tries: Sequence[Try]) -> set[tuple[str, str, int]]:
    """Statuses of which the document does not tell, of requests of which it does."""
    return {
        (each.method, path, each.status)
        for path, operations in document["paths"].items()
        for each in tries
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), each.path)
        and each.method.lower() in operations
        and str(each.status) not in operations[each.method.lower()]["responses"]
    }


async def _document(stage: Stage) -> dict[str, Any]:
    return dict((await stage.call("GET", "/openapi.json", key="")).body)


async def _operations(stage: Stage) -> list[tuple[str, str]]:
    """Method and path of all that wants a key."""
    paths = (await _document(stage))["paths"]
    return [(method.upper(), path) for path, methods in paths.items() if path not in PUBLIC for method in methods]


def _fuller(document: dict[str, Any], conversation: str) -> dict[str, Any]:
    """The document with the conversation that there is, and with what may stand in requests of OpenAI's shape."""
    for path, methods in document["paths"].items():
        methods.pop("delete", None)  # it would take away what the others are about
        for method in methods.values():
            for parameter in method.get("parameters", ()):
                if parameter["name"] == "id":
                    parameter["schema"] = {"type": "string", "enum": [conversation]}
            if path.startswith("/v1/") and "requestBody" in method:
                for content in method["requestBody"]["content"].values():
                    content["schema"] = _full(content["schema"])
    return document


def _full(schema: Mapping[str, Any]) -> dict[str, Any]:
    example = schema["example"]
    file = {name: {"type": "string", "format": "binary"} for name, value in example.items() if value == "(a file)"}
    named = {"model": {"enum": [example["model"]]}, **file}
    return {**schema, "required": [*example], "properties": {**FIELDS, **named}}


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {reference for inner in value for reference in _references(inner)}
    if not isinstance(value, dict):
        return set()
    here = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return here | {reference for inner in value.values() for reference in _references(inner)}
