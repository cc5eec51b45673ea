"""How the provider accounts do, kept for all processes: what happens to one changes what is known of it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from pydantic import TypeAdapter

from bot import health
from bot.account import Account
from bot.errors import AccountLocked, ModelBusy, ModelDown, ModelMisconfigured
from bot.health import Condition
from bot.ports import Records
from bot.records import change
from bot.reply import plain

log = logging.getLogger(__name__)

CONDITIONS = "accounts"
"""The folder: the condition of each account that is not simply well, by its name."""

Tell = Callable[[str], None]
"""Tells those who run the service something that they must mend. Returns at once."""

PARKED = (
    "I do not ask the account **{name}** any more: its provider turns it away. Mend it in the configuration, or let me "
    "try it again with `/pool resume {name}`."
)
MISCONFIGURED = (
    "The account **{name}** does not answer as it should, so it rests for a while. The log says more; `parley check` "
    "looks at its base_url, its models and its proxy."
)

_shape: TypeAdapter[Condition] = TypeAdapter(Condition)

_WELL = Condition()
_NO_WAIT = timedelta()


class Known:
    """What is known of all accounts at one moment."""

    def __init__(self, raws: Mapping[str, str]) -> None:
        self._raws = raws

    def raw(self, account: Account) -> str | None:
        """An account's record as it stands there."""
        return self._raws.get(account.name)

    def of(self, account: Account) -> Condition:
        """An account's condition, as far as it is about its present settings."""
        return _read(self.raw(account), account)

    def wait(self, account: Account, now: datetime) -> timedelta:
        """How long an account is not to be asked; `timedelta.max` for one that is parked."""
        if account.name not in self._raws:
            return _NO_WAIT
        condition = self.of(account)
        return timedelta.max if condition.parked else condition.wait(now)


class Conditions:
    """What is known, and how it changes. Every method raises StorageDown."""

    def __init__(
        self, records: Records, now: Callable[[], datetime], tell: Tell, fresh: timedelta = timedelta()
    ) -> None:
        """What was looked up is not looked up again for as long as it is `fresh`."""
        self._fresh = fresh
        self._last: tuple[datetime, Known] | None = None
        self._records = records
        self._now = now
        self._tell = tell
        self._strained: set[str] = set()
        """Accounts of which something was known when we last looked: that they did well is worth writing down."""

    async def known(self) -> Known:
        now = self._now()
        if self._last is not None and now < self._last[0] + self._fresh:
            return self._last[1]
        raws = await self._records.all(CONDITIONS)
        self._strained = set(raws)
        known = Known(raws)
        self._last = now, known
        return known

    def heeds(self, account: Account, trial: str) -> bool:
        """Whether it is worth telling that an account did well."""
        return bool(trial) or account.name in self._strained

    async def claim_trial(self, account: Account, raw: str | None) -> str:
        """Try an account that has rested, alone. Returns the record that says so; "" when somebody else does."""
        self._last = None
        tried = _shape.dump_json(health.on_trial(_read(raw, account), self._now())).decode()
        return tried if await self._records.swap(CONDITIONS, account.name, raw, tried) else ""

    async def answered(self, account: Account, trial: str) -> None:
        """It did well. With `trial`, the record of one, it is well again, unless more was heard of it meanwhile."""
        if trial:
            self._last = None
            await self._records.swap(CONDITIONS, account.name, trial, None)
        elif account.name in self._strained:
            await self._change(account, health.after_success)

    async def untried(self, account: Account, trial: str) -> None:
        """Whoever tried it did not find out how it does: somebody else may try at once."""
        self._last = None
        again = replace(_shape.validate_json(trial), until=self._now())
        await self._records.swap(CONDITIONS, account.name, trial, _shape.dump_json(again).decode())

    async def failed(self, account: Account, trouble: ModelDown, trial: str) -> None:
        """Write down what a failure says of the account, and tell whoever must mend it, once."""
        await self._worsened(account, trouble, partial(health.after_failure, trial=bool(trial)))

    async def failed_probe(self, account: Account, trouble: ModelDown) -> None:
        """As `failed`, of an account that was only asked whether it is there."""
        await self._worsened(account, trouble, health.after_failed_probe)

    async def reset(self, account: Account) -> None:
        """Forget what is known of it."""
        await self._change(account, lambda _: Condition())

    async def _worsened(
        self, account: Account, trouble: ModelDown, after_failure: Callable[[Condition, datetime], Condition]
    ) -> None:
        now = self._now()
        log.warning("account %s: %s: %s", account.name, type(trouble).__name__, trouble)
        if isinstance(trouble, AccountLocked):
            before, _ = await self._change(account, lambda known: health.after_lockout(known, str(trouble)))
            if not before.parked:
                log.error("account %s is parked: %s", account.name, trouble)
                self._tell(PARKED.format(name=plain(account.name)))
        elif isinstance(trouble, ModelBusy):
            await self._change(account, lambda known: health.after_refusal(known, now, trouble.retry_after))
        else:
            before, after = await self._change(account, lambda known: after_failure(known, now))
            if isinstance(trouble, ModelMisconfigured) and after.rests and not before.rests:
                self._tell(MISCONFIGURED.format(name=plain(account.name)))

    async def _change(self, account: Account, new: Callable[[Condition], Condition]) -> tuple[Condition, Condition]:
        """Change what is known of an account; what is well needs no record. Returns what was known, and what is."""
        before = after = Condition()

        def changed(raw: str | None) -> str:
            nonlocal before, after
            before = _read(raw, account)
            after = replace(new(before), mark=account.mark)
            return _shape.dump_json(after).decode()

        written = await change(self._records, CONDITIONS, account.name, changed)
        self._strained.add(account.name)
        self._last = None
        if after.well:
            await self._records.swap(CONDITIONS, account.name, written, None)
        return before, after


def _read(raw: str | None, account: Account) -> Condition:
    known = _shape.validate_json(raw) if raw else _WELL
    return known if known.mark == account.mark else _WELL
