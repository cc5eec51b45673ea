"""A stage for the formats over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.adapters.http.api_stage import Stage, on_api_stage


@pytest_asyncio.fixture
async def api_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_api_stage(tmp_path) as running:
        yield running
