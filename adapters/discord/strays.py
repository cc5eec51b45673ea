"""
Finding a message of ours that was put up but never written down, because we died in between.

For a few minutes the nonce finds it. Later there is only the channel's past, where Discord shows no nonces. So each new
message carries a button that names its turn: one that the turn's record does not know is the stray.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from discord.http import HTTPClient

from adapters.discord.catchup import PAGE

NONCE = timedelta(minutes=2)
"""
How long a nonce is surely known.

Source: discord.com/developers/docs/resources/message#create-message, "checked for uniqueness in the past few minutes".
"""

PAGES = 10
"""Looks into the past of a channel; what is talked over by a thousand messages may stay."""

Mark = dict[str, Any]


def mark(turn: str) -> Mark:
    """A button that says nothing but whose message it is. The first edit takes it away."""
    return {"type": 2, "style": 2, "label": "…", "custom_id": f"part:{turn}", "disabled": True}


async def find_stray(
    http: HTTPClient, channel: str, bot: str, turn: str, after: int, known: Collection[str]
) -> str | None:
    """
    Look for a turn's message that is not known.

    Args:
        after: The message, or any snowflake, that it must be younger than.

    Returns:
        Its id, or None when there is none, or none that we may see.
    """
    for _ in range(PAGES):
        page = sorted(await http.logs_from(int(channel), PAGE, after=after), key=lambda message: int(message["id"]))
        for message in page:
            ours = message["author"]["id"] == bot and message["id"] not in known
            if ours and any(name.endswith(f":{turn}") for name in _buttons(message)):
                return str(message["id"])
        if len(page) < PAGE:
            break
        after = int(page[-1]["id"])
    return None


def _buttons(message: Mapping[str, Any]) -> Iterator[str]:
    for row in message.get("components", ()):
        for part in row.get("components", ()):
            yield str(part.get("custom_id", ""))
