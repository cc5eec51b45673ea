"""
Many provider accounts as one Model.

An account is chosen by its weight among those of the best priority that serve the model and can be asked; a
conversation stays with the account that first answered in it. Another is asked when one fails before its first word;
after that, whoever asked decides what becomes of the answer.
"""

import asyncio
import contextlib
import functools
import itertools
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.account import Account, Status
from bot.catalogue import Plus, serves
from bot.choice import Member, give_back, in_turn, nobody, pay
from bot.conditions import Conditions, Known, Tell
from bot.errors import (
    AccountGone,
    AccountLocked,
    AllTaken,
    ModelDown,
    ModelMisconfigured,
    ModelSilent,
    NoPlusHere,
    PlusNeeded,
    Refused,
    StorageDown,
)
from bot.health import TRIAL, is_probed
from bot.ports import (
    ACCOUNT,
    STORE_PAUSE,
    Api,
    ApiRequest,
    ApiResponse,
    Chunk,
    Model,
    Records,
    Request,
    Settings,
    Slots,
)
from bot.records import change
from bot.tally import NOTHING, Tally, of_usage
from bot.turn import Usage

HELD = timedelta(seconds=60)
"""How long a place on an account stays taken by a process that has died."""

RENEW = HELD / 3

LINE = 120.0
"""Seconds that a question waits for a place when every account has as many answers under way as it may."""

LOOK = 0.5
"""Seconds between two looks of whoever is first in line: another process may have given a place back."""

PROBE = 10.0
"""Seconds in which an account must answer a probe."""

TALLIES = "account tallies"
"""The folder: what each account did on the newest day on which it did anything."""


@dataclass(slots=True)
class Place:
    """
    A place on the account that was chosen for a question.

    Args:
        token: By which it is held, where an account has only so many.
        own: The conversation's account so far; "" for none.
        trial: The record of its being tried after a rest; "" for none.
        tried: Whether what came of that is written down.
        renewing: What holds it for as long as it is taken.
    """

    member: Member
    token: str
    own: str
    trial: str = ""
    tried: bool = False
    renewing: "asyncio.Task[None] | None" = None


Wanted = Request | ApiRequest
"""What an account is chosen for."""

Probe = Callable[[], Awaitable[None]]
"""Asks an account, at no cost, whether it is there. Raises ModelDown or one of its kind, and Refused."""

_tallies: TypeAdapter[Tally] = TypeAdapter(Tally)


