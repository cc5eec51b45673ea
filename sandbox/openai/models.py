"""The models on offer, and how the API tells of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

CREATED = 1_795_219_200
"""When the demo models came into being: 2026-11-21, as a Unix time in seconds."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `context` and `output` are its limits in tokens: all in all, and of one answer."""

    id: str
    context: int = 128_000
    output: int = 16_384
    owner: str = "parley"

    @property
    def body(self) -> dict[str, Any]:
        return {"id": self.id, "object": "model", "created": CREATED, "owned_by": self.owner}


DEMO = Model("parley-demo")
DEMO_MINI = Model("parley-demo-mini", context=16_384, output=4_096)


def listing(models: Iterable[Model]) -> dict[str, Any]:
    return {"object": "list", "data": [model.body for model in models]}
