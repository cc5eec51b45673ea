"""Shares of what may be asked, on every store. What holds in any order of events, test_ledger_rules.py shows."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bot.period import Window, calendar
from bot.quota import (
    EVERYONE,
    UNLIMITED,
    Balance,
    Charge,
    Cost,
    Crossing,
    Demand,
    Denied,
    Entry,
    Granted,
    Leg,
    Limit,
    Settlement,
    Share,
    Spending,
    Unit,
)
from bot.turn import Usage
from sandbox.redis_server import RedisServer
from storage.redis import keys, open_redis
from storage.redis.client import connect
from storage.sqlite import open_sqlite
from storage.store import Store
from tests.make import NOW, key

BERLIN = ZoneInfo("Europe/Berlin")
in_berlin = pytest.mark.parametrize("zone", [BERLIN])

TTL = timedelta(seconds=120)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
PER_DAY = Limit(Unit.TOKENS, Window.DAY, 1_000)
ALICE = Share("user/test:1", (PER_DAY,))
ALL = Share(EVERYONE, (Limit(Unit.TOKENS, Window.MONTH, 5_000), Limit(Unit.REQUESTS, Window.MINUTE, 3)))
BOTH = (ALICE, ALL)


def demand(prompt: int = 100, most: int = 400, least: int = 50) -> Demand:
    """So many tokens of a prompt, and of an answer."""
    return Demand({Unit.TOKENS: Cost(prompt, 1_000_000), Unit.REQUESTS: Cost(1)}, most, least)


def charge(id: str = "t1", tokens: int = 300, shares: tuple[Share, ...] = BOTH, user: str = "1") -> Charge:
    spent = {Unit.TOKENS: tokens, Unit.REQUESTS: 1, Unit.MICRO_USD: 5}
    return Charge(id, key(user), "owl", Usage(tokens - 1, 1), NOW, spent, shares)


async def balance(store: Store, now: datetime = NOW, share: Share = ALICE) -> Balance:
    """How the only limit of a share stands."""
    (only,) = await store.ledger.balances([share], now)
    return only


async def held(store: Store, now: datetime = NOW, share: Share = ALICE) -> tuple[int, int]:
    """Used and held of the only limit of a share."""
    found = await balance(store, now, share)
    return found.used, found.held


async def use(store: Store, id: str, tokens: int, now: datetime, share: Share = ALICE) -> Settlement:
    """Take so many tokens, with nothing held for them."""
    return await store.ledger.settle(replace(charge(id, tokens), shares=(share,)), now)


async def test_what_an_answer_may_take_is_held_on_every_limit(store: Store) -> None:
    granted = await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)

    assert Granted(400, {Unit.TOKENS: 500, Unit.REQUESTS: 1}) == granted
    end = datetime(2026, 12, 1, tzinfo=UTC)
    assert [
        Balance(ALICE.scope, Unit.TOKENS, Window.DAY, 1_000, 0, 500, MIDNIGHT),
        Balance(EVERYONE, Unit.TOKENS, Window.MONTH, 5_000, 0, 500, end),
        Balance(EVERYONE, Unit.REQUESTS, Window.MINUTE, 3, 0, 1, NOW + timedelta(minutes=1)),
    ] == await store.ledger.balances(BOTH, NOW)


async def test_nothing_is_held_where_one_limit_has_too_little_left(store: Store) -> None:
    """Of those, the one is named that one has to wait for longest."""
    poor = Share(EVERYONE, (Limit(Unit.TOKENS, Window.MONTH, 149), Limit(Unit.REQUESTS, Window.MINUTE, 0)))
    denied = await store.ledger.reserve("t1", (ALICE, poor), demand(), TTL, NOW)

    end = datetime(2026, 12, 1, tzinfo=UTC)
    assert Denied(Balance(EVERYONE, Unit.TOKENS, Window.MONTH, 149, 0, 0, end)) == denied
    assert (0, 0) == await held(store)
    assert [] == await store.ledger.journal(0, 10)


async def test_a_limit_that_never_resets_is_waited_for_longest(store: Store) -> None:
    poor = Share(EVERYONE, tuple(Limit(Unit.TOKENS, window, 1) for window in Window))
    denied = await store.ledger.reserve("t1", [poor], demand(), TTL, NOW)

    assert Denied(Balance(EVERYONE, Unit.TOKENS, Window.EVER, 1)) == denied


async def test_of_limits_that_reset_together_the_first_is_named(store: Store) -> None:
    poor = Share(EVERYONE, (Limit(Unit.REQUESTS, Window.DAY, 0), Limit(Unit.TOKENS, Window.DAY, 0)))
    denied = await store.ledger.reserve("t1", [poor], demand(), TTL, NOW)

    assert Denied(Balance(EVERYONE, Unit.REQUESTS, Window.DAY, 0, 0, 0, MIDNIGHT)) == denied


async def test_a_shorter_answer_is_granted_where_less_is_left(store: Store) -> None:
    await use(store, "t0", 700, NOW)
    assert Granted(200, {Unit.TOKENS: 300, Unit.REQUESTS: 1}) == await store.ledger.reserve(
        "t1", BOTH, demand(), TTL, NOW
    )
    assert (700, 300) == await held(store)
    assert isinstance(await store.ledger.reserve("t2", BOTH, demand(prompt=0, least=1), TTL, NOW), Denied)


@pytest.mark.parametrize(("left", "output"), [(149, 0), (150, 50), (151, 51), (499, 399), (500, 400), (501, 400)])
async def test_the_shortest_answer_is_granted_and_no_shorter_one(store: Store, left: int, output: int) -> None:
    share = Share(EVERYONE, (Limit(Unit.TOKENS, Window.EVER, left),))
    outcome = await store.ledger.reserve("t1", [share], demand(), TTL, NOW)

    assert output == (outcome.output if isinstance(outcome, Granted) else 0)


async def test_the_longest_answer_that_fits_is_found_exactly(store: Store) -> None:
    """Also where a script's numbers, which are doubles, do not hold the product, or round the quotient up or down."""
    rates = 1, 3, 999_999, 1_000_001, 2_500_000, 75_000_000, 600_000_000, 123_456_789_012
    amounts = 7, 1_000, 999_983, 10**9 + 7, 10**12 - 1, 10**12
    rounded = (5_000, 10_154), (7_080, 14_517), (66_077_063_577, 625_293_331_722), (63_863_478_214, 366_652_170_900)
    for number, (rate, left) in enumerate((*product(rates, amounts), *rounded)):
        share = Share(f"user/{number}", (Limit(Unit.MICRO_USD, Window.EVER, left),))
        cost = Cost(3, rate)
        wanted = Demand({Unit.MICRO_USD: cost}, 10**7 + 1, 0)
        granted = await store.ledger.reserve(f"t{number}", [share], wanted, TTL, NOW)

        assert isinstance(granted, Granted)
        assert granted.held[Unit.MICRO_USD] == cost.of(granted.output) <= left
        assert granted.output == wanted.most or cost.of(granted.output + 1) > left
        assert (0, granted.held[Unit.MICRO_USD]) == await held(store, NOW, share)


