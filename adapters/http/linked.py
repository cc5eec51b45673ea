"""
Pictures that a program names by an address: we fetch them, and the provider is sent the pictures themselves.

A provider of the operator's own would otherwise fetch from within their network whatever a stranger names.
"""

import base64
from typing import Any

from adapters.fetch import Fetcher
from adapters.fetch.errors import NotFetched
from adapters.http.refusals import Rejected

TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""Source: platform.openai.com/docs/guides/images-vision#image-input-requirements"""

LARGEST = 10 << 20
"""Bytes of a picture."""

WITHIN = ("content", "output")
"""Where in a message, or in what a function has returned, parts stand."""

MOST = 8
"""Pictures of one request that are fetched."""


async def with_pictures(fields: dict[str, Any], name: str, fetcher: Fetcher) -> dict[str, Any]:
    """
    The fields, with every picture in the messages of that name itself in place of its address.

    Raises Rejected for one that cannot be fetched.
    """
    addresses = {address for address in _addresses(fields.get(name)) if not address.startswith("data:")}
    if not addresses:
        return fields
    if len(addresses) > MOST:
        raise Rejected(f"At most {MOST} pictures of one request are fetched.", param=name)
    pictures = {address: await _fetched(address, name, fetcher) for address in addresses}
    return {**fields, name: _replaced(fields[name], pictures)}


async def _fetched(address: str, param: str, fetcher: Fetcher) -> str:
    """A picture as a data URL. Raises Rejected."""
    try:
        found = await fetcher.fetch(address, TYPES, LARGEST)
    except NotFetched as error:
        raise Rejected(error.for_user, code="invalid_image_url", param=param) from error
    return f"data:{found.type};base64,{base64.b64encode(found.body).decode()}"


def _addresses(value: Any) -> list[str]:
    """Where the pictures of some messages are."""
    if isinstance(value, list):
        return [address for inner in value for address in _addresses(inner)]
    if not isinstance(value, dict):
        return []
    if (address := _address(value)) is not None:
        return [address]
    return [address for name in WITHIN for address in _addresses(value.get(name))]


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
