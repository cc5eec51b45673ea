"""LangChain's models over OpenAI's API."""

import json
from pathlib import Path
from typing import Any

from sandbox.openai.server import API_KEY
from tests.clients.installed import by_night, of_pip, ran
from tests.journeys.programs import Programs
from tests.journeys.thirty_calls import WORDS

ASKS = Path(__file__).with_name("langchain_asks.py")

VERSION = "1.7.3"


@by_night
async def test_it_gets_what_the_provider_gives(programs: Programs, tmp_path: Path) -> None:
    """Answers, streams, tools, usage, vectors: with nothing changed but the address and the key."""
    python = await of_pip("langchain-openai", VERSION) / "python"
    there = await _asked(python, tmp_path, programs.provider.base_url, API_KEY)
    here = await _asked(python, tmp_path, f"{programs.url}/v1", (await programs.key()).reveal())

    assert WORDS == there["invoked"]["text"] == there["streamed"]["text"] == there["responded"]["text"]
    assert [["weather", {"place": "Oslo"}]] == there["with tools"]["calls"]
    assert there["invoked"]["usage"]["output_tokens"] > 0
    assert there["streamed with usage"]["usage"] is not None
    assert there["embedded"][0] == there["embedded query"]
    for name, expected in there.items():
        assert (name, expected) == (name, here[name])


async def _asked(python: Path, folder: Path, url: str, key: str) -> dict[str, Any]:
    given = json.dumps({"url": url, "key": key})
    return dict(json.loads(await ran(str(python), str(ASKS), folder=folder, given=given)))
