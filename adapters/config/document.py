"""A YAML text -> plain data, with the line of every key; what YAML allows beyond plain data is a mistake."""

import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from adapters.config.mistakes import Mistake, Path, dotted

LONGEST = 1_000_000
"""The most bytes of a file that we read."""

DEEPEST = 20
"""Levels of sections and lists; a section that holds itself has more."""

MOST = 20_000
"""Values in one text, each counted as often as an alias repeats it."""

LONGEST_NUMBER = 40
"""Characters. Python refuses to read or to write very long numbers."""

_TAG = "tag:yaml.org,2002:"
_PLAIN = {f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float")}
_TEXT = {f"{_TAG}{kind}" for kind in ("str", "timestamp", "value", "merge")}
_MERGE = f"{_TAG}merge"

_QUOTED = re.compile(r" '[^'<]{2,}'")

_SYNTAX = "Look at the indentation and the quotes there; inside { } a ${NAME} needs quotes around it."
_PLAINER = "Write it out, without tags and repetitions."


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says. `unreadable` when it is no YAML at all; the mistakes say why."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    unreadable: bool = False


def read(file: FilePath) -> str:
    """
    What stands in a file, without a byte order mark.

    Raises:
        ValueError: It cannot be read, is too long, or is not UTF-8; the message is half a sentence about it.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(content) > LONGEST:
        raise ValueError(f"is longer than {LONGEST:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"is not UTF-8 text (see its line {line})") from None


def parse(text: str, name: str) -> Document:
    """Read a YAML text; `name` is what its mistakes call it."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        walk = _Walk()
        data = None if node is None else walk.value(node, ())
    except RecursionError:
        return Document(mistakes=[Mistake(name, 0, "is nested too deeply", _PLAINER)], unreadable=True)
    except _TooMuch as much:
        return Document(mistakes=[Mistake(name, much.line, str(much), _PLAINER)], unreadable=True)
    except yaml.YAMLError as error:
        return Document(mistakes=[_not_yaml(name, text, error)], unreadable=True)
    return Document(data, walk.lines, walk.mistakes)


def _not_yaml(name: str, text: str, error: yaml.YAMLError) -> Mistake:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Mistake(name, line, f"the character U+{ord(text[error.position]):04X} may not stand there", "Remove it.")
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it is not YAML"
    return Mistake(name, mark.line + 1 if mark else 0, _without_names(problem), _SYNTAX)


def _without_names(problem: str) -> str:
    """The parser's words without those of the text: an unquoted password may look like an alias."""
    return _QUOTED.sub("", problem)


class _TooMuch(Exception):
    """Levels or values without end, most likely by aliases."""

    def __init__(self, line: int, wrong: str) -> None:
        super().__init__(wrong)
        self.line = line


class _Walk:
    """Goes through a text's nodes once; each alias is a copy of its own."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.mistakes: list[Mistake] = []
        self._left = MOST
        self._yaml = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._left -= 1
        line = node.start_mark.line + 1
        if len(path) > DEEPEST:
            raise _TooMuch(line, "is nested too deeply, or in itself")
        if self._left < 0:
            raise _TooMuch(line, "repeats itself too often")
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._section(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self._entry(inner, (*path, index)) for index, inner in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in _TEXT | _PLAIN:
            return self._scalar(node, path)
        return self._wrong(node, path, "has a tag (a word that begins with !), which is not for a configuration")

    def _entry(self, node: yaml.Node, path: Path) -> Any:
        self.lines[path] = node.start_mark.line + 1
        return self.value(node, path)

    def _section(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        stood: dict[str, int] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                merged.update(self._merged(value, path))
            elif not isinstance(key, yaml.ScalarNode):
                self._wrong(key, path, "a list or a section cannot be a key")
            elif key.value in own:
                self._wrong(key, (*path, key.value), f"stands here again, after line {stood[key.value]}", "Keep one.")
            else:
                self.lines[*path, key.value] = stood[key.value] = key.start_mark.line + 1
                own[key.value] = self.value(value, (*path, key.value))
        return {**merged, **own}

    def _merged(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        """What `<<` takes over from another section, or from several: the first of them that has a key gives it."""
        found: dict[str, Any] = {}
        for section in reversed(node.value) if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(section, yaml.MappingNode):
                found.update(self.value(section, (*path, "<<")))
            else:
                self._wrong(section, (*path, "<<"), "takes over sections only")
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if node.tag in _TEXT:
            return node.value
        looks: str = self._yaml.resolve(yaml.ScalarNode, node.value, (True, False))  # type: ignore[no-untyped-call]
        if looks != node.tag or len(node.value) > LONGEST_NUMBER:
            return self._wrong(node, path, "is not a number, true or false that we can read", "Put text in quotes.")
        try:
            return self._yaml.construct_object(node)
        except ValueError:
            return node.value  # such as 0x_, which looks like a number and is none

    def _wrong(self, node: yaml.Node, path: Path, wrong: str, mend: str = _PLAINER) -> None:
        self.mistakes.append(Mistake(dotted(path), node.start_mark.line + 1, wrong, mend))
