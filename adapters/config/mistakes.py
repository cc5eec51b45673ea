"""What is wrong with a configuration, said so that its reader can mend it."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from adapters.config.shape import ELSEWHERE
from adapters.logs import HIDDEN, SHAPES

Path = tuple[str | int, ...]

EXPECTED = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "a text (put it in quotes if it looks like a number)",
    "string_too_short": "a text that is not empty",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a section with keys of its own",
    "model_type": "a section with keys of its own",
    "model_attributes_type": "a section with keys of its own",
    "too_short": "at least one entry",
    "int_from_float": "a whole number",
}

LONGEST_KEY = 64
"""Characters of a key that are compared with those that exist."""

_LOGIN = re.compile(r"(?<=://)\S*(?=@)")
_OPTIONS = re.compile(r"(?<=\?)[^\s'\"]+")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend. `line` counts from 1; 0 where the mistake is not in the file."""

    key: str
    line: int
    wrong: str
    mend: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.key}: {self.wrong}. {self.mend}".rstrip()


class BadConfig(Exception):
    """Everything that is wrong at once."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def mistakes_of(error: ValidationError, shape: type[BaseModel], lines: Mapping[Path, int]) -> list[Mistake]:
    """Put a validation's findings into words, in the order of the file."""
    details = error.errors(include_url=False)
    deeper = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    own = [detail for detail in details if not (detail["type"] == "too_short" and detail["loc"] in deeper)]
    return sorted((_mistake(detail, shape, lines) for detail in own), key=lambda mistake: mistake.line)


def dotted(path: Path) -> str:
    """A key as people write it: upstreams[0].api_key."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_word(part)}" for part in path)
    return text.removeprefix(".") or "the file"


def _word(key: str) -> str:
    return hidden(key) if re.fullmatch(r"[\w. <=-]{1,64}", key) else _shown(key, secret=False)


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of a key, or of the nearest section around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0


def _mistake(detail: ErrorDetails, shape: type[BaseModel], lines: Mapping[Path, int]) -> Mistake:
    path: Path = tuple(part for part in detail["loc"] if part != "[key]")
    if detail["type"] == ELSEWHERE:
        path = (*path, *detail["ctx"]["path"])
        return Mistake(dotted(path), line_of(path, lines), detail["ctx"]["wrong"], _description(path, shape))
    where, line = dotted(path), line_of(path, lines)
    kind, given = detail["type"], _shown(detail["input"], secret=_is_secret(path, shape))
    if kind == "extra_forbidden":
        return Mistake(where, line, "there is no such key", _nearest(path, shape))
    if kind == "missing":
        return Mistake(where, line, "is missing", _description(path, shape))
    if kind in EXPECTED:
        return Mistake(where, line, f"expected {EXPECTED[kind]}, found {given}", _description(path, shape))
    wrong = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    shown = "" if isinstance(detail["input"], (dict, BaseModel)) else f", found {given}"
    expected = "expected " if detail["msg"].startswith("Input should be ") else ""
    return Mistake(where, line, f"{expected}{wrong}{shown}", _description(path, shape))


def _shown(given: Any, *, secret: bool) -> str:
    """A value as the report shows it: short, and never a secret."""
    if secret:
        return "something else"
    if isinstance(given, (dict, list, tuple)):
        return "a section" if isinstance(given, dict) else "a list"
    if given is None:
        return "nothing"
    shown = hidden(repr(given))
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def hidden(text: str) -> str:
    """A text without what looks like a secret: an address's login and options, a token."""
    return SHAPES.sub(HIDDEN, _OPTIONS.sub(HIDDEN, _LOGIN.sub(HIDDEN, text)))


def _is_secret(path: Path, shape: type[BaseModel]) -> bool:
    field = _field_at(path, shape)
    return field is not None and _holds_secret(field.annotation)


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_holds_secret, getattr(annotation, "__args__", ())))


def _description(path: Path, shape: type[BaseModel]) -> str:
    field = _field_at(path, shape)
    text = (field.description or "") if field else ""
    return f"It is {text}." if text else ""


def _field_at(path: Path, shape: type[BaseModel]) -> FieldInfo | None:
    """What the shape says of a key; of an entry of a list, what it says of the list."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    section = section_at(path[:-1], shape)
    return section.model_fields.get(str(path[-1])) if section and path else None


def _nearest(path: Path, shape: type[BaseModel]) -> str:
    section = section_at(path[:-1], shape)
    known = list(section.model_fields) if section else []
    near = difflib.get_close_matches(str(path[-1])[:LONGEST_KEY], known, n=1)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."


def section_at(path: Path, shape: type[BaseModel]) -> type[BaseModel] | None:
    """The section that a path leads to."""
    section: type[BaseModel] | None = shape
    for part in path:
        if section is None:
            return None
        if isinstance(part, str) and part in section.model_fields:
            section = section_in(section.model_fields[part].annotation)
    return section


def section_in(annotation: Any) -> type[BaseModel] | None:
    """The section class that a field's type holds: itself, optional, or in a list or mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = section_in(inner)
        if found is not None:
            return found
    return None
