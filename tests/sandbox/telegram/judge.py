"""Judges traffic by Telegram's official description, where the environment says that a copy of it is at hand."""

import importlib.util
import os
import warnings
from pathlib import Path
from typing import Any

from sandbox.traffic import Exchange


def load() -> Any:
    """The checker in the folder that PARLEY_SPECS names; None when it names none."""
    folder = os.environ.get("PARLEY_SPECS")
    if not folder:
        return None
    spec = importlib.util.spec_from_file_location("parley_specs_validate", Path(folder) / "validate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        module.spec("telegram")  # it keeps what it has read, but does not close the file
    return module


class Judge:
    """Listens to the traffic and collects what the description does not allow."""

    def __init__(self, validate: Any) -> None:
        self._validate = validate
        self.judged = 0
        self.violations: list[str] = []

    def hear(self, exchange: Exchange) -> None:
        if self._validate is None or "json" not in exchange.answer_type:
            return
        self.judged += 1
        found = self._validate.check_response(
            "telegram", exchange.method, exchange.path, exchange.status, exchange.answer_type, exchange.answer
        )
        if exchange.status == 200:  # what was refused need not have been right
            found += self._validate.check_request(
                "telegram", exchange.method, exchange.path, exchange.content_type, exchange.query, exchange.body
            )
        self.violations += [f"{exchange.path.rpartition('/')[2]}: {each}" for each in found]

    def update(self, body: dict[str, Any]) -> None:
        """Judge one update that was pushed."""
        if self._validate is not None:
            self.judged += 1
            self.violations += self._validate.errs("telegram", {"$ref": "#/$defs/Update"}, body, "update")
