"""The log: one line an event, in colour where a person looks, and no secret in any of them."""

import logging
import re
import sys
from collections.abc import Iterable

import structlog
from structlog.typing import Processor

from bot.keys import redacted

HIDDEN = "***"

SHAPES = re.compile(
    r"\d{6,}:[A-Za-z0-9_-]{30,}"  # a Telegram bot token
    r"|[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"  # a Discord bot token
    r"|sk-[A-Za-z0-9_-]{16,}"  # a key of OpenAI's shape
    r"|(?<=Bearer )\S{8,}"
)
"""Secrets that can be told by their looks, wherever they come from."""

CHATTY = (
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "openai",
    "websockets",
    "discord",
    "telegram",
    "aiohttp",
    "uvicorn",
    "markdown_it",
)
"""Libraries that are only heard when something is wrong. httpx would print every address, and with it the bot token."""


class _Redacting(structlog.stdlib.ProcessorFormatter):
    """Hides secrets in the finished line, its traceback included."""

    def __init__(self, secrets: Iterable[str], renderer: Processor) -> None:
        super().__init__(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
        )
        known = sorted((re.escape(secret) for secret in secrets if len(secret) >= 6), key=len, reverse=True)
        self._known = re.compile("|".join(known)) if known else None

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        if self._known is not None:
            line = self._known.sub(HIDDEN, line)
        return redacted(SHAPES.sub(HIDDEN, line))


def configure(secrets: Iterable[str], *, level: int = logging.INFO, colours: bool | None = None) -> None:
    """
    Send the log to stderr.

    Args:
        secrets: Texts that must never be seen, such as tokens.
        colours: Whether a person looks; None finds out.
    """
    colours = sys.stderr.isatty() if colours is None else colours
    renderer = structlog.dev.ConsoleRenderer(
        colors=colours, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting(secrets, renderer))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.getLogger("discord.client").setLevel(logging.ERROR)  # it warns at every start that it cannot speak aloud
