"""OpenAI's own description of its API as the judge of every exchange, where somebody has it at hand."""

import importlib.util
import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.traffic import Exchange

FOLDER = "PARLEY_SPECS"
"""The environment variable that names a folder with `validate.py` and the description; unset, nothing is judged."""

NOISE = "finish_reason: None is not one of"
"""The description calls the null in a chunk's finish_reason nullable and forgets it in the list of values."""


class Judge:
    """Listens to a simulator; `violations` is empty as long as everything is as described."""

    def __init__(self, validate: Any) -> None:
        self._validate = validate
        self.violations: list[str] = []

    def __call__(self, exchange: Exchange) -> None:
        found = self._response(exchange)
        if exchange.status < 400:  # what was refused was wrong on purpose
            found += self._request(exchange)
        self.violations += [f"{exchange.method} {exchange.path}: {one}" for one in found if NOISE not in one]

    def _request(self, exchange: Exchange) -> list[str]:
        found: list[str] = self._validate.check_request(
            "openai", exchange.method, exchange.path, exchange.content_type, exchange.query, exchange.body
        )
        return found

    def _response(self, exchange: Exchange) -> list[str]:
        found: list[str] = self._validate.check_response(
            "openai", exchange.method, exchange.path, exchange.status, exchange.answer_type, exchange.answer
        )
        return found


def judge() -> Judge | None:
    folder = os.environ.get(FOLDER)
    return Judge(_load(Path(folder))) if folder else None


@cache
def _load(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("validate", folder / "validate.py")
    assert spec is not None
    assert spec.loader is not None
    validate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(validate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves the file of the description open
        validate.spec("openai")
    return validate
