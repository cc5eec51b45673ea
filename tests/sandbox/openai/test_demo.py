"""The demo model: what a visitor says to it, and what comes back."""

import contextlib
import io
import re
import sqlite3
from importlib.resources import files
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.openai import demo
from sandbox.openai.asked import Asked, Said
from sandbox.openai.script import Script
from sandbox.openai.server import OpenAI
from tests.sandbox.openai.listen import Heard, listen, listen_into, user, whole


def told(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def text_of(name: str) -> str:
    return files("sandbox.openai").joinpath("texts", f"{name}.md").read_text("utf-8").strip()


def fences(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(name), re.DOTALL | re.MULTILINE)


async def ask(client: AsyncOpenAI, *messages: Any) -> str:
    """An answer that is not the first of its conversation, so nothing is said about the model itself."""
    return (await listen(client, user("hello"), told("Hello!"), *messages)).text


async def test_the_first_answer_says_what_speaks(client: AsyncOpenAI) -> None:
    """Nobody may take it for a real model."""
    first = (await listen(client, "What is love?")).text

    assert first.startswith(demo.DISCLOSURE)
    assert demo.DISCLOSURE not in await ask(client, "And what is hate?")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("how do OWLS hear?", "owls"),
        ("Make me a Table, please", "table"),
        ("show some code", "code"),
        ("a poem about the night", "poem"),
        ("can you do math?", "math"),
        ("All of markdown!", "markdown"),
        ("emoji", "emoji"),
        ("how about unicode", "emoji"),
        ("help", "help"),
        ("something long with a table in it", "long"),
    ],
)
async def test_a_word_anywhere_calls_for_its_text(client: AsyncOpenAI, said: str, name: str) -> None:
    """In any case; the word that comes first wins."""
    assert text_of(name) == await ask(client, said)


async def test_other_words_are_echoed_with_suggestions(client: AsyncOpenAI) -> None:
    """A visitor always learns what to try next. A word inside another word is another word."""
    answer = await ask(client, "Is the vegetable\nlongish?")

    assert "“Is the vegetable longish?”" in answer
    assert "**table**" in answer


async def test_jokes_are_not_repeated_at_once(client: AsyncOpenAI) -> None:
    """The first thing people ask for twice."""
    first = await ask(client, "a joke")
    second = await ask(client, user("a joke"), told(first), "another joke")

    assert first != second


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("count to 5", "1, 2, 3, 4, 5."),
        ("Please count up to 1.", "1."),
        ("count to 0", "Done already: there is nothing between nothing and 0."),
        ("count to 1000000", "I count to 1,000 at most; 1,000,000 would keep us here for long."),
    ],
)
async def test_it_counts(client: AsyncOpenAI, said: str, answer: str) -> None:
    """An answer as long as one likes, in which anything lost would show; within reason."""
    assert answer == await ask(client, said)


async def test_it_remembers_what_was_said(client: AsyncOpenAI) -> None:
    """It knows only what it was sent, so this shows that follow-ups carry the conversation."""
    answer = await ask(client, "My cat is grey.", told("I see."), "What did I just say?")

    assert answer.endswith("1. “hello”\n2. “My cat is grey.”")
    assert "first thing" in (await listen(client, "what have I said?")).text


@pytest.mark.parametrize("introduced", ["my name is Ada.", "Call me Ada", "Hi, I'm Ada!", "I am Ada"])
async def test_it_remembers_a_name(client: AsyncOpenAI, introduced: str) -> None:
    """However it was told."""
    answer = await ask(client, introduced)
    assert answer.startswith("Nice to meet you, Ada!")

    assert "**Ada**" in await ask(client, user(introduced), told(answer), "What's my name?")


async def test_it_does_not_know_a_name_that_nobody_told(client: AsyncOpenAI) -> None:
    """I'm tired is no name."""
    assert "have not told me" in await ask(client, user("I'm tired"), told("Sleep."), "who am I?")


async def test_in_a_room_it_knows_who_speaks(client: AsyncOpenAI) -> None:
    """A shared conversation puts each author before the line."""
    room = [user("Alice: I like mice."), told("So do I."), user("Bob van Dyk: I like cats."), told("Hm.")]

    assert (await listen(client, *room, "Bob van Dyk: well?")).text.startswith("Hello, Bob van Dyk! You wrote “well?”")
    assert "**Alice**" in (await listen(client, *room, "Alice: who am I?")).text
    assert "I like mice" in (await listen(client, *room, "Alice: what did I say?")).text
    assert "I like mice" not in (await listen(client, *room, "Bob van Dyk: what did I say?")).text