async def test_large_amounts_are_counted_to_the_last_one(store: Store) -> None:
    """Sums of the largest limits are beyond what JSON in a script is exact to."""
    limit = Limit(Unit.TOKENS, Window.EVER, 10**12)
    share = Share(EVERYONE, (limit,))
    for number in range(3):
        await store.ledger.grant(f"g{number}", EVERYONE, Unit.TOKENS, Window.EVER, 10**15 + number, NOW)
    await use(store, "t1", 10**15 + 1, NOW, share)
    await use(store, "t2", 10**15 + 1, NOW, share)

    assert 3 * 10**15 + 3 + 10**12 == (await balance(store, NOW, share)).most
    assert 2 * 10**15 + 2 == (await balance(store, NOW, share)).used
    (spending,) = await store.ledger.spendings("2026-11-21", "2026-11-21")
    assert 2 * 10**15 == spending.input


async def test_the_same_turn_is_granted_the_same_again(store: Store) -> None:
    """And held for longer from then on. A turn that was picked up after a crash holds no second share."""
    first = await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    await store.ledger.set_limit(ALICE.scope, Limit(Unit.TOKENS, Window.DAY, 0), NOW)

    assert first == await store.ledger.reserve("t1", BOTH, demand(most=10), TTL, NOW + TTL)
    assert (0, 500) == await held(store)
    assert 0 == await store.ledger.expire(NOW + TTL)
    assert 1 == await store.ledger.expire(NOW + 2 * TTL)


