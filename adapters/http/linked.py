"""
Pictures that a program names by an address: we fetch them, and the provider is sent the pictures themselves.

A provider of the operator's own would otherwise fetch from within their network whatever a stranger names.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.fetch import Fetched, Fetcher
from adapters.fetch.errors import NotFetched
from adapters.http.bodies import Room
from adapters.http.refusals import Rejected

TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""Source: platform.openai.com/docs/guides/images-vision#image-input-requirements"""

LARGEST_PICTURE = 10 << 20
"""Bytes of a picture."""

LARGEST = 32 << 20
"""Bytes of all pictures of one request that are fetched."""

WITHIN = ("content", "output")
"""Where in a message, or in what a function has returned, parts stand."""

MOST = 8
"""Pictures of one request that are fetched."""


@dataclass(frozen=True, slots=True)
class Linked:
    """
    The pictures in the messages of one request that are elsewhere.

    Args:
        name: The field in which the messages stand.
        room: What the request has in memory.
    """

    name: str
    addresses: frozenset[str]
    fetcher: Fetcher
    room: Room

    async def put_into(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields, with every picture itself in place of its address. Raises Rejected for one that cannot be had."""
        left, pictures = LARGEST, {}
        for address in self.addresses:
            found = await self._fetched(address, left)
            left -= len(found.body)
            pictures[address] = f"data:{found.type};base64,{base64.b64encode(found.body).decode()}"
            self.room.add(len(pictures[address]))
        return {**fields, self.name: _replaced(fields[self.name], pictures)}

    async def _fetched(self, address: str, most: int) -> Fetched:
        """Raises Rejected."""
        try:
            return await self.fetcher.fetch(address, TYPES, min(most, LARGEST_PICTURE))
        except NotFetched as error:
            raise Rejected(error.for_user, code="invalid_image_url", param=self.name) from error


def linked(fields: Mapping[str, Any], name: str, fetcher: Fetcher, room: Room) -> Linked | None:
    """The pictures that have to be fetched, None for none. Raises Rejected for too many."""
    addresses = frozenset(address for address in _addresses(fields.get(name)) if not address.startswith("data:"))
    if len(addresses) > MOST:
        raise Rejected(f"At most {MOST} pictures of one request are fetched.", param=name)
    return Linked(name, addresses, fetcher, room) if addresses else None


def _addresses(value: Any) -> list[str]:
    """Where the pictures of some messages are."""
    if isinstance(value, list):
        return [address for inner in value for address in _addresses(inner)]
    if not isinstance(value, dict):
        return []
    if (address := _address(value)) is not None:
        return [address]
    within = [inner for name in WITHIN if isinstance(inner := value.get(name), (list, dict))]
    return [address for inner in within for address in _addresses(inner)]


def _address(part: dict[str, Any]) -> str | None:
    """Where the picture is that a part of a message shows: of a chat completion, or of a response."""
    given = part.get("image_url")
    if part.get("type") == "image_url":
        given = given.get("url") if isinstance(given, dict) else None
    return given if part.get("type") in ("image_url", "input_image") and isinstance(given, str) else None


def _replaced(value: Any, pictures: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_replaced(inner, pictures) for inner in value]
    if not isinstance(value, dict):
        return value
    address = _address(value)
    if address is None:
        return {**value, **{name: _replaced(value[name], pictures) for name in WITHIN if name in value}}
    picture = pictures.get(address, address)
    inner = value["image_url"]
    return {**value, "image_url": {**inner, "url": picture} if isinstance(inner, dict) else picture}
