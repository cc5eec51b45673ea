"""What people call themselves, for those who read lists of them."""

from collections.abc import Mapping

from bot.chat import Key
from bot.ports import Settings

LONGEST = 64
"""Characters of a name that are kept."""


async def remember_name(settings: Settings, key: Key, name: str) -> None:
    """Keep what somebody is called there."""
    await settings.put(_home(key), {key.person: name[:LONGEST]})


async def names_in(settings: Settings, key: Key) -> Mapping[str, str]:
    """The names of those who have asked something in that community, by person."""
    return await settings.get(_home(key))


def _home(key: Key) -> str:
    return f"names/{key.club or key.platform}"
