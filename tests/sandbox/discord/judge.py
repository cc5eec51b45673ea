"""Discord's own description of its API as a judge of everything that crosses the wire, where it is at hand."""

import importlib.util
import json
import os
import re
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from sandbox.traffic import Exchange, Traffic


class Judge:
    """
    Collects violations of the official description.

    The environment variable PARLEY_SPECS names a folder with `validate.py`; without it nothing is judged.
    """

    def __init__(self, traffic: Traffic) -> None:
        folder = os.environ.get("PARLEY_SPECS")
        self._validator = None if folder is None else _load(Path(folder) / "validate.py")
        self.exchanges = 0
        self.violations: list[str] = []
        if self._validator is not None:
            traffic.listeners.append(self._judge)

    def _judge(self, exchange: Exchange) -> None:
        if self._validator is None or not exchange.path.startswith("/api/"):
            return
        self.exchanges += 1
        where = f"{exchange.method} {exchange.path} {exchange.status}"
        if exchange.status < 400:
            found = self._validator.check_request(
                "discord", exchange.method, exchange.path, exchange.content_type, exchange.query, exchange.body
            )
            self.violations += [f"{where}: {each}" for each in found if not _is_number_for_id(each)]
        found = self._validator.check_response(
            "discord", exchange.method, exchange.path, exchange.status, exchange.answer_type, _with_numbers(exchange)
        )
        self.violations += [f"{where}: {each}" for each in found]


def _is_number_for_id(violation: str) -> bool:
    """discord.py writes ids as numbers where the description has strings."""
    return _NUMBER_FOR_ID.fullmatch(violation) is not None


_NUMBER_FOR_ID = re.compile(r"body/(\S*id: \d+|\S+: \d{17,20}) is not of type '(string|null)'")


def _with_numbers(exchange: Exchange) -> bytes:
    """
    The answer, with numbers in the place of names where a form was refused.

    The description has the codes of `_errors` as numbers, Discord sends names
    (docs.discord.com/developers/reference#error-messages). `_misc` it does not describe at all.
    """
    if exchange.status != 400:
        return exchange.answer
    body = json.loads(exchange.answer)
    return b"" if "_misc" in body else json.dumps(_numbered(body)).encode()


def _numbered(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: 0 if key == "code" and isinstance(value, str) else _numbered(value) for key, value in node.items()}
    return [_numbered(each) for each in node] if isinstance(node, list) else node


@cache
def _load(path: Path) -> ModuleType:
    """The validator, with the description read already: it leaves closing the file to the collector."""
    spec = importlib.util.spec_from_file_location("discord_description", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        module.spec("discord")
    return module
