"""
Buttons, menus and layout: what Discord accepts of them, made into what it shows.

Source of limits and fields: docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from sandbox.discord.errors import Path
from sandbox.discord.forms import Form, Json
from sandbox.discord.state import walk

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
OTHER_SELECTS = (5, 6, 7, 8)
SELECTS = (STRING_SELECT, *OTHER_SELECTS)

_LINK, _PREMIUM = 5, 6
_SCHEMES = ("http", "https", "discord")
"""What a link button may lead to; others, tg:// for one, are refused."""
_MOST_PARTS = 40
_MOST_TEXT = 4000

_OLD = (ROW,)
_NEW = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
_IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)


def layout(form: Form, *, v2: bool) -> tuple[Json, ...] | None:
    """
    Read `components` of a message.

    Args:
        v2: Whether the message has the flag IS_COMPONENTS_V2; without it there are only rows, five at most.
    """
    parts = form.parts("components", most=_MOST_PARTS if v2 else 5)
    if parts is None:
        return None
    read = _read_all(parts, _NEW if v2 else _OLD)
    _check_unique(form, read)
    if v2:
        _check_size(form, read)
    return _numbered(read)


def text_of(components: tuple[Json, ...]) -> str:
    """All text that components show outside of labels: mentions in it count."""
    return "\n".join(part["content"] for part in walk(components) if part["type"] == TEXT)


def _read_all(parts: list[Form], among: tuple[int, ...]) -> tuple[Json, ...]:
    found = (_read(part, among) for part in parts)
    return tuple(part for part in found if part is not None)


