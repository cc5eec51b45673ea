"""A request's body, as JSON or as a form with files beside it."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader

from sandbox.discord.errors import ApiError, Problems, invalid_form, invalid_json, too_large
from sandbox.discord.forms import Form
from sandbox.discord.rules import Rules
from sandbox.discord.state import File

_FILE = re.compile(r"files\[(\d+)\]")
_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Body:
    """`files` are by the n of their field `files[n]`."""

    value: Any
    files: Mapping[int, File] = field(default_factory=dict)

    def form(self) -> Form:
        """
        The body as an object; its problems are noted in `form.problems`.

        Raises:
            ApiError: 50035, when it is none.
        """
        if not isinstance(self.value, dict):
            raise invalid_form((), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return Form(self.value, Problems())

    def forms(self) -> list[Form]:
        """The body as a list of objects that share one account of their problems."""
        problems = Problems()
        if not isinstance(self.value, list):
            raise invalid_form((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        for index, value in enumerate(self.value):
            if not isinstance(value, dict):
                problems.add((str(index),), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        problems.check()
        return [Form(value, problems, (str(index),)) for index, value in enumerate(self.value)]


async def read(request: web.Request, rules: Rules) -> Body:
    """
    Read the body of a call that has one.

    Raises:
        ApiError: 50109 for what is not JSON, 40005 for what is too large, `_misc` for another content type.

    Source: docs.discord.com/developers/reference#uploading-files
    """
    data = await request.read()
    if len(data) > rules.request_bytes:
        raise too_large()
    if request.content_type == "application/json":
        return Body(_parse(data))
    if request.content_type == "multipart/form-data":
        return await _multipart(request, data, rules)
    if request.content_type == "application/x-www-form-urlencoded":
        return Body(dict(await request.post()))
    raise _wrong_type()


def _wrong_type() -> ApiError:
    """The one refusal that has neither code nor message."""
    error = ApiError(400, 50035, "Invalid Form Body")
    listed = ", ".join(f"'{each}'" for each in _TYPES)
    error.body = {"_misc": [f'Expected "Content-Type" header to be one of {{{listed}}}.']}
    return error


def _parse(data: bytes | str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise invalid_json() from None


async def _multipart(request: web.Request, data: bytes, rules: Rules) -> Body:
    fields: dict[str, Any] = {}
    files: dict[int, File] = {}
    async for part in MultipartReader(request.headers, _stream(data)):
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = await part.read()
        number = _FILE.fullmatch(part.name)
        if part.filename is not None:
            index = int(number[1]) if number else len(files)
            files[index] = _file(part, bytes(content), rules)
        else:
            fields[part.name] = bytes(content).decode()
    value = _parse(fields.pop("payload_json")) if "payload_json" in fields else {}
    return Body({**fields, **value} if isinstance(value, dict) else value, files)


def _file(part: BodyPartReader, data: bytes, rules: Rules) -> File:
    if len(data) > rules.file_bytes:
        raise too_large()
    return File(part.filename or "file", data, part.headers.get("Content-Type", "application/octet-stream"))


def _stream(data: bytes) -> StreamReader:
    """The bytes as aiohttp's reader wants them: the body may have been read before, by whoever watches the traffic."""
    loop = asyncio.get_running_loop()
    stream = StreamReader(BaseProtocol(loop), limit=2**16, loop=loop)
    stream.feed_data(data)
    stream.feed_eof()
    return stream
