"""The bodies of requests, as JSON or as a form with files, and of answers."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader

from sandbox.openai import errors, fields
from sandbox.openai.errors import ApiError, bad_request


def as_bytes(body: Any) -> bytes:
    """JSON as short as it gets."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def as_object(raw: bytes) -> dict[str, Any]:
    """
    A JSON object out of a request.

    Raises:
        ApiError: It is none, or has half of a surrogate pair, which JSON can carry and text cannot.
    """
    try:
        body = json.loads(raw, parse_constant=_no_constant)
        if b"\\u" in raw:
            as_bytes(body)
    except (ValueError, RecursionError):
        raise ApiError(errors.not_json()) from None
    if not isinstance(body, dict):
        raise ApiError(errors.not_json())
    return body


def _no_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python reads and JSON does not know."""
    raise ValueError(name)


def check(
    body: Mapping[str, Any],
    known: Mapping[str, fields.Check],
    *,
    required: Sequence[str] = (),
    beyond: Collection[str] = (),
) -> None:
    """
    Check every field of a request. Those that are not required may be null.

    Args:
        beyond: What OpenAI knows and these models cannot do: refused aloud, so that no test relies on it.
    """
    fields.present(body, "", required)
    for name, value in body.items():
        check_one = known.get(name)
        if check_one is None and name in beyond:
            raise ApiError(errors.unsupported_parameter(name))
        if check_one is None:
            raise ApiError(bad_request(f"Unknown parameter: '{name}'.", name, "unknown_parameter"))
        if value is not None or name in required:
            check_one(name, value)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a form."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A form: each field's values in order. A field whose name ends in [] is known without it, and may come often."""

    texts: Mapping[str, list[str]]
    files: Mapping[str, list[File]]

    def text(self, name: str, otherwise: str = "") -> str:
        return self.texts.get(name, [otherwise])[0]

    @property
    def body(self) -> dict[str, Any]:
        """All of it in one."""
        texts = {name: values[0] if len(values) == 1 else values for name, values in self.texts.items()}
        return {**texts, **{name: files[0] if len(files) == 1 else files for name, files in self.files.items()}}


async def read_form(request: web.Request) -> Form:
    """
    Raises:
        ApiError: The body is no form.
    """
    if request.content_type != "multipart/form-data":
        raise ApiError(errors.not_a_form(request.content_type))
    try:
        return await _form(request, await request.read())
    except ValueError:  # no boundary, no end, or a text that is none
        raise ApiError(errors.broken_form()) from None


async def _form(request: web.Request, data: bytes) -> Form:
    texts: defaultdict[str, list[str]] = defaultdict(list)
    files: defaultdict[str, list[File]] = defaultdict(list)
    async for part in MultipartReader(request.headers, _stream(data)):
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read())
        name = part.name.removesuffix("[]")
        if part.filename is None:
            texts[name].append(content.decode())
        else:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            files[name].append(File(part.filename, kind, content))
    return Form(dict(texts), dict(files))


def _stream(data: bytes) -> StreamReader:
    """The bytes as aiohttp's reader wants them: the body may have been read before, by whoever watches the traffic."""
    loop = asyncio.get_running_loop()
    stream = StreamReader(BaseProtocol(loop), limit=2**16, loop=loop)
    stream.feed_data(data)
    stream.feed_eof()
    return stream
