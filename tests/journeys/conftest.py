"""A stage for every journey, and a seat on each platform."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.journeys.stage import DiscordSeat, Seat, Stage, TelegramSeat, on_stage


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The whole service; at the end, all that crossed the wire must have been as the platforms describe it."""
    async with on_stage(tmp_path) as running:
        yield running
    assert [] == running.violations()


@pytest.fixture(params=["discord", "telegram"])
def seat(request: pytest.FixtureRequest, stage: Stage) -> Seat:
    return DiscordSeat(stage.discord) if request.param == "discord" else TelegramSeat(stage.telegram)


@pytest.fixture
def seat_discord(stage: Stage) -> DiscordSeat:
    return DiscordSeat(stage.discord)