async def test_a_burst_is_admitted_up_to_the_limit_exactly(store: Store) -> None:
    share = Share(EVERYONE, (Limit(Unit.REQUESTS, Window.EVER, 5),))
    burst = (store.ledger.reserve(f"t{number}", [share], demand(), TTL, NOW) for number in range(60))

    assert 5 == sum(isinstance(outcome, Granted) for outcome in await asyncio.gather(*burst))
    assert (0, 5) == await held(store, NOW, share)


async def test_what_was_not_taken_is_free_again(store: Store) -> None:
    await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    assert Settlement(True) == await store.ledger.settle(charge(), NOW)
    assert (300, 0) == await held(store)


async def test_a_charge_is_settled_once(store: Store) -> None:
    await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    assert Settlement(True) == await store.ledger.settle(charge(), NOW)
    assert Settlement(False) == await store.ledger.settle(charge(tokens=999), NOW)
    assert (300, 0) == await held(store)
    assert replace(charge(), shares=()) == await store.ledger.charged("t1")


async def test_what_was_not_charged_is_not_there(store: Store) -> None:
    assert await store.ledger.charged("t1") is None


async def test_what_is_held_for_a_charge_that_was_settled_is_let_go_of(store: Store) -> None:
    await store.ledger.settle(charge(), NOW)
    await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    assert Settlement(False) == await store.ledger.settle(charge(), NOW)
    assert (300, 0) == await held(store)


async def test_an_answer_that_took_more_than_was_held_is_charged_in_full(store: Store) -> None:
    await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    await store.ledger.settle(charge(tokens=1_200), NOW)
    assert (1_200, 0) == await held(store)
    assert 0 == (await balance(store)).left


async def test_an_answer_counts_in_the_window_in_which_it_was_admitted(store: Store) -> None:
    """One asked before midnight and answered after it takes nothing of the new day."""
    before, after = MIDNIGHT - timedelta(seconds=5), MIDNIGHT + timedelta(seconds=5)
    await store.ledger.reserve("t1", BOTH, demand(), TTL, before)
    assert (0, 500) == await held(store, before)
    assert (0, 0) == await held(store, after)

    await store.ledger.settle(charge(), after)
    assert (0, 0) == await held(store, after)
    day = calendar(before, ZoneInfo("UTC")).day
    assert Leg(ALICE.scope, Unit.TOKENS, Window.DAY, day, -500, 300) == (await store.ledger.journal(0, 9))[-1].legs[0]
    assert [300, 0] == [found.used for found in await store.ledger.balances([ALL], after)]


async def test_a_charge_that_nothing_is_held_for_counts_now(store: Store) -> None:
    """What was let go of too early, or lost with a server, is paid for all the same."""
    await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    assert 1 == await store.ledger.expire(NOW + TTL)
    assert Settlement(True) == await store.ledger.settle(charge(), NOW + TTL)
    assert (300, 0) == await held(store)
    assert ["reserve", "expire", "direct"] == [entry.what for entry in await store.ledger.journal(0, 10)]


async def test_what_is_released_is_free_again(store: Store) -> None:
    await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    for _ in range(2):
        await store.ledger.release("t1", NOW)
    assert (0, 0) == await held(store)
    assert ["reserve", "release"] == [entry.what for entry in await store.ledger.journal(0, 10)]


