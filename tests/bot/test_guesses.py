"""Wrong keys are counted, and who sent too many has to wait."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from bot import guesses, keys
from bot.errors import KeyTypo, NoKey, TooManyGuesses, UnknownKey
from bot.guesses import GUESSES, counted
from bot.keys import Proof
from bot.ports import Records
from bot.throttle import Guesser, Typos, by_person, from_address, in_chat
from storage.memory import open_memory
from tests.bot.records import WatchedRecords
from tests.fuzz.amount import amount
from tests.make import NOW

ALICE, BOB = by_person("discord:42"), by_person("discord:43")
ROOM = in_chat("discord:bot:10")
TYPO = "parley_Ab3dEf7h_0123456789abcdefghijklmnopqrstuv000000"
MINUTE = timedelta(minutes=1)


def reading(text: str) -> Callable[[], Proof]:
    return lambda: keys.prove(b"pepper", keys.read(text))


async def try_wrong(
    records: Records, guessers: Sequence[Guesser], times: int, typos: Typos | None = None, minute: int = 0
) -> list[str]:
    """Send wrong keys, well formed ones, one after the other. Returns what was said."""
    said = []
    for _ in range(times):
        text = keys.make().reveal()
        with pytest.raises((UnknownKey, TooManyGuesses)) as refusal:
            async with counted(records, typos or Typos(), guessers, reading(text), NOW + minute * MINUTE):
                raise UnknownKey("nobody's")
        said.append(refusal.value.for_user)
    return said


def wrong(times: int) -> list[str]:
    return [UnknownKey("").for_user] * times


def wait(minutes: int, times: int = 1) -> list[str]:
    return [f"Too many wrong keys. Try again in {minutes} min."] * times


@pytest.fixture
def records() -> WatchedRecords:
    return WatchedRecords(open_memory().records)


@pytest.mark.parametrize(
    ("guesser", "hourly", "minutes"), [(ALICE, 5, 12), (ROOM, 20, 3), (from_address("192.0.2.1"), 100, 1)]
)
async def test_so_many_wrong_keys_in_an_hour_are_put_up_with(
    records: Records, guesser: Guesser, hourly: int, minutes: int
) -> None:
    said = await try_wrong(records, [guesser], hourly + 2)

    assert wrong(hourly) == said[:hourly]
    assert 2 == len(said[hourly:])
    assert said[hourly:] == (wait(minutes, 2) if minutes > 1 else ["Too many wrong keys. Try again in 36 s."] * 2)


async def test_one_more_is_allowed_when_the_wait_is_over(records: Records) -> None:
    await try_wrong(records, [ALICE], 5)

    assert wait(2) == await try_wrong(records, [ALICE], 1, minute=10)
    assert [*wrong(1), *wait(12)] == await try_wrong(records, [ALICE], 2, minute=12)


async def test_after_an_hour_all_is_forgiven(records: Records) -> None:
    await try_wrong(records, [ALICE], 9)

    assert [*wrong(5), *wait(12)] == await try_wrong(records, [ALICE], 6, minute=60)


async def test_trying_on_does_not_make_the_wait_longer(records: Records) -> None:
    await try_wrong(records, [ALICE], 500)

    assert wrong(1) == await try_wrong(records, [ALICE], 1, minute=12)


async def test_many_people_in_one_chat_are_stopped_together(records: Records) -> None:
    """And nobody who does not guess has to wait for them elsewhere."""
    people = [by_person(f"discord:{number}") for number in range(5)]
    for person in people[:4]:
        assert wrong(5) == await try_wrong(records, [person, ROOM], 5)

    assert wait(3) == await try_wrong(records, [people[4], ROOM], 1)
    assert wrong(1) == await try_wrong(records, [people[4]], 1)


async def test_the_longest_wait_is_told(records: Records) -> None:
    await try_wrong(records, [ROOM], 20)
    await try_wrong(records, [ALICE], 5)

    assert wait(12) == await try_wrong(records, [ROOM, ALICE], 1)


async def test_right_keys_are_never_counted(records: WatchedRecords) -> None:
    typos = Typos()
    for _ in range(30):
        async with counted(records, typos, [ALICE, ROOM], reading(keys.make().reveal()), NOW):
            """It is right."""

    assert {} == await records.all(GUESSES)
    assert 0 == len(typos)
    assert 0 == records.calls["swap"]


async def test_even_a_right_key_waits(records: Records) -> None:
    """Otherwise the sentence would tell which of a thousand was right."""
    await try_wrong(records, [ALICE], 5)

    with pytest.raises(TooManyGuesses):
        async with counted(records, Typos(), [ALICE], reading(keys.make().reveal()), NOW):
            pytest.fail("it was looked up")


async def test_many_at_once_get_no_more_than_one_after_the_other(records: Records) -> None:
    """They were all let in before any was counted; all but five learn nothing from it."""
    said = await asyncio.gather(*(try_wrong(records, [ALICE], 1) for _ in range(50)))

    assert sorted([*wrong(5), *wait(12, 45)]) == sorted(sentence for (sentence,) in said)


@pytest.mark.parametrize(("text", "error"), [(TYPO, KeyTypo), ("hello", NoKey)])
async def test_typos_are_counted_without_the_store(records: WatchedRecords, text: str, error: type[Exception]) -> None:
    typos = Typos()
    for expected in [error] * 5 + [TooManyGuesses] * 3:
        with pytest.raises(expected):
            async with counted(records, typos, [ALICE], reading(text), NOW):
                pytest.fail("it was looked up")

    assert 0 == records.calls.total()
    typos.admit([BOB], NOW)
    typos.admit([ALICE], NOW + 12 * MINUTE)


def somewhere(number: int) -> Guesser:
    return from_address(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")


@pytest.mark.parametrize(
    ("who", "looked_at"),
    [(lambda _: ALICE, 5), (somewhere, amount(20_000, 1_000_000))],
    ids=["one person", "everywhere"],
)
async def test_a_million_bad_keys_never_reach_the_store(
    records: WatchedRecords, who: Callable[[int], Guesser], looked_at: int
) -> None:
    """Whoever sends them; `bench/keys.py` says how long each takes."""
    typos, said = Typos(most=1_000), Counter[type[Exception]]()
    for number in range(amount(20_000, 1_000_000)):
        try:
            async with counted(records, typos, [who(number)], reading(TYPO), NOW):
                pytest.fail("it was looked up")
        except (KeyTypo, TooManyGuesses) as refusal:
            said[type(refusal)] += 1
        assert len(typos) <= 1_000

    assert looked_at == said[KeyTypo]
    assert amount(20_000, 1_000_000) == said.total()
    assert 0 == records.calls.total()


def test_who_was_quiet_for_longest_is_forgotten_first() -> None:
    typos = Typos(most=2)
    for guesser in [ALICE] * 4 + [BOB, ALICE, ROOM]:
        typos.count([guesser], NOW)

    assert 2 == len(typos)
    with pytest.raises(TooManyGuesses):
        typos.admit([ALICE], NOW)


def test_nobody_in_particular_may_always_try() -> None:
    """The operator's own shell."""
    Typos().admit([], NOW)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.1", "address/192.0.2.1"),
        ("2001:db8:1:2:ffff:4:5:6", "address/2001:db8:1:2::"),
        ("2001:db8:1:2::", "address/2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "address/192.0.2.1"),
    ],
)
def test_an_ipv6_address_counts_as_its_network(address: str, name: str) -> None:
    """Anybody has 2^64 of these."""
    assert name == from_address(address).name


async def test_what_is_over_is_forgotten(records: Records) -> None:
    await try_wrong(records, [ALICE], 2)
    await try_wrong(records, [BOB], 5)

    assert 0 == await guesses.forget(records, NOW + 23 * MINUTE)
    assert 1 == await guesses.forget(records, NOW + 24 * MINUTE)
    assert {BOB.name} == set(await records.all(GUESSES))
