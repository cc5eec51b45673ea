"""
What Telegram makes of a text and its entities before anybody sees it. After TDLib's fix_formatted_text.

Left out on purpose: TDLib also splits, merges and drops entities that overlap. Here they stay as they were sent, so
that a test can compare them.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.telegram import links
from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.state import Json

MESSAGE_LIMIT = 4096
"""core.telegram.org/bots/api#sendmessage: "1-4096 characters after entities parsing"; we count UTF-16 units."""
CAPTION_LIMIT = 1024
"""core.telegram.org/bots/api#sendphoto."""
RAW_LIMIT = 32_768
"""Bytes of UTF-8 that the server looks at all; Client.cpp, get_formatted_text."""
ENTITY_LIMIT = 100
"""core.telegram.org/bots/api#sendmessage has no number; TDLib calls 100 a "server-side limit"."""

STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
BLOCKS = frozenset({"code", "pre", "text_link", "text_mention", "blockquote", "expandable_blockquote"})
FOUND = frozenset({"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"})
"""Kinds that Telegram finds itself: it ignores those that a bot sends."""

_DROPPED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_SPACES = re.compile("[\x00-\x09\x0b-\x0c\x0e-\x20]")
_BLANK = frozenset("\u1680\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2800\u3164\ufeff\ufffc\U000e0020")


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    entities: tuple[Json, ...] = ()


def units(text: str) -> int:
    """Length in UTF-16 units, in which Telegram counts offsets."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_blank(text: str) -> bool:
    return all(sign.isspace() or sign in _BLANK or unicodedata.category(sign) == "Cc" for sign in text)


def fix(text: str, raw_entities: object, limit: int, too_long: ApiError, *, may_be_empty: bool = False) -> Text:
    """
    Give what Telegram would keep of a text.

    Args:
        raw_entities: What the bot sent as entities, decoded from JSON; anything but a list counts as none.
        limit: The longest text, in UTF-16 units.
        too_long: What to raise beyond it.

    Raises:
        ApiError: Telegram would refuse it.
    """
    if len(text.encode("utf-8", "surrogatepass")) > RAW_LIMIT:
        raise bad_request("text is too long")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise bad_request("strings must be encoded in UTF-8")
    entities = [entity for entity in _parse(raw_entities) if entity["length"]]
    _check_bounds(text, entities)
    fixed = _trim(*_clean(text, entities))
    if is_blank(fixed.text):
        if may_be_empty:
            return Text("")
        raise bad_request("text must be non-empty")
    if units(fixed.text) > limit:
        raise too_long
    return Text(fixed.text, _first(fixed.entities))


def _parse(raw: object) -> list[Json]:
    if not isinstance(raw, list):
        return []
    parsed = [entity for entity in map(_parse_one, raw) if entity is not None]
    for entity in parsed:
        for name in ("offset", "length"):
            if not 0 <= entity[name] <= 1_000_000:
                raise bad_request(f"receive an entity with incorrect {name} {entity[name]}")
    return parsed


def _parse_one(raw: object) -> Json | None:
    if not isinstance(raw, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    entity = {
        "type": _field(raw, "type", str),
        "offset": _field(raw, "offset", int),
        "length": _field(raw, "length", int),
    }
    kind = entity["type"]
    if kind in FOUND:
        return None
    if kind == "pre" and raw.get("language"):
        entity["language"] = _field(raw, "language", str)
    elif kind == "text_link":
        entity["url"] = _link(_field(raw, "url", str))
    elif kind == "text_mention":
        entity["user"] = _field(raw, "user", dict)
    elif kind == "custom_emoji":
        entity["custom_emoji_id"] = _field(raw, "custom_emoji_id", str)
    elif kind not in STYLES | BLOCKS:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    return entity


def _field(raw: Json, name: str, kind: type[Any]) -> Any:
    names = {int: "Number", str: "String", dict: "Object"}
    if raw.get(name) is None:
        raise bad_request(f"can't parse MessageEntity: Can't find field \"{name}\"")
    if not isinstance(raw[name], kind):
        raise bad_request(f'can\'t parse MessageEntity: Field "{name}" must be of type {names[kind]}')
    return raw[name]


def _link(url: str) -> str:
    if complaint := links.complaint(url):
        raise bad_request(f"entity URL '{url}' is invalid: {complaint}")
    return url


def _check_bounds(text: str, entities: Sequence[Json]) -> None:
    """Each entity begins and ends between two characters of the text."""
    bytes_before = _bytes_before(text)
    end_of_text = units(text)
    for entity in entities:
        offset, end = entity["offset"], entity["offset"] + entity["length"]
        if offset > end_of_text:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
        if offset not in bytes_before:
            byte = bytes_before[offset + 1]
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {byte}")
        if end > end_of_text:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
            )
        if end not in bytes_before:
            byte = bytes_before[end + 1]
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol at byte offset {byte}"
            )


def _bytes_before(text: str) -> dict[int, int]:
    """Where characters begin: UTF-16 offset -> offset in bytes of UTF-8; the end of the text as well."""
    offsets, unit, byte = {0: 0}, 0, 0
    for sign in text:
        unit, byte = unit + units(sign), byte + len(sign.encode())
        offsets[unit] = byte
    return offsets


def _clean(text: str, entities: Sequence[Json]) -> tuple[str, list[Json]]:
    """Drop what Telegram drops and make spaces of control characters. All of these are one UTF-16 unit each."""
    dropped = [units(text[: found.start()]) for found in _DROPPED.finditer(text)]

    def moved(offset: int) -> int:
        return offset - sum(1 for gone in dropped if gone < offset)

    shifted = [
        _between(entity, moved(entity["offset"]), moved(entity["offset"] + entity["length"])) for entity in entities
    ]
    return _SPACES.sub(" ", _DROPPED.sub("", text)), [entity for entity in shifted if entity["length"] > 0]


def _between(entity: Json, start: int, end: int) -> Json:
    return {**entity, "offset": start, "length": end - start}


def _trim(text: str, entities: Sequence[Json]) -> Text:
    """Cut white space off both ends; at the start no further than to where the first entity begins."""
    text = text.rstrip(" \n")
    end = units(text)
    kept = [
        _between(entity, entity["offset"], min(end, entity["offset"] + entity["length"]))
        for entity in entities
        if entity["offset"] < end
    ]
    blanks = len(text) - len(text.lstrip(" \n"))
    cut = min([blanks, *(entity["offset"] for entity in kept)])
    moved = [_between(entity, entity["offset"] - cut, entity["offset"] - cut + entity["length"]) for entity in kept]
    return Text(text[cut:], tuple(moved))


def _first(entities: Iterable[Json]) -> tuple[Json, ...]:
    """Beyond 100 entities Telegram drops the rest: styles first, then the blocks that come late."""
    entities = list(entities)
    counted = sorted(entities, key=lambda entity: (entity["type"] in STYLES, entity["offset"]))
    counted = [entity for entity in counted if entity["type"] != "custom_emoji"]
    dropped = {id(entity) for entity in counted[ENTITY_LIMIT:]}
    return tuple(entity for entity in entities if id(entity) not in dropped)