@pytest.mark.parametrize(
    ("said", "error"), [("an error, please", openai.InternalServerError), ("be busy", openai.RateLimitError)]
)
async def test_it_fails_on_request(client: AsyncOpenAI, said: str, error: type[Exception]) -> None:
    """A visitor can see how the bot speaks of trouble."""
    with pytest.raises(error):
        await listen(client, said)


async def test_it_is_cut_in_the_middle_of_a_sentence(client: AsyncOpenAI) -> None:
    """Cut at a full stop, nobody would notice that something is missing."""
    heard = Heard([])
    with pytest.raises(openai.APIConnectionError):
        await listen_into(heard, client, "cut")

    assert heard.text[-1].isalnum()
    assert (demo.DISCLOSURE + "\n\n" + text_of("owls")).startswith(heard.text)


@pytest.mark.parametrize(
    ("said", "text", "reason"), [("empty", "", "stop"), ("filter", "Let me put", "content_filter")]
)
async def test_it_ends_early_on_request(client: AsyncOpenAI, said: str, text: str, reason: str) -> None:
    """Normal ends to the protocol, yet each needs words of its own in a chat."""
    heard = await listen(client, said)

    assert (text, reason) == (heard.text, heard.reason)


@pytest.mark.parametrize(
    ("said", "least", "most"), [("slow", 29, 31), ("a slow joke", 29, 31), ("owl", 2, 8), ("long", 3, 12)]
)
def test_it_speaks_at_a_pleasant_speed(said: str, least: float, most: float) -> None:
    """In seconds: fast enough to wait for, slow enough to see it stream."""
    script = demo.answer(Asked("parley-demo", (Said("user", said),), True, False, 1, 9999, (), 0, {}))

    assert isinstance(script, Script)
    assert least <= script.seconds <= most


async def test_a_picture_alone_gets_an_answer(client: AsyncOpenAI) -> None:
    """Nothing in it can be read, and it says so."""
    url = "https://example.org/owl.png"
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}

    assert "no text that I could read" in (await listen(client, picture)).text


async def test_a_conversation_without_a_user_gets_an_answer(client: AsyncOpenAI) -> None:
    """Some clients send nothing but instructions."""
    assert "Hello!" in (await listen(client, {"role": "system", "content": "Be kind."})).text


async def test_both_demo_models_answer(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Choosing between models can be tried without an account."""
    answer = await whole(client, "owl", model="parley-demo-mini")

    assert "parley-demo-mini" == answer.model == provider.books.invoice[0].model


def test_the_long_text_has_everything_that_is_hard_to_split() -> None:
    """About ten thousand characters, with fences, tables, lists, quotes and headings on the way."""
    text = text_of("long")

    assert 9_000 <= len(text) <= 11_000
    assert ["python", "sql", "javascript"] == re.findall(r"^```(\w+)$", text, re.MULTILINE)
    assert 4 <= len(re.findall(r"^\|[:|-]+\|$", text, re.MULTILINE))
    assert 6 <= len(re.findall(r"^## ", text, re.MULTILINE))
    assert 2 <= len(re.findall(r"^> ", text, re.MULTILINE))


@pytest.mark.parametrize(("name", "prints"), [("code", ["1 h 2 min 5 s", "2 d", "0 s"]), ("long", ["19.3"])])
def test_the_programs_in_the_texts_work(name: str, prints: list[str]) -> None:
    """A visitor may well try them."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(fences(name, "python")[0], {})

    assert prints == out.getvalue().split("\n")[:-1]


def test_the_query_in_the_long_text_works() -> None:
    """It counts what was confirmed, and nothing else."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE calls (species, night, point, confirmed_by)")
        database.execute(
            "INSERT INTO calls VALUES ('Tawny owl', 1, 1, 'A'), ('Tawny owl', 1, 2, 'B'), ('?', 1, 1, NULL)"
        )

        assert [("Tawny owl", 2, 1, 2)] == database.execute(fences("long", "sql")[0]).fetchall()
