"""Every path but OpenAI's own can be another."""

from pathlib import Path

from aiohttp import ClientSession, WSServerHandshakeError

from adapters.http.paths import PATHS
from tests.adapters.http.api_stage import on_api_stage

ELSEWHERE = {path: f"/elsewhere{path}" for path in PATHS}

METHODS = ("GET", "POST", "DELETE")


async def test_every_path_can_be_another(tmp_path: Path) -> None:
    """Where it was there is nothing any more; where it is, it asks for a key, or for more."""
    async with on_api_stage(tmp_path, http={"paths": ELSEWHERE, "metrics": True}, pool={"agents": True}) as stage:
        for path, elsewhere in ELSEWHERE.items():
            there, here = path.replace("{id}", "x"), elsewhere.replace("{id}", "x")
            assert {404} == {(await stage.call(method, there, key="")).status for method in METHODS}, path
            if path == "/client/register":
                assert 401 == await _joined(f"{stage.url}{here}")
            else:
                assert {404} != {(await stage.call(method, here, key="")).status for method in METHODS}, path


async def _joined(url: str) -> int:
    """The status with which an agent without a key is turned away."""
    async with ClientSession() as session:
        try:
            async with session.ws_connect(url):
                return 101
        except WSServerHandshakeError as refused:
            return refused.status