async def test_a_share_is_held_as_long_as_it_is_renewed(store: Store) -> None:
    await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    await store.ledger.renew("t1", TTL, NOW + TTL / 2)
    await store.ledger.renew("unknown", TTL, NOW)

    assert 0 == await store.ledger.expire(NOW + TTL)
    assert (0, 500) == await held(store)
    assert 1 == await store.ledger.expire(NOW + 1.5 * TTL)
    assert (0, 0) == await held(store)
    assert 0 == await store.ledger.expire(NOW + 3 * TTL)


async def test_unlimited_is_not_counted(store: Store) -> None:
    await store.ledger.set_limit(ALICE.scope, replace(PER_DAY, most=UNLIMITED), NOW)
    assert Granted(10**6, {Unit.TOKENS: 10**6 + 100, Unit.REQUESTS: 1}) == await store.ledger.reserve(
        "t1", [ALICE], demand(most=10**6), TTL, NOW
    )
    assert [] == await store.ledger.balances([ALICE], NOW)
    assert [replace(PER_DAY, most=UNLIMITED)] == await store.ledger.limits(ALICE.scope)


async def test_a_limit_that_is_set_holds_in_place_of_the_usual_one(store: Store) -> None:
    """What was counted goes on counting; a limit of nothing allows nothing."""
    await use(store, "t1", 300, NOW)
    await store.ledger.set_limit(ALICE.scope, replace(PER_DAY, most=350), NOW)
    assert (350, 300) == ((found := await balance(store)).most, found.used)
    assert isinstance(await store.ledger.reserve("t2", [ALICE], demand(), TTL, NOW), Denied)

    await store.ledger.drop_limit(ALICE.scope, Unit.TOKENS, Window.DAY)
    await store.ledger.drop_limit(ALICE.scope, Unit.IMAGES, Window.EVER)
    assert [] == await store.ledger.limits(ALICE.scope)
    assert (1_000, 300) == ((found := await balance(store)).most, found.used)


async def test_limits_that_were_set_come_after_the_usual_ones(store: Store) -> None:
    """Sorted by what they are about, on every store."""
    hour, month = Limit(Unit.TOKENS, Window.HOUR, 7), Limit(Unit.MICRO_USD, Window.MONTH, 8)
    for limit in (hour, month, replace(PER_DAY, most=9)):
        await store.ledger.set_limit(ALICE.scope, limit, NOW)

    assert [month, replace(PER_DAY, most=9), hour] == await store.ledger.limits(ALICE.scope)
    balances = await store.ledger.balances([ALICE], NOW)
    assert [9, 8, 7] == [found.most for found in balances]


async def test_a_grant_is_for_the_window_that_is_now(store: Store) -> None:
    await store.ledger.grant("g2", ALICE.scope, Unit.TOKENS, Window.DAY, 500, NOW)
    await store.ledger.grant("g3", ALICE.scope, Unit.TOKENS, Window.DAY, 50, NOW)
    await store.ledger.grant("g3", ALICE.scope, Unit.TOKENS, Window.DAY, 50, NOW)  # once more: it was given already
    assert 1_550 == (await balance(store)).most
    assert 1_000 == (await balance(store, MIDNIGHT)).most


async def test_a_reset_begins_at_nothing_used_and_keeps_what_is_held(store: Store) -> None:
    await store.ledger.reserve("t1", BOTH, demand(), TTL, NOW)
    await use(store, "t2", 300, NOW)
    await store.ledger.reset(ALICE.scope, NOW)
    assert (0, 500) == await held(store)
    await store.ledger.settle(charge(), NOW)
    assert (300, 0) == await held(store)


async def test_a_scope_is_told_at_80_and_at_100_percent_once_in_each_window(store: Store) -> None:
    taken = [(0, 799), (0, 1), (0, 150), (0, 60), (0, 500), (24, 1_000), (48, 799), (48, 300)]
    crossed = []
    for number, (hours, tokens) in enumerate(taken):
        settled = await use(store, f"t{number}", tokens, NOW + timedelta(hours=hours))
        crossed.append([crossing.percent for crossing in settled.crossings])
    assert [[], [80], [], [100], [], [100], [], [100]] == crossed


