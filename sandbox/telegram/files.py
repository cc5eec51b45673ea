"""Files: what is kept of an upload, and the fields by which a message shows it."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.pictures import size_of
from sandbox.telegram.errors import bad_request
from sandbox.telegram.parameters import Upload
from sandbox.telegram.state import Json, StoredFile

MB = 1024 * 1024
PHOTO_LIMIT = 10 * MB
"""core.telegram.org/bots/api#sendphoto."""
UPLOAD_LIMIT = 50 * MB
"""core.telegram.org/bots/api#senddocument."""
DOWNLOAD_LIMIT = 20 * MB
"""core.telegram.org/bots/api#getfile."""

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63884ebcf61f00053f0292"
    "7e96e3f70000000049454e44ae426082"
)
"""A PNG picture of one pixel, for whoever needs just any picture."""


@dataclass(slots=True)
class Files:
    """Every file that was ever sent."""

    by_id: dict[str, StoredFile] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def keep(self, folder: str, upload: Upload) -> StoredFile:
        if not upload.data:
            raise bad_request("file must be non-empty")
        if len(upload.data) > UPLOAD_LIMIT:
            raise bad_request("file is too big")
        suffix = upload.name.rpartition(".")[2] if "." in upload.name else "bin"
        path = f"{folder}/file_{next(self._numbers)}.{suffix}"
        kept = StoredFile(
            f"BQ{secrets.token_urlsafe(24)}", secrets.token_urlsafe(9), path, upload.name, upload.mime, upload.data
        )
        self.by_id[kept.id] = kept
        return kept

    def at(self, path: str) -> StoredFile | None:
        return next((file for file in self.by_id.values() if file.path == path), None)


def facts(file: StoredFile) -> Json:
    return {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": len(file.data)}


def photo(file: StoredFile) -> Json:
    """
    The fields of a photo.

    Raises:
        ApiError: No picture that Telegram would take (width and height below 10,000 in all, at most 20:1).
    """
    if len(file.data) > PHOTO_LIMIT:
        raise bad_request("file is too big")
    width, height = size_of(file.data)
    if not width or not height:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return {"photo": [{**facts(file), "width": width, "height": height}]}


def document(file: StoredFile) -> Json:
    return {"document": {**facts(file), "file_name": file.name, "mime_type": file.mime}}


def voice(file: StoredFile, seconds: int) -> Json:
    return {"voice": {**facts(file), "duration": seconds, "mime_type": file.mime}}


def sticker(file: StoredFile, emoji: str) -> Json:
    shape: Json = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    return {"sticker": {**facts(file), **shape, "emoji": emoji}}
