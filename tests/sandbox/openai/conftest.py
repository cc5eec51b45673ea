"""A provider in a hurry, the SDK to talk to it, and the judge who listens when there is one."""

from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpx2Client

from sandbox.openai.server import OpenAI
from tests.judge import Judge

HURRY = 1000.0
"""Half a minute becomes 30 milliseconds."""


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    """Judged: what it says must be what OpenAI's description allows."""
    async with OpenAI(hurry=HURRY) as provider:
        judge = Judge("openai", provider.traffic)
        yield provider
    assert [] == judge.violations


@pytest.fixture
async def client(provider: OpenAI) -> AsyncIterator[AsyncOpenAI]:
    """The SDK as it is, but for the certificates: loading them takes longer than most of these tests."""
    async with AsyncOpenAI(
        base_url=provider.base_url,
        api_key=provider.api_key,
        max_retries=0,
        timeout=5,
        http_client=DefaultAsyncHttpx2Client(verify=False),
    ) as client:
        yield client
