"""adapters.logs: no secret in any line."""

import logging
from collections.abc import Iterator

import httpx
import pytest

from adapters import logs

CANARY = "123456789:AAcanary-token-of-thirty-and-more-chars"


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """The root logger as it was, after each test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def configure() -> None:
    """Configure the log to go where `capsys` reads it: to what stderr is now."""
    logs.configure(["correct horse battery"], colours=False)


def test_a_configured_secret_is_hidden_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    """In the text, in an argument, and in a traceback."""
    configure()
    logging.getLogger("parley.test").info("the secret is %s", "correct horse battery")
    try:
        raise ValueError("correct horse battery")
    except ValueError:
        logging.getLogger("parley.test").exception("broke")
    said = capsys.readouterr().err

    assert "the secret is ***" in said
    assert "ValueError: ***" in said
    assert "horse" not in said


@pytest.mark.parametrize(
    "secret",
    [
        CANARY,
        "sk-abcdefghijklmnop1234",
        "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
        "Authorization: Bearer abcdefgh12345678",
    ],
)
def test_a_secret_of_a_known_shape_is_hidden(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It may come from a library, or from a member who pasted it."""
    configure()
    logging.getLogger("parley.test").warning("got %s", secret)
    said = capsys.readouterr().err

    assert "***" in said
    assert secret.rsplit(" ", 1)[-1] not in said


async def test_httpx_does_not_print_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    """Telegram's token is part of every address, and httpx logs addresses at INFO."""
    configure()
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        await client.get(f"http://127.0.0.1/bot{CANARY}/getMe")

    assert "getMe" not in capsys.readouterr().err


def test_lines_are_plain_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    """Colour codes make a log file unreadable."""
    configure()
    logging.getLogger("parley.test").warning("hello")

    assert "\x1b" not in capsys.readouterr().err