class Pool:
    """The accounts. What is known of how they do is kept in the store, for all processes."""

    def __init__(
        self,
        records: Records,
        settings: Settings,
        slots: Slots,
        now: Callable[[], datetime],
        tell: Tell,
        *,
        strict_affinity: bool = False,
        fresh: timedelta = timedelta(),
    ) -> None:
        """
        Args:
            strict_affinity: A conversation whose account cannot be asked gets an error, and no other account.
            fresh: How long what another process found out of an account may stay unknown here.
        """
        self._records = records
        self._settings = settings
        self._slots = slots
        self._now = now
        self._conditions = Conditions(records, now, tell, fresh)
        self._strict = strict_affinity
        self._members: dict[str, Member] = {}
        self._probes: dict[str, Probe | None] = {}
        self._aside: set[asyncio.Task[None]] = set()
        """What is written down once the store is back; the loop alone would not keep it."""
        self._tokens = map(f"{secrets.token_hex(8)}-{{}}".format, itertools.count())
        self._lines: defaultdict[frozenset[str], asyncio.Lock] = defaultdict(asyncio.Lock)
        """Those who wait for a place, by the accounts that could answer them; first come, first served."""

    def join(self, account: Account, model: Model, api: Api | None = None, probe: Probe | None = None) -> None:
        """From now on it may be asked, with `api` by programs too; in place of an account of that name."""
        self._members[account.name] = Member(account, model, api)
        self._probes[account.name] = probe

    def leave(self, name: str) -> None:
        """It is asked no more. What it is answering goes on, or fails, by itself."""
        self._members.pop(name, None)
        self._probes.pop(name, None)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """
        Speak, as `bot.ports.Model.stream` says; the error of a cut names the account, for `Request.avoided`.

        Raises:
            AllDown: No account can be asked now; says when one can.
            AccountGone: The conversation's own is no more, and it may not move.
            PlusNeeded, NoPlusHere: Only accounts that this asker may not use, or does not want, serve that model.
        """
        tried: dict[str, ModelDown] = {}
        while True:
            place = await self._place(request, tried)
            member, heard = place.member, False
            try:
                async with contextlib.aclosing(self._listen(member, request)) as spoken:
                    async for chunk in spoken:
                        if chunk.text and not heard:
                            heard = True
                            await self._stay(request, place)
                        yield chunk
            except ModelDown as trouble:
                await self._failed(place, trouble)
                if heard:
                    raise
                tried[member.name] = trouble
            except Refused:
                await self._did_well(place)
                raise
            else:
                await self._did_well(place)
                return
            finally:
                await self._leave(place)

    def carries(self, path: str) -> bool:
        """Whether an account that is there can be asked that by programs."""
        return any(each.carries(path) for each in self._members.values())

    @contextlib.asynccontextmanager
    async def call(self, request: ApiRequest) -> AsyncIterator[ApiResponse]:
        """Pass a program's call on, as `bot.ports.Api.call` says. Another account is asked until one has answered."""
        tried: dict[str, ModelDown] = {}
        while True:
            place = await self._place(request, tried)
            member, began, silence = place.member, time.monotonic(), 0
            response: ApiResponse | None = None
            try:
                assert member.api is not None
                request.sent()
                async with member.api.call(request) as response:
                    silence = round(1000 * (time.monotonic() - began))
                    response.account = member.name
                    await self._stay(request, place)
                    yield response
            except ModelDown as trouble:
                await self._failed(place, trouble)
                if response is not None:
                    raise
                member.tally += Tally(self._today(), failures=1)
                tried[member.name] = trouble
            except Refused:
                if response is None:
                    await self._did_well(place)
                raise
            else:
                await self._did_well(place)
                return
            finally:
                self._count(member, request, response, silence)
                await self._leave(place)

    async def statuses(self) -> Sequence[Status]:
        """How each account does. Raises StorageDown."""
        members = list(self._members.values())
        known, tallies = await self._conditions.known(), await self._records.all(TALLIES)
        places = await self._slots.taken([each.name for each in members], self._now())
        return [
            Status(
                each.account,
                known.of(each.account),
                max(places[each.name], each.running),
                Tally(self._today()) + _tally(tallies.get(each.name)) + each.tally,
            )
            for each in members
        ]

    async def resume(self, name: str) -> bool:
        """Let an account be asked again at once, whatever it did. Returns whether there is one. Raises StorageDown."""
        member = self._members.get(name)
        if member is not None:
            await self._conditions.reset(member.account)
        return member is not None

    async def probe(self) -> None:
        """
        Ask the accounts that have a probe, side by side, so that what fails is found before a question meets it.

        One that answers is as well as it was. Raises StorageDown.
        """
        known, now = await self._conditions.known(), self._now()
        members = [each for each in self._members.values() if is_probed(known.of(each.account), now)]
        probed = [(each.account, probe) for each in members if (probe := self._probes[each.name])]
        troubles = await asyncio.gather(*(_trouble(probe) for _, probe in probed))
        for (account, _), trouble in zip(probed, troubles, strict=True):
            if trouble is not None:
                await self._conditions.failed_probe(account, trouble)

    async def keep(self) -> None:
        """Add this process's figures to those in the store. Raises StorageDown."""
        for member in list(self._members.values()):
            unsaved, member.tally = member.tally, NOTHING
            if unsaved == NOTHING:
                continue
            try:
                await change(self._records, TALLIES, member.name, functools.partial(_added, unsaved))
            except BaseException:
                member.tally += unsaved
                raise

    # Choosing.

    async def _place(self, request: Wanted, tried: Mapping[str, ModelDown]) -> Place:
        """A place on an account, until it is left. Raises as `stream` does."""
        place = await self._taken(request, tried, next(self._tokens))
        if place.member.account.is_limited:
            place.renewing = asyncio.ensure_future(self._renew(place.member, place.token))
        place.member.running += 1
        return place

    async def _leave(self, place: Place) -> None:
        place.member.running -= 1
        if place.trial and not place.tried:
            task = asyncio.ensure_future(self._untried(place))
            self._aside.add(task)
            task.add_done_callback(self._aside.discard)
        if place.renewing is not None:
            place.renewing.cancel()
            await _noted(self._free(place.member, place.token))

    async def _taken(self, request: Wanted, tried: Mapping[str, ModelDown], token: str) -> Place:
        """Choose an account and take a place on it, in line where all are taken. Raises as `stream` does."""
        if not self._lines or not self._line(request).locked():
            try:
                return await self._chosen(request, tried, token)
            except AllTaken:
                pass
        try:
            async with asyncio.timeout(LINE), self._line(request):
                return await self._once_free(request, tried, token)
        except TimeoutError:
            raise AllTaken(f"no place for {request.spec.model} within {LINE:.0f} s", LOOK) from None

    def _line(self, request: Wanted) -> asyncio.Lock:
        """Where those wait whom the same accounts could answer. Raises as `_serving` does."""
        return self._lines[frozenset(each.name for each in self._serving(request))]

    async def _once_free(self, request: Wanted, tried: Mapping[str, ModelDown], token: str) -> Place:
        """Look again and again, first in line."""
        while True:
            with contextlib.suppress(AllTaken):
                return await self._chosen(request, tried, token)
            await asyncio.sleep(LOOK)

    async def _chosen(self, request: Wanted, tried: Mapping[str, ModelDown], token: str) -> Place:
        """Choose an account that has a place. Raises as `stream` does, and AllTaken at once."""
        known, now = await self._conditions.known(), self._now()
        own = (await self._settings.get(request.session)).get(ACCOUNT, "") if request.session else ""
        serving = self._at_home(own, self._serving(request), known)
        others = [each for each in serving if each.name not in tried]
        ready = [each for each in others if not known.wait(each.account, now)]
        for member in in_turn(ready, own, request.avoided):
            pay(member, ready)
            trial = await self._take(member, known, token)
            if trial is not None:
                return Place(member, token, own, trial)
            give_back(member, ready)
        resting = [known.wait(each.account, now) for each in others if each not in ready]
        raise nobody(request.spec.model, tried, resting, full=bool(ready))

    def _serving(self, request: Wanted) -> list[Member]:
        """Those that serve the model to this asker. Raises ModelDown, PlusNeeded, NoPlusHere."""
        model = request.spec.model
        serving = [each for each in self._members.values() if serves(each.account.models, model)]
        if isinstance(request, ApiRequest):
            serving = [each for each in serving if each.carries(request.path)]
        if not serving:
            raise ModelDown(f"no account serves {model}, and no agent that is here")
        fit = [each for each in serving if each.account.suits(request.spec.plus)]
        if not fit:
            raise ModelMisconfigured(f"{model} is for accounts with plus {request.spec.plus}, and none serves it")
        suited = [each for each in fit if each.account.suits(request.plus)]
        if not suited:
            raise (PlusNeeded if request.plus is Plus.NO else NoPlusHere)(f"{model}: {[each.name for each in fit]}")
        return suited

    def _at_home(self, own: str, serving: Sequence[Member], known: Known) -> Sequence[Member]:
        """Those to which a conversation may go. Raises AccountGone for one that may not move, and would have to."""
        if not self._strict or not own:
            return serving
        home = [each for each in serving if each.name == own]
        if own in self._members and not home:
            return serving  # what is asked now, that account could never answer
        if not home or known.of(home[0].account).parked:
            raise AccountGone(f"{own}: {'parked' if home else 'not there'}")
        return home

    async def _take(self, member: Member, known: Known, token: str) -> str | None:
        """Take a place on an account. Returns the record of its trial, "" for none; None when there is no place."""
        account = member.account
        try:
            if account.is_limited and not await self._has_place(account, token):
                return None
            if not known.of(account).rests:
                return ""
            trial = await self._conditions.claim_trial(account, known.raw(account))
        except BaseException:
            await _noted(self._free(member, token))
            raise
        if not trial:
            await _noted(self._free(member, token))
        return trial or None

    async def _has_place(self, account: Account, token: str) -> bool:
        most, rate = account.concurrency, account.per_minute
        return await self._slots.take(account.name, most, rate, token, HELD, self._now()) is None

    async def _renew(self, member: Member, token: str) -> None:
        """Hold a place, until cancelled."""
        while True:
            await asyncio.sleep(RENEW.total_seconds())
            with contextlib.suppress(StorageDown):
                await self._slots.renew(member.name, token, HELD, self._now())

    async def _free(self, member: Member, token: str) -> None:
        if member.account.is_limited:
            await self._slots.free(member.name, token)

    async def _stay(self, request: Wanted, place: Place) -> None:
        """Let a conversation go on with the account that answers it."""
        if request.session and place.own != place.member.name:
            await _noted(self._settings.put(request.session, {ACCOUNT: place.member.name}))

    async def _did_well(self, place: Place) -> None:
        """Note that an account has answered, where that is news."""
        if self._conditions.heeds(place.member.account, place.trial):
            place.tried = await _noted(self._conditions.answered(place.member.account, place.trial))

    async def _failed(self, place: Place, trouble: ModelDown) -> None:
        """Note whose failure it was, and what it says of the account."""
        trouble.account = place.member.name
        place.tried = await _noted(self._conditions.failed(place.member.account, trouble, place.trial))

    async def _untried(self, place: Place) -> None:
        """Let others try an account: nothing is written down of this trial. Tries as long as they would wait for it."""
        deadline = self._now() + TRIAL
        while self._now() < deadline:
            with contextlib.suppress(StorageDown):
                await self._conditions.untried(place.member.account, place.trial)
                return
            await asyncio.sleep(STORE_PAUSE)

    # Listening.

    def _count(self, member: Member, request: ApiRequest, response: ApiResponse | None, silence: int) -> None:
        """Count a program's call that was answered after so many milliseconds, or was not."""
        usage, spoken = response.usage if response else None, int(response is not None)
        member.tally += of_usage(
            self._today(), usage or Usage(0, 0), request.spec, questions=1, spoken=spoken, silence=silence
        )

    async def _listen(self, member: Member, request: Request) -> AsyncGenerator[Chunk, None]:
        """Pass on what it says, and count it."""
        began, day = time.monotonic(), self._today()
        member.tally += Tally(day, questions=1)
        spoke = False
        try:
            async with contextlib.aclosing(member.model.stream(request)) as spoken:
                async for chunk in spoken:
                    if chunk.text and not spoke:
                        spoke = True
                        member.tally += Tally(day, spoken=1, silence=round(1000 * (time.monotonic() - began)))
                    if chunk.usage:
                        member.tally += of_usage(day, chunk.usage, request.spec)
                    yield chunk
        except ModelDown:
            member.tally += Tally(day, failures=1)
            raise

    def _today(self) -> str:
        return self._now().date().isoformat()


async def _noted(writing: Awaitable[object]) -> bool:
    """
    Write something down to its end, even when we are cancelled; an answer does not fail because the store does.

    Returns whether it was.
    """
    try:
        await asyncio.shield(asyncio.ensure_future(writing))
    except StorageDown:
        return False
    return True


async def _trouble(probe: Probe) -> ModelDown | None:
    """What a probe says against an account. One that cannot be asked like that may be well all the same."""
    try:
        async with asyncio.timeout(PROBE):
            await probe()
    except TimeoutError:
        return ModelSilent(f"no answer to a probe within {PROBE:.0f} s")
    except AccountLocked as trouble:
        return trouble
    except (ModelMisconfigured, Refused):
        return None
    except ModelDown as trouble:
        return trouble
    return None


def _tally(raw: str | None) -> Tally:
    return _tallies.validate_json(raw) if raw else NOTHING


def _added(unsaved: Tally, raw: str | None) -> str:
    return _tallies.dump_json(_tally(raw) + unsaved).decode()
