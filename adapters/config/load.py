"""Reads the file, lays the environment over it, fills in ${NAMES} and *_file, and validates the whole."""

import os
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from adapters.config.document import DEEPEST, Document, parse, read
from adapters.config.mistakes import BadConfig, Mistake, Path, dotted, line_of, mistakes_of
from adapters.config.shape import Config

PREFIX = "PARLEY_"
NOT_KEYS = {"PARLEY_CONFIG"}
"""Variables of ours that are not keys of the file."""

FROM_FILE = "_file"
"""How a key ends whose value stands in a file of its own."""

_NAME = re.compile(r"\$\{(\w+)\}")


def load(file: FilePath | None, environment: Mapping[str, str] = os.environ) -> Config:
    """
    Read the configuration.

    Args:
        file: The YAML file; None for a configuration that is in the environment alone.
        environment: `PARLEY_TELEGRAM__TOKEN` is the key `telegram.token`, whatever the file says.

    Raises:
        BadConfig: With every mistake that was found.
    """
    document = _document(file) if file else Document({})
    mistakes = document.mistakes
    _overlay(document, environment)
    data = _Filling(document.lines, environment, mistakes).value(document.data, ())
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        blamed = {mistake.key.removesuffix(FROM_FILE) for mistake in mistakes}
        found = mistakes_of(error, Config, document.lines)
        mistakes += [mistake for mistake in found if mistake.key not in blamed]
    if mistakes:
        raise BadConfig(sorted(mistakes, key=lambda mistake: mistake.line))
    return config


def _document(file: FilePath) -> Document:
    try:
        text = read(file)
    except ValueError as error:
        raise BadConfig([Mistake(str(file), 0, str(error), "")]) from None
    document = parse(text, str(file))
    if document.unreadable:
        raise BadConfig(document.mistakes)
    if document.data is None and not document.mistakes:
        return Document({})
    if not isinstance(document.data, dict):
        raise BadConfig([Mistake(str(file), 1, "is not a list of keys and values", "Begin with `name: parley`.")])
    return document


def _overlay(document: Document, environment: Mapping[str, str]) -> None:
    """Lay `PARLEY_A__B=value` over `a.b`. Lists and sections are given as YAML."""
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name in NOT_KEYS:
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if len(path) > DEEPEST:
            document.mistakes.append(Mistake(name, 0, "there is no such key", "Two underscores begin a new level."))
            continue
        _put(document.data, path, _value(environment[name], name))
        _forget_lines(document.lines, path)


def _put(place: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *sections, key = path
    for section in sections:
        if not isinstance(place.get(section), dict):
            place[section] = {}
        place = place[section]
    place.pop(_other_way(key), None)
    place[key] = value


def _other_way(key: str) -> str:
    """The other of `token` and `token_file`."""
    return key.removesuffix(FROM_FILE) if key.endswith(FROM_FILE) else f"{key}{FROM_FILE}"


def _value(text: str, name: str) -> Any:
    """A variable's value. A number stays text, since a token may look like one; where one is wanted it becomes one."""
    document = parse(text, name)
    return text if document.mistakes or not isinstance(document.data, (dict, list)) else document.data


def _forget_lines(lines: dict[Path, int], path: Path) -> None:
    """What the environment says stands on no line of the file."""
    for inner in [inner for inner in lines if inner[: len(path)] == path]:
        del lines[inner]
    lines[path] = 0


class _Filling:
    """Fills in every ${NAME} and every key that ends in _file."""

    def __init__(self, lines: Mapping[Path, int], environment: Mapping[str, str], mistakes: list[Mistake]) -> None:
        self._lines = lines
        self._environment = environment
        self._mistakes = mistakes

    def value(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return self._from_files({key: self.value(inner, (*path, key)) for key, inner in value.items()}, path)
        if isinstance(value, list):
            return [self.value(inner, (*path, index)) for index, inner in enumerate(value)]
        if isinstance(value, str):
            return _NAME.sub(lambda match: self._variable(match.group(1), path), value)
        return value

    def _variable(self, name: str, path: Path) -> str:
        if name not in self._environment:
            mend = f"Set it, or write the value into the file instead of ${{{name}}}."
            self._wrong(path, f"{name} is not in the environment", mend)
        return self._environment.get(name, "")

    def _from_files(self, section: dict[str, Any], path: Path) -> dict[str, Any]:
        """Replace `token_file: /run/secrets/token` by `token:` with what stands in that file."""
        result: dict[str, Any] = {}
        for key, value in section.items():
            if not (key.endswith(FROM_FILE) and isinstance(value, str)):
                result[key] = value
            elif (named := _other_way(key)) in section:
                self._wrong((*path, key), f"stands beside {named}", "Keep one of the two.")
            else:
                result[named] = self._content(value, (*path, key))
        return result

    def _content(self, file: str, path: Path) -> str:
        try:
            return read(FilePath(file)).strip()
        except ValueError as error:
            self._wrong(path, f"the file {file!r} {error}", "Check the path and who may read it.")
            return ""

    def _wrong(self, path: Path, wrong: str, mend: str) -> None:
        self._mistakes.append(Mistake(dotted(path), line_of(path, self._lines), wrong, mend))
