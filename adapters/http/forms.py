"""Forms with files: read from a caller, and written anew for a provider."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace

import aiohttp
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from adapters.http.refusals import Rejected

MISREAD = ('"', "\\")
"""What no field's name has in it: python-multipart takes a name that ends in a backslash for a longer one."""

MOST_FILES, MOST_FIELDS = 17, 60
"""In one form: sixteen pictures and a mask, with room for the fields of today's API."""

FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was sent."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """Texts and files in the order of their fields, some of which come more than once."""

    parts: Sequence[tuple[str, str | File]]

    @property
    def texts(self) -> dict[str, str]:
        """The text of each field; of one that comes more than once, the last."""
        return {name: part for name, part in self.parts if isinstance(part, str)}

    @property
    def files(self) -> list[File]:
        return [part for _, part in self.parts if isinstance(part, File)]

    def without(self, name: str) -> "Form":
        return replace(self, parts=[part for part in self.parts if part[0] != name])

    def replaced(self, fields: Mapping[str, str]) -> "Form":
        """With other texts in these fields."""
        kept = [(name, part) for name, part in self.parts if name not in fields]
        return replace(self, parts=[*fields.items(), *kept])

    async def written(self) -> tuple[bytes, str]:
        """The form as a body, and its content type. Raises Rejected for names that no header may have in it."""
        form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
        try:
            for name, part in self.parts:
                if isinstance(part, File):
                    form.add_field(name, part.data, filename=part.name, content_type=part.type)
                else:
                    form.add_field(name, part)
            payload = form()
            return await payload.as_bytes(), payload.headers["Content-Type"]
        except ValueError:
            raise _unreadable() from None


async def read_form(type: str, body: bytes) -> Form:
    """Raises Rejected."""
    if not type.lower().startswith(FORM):
        raise Rejected(f"Send a form of type {FORM}.", 415, "unsupported_media_type")
    parser = MultiPartParser(
        Headers({"Content-Type": type}), _at_once(body), max_files=MOST_FILES, max_fields=MOST_FIELDS
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise _unreadable() from None
    try:
        if any(mark in name for name, _ in form.multi_items() for mark in MISREAD):
            raise _unreadable()
        return Form([(name, await _part(part)) for name, part in form.multi_items()])
    finally:
        await form.close()


def _unreadable() -> Rejected:
    return Rejected("The form cannot be read.", code="invalid_form")


async def _part(part: str | UploadFile) -> str | File:
    if isinstance(part, str):
        return part
    return File(part.filename or "file", part.content_type or "application/octet-stream", await part.read())


async def _at_once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
