"""What `bot.ports.Records` keeps: how it is written, and changed, whoever else does so at the same time."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from bot.ports import Records
from bot.throttle import ms

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """How something is written down as a document, with the version of how that is done."""

    adapter: TypeAdapter[T]
    version: int

    def read(self, raw: str) -> T:
        """What a document says. Raises ValueError when it is none, or of a version that only a newer program knows."""
        value: dict[str, Any] = json.loads(raw)
        version = value.pop("v")
        if version > self.version:
            raise ValueError(f"written by a newer Parley (shape {version}, this one knows {self.version})")
        return self.adapter.validate_python(value)

    def dump(self, value: T) -> str:
        return json.dumps({"v": self.version, **self.adapter.dump_python(value, mode="json")})


async def change(records: Records, folder: str, name: str, new: Callable[[str | None], str]) -> str:
    """
    Write what `new` makes of a document in its place; when somebody was quicker, it decides again.

    What `new` raises leaves the document as it is. Returns what was written.
    """
    while True:
        old = await records.get(folder, name)
        text = new(old)
        if await records.swap(folder, name, old, text):
            return text


async def forget_past(records: Records, folder: str, now: datetime) -> int:
    """Remove the documents that are a moment, in milliseconds since 1970, which has passed. Returns how many."""
    past = [(name, raw) for name, raw in (await records.all(folder)).items() if int(raw) <= ms(now)]
    return sum([await records.swap(folder, name, raw, None) for name, raw in past])
