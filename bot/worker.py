"""
Works off the lanes: one turn at a time in each, lanes side by side, each under a lease.

Any process may work on any lane. A wake-up may get lost; a sweep of what is due is the truth. Whatever goes wrong with
a turn ends in something that its asker can see, or with the turn kept for another try.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from bot.aftermath import unreachable
from bot.answer import Work, keep, regenerate_button, work
from bot.chat import Call
from bot.claim import Claim
from bot.delivery import Delivery, repair
from bot.errors import Broken, LeaseLost, PlatformDown, StorageDown, Undeliverable, Unsure
from bot.ports import STORE_PAUSE, Commands, DeadLetter, Lease, Ports, Screen
from bot.reply import Reply
from bot.tasks import end
from bot.turn import Ending, State, Turn, failed

log = logging.getLogger(__name__)

OUTAGE = timedelta(hours=24)
"""How long an answer is kept for a chat platform that is down."""

UNSURE = timedelta(seconds=5)
"""How long an answer waits, doubled with each time, when the platform may have put something up unheard."""

LONGEST = timedelta(minutes=1)
"""For which a turn is put off while its platform is in trouble."""


class Worker:
    """One process's share of the work."""

    def __init__(self, ports: Ports, commands: Commands) -> None:
        self._ports = ports
        self._commands = commands
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._claims: dict[str, Claim] = {}
        self._woken: set[str] = set()
        self._repairs: set[asyncio.Task[None]] = set()
        self._draining = False

    async def serve(self) -> None:
        """Sweep up whatever is due, until cancelled."""
        while True:
            try:
                await self._ports.ledger.expire(self._ports.now())
                for lane in await self._ports.turns.due(self._ports.now(), self._ports.limits.lanes):
                    self.wake(lane)
            except StorageDown as trouble:
                log.error("the sweep waits for the store: %s", trouble)
            await asyncio.sleep(self._ports.limits.sweep.total_seconds())

    def wake(self, lane: str) -> None:
        """There is work in that lane. Returns at once."""
        if lane in self._lanes:
            self._woken.add(lane)
        elif not self._draining and len(self._lanes) < self._ports.limits.lanes:
            task = asyncio.ensure_future(self._work_off(lane))
            self._lanes[lane] = task
            task.add_done_callback(lambda _: self._lanes.pop(lane))

    @property
    def busy(self) -> bool:
        """Whether any lane is worked on here."""
        return bool(self._lanes)

    def interrupt(self, turn: str) -> None:
        """Stop a turn at once if it runs in this process."""
        if turn in self._claims:
            self._claims[turn].stopped.set()

    async def drain(self) -> None:
        """Begin nothing more; let what runs end within the grace, then keep it for whoever comes next."""
        self._draining = True
        running = list(self._lanes.values())
        if running:
            _, late = await asyncio.wait(running, timeout=self._ports.limits.drain.total_seconds())
            await end(*late)
        await end(*self._repairs)

    async def _work_off(self, lane: str) -> None:
        """Work on a lane until nothing in it is due."""
        try:
            while not self._draining:
                self._woken.discard(lane)
                if not await self._work_one(lane) and lane not in self._woken:
                    return
        except StorageDown as trouble:
            log.error("lane %s waits for the store: %s", lane, trouble)
        except Exception:
            log.exception("lane %s broke; its lease will run out", lane)

    async def _work_one(self, lane: str) -> bool:
        """Claim a lane's oldest turn and work on it. Returns whether it was to be had."""
        lease = Lease(lane, secrets.token_hex(16))
        now = self._ports.now()
        turn = await self._ports.turns.claim(lease, now, now + self._ports.limits.lease)
        if turn is None:
            return False
        claim = self._claims[turn.id] = Claim(self._ports.turns, lease, turn)
        working = asyncio.ensure_future(self._work_on(claim))
        renewing = asyncio.ensure_future(self._renew(lease, turn))
        try:
            await asyncio.wait({working, renewing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(working, renewing)
            del self._claims[turn.id]
        if not working.cancelled():
            working.result()
        return True

    async def _renew(self, lease: Lease, turn: Turn) -> None:
        """
        Hold the lane, and what the turn may take of its shares.

        Returns when the lane is lost, or when nobody can tell for as long as a lease lasts.
        """
        limits = self._ports.limits
        held_until = self._ports.now() + limits.lease
        while self._ports.now() < held_until:
            await asyncio.sleep(limits.renew.total_seconds())
            try:
                until = self._ports.now() + limits.lease
                await self._ports.turns.renew(lease, until)
                held_until = until
                await self._ports.ledger.renew(turn.id, limits.held, self._ports.now())
            except StorageDown as trouble:
                log.error("lease of %s not renewed: %s", lease.lane, trouble)
            except LeaseLost:
                return

    async def _work_on(self, claim: Claim) -> None:
        """Bring a turn to its end, or keep it for another try. Raises StorageDown when a repair cannot be made."""
        platform = self._ports.platforms.get(claim.turn.origin.key.platform)
        if platform is None:
            await self._put_off(claim, PlatformDown("this process does not serve it"))
            return
        screen = platform.screen(claim.turn)
        try:
            await self._bring_to_end(claim, screen)
        except LeaseLost:
            log.warning("turn %s: another worker took it over", claim.turn.id)
            await self._repair(claim, screen)
        except asyncio.CancelledError:
            await self._keep(claim, screen)
            raise

    async def _bring_to_end(self, claim: Claim, screen: Screen) -> None:
        """Bring a turn as far as it comes. Raises LeaseLost."""
        try:
            await self._attempt(claim, screen)
        except StorageDown as trouble:
            log.error("turn %s: the store went away: %s", claim.turn.id, trouble)
            await self._hand_back(claim)

    async def _attempt(self, claim: Claim, screen: Screen) -> None:
        """Raises LeaseLost; StorageDown also while it is written down what came of it."""
        delivery = Delivery(claim, screen, self._ports.history)
        turns, now = self._ports.turns, self._ports.now
        try:
            task = Work(claim, delivery, self._ports, self._commands, self.interrupt)
            if self._is_hopeless(claim.turn):
                await self._give_up(task)
            else:
                await work(task)
                await turns.finish(claim.lease, replace(claim.turn, state=State.DONE), now())
        except Undeliverable as trouble:
            await unreachable(self._ports, claim.turn)
            await self._bury(claim, f"nobody to answer: {trouble}")
        except PlatformDown as trouble:
            await self._put_off(claim, trouble)
        except (LeaseLost, StorageDown):
            raise
        except Exception as error:
            log.exception("turn %s: attempt %d broke", claim.turn.id, claim.turn.attempts)
            pause = timedelta(seconds=2**claim.turn.attempts)
            await turns.postpone(claim.lease, replace(claim.turn, failure=type(error).__name__), now() + pause)

    def _is_hopeless(self, turn: Turn) -> bool:
        """Whether it has been tried often enough. An answer that is there already gets as many tries to be shown."""
        tries = self._ports.limits.attempts
        return turn.attempts > (2 * tries if turn.state >= State.FINAL else tries)

    async def _give_up(self, task: Work) -> None:
        """Say that there will be no answer; of one that is there, that its rest will not be shown."""
        turn = task.turn
        if isinstance(turn.task, Call):
            await task.delivery.tell(Reply(Broken.for_user))
        elif turn.state >= State.FINAL:
            await keep(task)
            with contextlib.suppress(PlatformDown):
                await task.delivery.abridge(task.turn.reply)
        else:
            reply = Reply(Broken.for_user, buttons=(regenerate_button(turn),))
            await task.claim.save(state=State.REMEMBERED, reply=reply, ending=Ending.REFUSED)
            await task.delivery.finish(reply)
        await self._bury(task.claim, f"given up at attempt {turn.attempts}: {turn.failure or 'crashed'}")

    async def _bury(self, claim: Claim, why: str) -> None:
        """End a turn without its answer, and leave the operator a letter."""
        turn, now = claim.turn, self._ports.now()
        log.error("turn %s: %s", turn.id, why)
        key = turn.origin.key
        await self._ports.ledger.release(turn.id, now)
        await self._ports.letters.add(DeadLetter(turn.id, now, key.platform, why, room=key.room))
        await self._ports.turns.finish(claim.lease, failed(turn, why), now)

    async def _put_off(self, claim: Claim, trouble: PlatformDown) -> None:
        """
        Wait for a chat platform that is down; it is no fault of the turn's, so the attempt does not count.

        It does when something may have been put up: each such try may leave an empty message behind.
        """
        now, turn = self._ports.now(), claim.turn
        age = now - turn.origin.at
        log.warning("turn %s: its platform is down: %s", turn.id, trouble)
        if isinstance(trouble, Unsure):
            turn = replace(turn, unsure=turn.unsure + 1)
            await self._ports.turns.postpone(claim.lease, turn, now + min(UNSURE * 2**turn.unsure, LONGEST))
        elif age > OUTAGE:
            await self._bury(claim, f"its platform was down for {OUTAGE}: {trouble}")
        else:
            turn = replace(turn, attempts=turn.attempts - 1)
            await self._ports.turns.postpone(claim.lease, turn, now + _patience(age))

    async def _hand_back(self, claim: Claim) -> None:
        """Let a turn go on as soon as the store is back, rather than when its lease has run out. Raises LeaseLost."""

        async def postpone() -> None:
            await self._ports.turns.postpone(claim.lease, await self._recorded(claim), self._ports.now())

        await _when_back(postpone)

    async def _recorded(self, claim: Claim) -> Turn:
        """A turn as the store has it: a write of which we heard nothing may have arrived."""
        return await self._ports.turns.get(claim.turn.origin.key.room, claim.turn.id) or claim.turn

    async def _keep(self, claim: Claim, screen: Screen) -> None:
        """Leave a turn as it stands to whoever comes next: it was not its fault that we stop."""
        try:
            turn = await self._recorded(claim)
            turn = replace(turn, attempts=turn.attempts - 1)
            await self._ports.turns.postpone(claim.lease, turn, self._ports.now())
        except LeaseLost:
            await self._repair(claim, screen)
        except StorageDown as trouble:
            log.error("turn %s: left to its lease: %s", claim.turn.id, trouble)
            repairing = asyncio.ensure_future(self._repair_later(claim, screen))
            self._repairs.add(repairing)
            repairing.add_done_callback(self._repairs.discard)

    async def _repair_later(self, claim: Claim, screen: Screen) -> None:
        """Put right what we may have shown after our lease, as soon as the store says what it should be."""
        await _when_back(lambda: self._repair(claim, screen))

    async def _repair(self, claim: Claim, screen: Screen) -> None:
        recorded = await self._ports.turns.get(claim.turn.origin.key.room, claim.turn.id)
        if recorded is not None:
            with contextlib.suppress(PlatformDown, Undeliverable):
                await repair(recorded, screen)


async def _when_back(call: Callable[[], Awaitable[None]]) -> None:
    """Do something as soon as the store, which is down, is back."""
    while True:
        await asyncio.sleep(STORE_PAUSE)
        with contextlib.suppress(StorageDown):
            return await call()


def _patience(age: timedelta) -> timedelta:
    """How long to leave a platform alone that has been down for `age`: a tenth of it, 5 s to 1 min."""
    return min(max(age / 10, timedelta(seconds=5)), LONGEST)
