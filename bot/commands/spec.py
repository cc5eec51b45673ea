"""What a command is: its name and parameters, who may give it, and what it does."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.access import Rank
from bot.ports import Outcome, Ports, Setting


@dataclass(frozen=True, slots=True)
class Param:
    """
    One argument of a command.

    `choices` are fixed; `suggest` proposes values for what has been typed so far, and other values are allowed. The
    last text parameter of a command takes the rest of the line where a platform has no named arguments.
    """

    name: str
    summary: str
    required: bool = False
    choices: tuple[str, ...] = ()
    suggest: Callable[[Ports, str], Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """
    One thing that people can tell us to do.

    Args:
        run: Does it; None for `ask`, which is a question and not a command once it has been taken in.
        audience: The lowest rank that may give it. It is checked in one place, `Book.run`.
        urgent: It goes before whatever waits in its conversation.
        aside: Its answer matters to the caller alone, and is shown to nobody else where the platform can.
        listed: It stands in menus and in /help; buttons give commands that do not.
    """

    name: str
    summary: str
    run: Callable[[Setting], Awaitable[Outcome]] | None
    params: tuple[Param, ...] = ()
    audience: Rank = Rank.USER
    urgent: bool = False
    aside: bool = True
    listed: bool = True
