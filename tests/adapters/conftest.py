"""The service with a book of a test's own, between both platforms."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.owls import BOOK, OwlStage
from tests.journeys.stage import on_stage


@pytest.fixture
async def owls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OwlStage]:
    """Everything that crosses the wires must agree with the platforms' own descriptions."""
    for place in ("adapters.wiring.BOOK", "adapters.service.BOOK"):
        monkeypatch.setattr(place, BOOK)
    async with on_stage(tmp_path, OwlStage) as stage:
        assert isinstance(stage, OwlStage)
        yield stage
    assert [] == stage.violations()