def _read(part: Form, among: tuple[int, ...]) -> Json | None:
    kind = part.integer("type", required=True)
    if kind is None:
        return None
    if kind not in among:
        listed = ", ".join(str(each) for each in among)
        part.refuse("", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({listed}).')
        return None
    read = {"type": kind, "id": part.integer("id", least=0) or 0, **_READERS[kind](part)}
    return {name: value for name, value in read.items() if value is not None}


def _row(part: Form) -> Json:
    inner = part.parts("components", least=1, most=5, required=True) or []
    read = _read_all(inner, (BUTTON, *SELECTS))
    if len(read) > 1 and any(each["type"] in SELECTS for each in read):
        part.refuse("", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")
    return {"components": list(read)}


def _button(part: Form) -> Json:
    style = part.choice("style", range(1, 7), required=True)
    read = {
        "style": style,
        "label": part.text("label", most=80),
        "emoji": _emoji(part),
        "custom_id": part.text("custom_id", least=1, most=100),
        "url": part.text("url", most=512),
        "sku_id": part.text("sku_id", most=20),
        "disabled": part.flag("disabled"),
    }
    _check_target(part, style, read)
    if style != _PREMIUM and not read["label"] and not read["emoji"]:
        part.refuse("", "BUTTON_COMPONENT_INVALID_LABEL_OR_EMOJI", "A label or an emoji is required")
    return read


def _check_target(part: Form, style: int | None, read: Json) -> None:
    """A link has an address and nothing else, a premium button a product, every other an id of its own."""
    if read["custom_id"] and read["url"]:
        sentence = "A custom id and url cannot both be specified"
        part.refuse("", "BUTTON_COMPONENT_CUSTOM_ID_AND_URL_MUTUALLY_EXCLUSIVE", sentence)
    elif style == _LINK:
        _check_address(part, read["url"])
    elif style == _PREMIUM:
        if not read["sku_id"]:
            part.refuse("sku_id", "BASE_TYPE_REQUIRED", "This field is required")
    elif style is not None and not read["custom_id"]:
        part.refuse("custom_id", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id is required")


def _check_address(part: Form, url: str | None) -> None:
    if not url:
        part.refuse("url", "BASE_TYPE_REQUIRED", "This field is required")
        return
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        sentence = f'Scheme "{parts.scheme}" is not supported. Scheme must be one of {_SCHEMES}.'
        part.refuse("url", "URL_TYPE_INVALID_SCHEME", sentence)
    elif not parts.netloc:
        part.refuse("url", "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _emoji(part: Form) -> Json | None:
    given = part.part("emoji")
    if given is None:
        return None
    name = given.text("name", most=32) or ""
    number = given.snowflake("id")
    return {"name": name} if number is None else {"name": name, "id": str(number)}


def _select(part: Form) -> Json:
    least = part.integer("min_values", least=0, most=25)
    most = part.integer("max_values", least=1, most=25)
    return {
        "custom_id": part.text("custom_id", least=1, most=100, required=True),
        "placeholder": part.text("placeholder", most=150),
        "min_values": 1 if least is None else least,
        "max_values": 1 if most is None else most,
        "disabled": part.flag("disabled"),
        "required": part.flag("required"),
    }


def _string_select(part: Form) -> Json:
    options: dict[str, Json] = {}
    for each in part.parts("options", least=1, most=25, required=True) or ():
        option = _option(each)
        if option["value"] in options:
            sentence = "The specified option value is already used"
            each.refuse("value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", sentence)
        options[option["value"]] = option
    return {**_select(part), "options": list(options.values())}


def _option(option: Form) -> Json:
    read = {
        "label": option.text("label", least=1, most=100, required=True) or "",
        "value": option.text("value", least=1, most=100, required=True) or "",
        "description": option.text("description", most=100),
        "emoji": _emoji(option),
        "default": option.flag("default"),
    }
    return {name: value for name, value in read.items() if value is not None}


def _text(part: Form) -> Json:
    return {"content": part.text("content", least=1, most=_MOST_TEXT, required=True) or ""}


def _section(part: Form) -> Json:
    inner = part.parts("components", least=1, most=3, required=True) or []
    accessory = part.part("accessory", required=True)
    beside = None if accessory is None else _read(accessory, (BUTTON, THUMBNAIL))
    return {"components": list(_read_all(inner, (TEXT,))), "accessory": beside}


def _media(part: Form | None) -> Json:
    return {"url": "" if part is None else part.text("url", least=1, most=2048, required=True) or ""}


def _shown(part: Form) -> Json:
    """A picture with its description."""
    return {
        "media": _media(part.part("media", required=True)),
        "description": part.text("description", least=1, most=1024),
        "spoiler": bool(part.flag("spoiler")),
    }


def _gallery(part: Form) -> Json:
    return {"items": [_shown(item) for item in part.parts("items", least=1, most=10, required=True) or ()]}


def _file(part: Form) -> Json:
    media = _media(part.part("file", required=True))
    if not media["url"].startswith("attachment://"):
        part.refuse("file", "UNFURLED_MEDIA_ITEM_ATTACHMENT_REQUIRED", "An attachment reference is required")
    return {"file": media, "spoiler": bool(part.flag("spoiler"))}


def _separator(part: Form) -> Json:
    divider = part.flag("divider")
    return {"spacing": part.choice("spacing", (1, 2)) or 1, "divider": True if divider is None else divider}


def _container(part: Form) -> Json:
    inner = part.parts("components", least=1, most=_MOST_PARTS, required=True) or []
    return {
        "components": list(_read_all(inner, _IN_CONTAINER)),
        "accent_color": part.integer("accent_color", least=0, most=0xFFFFFF),
        "spoiler": bool(part.flag("spoiler")),
    }


_READERS: dict[int, Callable[[Form], Json]] = {
    ROW: _row,
    BUTTON: _button,
    STRING_SELECT: _string_select,
    **dict.fromkeys(OTHER_SELECTS, _select),
    SECTION: _section,
    TEXT: _text,
    THUMBNAIL: _shown,
    GALLERY: _gallery,
    FILE: _file,
    SEPARATOR: _separator,
    CONTAINER: _container,
}


def _check_unique(form: Form, read: tuple[Json, ...]) -> None:
    """No two controls of a message share a custom id, disabled ones included."""
    seen: set[str] = set()
    for path, custom in _custom_ids(("components",), read):
        if custom in seen:
            sentence = "Component custom id cannot be duplicated"
            form.problems.add((*form.path, *path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", sentence)
        seen.add(custom)


def _custom_ids(path: Path, parts: Iterable[Json]) -> Iterator[tuple[Path, str]]:
    for index, part in enumerate(parts):
        here = (*path, str(index))
        for inside, each in ((here, part), ((*here, "accessory"), part.get("accessory") or {})):
            if each.get("custom_id"):
                yield inside, each["custom_id"]
        yield from _custom_ids((*here, "components"), part.get("components", ()))


def _check_size(form: Form, read: tuple[Json, ...]) -> None:
    if sum(1 for _ in walk(read)) > _MOST_PARTS:
        sentence = f"Total number of components cannot exceed {_MOST_PARTS}"
        form.refuse("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", sentence)
    if len(text_of(read)) > _MOST_TEXT:
        sentence = f"Total displayable text cannot exceed {_MOST_TEXT} characters"
        form.refuse("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", sentence)


def _numbered(read: tuple[Json, ...]) -> tuple[Json, ...]:
    """Every component has an id within its message: its own, or the next that is free."""
    taken = {part["id"] for part in walk(read)}
    free = (number for number in range(1, 1000) if number not in taken)
    for part in walk(read):
        if part["id"] == 0:
            part["id"] = next(free)
    return read
