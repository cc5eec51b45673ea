"""
Embeds: what Discord accepts of them, made into what it shows.

Source: docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

from __future__ import annotations

from sandbox.discord.forms import Form, Json

_MOST_TOTAL = 6000

_VISIBLE = frozenset({"title", "description", "footer", "author", "image", "thumbnail", "fields"})
"""An embed needs one of these to be seen at all."""


def embeds(form: Form) -> tuple[Json, ...] | None:
    """Read `embeds` of a message: at most ten, together at most 6000 characters."""
    parts = form.parts("embeds", most=10)
    if parts is None:
        return None
    read = tuple(_embed(part) for part in parts)
    if sum(_size(embed) for embed in read) > _MOST_TOTAL:
        form.refuse("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {_MOST_TOTAL}")
    return read


def _embed(part: Form) -> Json:
    """Whatever type it says, an embed that an app sends is "rich"."""
    read = {
        "type": "rich",
        "title": part.text("title", most=256),
        "description": part.text("description", most=4096),
        "url": part.text("url", most=2048),
        "color": part.integer("color", least=0, most=0xFFFFFF),
        "timestamp": part.text("timestamp", most=64),
        "footer": _named(part.part("footer"), "text", 2048),
        "author": _named(part.part("author"), "name", 256),
        "image": _picture(part.part("image")),
        "thumbnail": _picture(part.part("thumbnail")),
        "fields": [_field(field) for field in part.parts("fields", most=25) or ()] or None,
    }
    shown = {name: value for name, value in read.items() if value is not None}
    if not shown.keys() & _VISIBLE:
        part.refuse("description", "BASE_TYPE_REQUIRED", "This field is required")
    return shown


def _field(part: Form) -> Json:
    return {
        "name": part.text("name", least=1, most=256, required=True) or "",
        "value": part.text("value", least=1, most=1024, required=True) or "",
        "inline": bool(part.flag("inline")),
    }


def _named(part: Form | None, name: str, most: int) -> Json | None:
    """A footer or an author: a name, perhaps with a link and an icon."""
    if part is None:
        return None
    read = {name: part.text(name, most=most, required=True) or ""}
    for link in ("url", "icon_url"):
        address = part.text(link, most=2048)
        if address is not None:
            read[link] = address
    return read


def _picture(part: Form | None) -> Json | None:
    return None if part is None else {"url": part.text("url", most=2048, required=True) or ""}


def _size(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    for field in embed.get("fields", ()):
        texts += [field["name"], field["value"]]
    return sum(len(text) for text in texts if text)