async def test_a_crossing_shows_how_the_limit_stands(store: Store) -> None:
    """Asked again, a charge crosses what it crossed."""
    crossing = Crossing(80, Balance(ALICE.scope, Unit.TOKENS, Window.DAY, 1_000, 900, 0, MIDNIGHT))
    assert Settlement(True, (crossing,)) == await store.ledger.settle(charge(tokens=900), NOW)
    assert Settlement(False, (crossing,)) == await store.ledger.settle(charge(tokens=900), NOW)


async def test_after_a_reset_a_scope_is_told_again(store: Store) -> None:
    assert (await use(store, "t1", 900, NOW)).crossings
    await store.ledger.reset(ALICE.scope, NOW)
    assert [80] == [crossing.percent for crossing in (await use(store, "t2", 900, NOW)).crossings]


async def test_an_answer_that_is_settled_after_midnight_crosses_nothing(store: Store) -> None:
    await store.ledger.reserve("t1", [ALICE], demand(), TTL, MIDNIGHT - timedelta(seconds=5))
    late = replace(charge(tokens=900), shares=(ALICE,))
    assert () == (await store.ledger.settle(late, MIDNIGHT)).crossings


async def test_thirty_days_leave_one_by_one(store: Store) -> None:
    share = Share(EVERYONE, (Limit(Unit.TOKENS, Window.ROLLING, 1_000),))
    days = [NOW + timedelta(days=number) for number in range(33)]
    for number, tokens in ((0, 500), (1, 300), (2, 100)):
        await use(store, f"t{number}", tokens, days[number], share)

    stands = [(await balance(store, days[number], share)).used for number in (2, 29, 30, 31, 32)]
    assert [900, 900, 400, 100, 0] == stands
    midnight = datetime(2026, 12, 21, tzinfo=UTC)
    assert midnight == (await balance(store, days[2], share)).resets
    assert midnight + timedelta(days=1) == (await balance(store, days[30], share)).resets
    denied = await store.ledger.reserve("t4", [share], demand(), TTL, days[2])
    assert Denied(Balance(EVERYONE, Unit.TOKENS, Window.ROLLING, 1_000, 900, 0, midnight)) == denied
    assert isinstance(await store.ledger.reserve("t4", [share], demand(), TTL, days[30]), Granted)


async def test_a_grant_on_thirty_days_holds_for_thirty_days(store: Store) -> None:
    share = Share(EVERYONE, (Limit(Unit.TOKENS, Window.ROLLING, 1_000),))
    await store.ledger.grant("g4", EVERYONE, Unit.TOKENS, Window.ROLLING, 70, NOW)
    stands = [(await balance(store, NOW + timedelta(days=days), share)).most for days in (0, 29, 30)]
    assert [1_070, 1_070, 1_000] == stands


async def test_what_is_held_stays_in_sight_when_a_clock_goes_back(store: Store) -> None:
    """Over midnight, too: else two answers would get the same share."""
    share = Share(EVERYONE, (PER_DAY, Limit(Unit.TOKENS, Window.ROLLING, 2_000)))
    await store.ledger.reserve("t1", [share], demand(), TTL, MIDNIGHT + timedelta(seconds=5))
    await store.ledger.reserve("t2", [share], demand(), TTL, MIDNIGHT - timedelta(seconds=5))
    await store.ledger.grant("g5", EVERYONE, Unit.TOKENS, Window.DAY, 1, MIDNIGHT - timedelta(seconds=5))

    for now in (MIDNIGHT - timedelta(seconds=5), MIDNIGHT + timedelta(seconds=5)):
        assert [1_000, 1_000] == [found.held for found in await store.ledger.balances([share], now)]
        assert isinstance(await store.ledger.reserve("t3", [share], demand(), TTL, now), Denied)


