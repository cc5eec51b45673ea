"""The whole service between its simulators, with a book of its own: a group of commands, and every kind of argument."""

import asyncio
from collections.abc import Sequence

from adapters.config.shape import Config
from bot.access import Rank
from bot.chat import Call
from bot.commands.book import Book
from bot.commands.help import START, help_command
from bot.commands.spec import Command, Group, Param
from bot.errors import StorageDown
from bot.ports import Outcome, Ports, Setting
from bot.reply import Button, Picture, Reply
from sandbox.telegram.files import PIXEL
from tests.journeys.stage import Stage

OWLS = ("barn", "eagle", "snowy")
DOT = Picture.of(PIXEL, "dot.png", "One dot")
DAMAGED = Picture.of(PIXEL[:-9], "dot.png", "One dot")
LINK = Button("Rules", url="https://example.com/rules")
SEEN = Button("Seen", "owl seen", "snowy")


async def _echo(setting: Setting) -> Outcome:
    """Say what reached the core."""
    given = ", ".join(f"{name} {value}" for name, value in sorted(setting.call.arguments.items()))
    return Reply(f"{setting.call.command}: {given or 'nothing'}", buttons=(SEEN, LINK))


async def _seen(setting: Setting) -> Outcome:
    return Reply(f"Seen: {setting.call.arguments['turn']}.")


async def _tell(setting: Setting) -> Outcome:
    """Write to somebody in private."""
    key, words = setting.call.origin.key, setting.call.arguments["words"]
    reached = await setting.ports.platforms[key.platform].write_to(
        setting.call.arguments["user"], Reply(words.replace("LONG", "owl " * 1_500), buttons=(SEEN, LINK))
    )
    return Reply("Told." if reached else "They cannot be written to.")


async def _draw(setting: Setting) -> Outcome:
    words = setting.call.arguments.get("words", "")
    picture = DAMAGED if words == "damaged" else DOT
    return Reply(words.replace("LONG", "owl " * 400), picture=picture, buttons=(LINK,))


async def _suggest(ports: Ports, call: Call, typed: str) -> Sequence[str]:
    """More than Discord takes, one of them too long, and one that names the caller; some take too long to find."""
    del ports
    if typed == "slow":
        await asyncio.Event().wait()
    if typed == "down":
        raise StorageDown
    return [*(owl for owl in OWLS if typed in owl), f"of {call.origin.key.user}", "x" * 101, *map(str, range(30))]


_NAME = Param("name", "Which owl", required=True, suggest=_suggest)
LIST = Command("owl list", "See the owls", _echo)
SHOW = Command(
    "owl show", "See one owl", _echo, params=(_NAME, Param("colour", "How it looks", choices=("white", "grey")))
)
KEEP = Command(
    "owl keep",
    "Let somebody keep an owl",
    _echo,
    params=(
        Param("user", "Who keeps it", required=True, kind="user"),
        _NAME,
        Param("channel", "Where", kind="channel"),
        Param("role", "For whom else", kind="role"),
    ),
    audience=Rank.ADMIN,
)
BUTTON = Command("owl seen", "Pressed", _seen, listed=False)
OWL = Group("owl", "Owls, and who keeps them", (LIST, SHOW, KEEP, BUTTON), default=LIST)
NEST = Group(
    "nest",
    "What keepers do",
    (Command("nest clean", "Clean a nest", _echo, audience=Rank.ADMIN),),
)
TELL = Command(
    "tell",
    "Tell somebody something in private",
    _tell,
    params=(Param("user", "Whom", required=True, kind="user"), Param("words", "What", required=True)),
)
DRAW = Command("draw", "Draw an owl", _draw, params=(Param("words", "What to say to it"),))

_SHOWN = (OWL, NEST, TELL, DRAW)
BOOK = Book((*_SHOWN, help_command(_SHOWN), START))


class OwlStage(Stage):
    """Nothing is kept."""

    def config(self) -> Config:
        config = super().config()
        return config.model_copy(update={"storage": config.storage.model_copy(update={"url": "memory:"})})
