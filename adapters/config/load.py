"""Reads the file, lays the environment over it, fills in ${NAMES} and *_file, and validates the whole."""

import os
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic import ValidationError

from adapters.config.mistakes import BadConfig, Mistake, Path, dotted, line_of, mistakes_of
from adapters.config.shape import Config

PREFIX = "PARLEY_"
NOT_KEYS = {"PARLEY_CONFIG"}
"""Variables of ours that are not keys of the file."""

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
    data, lines = _read(file) if file else ({}, {})
    mistakes: list[Mistake] = []
    _overlay(data, environment)
    data = _filled(data, (), lines, environment, mistakes)
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        blamed = {mistake.key for mistake in mistakes}
        found = mistakes_of(error, Config, lines)
        raise BadConfig([*mistakes, *(mistake for mistake in found if mistake.key not in blamed)]) from None
    if mistakes:
        raise BadConfig(mistakes)
    return config


def _read(file: FilePath) -> tuple[dict[str, Any], dict[Path, int]]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfig([Mistake(str(file), 0, f"cannot be read: {error.strerror}", "")]) from None
    except UnicodeDecodeError:
        raise BadConfig([Mistake(str(file), 0, "is not UTF-8 text", "Save it as UTF-8.")]) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise BadConfig([_yaml_mistake(file, error)]) from None
    if not isinstance(data, dict):
        raise BadConfig([Mistake(str(file), 1, "is not a list of keys and values", "Begin with `name: parley`.")])
    lines: dict[Path, int] = {}
    if node is not None:
        _note_lines(node, (), lines)
    return data, lines


def _yaml_mistake(file: FilePath, error: yaml.YAMLError) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it is not YAML"
    mend = "Look at the indentation and the quotes there; inside { } a ${NAME} needs quotes around it."
    return Mistake(str(file), mark.line + 1 if mark else 0, str(problem), mend)


def _note_lines(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    """Write down on which line each key stands."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*path, key.value)] = key.start_mark.line + 1
            _note_lines(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*path, index)] = value.start_mark.line + 1
            _note_lines(value, (*path, index), lines)


def _overlay(data: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Lay `PARLEY_A__B=value` over `a.b`. A value is read as YAML, so numbers and lists can be given."""
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name in NOT_KEYS:
            continue
        *sections, key = name.removeprefix(PREFIX).lower().split("__")
        place = data
        for section in sections:
            if not isinstance(place.get(section), dict):
                place[section] = {}
            place = place[section]
        place[key] = _value(environment[name])


def _value(text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, (bool, int, float, list, dict)) and not text.isdigit() else text


def _filled(
    value: Any, path: Path, lines: Mapping[Path, int], environment: Mapping[str, str], mistakes: list[Mistake]
) -> Any:
    """The value with every ${NAME} and every key that ends in _file filled in."""
    if isinstance(value, dict):
        filled = {key: _filled(inner, (*path, key), lines, environment, mistakes) for key, inner in value.items()}
        return _from_files(filled, path, lines, mistakes)
    if isinstance(value, list):
        return [_filled(inner, (*path, index), lines, environment, mistakes) for index, inner in enumerate(value)]
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            mend = f"Set it, or write the value into the file instead of ${{{name}}}."
            mistakes.append(Mistake(dotted(path), line_of(path, lines), f"{name} is not in the environment", mend))
        return environment.get(name, "")

    return _NAME.sub(fill, value)


def _from_files(
    section: dict[str, Any], path: Path, lines: Mapping[Path, int], mistakes: list[Mistake]
) -> dict[str, Any]:
    """Replace `token_file: /run/secrets/token` by `token:` with what stands in that file."""
    result: dict[str, Any] = {}
    for key, value in section.items():
        if not (isinstance(key, str) and key.endswith("_file") and isinstance(value, str)):
            result[key] = value
            continue
        try:
            result[key.removesuffix("_file")] = FilePath(value).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            here = (*path, key)
            wrong = f"the file {value} cannot be read"
            mistakes.append(Mistake(dotted(here), line_of(here, lines), wrong, "Check the path and who may read it."))
            result[key.removesuffix("_file")] = ""
    return result
