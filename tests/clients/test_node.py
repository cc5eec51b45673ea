"""OpenAI's client for Node: the same thirty calls as those of the one for Python."""

import base64
import json
from pathlib import Path
from typing import Any

from sandbox.openai.server import API_KEY
from sandbox.openai.sounds import wav
from tests.clients.installed import by_night, of_npm, ran
from tests.journeys.programs import Programs
from tests.journeys.thirty_calls import NEVER_ALIKE, OURS, OWL, WORDS

THIRTY = Path(__file__).with_name("thirty.mjs")

VERSION = "6.49.0"


@by_night
async def test_thirty_calls_end_as_they_do_at_the_provider(programs: Programs) -> None:
    """With nothing changed but the address and the key."""
    folder = await of_npm("openai", VERSION)
    expected = await _thirty(folder, programs.provider.base_url, API_KEY)
    actual = await _thirty(folder, f"{programs.url}/v1", (await programs.key()).reveal())
    elsewhere = await _thirty(folder, f"{programs.url}/openai", (await programs.key("discord:43")).reveal())

    assert 30 == len(expected)
    assert WORDS == expected[0]["choices"][0]["message"]["content"]
    assert {"error": "AuthenticationError", "status": 401, "code": "invalid_api_key"} == expected[-1]
    for number, (there, here, below) in enumerate(zip(expected, actual, elsewhere, strict=True)):
        assert (number, there) == (number, here)
        assert (number, there) == (number, below)


async def _thirty(folder: Path, url: str, key: str) -> list[Any]:
    given = {
        "url": url,
        "key": key,
        "sound": base64.b64encode(wav(2.5)).decode(),
        "owl": OWL,
        "omitted": [*NEVER_ALIKE, *OURS],
    }
    return list(json.loads(await ran("node", str(THIRTY), folder=folder, given=json.dumps(given))))
