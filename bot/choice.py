"""Which of several accounts is asked first, and what is said when none can be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot import health
from bot.account import Account
from bot.errors import AccountLocked, AllDown, AllTaken, ModelBusy, ModelDown
from bot.ports import Api, Model
from bot.tally import NOTHING, Tally


@dataclass(slots=True)
class Member:
    """
    An account of the pool, as this process knows it.

    Args:
        api: As programs use it; None where they cannot.
        credit: What its weight has saved up.
        running: Answers that this process has it give.
        tally: What it did, as far as it is not in the store yet.
    """

    account: Account
    model: Model
    api: Api | None = None
    credit: int = 0
    running: int = 0
    tally: Tally = NOTHING
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.account.name

    def carries(self, path: str) -> bool:
        """Whether programs can ask it that."""
        return self.api is not None and self.api.carries(path)


def in_turn(ready: Sequence[Member], own: str, avoided: Sequence[str]) -> list[Member]:
    """In which order they are tried: the conversation's own, then by priority and credit; `avoided` at the end."""

    def order(member: Member) -> tuple[bool, bool, int, int]:
        account = member.account
        return member.name in avoided, member.name != own, -account.priority, -(member.credit + account.weight)

    return sorted(ready, key=order)


def pay(chosen: Member, ready: Sequence[Member]) -> None:
    """
    Smooth weighted round robin: each saves up its weight, and who is chosen pays for all.

    Nobody saves more than one round, or owes more: who was away, or a long conversation, is not made up for.
    Source: nginx.org/en/docs/http/ngx_http_upstream_module.html#upstream, as its module has it since 1.3.1.
    """
    peers = [each for each in ready if each.account.priority == chosen.account.priority]
    total = sum(peer.account.weight for peer in peers)
    for peer in peers:
        peer.credit = min(peer.credit + peer.account.weight, total)
    chosen.credit = max(chosen.credit - total, -total)


def give_back(chosen: Member, ready: Sequence[Member]) -> None:
    """It was chosen, and had no place left."""
    chosen.credit += sum(each.account.weight for each in ready if each.account.priority == chosen.account.priority)


def nobody(model: str, tried: Mapping[str, ModelDown], resting: Sequence[timedelta], *, full: bool) -> ModelDown:
    """
    Why no account can be asked.

    Args:
        tried: Those that have failed this very question, each with its error.
        resting: How long the others are not asked; `timedelta.max` for one that is parked.
        full: Whether any of these has just no place left, or is tried by somebody after a rest.
    """
    broken = [each for each in tried.values() if not isinstance(each, (ModelBusy, AccountLocked))]
    if broken:
        return broken[-1]
    if full:
        return AllTaken(f"every account for {model} that can be asked has as many answers under way as it may", 1.0)
    busy = [health.pause(each.retry_after) for each in tried.values() if isinstance(each, ModelBusy)]
    waits = [wait.total_seconds() for wait in (*busy, *resting) if wait < timedelta.max]
    if not waits:
        return next(iter(tried.values()), AccountLocked(f"every account for {model} is parked"))
    return AllDown(f"no account for {model} can be asked now", min(waits))
