"""The reference of the configuration, made from its shape: `python -m adapters.config.reference`."""

import sys
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from adapters.config.mistakes import section_in
from adapters.config.shape import Config

TITLE = """# Configuration

One YAML file: `config.yaml` where `parley` is started, or the one that `--config` or `PARLEY_CONFIG` names.
`config.example.yaml` is one to copy. `parley check` reads it, reaches every account, and says what is wrong.

- `${NAME}` in a value is the environment variable NAME (inside `{ }` it needs quotes around it).
- `token_file: /run/secrets/token` instead of `token:` takes what stands in that file; this works for every key.
- `PARLEY_TELEGRAM__TOKEN` in the environment is `telegram.token`, whatever the file says: two underscores a level.
- Space around a secret is dropped; a secret that is empty, or has space inside, is a mistake.
"""


def reference() -> str:
    """The whole reference, as Markdown."""
    return f"{TITLE}\n" + "\n".join(_section("", Config))


def _section(path: str, section: type[BaseModel]) -> Iterator[str]:
    yield f"## `{path}`\n" if path else "## The file\n"
    yield f"{(section.__doc__ or '').strip()}\n"
    yield "| key | what it is | kind | default |\n|---|---|---|---|"
    inner = []
    for name, field in section.model_fields.items():
        below = section_in(field.annotation)
        yield f"| `{name}` | {_cell(field.description or '')} | {_kind(field.annotation, below)} | {_default(field)} |"
        if below is not None:
            inner.append((f"{path}.{name}".lstrip("."), below))
    yield ""
    for where, below in inner:
        yield from _section(where, below)


def _kind(annotation: Any, below: type[BaseModel] | None) -> str:
    text = _plain(annotation)
    if below is None:
        return text
    return {"list": "list of sections", "mapping": "sections by name"}.get(text, "section")


def _plain(annotation: Any) -> str:
    """A type in a reader's words."""
    origin, inside = get_origin(annotation), [kind for kind in get_args(annotation) if kind is not type(None)]
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in inside)
    if origin in (tuple, list):
        return "list"
    if origin is dict:
        return "mapping"
    if inside:
        return _plain(inside[0])
    if isinstance(annotation, type) and issubclass(annotation, str) and hasattr(annotation, "__members__"):
        return " or ".join(f"`{choice}`" for choice in annotation.__members__.values())
    names = {str: "text", int: "whole number", float: "number", bool: "true or false", SecretStr: "secret text"}
    return names.get(annotation, "section")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value = field.default
    if value is PydanticUndefined or value in (None, (), ""):
        return ""
    if isinstance(value, SecretStr):
        return "`none`"
    return f"`{list(value) if isinstance(value, tuple) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference() + "\n")
