"""What a command is: its name and parameters, who may give it, and what it does."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.access import Rank
from bot.chat import Call
from bot.ports import Outcome, Ports, Setting

Kind = Literal["text", "user", "channel", "role"]
"""What an argument names. The argument of a user, a channel or a role is the platform's id of it."""

Suggest = Callable[[Ports, Call, str], Awaitable[Sequence[str]]]
"""
Values to propose to whoever gives a command, for what they have typed so far. It has two seconds; 25 of up to 100
characters fit.
"""


@dataclass(frozen=True, slots=True)
class Param:
    """
    One argument of a command.

    `choices` are fixed; `suggest` proposes values for what has been typed so far, and other values are allowed. Where a
    platform has no named arguments (`line.py`), a text is one word, or as many of the next ones as `words` says, and
    the last text of a command is the rest of the line; so is one that takes all that is `left`.
    """

    name: str
    summary: str
    required: bool = False
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    suggest: Suggest | None = None
    words: Callable[[Sequence[str]], int] | None = None
    left: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """
    One thing that people can tell us to do.

    Args:
        name: One word, or that of its group and one more: "key issue".
        run: Does it; None for `ask`, which is a question and not a command once it has been taken in.
        audience: The lowest rank that may give it. It is checked in one place, `Book.run`.
        urgent: It goes before whatever waits in its conversation.
        aside: Its answer matters to the caller alone, and is shown to nobody else where the platform can.
        listed: It stands in menus and in /help; buttons give commands that do not.
        secret: Its answer is nobody else's business: where the platform would show it to others, it is sent in private.
    """

    name: str
    summary: str
    run: Callable[[Setting], Awaitable[Outcome]] | None
    params: tuple[Param, ...] = ()
    audience: Rank = Rank.USER
    urgent: bool = False
    aside: bool = True
    listed: bool = True
    secret: bool = False

    @property
    def usage(self) -> str:
        """How it is written, arguments that may be left out in brackets: "/key issue user [tokens]"."""
        params = "".join(f" {param.name}" if param.required else f" [{param.name}]" for param in self.params)
        return f"/{self.name}{params}"


@dataclass(frozen=True, slots=True)
class Group:
    """
    Commands that share their first word, which stands once in menus: "key issue", "key list".

    Args:
        default: The command that the first word alone stands for, where a platform lets people write that.
    """

    name: str
    summary: str
    commands: tuple[Command, ...]
    default: Command | None = None

    def __post_init__(self) -> None:
        for command in self.commands:
            word, _, second = command.name.partition(" ")
            if word != self.name or not second or " " in second:
                raise ValueError(f"{command.name!r} is no command of the group {self.name!r}")

    @property
    def listed(self) -> tuple[Command, ...]:
        """Those that stand in menus."""
        return tuple(command for command in self.commands if command.listed)


Entry = Command | Group
"""One line of a menu."""


def commands_of(entry: Entry) -> tuple[Command, ...]:
    return entry.commands if isinstance(entry, Group) else (entry,)
