"""The page that describes the routes."""

import re

from tests.adapters.http.api_stage import Stage


async def test_every_route_is_described_and_nothing_is_loaded(api_stage: Stage) -> None:
    """No script of anybody's runs where people's keys are good, and a network of its own shows it all the same."""
    document = (await api_stage.call("GET", "/openapi.json", key="")).body

    page = await api_stage.call("GET", "/docs", key="")

    assert 200 == page.status
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f"<b>{method.upper()}</b> {path}</h3>" in page.body
            assert "partial(" not in operation.get("description", "")
    assert not re.search(r"<script|\bsrc=|https?://|@import|url\(", page.body)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
