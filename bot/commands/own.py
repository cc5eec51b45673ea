"""/mykey: a key of one's own with the provider, in place of the operator's accounts."""

import re

from bot import keys
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, KeyHeard
from bot.keys import Secret
from bot.own import SET as NAME
from bot.own import WITHHELD, OwnKeysOff, forget_own, own_of, set_own
from bot.ports import Outcome, Setting, Unsays
from bot.reply import Reply, plain

LOOKS = re.compile(r"[!-~]{16,512}")
"""What can be a key: it is sent in the header of a request."""

WRAPPING = " \t\r\n`<>\"'“”"
"""What people, and chats, put around a key."""

HOW = "I need your key with the provider. Write it to me in private: `/mykey set`, then the key."
NONE = "You have no key of your own here. `/mykey set` takes one."
LEAKED = (
    "Others could read that key, so I have not kept it. Treat it as leaked: delete it at your provider, make another "
    "one, and give me that in private."
)
LEFT = " I could not delete your message with the key; please do."


async def _set(setting: Setting) -> Outcome:
    given = setting.call.arguments.get("key", "")
    left = LEFT if given and not await _unsaid(setting) else ""
    if given.startswith(WITHHELD) and not setting.call.origin.key.private:
        raise KeyHeard(LEAKED + left)
    if setting.ports.cipher is None:
        raise OwnKeysOff
    own = _read(setting.ports.cipher.open(given) if given else "")
    await set_own(setting.ports, setting.call.origin.key.person, own)
    return Reply(
        f"From now on I use your key {_end_of(own)} for what you ask me, and your provider charges you for it. "
        f"`/mykey test` tries it out, `/mykey remove` has me forget it.{left}"
    )


async def _remove(setting: Setting) -> Outcome:
    if await forget_own(setting.ports, setting.call.origin.key.person):
        return Reply("I have forgotten your key, and use those of whoever runs this bot.")
    if setting.ports.cipher is None:
        raise OwnKeysOff
    return Reply(NONE)


async def _test(setting: Setting) -> Outcome:
    ports = setting.ports
    if ports.cipher is None or ports.try_own is None:
        raise OwnKeysOff
    own = await own_of(ports, setting.call.origin.key.person)
    if own is None:
        return Reply(NONE)
    await ports.try_own(own)
    return Reply(f"Your key {_end_of(own)} works: the provider takes it.")


async def _unsaid(setting: Setting) -> bool:
    """Take the message with the key away, where there is one. Returns whether none is left. Raises PlatformDown."""
    origin = setting.call.origin
    platform = setting.ports.platforms[origin.key.platform]
    return not isinstance(platform, Unsays) or await platform.unsay(origin)


def _read(text: str) -> Secret:
    """Raises BadArgument."""
    text = text.strip(WRAPPING)
    if not text:
        raise BadArgument(HOW)
    if keys.SEALED in text or keys.PREFIX in text:
        raise BadArgument("That is a key of mine, and none of a provider's: `/redeem` uses it.")
    if not LOOKS.fullmatch(text):
        raise BadArgument(f"That is no provider's key: they are of one piece, and longer. {HOW}")
    return Secret(text)


def _end_of(own: Secret) -> str:
    """Enough to tell it from another."""
    return plain(f"…{own.reveal()[-4:]}")


# Not secret: where others look on it takes no key, and what it says then is for all to read.
SET = Command(
    NAME,
    "Give me a key of your own with the provider",
    _set,
    params=(Param("key", "Your key with the provider"),),
)
REMOVE = Command("mykey remove", "Have me forget your own key", _remove, secret=True)
TEST = Command("mykey test", "See whether your own key works", _test, secret=True)