@in_berlin
@pytest.mark.parametrize(
    ("last", "first"),
    [
        ("2026-11-21T22:59:59", "2026-11-21T23:00:00"),  # in winter, 23:00 UTC is midnight
        ("2026-03-28T22:59:59", "2026-03-28T23:00:00"),
        ("2026-03-29T21:59:59", "2026-03-29T22:00:00"),  # a day of 23 hours has passed
        ("2026-10-24T21:59:59", "2026-10-24T22:00:00"),
        ("2026-10-25T22:59:59", "2026-10-25T23:00:00"),  # a day of 25 hours has passed
    ],
)
async def test_a_day_ends_at_midnight_where_people_live(store: Store, last: str, first: str) -> None:
    before, after = (datetime.fromisoformat(f"{time}+00:00") for time in (last, first))
    await use(store, "t1", 300, before)
    assert after == (await balance(store, before)).resets
    assert (300, 0) == await held(store, before)
    assert (0, 0) == await held(store, after)
    await use(store, "t2", 300, after)
    assert [1, 1] == [spending.requests for spending in await store.ledger.spendings("2026-01-01", "2026-12-31")]


@in_berlin
async def test_a_month_ends_at_midnight_where_people_live(store: Store) -> None:
    """Of October's last day here, an hour after its last Sunday's clocks went back."""
    share = Share(EVERYONE, (Limit(Unit.TOKENS, Window.MONTH, 5_000),))
    end = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    await use(store, "t1", 300, datetime(2026, 9, 30, 22, 0, tzinfo=UTC), share)
    assert end == (await balance(store, end - timedelta(seconds=1), share)).resets
    assert (300, 0) == await held(store, end - timedelta(seconds=1), share)
    assert (0, 0) == await held(store, end, share)


async def test_spendings_are_added_up_by_day_and_by_whose_they_are(store: Store) -> None:
    day = timedelta(days=1)
    for number, (user, api_key, now) in enumerate(
        [("1", "", NOW), ("1", "", NOW), ("2", "", NOW), ("1", "k1", NOW), ("1", "", NOW + day), ("1", "", NOW - day)]
    ):
        await store.ledger.settle(replace(charge(f"t{number}", user=user), api_key=api_key), now)

    def spending(date: str, user: str, api_key: str = "", times: int = 1) -> Spending:
        whose = (date, "test:100", "test:bot:10", f"test:{user}", "owl", api_key)
        return Spending(*whose, 299 * times, times, times, 5 * times, 0, 0)

    assert [
        spending("2026-11-21", "1", times=2),
        spending("2026-11-21", "1", "k1"),
        spending("2026-11-21", "2"),
        spending("2026-11-22", "1"),
    ] == await store.ledger.spendings("2026-11-21", "2026-11-22")
    assert [] == await store.ledger.spendings("2026-11-23", "2026-11-30")


async def test_the_journal_tells_what_happened_in_order(store: Store) -> None:
    await store.ledger.reserve("t1", [ALICE], demand(), TTL, NOW)
    await store.ledger.settle(charge(), NOW)
    await store.ledger.grant("g6", ALICE.scope, Unit.TOKENS, Window.DAY, 5, NOW)
    await store.ledger.reset(ALICE.scope, NOW)

    entries = await store.ledger.journal(0, 10)
    day = calendar(NOW, ZoneInfo("UTC")).day
    legs = [(500, 0), (-500, 300), None, (0, -300)]
    whats = zip(("reserve", "settle", "grant", "reset"), ("t1", "t1", ALICE.scope, ALICE.scope), legs, strict=True)
    assert [
        Entry(0, NOW, what, id, (Leg(ALICE.scope, Unit.TOKENS, Window.DAY, day, *leg),) if leg else ())
        for what, id, leg in whats
    ] == [replace(entry, number=0) for entry in entries]
    assert entries[2:3] == await store.ledger.journal(entries[1].number, 1)
    assert [] == await store.ledger.journal(entries[-1].number, 10)


