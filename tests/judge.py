"""
The platforms' own descriptions of their APIs as judges of everything that crosses a simulator's wire.

The environment variable PARLEY_SPECS names a folder that holds them and a `validate.py`; without it nothing is judged.
"""

import importlib.util
import json
import os
import re
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from sandbox.traffic import Exchange, Traffic

Kind = Literal["discord", "telegram", "openai"]

NOISE = re.compile(
    r"body/(\S*id: \d+|\S+: \d{17,20}) is not of type '(string|null)'"  # discord.py writes ids as numbers
    r"|.*finish_reason: None .*"  # OpenAI's own streams have null there, its description does not
)

OPENAIS_NOISE = re.compile(
    r"POST embeddings 200: response/data/\d+/embedding: '[A-Za-z0-9+/]{40}"  # it forgets those in base64
    r"|POST responses 200: body/input/\d+: {"  # valid in two ways: it has two names for one kind of message
    r"|POST transcriptions 200: response: {'task': 'transcribe'"  # valid in two ways: as one of fewer fields, too
    r"|DELETE resp_\S+ 404: response: '\w+' is a required property"  # it wants an error outside of its `error`
)
"""Where OpenAI's description is wrong about OpenAI."""

DISCORDS_FORM_ERROR = 50035
"""Its description has the codes inside as numbers; Discord sends names (developers/reference#error-messages)."""


class Judge:
    """Listens to one simulator's traffic and collects what the platform's description does not allow."""

    def __init__(self, kind: Kind, traffic: Traffic | None = None) -> None:
        self.exchanges = 0
        self.violations: list[str] = []
        self._kind = kind
        self._validator = _validator(os.environ.get("PARLEY_SPECS", ""), kind)
        if traffic is not None:
            self.listen(traffic)

    def listen(self, traffic: Traffic) -> None:
        if self._validator is not None:
            traffic.listeners.append(self._hear)

    def update(self, body: dict[str, Any]) -> None:
        """Judge one update that a simulator pushed to a webhook."""
        if self._validator is not None:
            self.exchanges += 1
            self.violations += self._validator.errs("telegram", {"$ref": "#/$defs/Update"}, body, "update")

    def _hear(self, exchange: Exchange) -> None:
        assert self._validator is not None
        if (self._kind == "discord" and not exchange.path.startswith("/api/")) or _is_planned_page(exchange):
            return
        self.exchanges += 1
        found: list[str] = []
        if not _is_discords_form_error(exchange):
            answer = (exchange.status, exchange.answer_type, exchange.answer)
            found += self._validator.check_response(self._kind, exchange.method, exchange.path, *answer)
        if exchange.status < 400:  # what was refused need not have been right
            asked = (exchange.content_type, exchange.query, exchange.body)
            found += self._validator.check_request(self._kind, exchange.method, exchange.path, *asked)
        where = f"{exchange.method} {exchange.path.rpartition('/')[2]} {exchange.status}"
        told = [f"{where}: {each}" for each in found if not NOISE.match(each)]
        self.violations += [each for each in told if not OPENAIS_NOISE.match(each)]


def _is_planned_page(exchange: Exchange) -> bool:
    """A proxy's error page, as a test ordered it: no platform describes these."""
    return exchange.status >= 500 and "json" not in exchange.answer_type


def _is_discords_form_error(exchange: Exchange) -> bool:
    if exchange.status != 400 or "json" not in exchange.answer_type:
        return False
    body = json.loads(exchange.answer)
    return body.get("code") == DISCORDS_FORM_ERROR or "_misc" in body


@cache
def _validator(folder: str, kind: Kind) -> ModuleType | None:
    """The checker, with the description read already: it leaves closing the file to the collector."""
    if not folder:
        return None
    spec = importlib.util.spec_from_file_location("platform_descriptions", Path(folder) / "validate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        module.spec(kind)
    return module
