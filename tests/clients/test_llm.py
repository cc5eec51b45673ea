"""Simon Willison's `llm`, which knows other servers that speak OpenAI's API by a file."""

import json
from pathlib import Path

import yaml

from tests.clients.installed import by_night, of_pip, ran
from tests.journeys.programs import Programs
from tests.journeys.thirty_calls import WORDS

VERSION = "0.36"


class Llm:
    """The program, with settings of its own."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder

    async def __call__(self, *arguments: str) -> str:
        settings = {"LLM_USER_PATH": str(self._folder), "OPENAI_API_KEY": ""}
        return (await ran(str(self._program), *arguments, folder=self._folder, environment=settings)).strip()


async def _llm(programs: Programs, folder: Path) -> Llm:
    """It is told of us as its manual says. Source: llm.datasette.io, "OpenAI-compatible models"."""
    owl = {"model_id": "owl", "model_name": "demo", "api_base": f"{programs.url}/v1", "api_key_name": "parley"}
    through = {"model_id": "owl-responses", "responses": True}
    (folder / "extra-openai-models.yaml").write_text(yaml.safe_dump([owl, owl | through]))
    (folder / "keys.json").write_text(json.dumps({"parley": (await programs.key()).reveal()}))
    return Llm(await of_pip("llm", VERSION) / "llm", folder)


@by_night
async def test_it_asks_whole_and_as_a_stream(programs: Programs, tmp_path: Path) -> None:
    llm = await _llm(programs, tmp_path)

    assert WORDS == await llm("-m", "owl", "--no-stream", "What do owls eat?")
    assert WORDS == await llm("-m", "owl", "What do owls eat?")
    assert WORDS == await llm("-m", "owl-responses", "What do owls eat?")
    assert [False, True, True] == [bool(each.get("stream")) for each in programs.provider.books.requests]


@by_night
async def test_it_goes_on_with_a_conversation(programs: Programs, tmp_path: Path) -> None:
    llm = await _llm(programs, tmp_path)

    await llm("-m", "owl", "-s", "Be brief.", "What do owls eat?")
    await llm("-c", "And bats?")

    said = [message["content"] for message in programs.provider.books.requests[-1]["messages"]]
    assert ["What do owls eat?", WORDS, "And bats?"] == said[-3:]


@by_night
async def test_it_knows_of_us_and_writes_down_what_was_used(programs: Programs, tmp_path: Path) -> None:
    llm = await _llm(programs, tmp_path)

    assert "OpenAI Chat: owl" in (await llm("models")).splitlines()
    await llm("-m", "owl", "What do owls eat?")

    logged = json.loads(await llm("logs", "--json"))[0]
    bill = programs.provider.books.invoice[-1]
    assert (bill.prompt, bill.completion) == (logged["input_tokens"], logged["output_tokens"])