async def test_any_name_is_counted(store: Store) -> None:
    """Scopes come from platforms: quotes, line ends and other scripts' letters do not break what is written."""
    share = Share('user/odd:"\\\n{q}/🦉', (PER_DAY,))
    await store.ledger.reserve('t"\n1', [share], demand(), TTL, NOW)
    assert (0, 500) == await held(store, NOW, share)
    await store.ledger.release('t"\n1', NOW)
    assert (0, 0) == await held(store, NOW, share)
    assert share.scope == (await store.ledger.journal(0, 1))[0].legs[0].scope


@pytest_asyncio.fixture
async def clock(redis: RedisServer) -> datetime:
    """What the server's clock says, on an empty server."""
    client = connect(redis.url)
    await client.flushall()
    seconds, micros = await client.time()
    await client.aclose()
    return datetime.fromtimestamp(seconds + micros / 1e6, UTC)


async def test_in_redis_the_servers_clock_counts(redis: RedisServer, clock: datetime) -> None:
    """A caller whose clock is days off, or for whom midnight has not passed yet, is told the same as any other."""
    store = await open_redis(redis.url, zone=BERLIN)
    for number, days in enumerate((-40, -1, 0, 1)):
        wrong = clock + timedelta(days=days)
        assert isinstance(await store.ledger.reserve(f"t{number}", [ALICE], demand(0, 100), TTL, wrong), Granted)
        await store.ledger.settle(replace(charge(f"t{number}", 100), shares=(ALICE,)), wrong)
        found = await balance(store, wrong)
        assert 100 * (number + 1) == found.used
        assert found.resets is not None
        assert clock < found.resets <= clock + timedelta(hours=25)

    entries = await store.ledger.journal(0, 100)
    assert all(clock <= entry.at < clock + timedelta(hours=1) for entry in entries)
    date = (clock.astimezone(BERLIN)).date().isoformat()
    assert [4] == [spending.requests for spending in await store.ledger.spendings(date, date)]
    assert 0 == await store.ledger.expire(clock + timedelta(days=9))
    await store.close()


async def test_in_redis_what_is_old_is_forgotten(redis: RedisServer, redis_store: Store) -> None:
    """A sheet is forgotten when nothing was taken from its scope for over a year, unless it counts for ever."""
    lasting = Share("user/test:2", (Limit(Unit.TOKENS, Window.EVER, 9),))
    await use(redis_store, "t1", 300, NOW)
    await use(redis_store, "t2", 1, NOW, lasting)
    client = connect(redis.url)
    names = [name for name in await client.keys("*") if name not in keys.ledger()]
    assert all([0 < await client.ttl(name) <= keys.SPENDING for name in names])

    await redis_store.ledger.expire(NOW + timedelta(days=399))
    assert {ALICE.scope, lasting.scope} == set(await client.hkeys("quota:{q}:sheets"))
    await redis_store.ledger.expire(NOW + timedelta(days=400))
    assert [lasting.scope] == await client.hkeys("quota:{q}:sheets")
    await client.aclose()


async def test_in_sqlite_what_is_old_is_swept_when_the_file_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    store = await open_sqlite(path, NOW)
    lasting = Share("user/test:2", (Limit(Unit.TOKENS, Window.EVER, 9),))
    await use(store, "t1", 300, NOW)
    await use(store, "t2", 1, NOW, lasting)
    await store.ledger.set_limit(EVERYONE, PER_DAY, NOW)
    await store.close()

    store = await open_sqlite(path, NOW + timedelta(days=36))
    assert await store.ledger.charged("t1") is None
    assert [] == await store.ledger.journal(0, 9)
    assert (300, 0) == await held(store)
    assert [2] == [spending.requests for spending in await store.ledger.spendings("2026-11-21", "2026-11-21")]
    await store.close()

    store = await open_sqlite(path, NOW + timedelta(days=401))
    assert [] == await store.ledger.spendings("2026-11-21", "2026-11-21")
    assert (0, 0) == await held(store)
    assert (1, 0) == await held(store, NOW, lasting)
    assert [PER_DAY] == await store.ledger.limits(EVERYONE)
    await store.close()
