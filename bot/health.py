"""How a provider account does: when it may be asked again, and when it is given up until somebody mends it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FAILURE, SUCCESS = 2, 1
"""What a failure strains an account by, and a success relieves it by: it rests when more than a third fail."""

STRAINED = 3 * FAILURE
"""The strain at which an account rests: three failures in a row, or more among successes."""

SHORTEST, LONGEST = timedelta(seconds=2), timedelta(minutes=5)
"""How long an account rests that failed, doubled each time that it fails when it is tried again."""

TRIAL = timedelta(seconds=30)
"""How long everybody else waits for whoever tries an account that has rested."""

UNSAID = timedelta(seconds=5)
"""How long an account is left alone that is busy and does not say for how long."""

DAY = timedelta(days=1)
"""The longest that a busy account is believed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """
    What is known of an account that is not simply well.

    Args:
        mark: Of the account's settings: with others, all of this is forgotten.
        strain: Of late, by failures and successes.
        until: Nobody asks it before; None for at once.
        rests: How often it has rested since it last did well. After a rest it is tried by one question.
        parked: Why nobody asks it any more, in the provider's words; "" when it can be asked.
    """

    mark: str = ""
    strain: int = 0
    until: datetime | None = None
    rests: int = 0
    parked: str = ""

    def wait(self, now: datetime) -> timedelta:
        """How long nobody asks it."""
        return max(self.until - now, timedelta()) if self.until else timedelta()

    @property
    def well(self) -> bool:
        """Whether there is nothing to be known."""
        return not (self.strain or self.until or self.rests or self.parked)


def after_success(condition: Condition) -> Condition:
    """It answered. What it answered may have begun before it said that it is busy, or was given up: that stays."""
    return replace(condition, strain=max(0, condition.strain - SUCCESS))


def after_failure(condition: Condition, now: datetime, *, trial: bool) -> Condition:
    """
    It failed in a way that is its own fault.

    Args:
        trial: Whether it was tried after a rest. Others that fail while it rests had begun before, and say nothing new.
    """
    if trial:
        return _resting(condition, now + _rest(condition))
    if condition.rests or condition.parked:
        return condition
    strained = replace(condition, strain=condition.strain + FAILURE)
    return strained if strained.strain < STRAINED else _resting(strained, now + _rest(strained))


def is_probed(condition: Condition, now: datetime) -> bool:
    """Whether to ask it, every five minutes, if it is there; while it rests, if its rest ends before the next time."""
    wait = condition.wait(now)
    return not condition.parked and (wait <= LONGEST if condition.rests else not wait)


def after_failed_probe(condition: Condition, now: datetime) -> Condition:
    """It was asked if it is there, and is not. After a rest, that is a trial that no question has to make."""
    if not condition.rests or condition.until is None:
        return after_failure(condition, now, trial=False)
    return _resting(condition, max(condition.until, now + _rest(condition)))


def after_refusal(condition: Condition, now: datetime, retry_after: float | None) -> Condition:
    """It has too much to do, and said for how many seconds, or not."""
    until = now + pause(retry_after)
    return replace(condition, until=max(until, condition.until or until))


def after_lockout(condition: Condition, why: str) -> Condition:
    """It will not answer before somebody mends it."""
    return replace(condition, parked=why or "refused")


def on_trial(condition: Condition, now: datetime) -> Condition:
    """Somebody tries it after a rest; everybody else waits for how that ends."""
    return replace(condition, until=now + TRIAL)


def pause(retry_after: float | None) -> timedelta:
    """How long an account is left alone that said so many seconds, or nothing."""
    return UNSAID if retry_after is None else min(timedelta(seconds=min(retry_after, DAY.total_seconds())), DAY)


def _resting(condition: Condition, until: datetime) -> Condition:
    return replace(condition, strain=0, until=until, rests=condition.rests + 1)


def _rest(condition: Condition) -> timedelta:
    doublings = min(condition.rests, 8)  # that is longer than LONGEST; some more are more than a timedelta holds
    return min(SHORTEST * (1 << doublings), LONGEST)
