"""The fields of a request in OpenAI's shape, each as it has to be. All of these raise Rejected, naming the field."""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.http.refusals import Rejected


def refuse(fields: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if fields.get(name):
            raise Rejected(f"`{name}` is not offered here.", param=name)


def listed(fields: Mapping[str, Any], name: str) -> Sequence[Any]:
    given = fields.get(name)
    if not isinstance(given, list) or not given:
        raise Rejected(f"`{name}` must be a list, and not an empty one.", param=name)
    return given


def text(fields: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    given = fields.get(name)
    if given is None and not needed:
        return ""
    if not isinstance(given, str) or (needed and not given):
        raise Rejected(f"`{name}` must be a text.", param=name)
    return given


def whole(fields: Mapping[str, Any], name: str, least: int, most: int | None = None) -> int | None:
    given = fields.get(name)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or given < least or (most is not None and given > most):
        between = f"from {least} to {most}" if most is not None else f"of {least} or more"
        raise Rejected(f"`{name}` must be a whole number {between}.", param=name)
    return given


def number(fields: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    given = fields.get(name)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not least <= given <= most:
        raise Rejected(f"`{name}` must be a number from {least:g} to {most:g}.", param=name)
    return given


def flag(fields: Mapping[str, Any], name: str) -> bool:
    given = fields.get(name)
    if given is not None and not isinstance(given, bool):
        raise Rejected(f"`{name}` must be true or false.", param=name)
    return bool(given)
