"""bot.ports.Turns, on every store."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import LeaseLost
from bot.ports import Ingested, Lease
from bot.reply import Button, Reply
from bot.turn import Ending, State, Usage
from storage.store import Store
from tests.make import NOW, turn

LANE = "test:bot:10/-/*"
OTHER = "test:bot:10/7/*"
HALF_MINUTE = timedelta(seconds=30)


def lease(token: str = "mine", lane: str = LANE) -> Lease:
    return Lease(lane, token)


async def test_an_event_makes_one_turn_however_often_it_comes(store: Store) -> None:
    """Platforms deliver again what they think was lost."""
    results = await asyncio.gather(*(store.turns.ingest(turn(), 5, NOW) for _ in range(10)))

    assert 1 == results.count(Ingested.NEW)
    assert 9 == results.count(Ingested.KNOWN)
    assert [turn().id] == list(await store.turns.waiting(LANE))


async def test_a_lane_takes_no_more_than_its_cap(store: Store) -> None:
    """One member must not be able to fill the memory."""
    results = [await store.turns.ingest(turn(f"e{number}"), 3, NOW) for number in range(5)]

    assert [Ingested.NEW] * 3 + [Ingested.BUSY] * 2 == results
    assert 3 == len(await store.turns.waiting(LANE))


async def test_turns_of_a_lane_come_one_at_a_time_in_order(store: Store) -> None:
    """A follow-up is answered after the question that it follows."""
    for event in ("e1", "e2"):
        await store.turns.ingest(turn(event), 5, NOW)

    first = await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    assert first is not None
    assert turn("e1").id == first.id
    assert await store.turns.claim(lease("yours"), NOW, NOW + HALF_MINUTE) is None
    await store.turns.finish(lease(), replace(first, state=State.DONE), NOW)
    second = await store.turns.claim(lease("yours"), NOW, NOW + HALF_MINUTE)
    assert second is not None
    assert turn("e2").id == second.id


async def test_two_lanes_do_not_wait_for_each_other(store: Store) -> None:
    """A long answer in one conversation holds nobody else up."""
    await store.turns.ingest(turn("e1"), 5, NOW)
    await store.turns.ingest(turn("e2", OTHER), 5, NOW)

    assert {LANE, OTHER} == set(await store.turns.due(NOW, 10))
    assert await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    assert await store.turns.claim(lease("yours", OTHER), NOW, NOW + HALF_MINUTE)


async def test_a_lane_is_due_again_when_its_lease_runs_out(store: Store) -> None:
    """The worker that held it may be dead."""
    await store.turns.ingest(turn(), 5, NOW)
    await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)

    assert [] == list(await store.turns.due(NOW + timedelta(seconds=29), 10))
    later = NOW + timedelta(seconds=31)
    assert [LANE] == list(await store.turns.due(later, 10))
    again = await store.turns.claim(lease("yours"), later, later + HALF_MINUTE)
    assert again is not None
    assert 2 == again.attempts


async def test_a_renewed_lease_holds_longer(store: Store) -> None:
    """A long answer takes longer than one lease."""
    await store.turns.ingest(turn(), 5, NOW)
    await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    await store.turns.renew(lease(), NOW + 2 * HALF_MINUTE)

    assert [] == list(await store.turns.due(NOW + timedelta(seconds=59), 10))


async def test_who_lost_the_lease_writes_nothing(store: Store) -> None:
    """A worker that stalled must not spoil what its successor wrote."""
    await store.turns.ingest(turn(), 5, NOW)
    stalled = await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    later = NOW + timedelta(seconds=31)
    successor = await store.turns.claim(lease("yours"), later, later + HALF_MINUTE)
    assert stalled is not None
    assert successor is not None
    await store.turns.save(lease("yours"), replace(successor, state=State.FINAL, reply=Reply("right")))

    spoiled = replace(stalled, state=State.FINAL, reply=Reply("wrong"))
    with pytest.raises(LeaseLost):
        await store.turns.save(lease(), spoiled)
    with pytest.raises(LeaseLost):
        await store.turns.finish(lease(), spoiled, later)
    with pytest.raises(LeaseLost):
        await store.turns.postpone(lease(), spoiled, later)
    with pytest.raises(LeaseLost):
        await store.turns.renew(lease(), later)
    kept = await store.turns.get("test:bot:10", turn().id)
    assert kept is not None
    assert "right" == kept.reply.text


async def test_a_postponed_turn_stays_first_and_comes_when_due(store: Store) -> None:
    """A platform that is down must not turn the order round."""
    for event in ("e1", "e2"):
        await store.turns.ingest(turn(event), 5, NOW)
    first = await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    assert first is not None
    await store.turns.postpone(lease(), replace(first, attempts=0), NOW + timedelta(seconds=5))

    assert [] == list(await store.turns.due(NOW + timedelta(seconds=4), 10))
    again = await store.turns.claim(lease("yours"), NOW + timedelta(seconds=5), NOW + HALF_MINUTE)
    assert again is not None
    assert (first.id, 1) == (again.id, again.attempts)


async def test_a_new_turn_does_not_make_a_held_or_postponed_lane_due(store: Store) -> None:
    """Else two workers would be on one conversation."""
    await store.turns.ingest(turn("e1"), 5, NOW)
    first = await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    await store.turns.ingest(turn("e2"), 5, NOW)

    assert [] == list(await store.turns.due(NOW, 10))
    assert first is not None
    await store.turns.postpone(lease(), first, NOW + timedelta(seconds=5))
    await store.turns.ingest(turn("e3"), 5, NOW)
    assert [] == list(await store.turns.due(NOW, 10))


async def test_a_stop_reaches_whoever_works_on_the_turn(store: Store) -> None:
    """The button may be pressed in another process."""
    await store.turns.ingest(turn(), 5, NOW)
    claimed = await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    assert claimed is not None
    assert not await store.turns.save(lease(), claimed)

    await store.turns.stop("test:bot:10", claimed.id)
    assert await store.turns.save(lease(), claimed)
    await store.turns.stop("test:bot:10", "no such turn")


async def test_an_ended_turn_is_still_known(store: Store) -> None:
    """Its event may come again, and its buttons may be pressed."""
    await store.turns.ingest(turn(), 5, NOW)
    claimed = await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    assert claimed is not None
    await store.turns.finish(lease(), replace(claimed, state=State.DONE), NOW)

    assert [] == list(await store.turns.waiting(LANE))
    assert [] == list(await store.turns.due(NOW, 10))
    assert Ingested.KNOWN is await store.turns.ingest(turn(), 5, NOW)
    assert await store.turns.get("another room", claimed.id) is None


async def test_a_turn_comes_back_as_it_was_written(store: Store) -> None:
    """Whatever a later worker needs must survive, odd characters too."""
    await store.turns.ingest(turn(text="🦉 \ud800 \x00"), 5, NOW)
    claimed = await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    assert claimed is not None
    full = replace(
        claimed,
        state=State.FINAL,
        parts=("1", "2"),
        model="main",
        reply=Reply("text", "note", (Button("Stop", "stop", claimed.id),)),
        ending=Ending.STOPPED,
        usage=Usage(1, 2, counted=True),
    )
    await store.turns.save(lease(), full)

    assert full == await store.turns.get("test:bot:10", claimed.id)


async def test_a_turn_that_was_given_up_can_be_done_after_all(store: Store) -> None:
    """Once: it is then like any turn that waits."""
    await store.turns.ingest(turn(), 5, NOW)
    claimed = await store.turns.claim(lease(), NOW, NOW + HALF_MINUTE)
    assert claimed is not None
    assert not await store.turns.revive(turn(), NOW)
    await store.turns.finish(lease(), replace(claimed, state=State.FAILED), NOW)

    assert await store.turns.revive(turn(), NOW)
    assert not await store.turns.revive(turn(), NOW)
    assert [LANE] == list(await store.turns.due(NOW, 10))
    again = await store.turns.claim(lease("yours"), NOW, NOW + HALF_MINUTE)
    assert again is not None
    assert (State.RECEIVED, 1) == (again.state, again.attempts)
    assert not await store.turns.revive(turn("another"), NOW)
