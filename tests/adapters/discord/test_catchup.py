"""adapters.discord.catchup: nothing is lost, nothing is out of turn, and watermarks never run ahead."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.discord.catchup import PAGE, PAGES, SORRY, WINDOW, Ear, Heard, snowflake
from bot.chat import Call, Inbound
from bot.errors import PlatformDown, StorageDown
from storage.memory.settings import MemorySettings
from tests.make import NOW, question

GENERAL, RANDOM = 10, 20
NAME = "discord:bot:1/heard"


def heard(number: int, *, ours: bool = True, at: datetime = NOW) -> Heard:
    """The message of that number, said at that time."""
    id = snowflake(at) + number
    return Heard(id, at, question(str(number)) if ours else None)


class Channels:
    """What REST shows of them; a channel in `broken` cannot be read for now."""

    def __init__(self, **said: list[Heard]) -> None:
        self.said = {GENERAL: said.get("general", []), RANDOM: said.get("random", [])}
        self.told: list[tuple[int, str]] = []
        self.looks: list[int] = []
        self.broken: set[int] = set()

    @property
    def last(self) -> dict[int, int]:
        return {channel: said[-1].id for channel, said in self.said.items() if said}

    async def after(self, channel: int, message: int, limit: int) -> Sequence[Heard]:
        self.looks.append(channel)
        await asyncio.sleep(0)
        if channel in self.broken:
            raise PlatformDown("503")
        return [said for said in self.said[channel] if said.id > message][:limit]

    async def tell(self, channel: int, text: str) -> None:
        self.told.append((channel, text))


class Listener:
    """An ear, and what it took."""

    def __init__(self, settings: MemorySettings | None = None, *, listed: bool = True) -> None:
        self.settings = settings or MemorySettings()
        self.taken: list[str] = []
        self.down = False
        self.ear = Ear(self.settings, NAME, self._take, listed=listed)

    async def _take(self, said: Inbound | Call) -> None:
        if self.down:
            raise StorageDown("gone")
        self.taken.append(said.text if isinstance(said, Inbound) else said.command)

    async def started(self, past: Channels, at: datetime = NOW) -> None:
        await self.ear.load(NOW - timedelta(minutes=1))
        await self.ear.catch_up(past.last, past, at)

    async def again(self) -> "Listener":
        """The next life of the service."""
        await self.ear.save()
        return Listener(self.settings)


async def test_what_was_said_while_away_is_taken_in_order() -> None:
    """The mark tells from where on."""
    first = Listener()
    await first.started(Channels(general=[heard(1)]))
    second = await first.again()
    await second.started(Channels(general=[heard(1), heard(2, ours=False), heard(3), heard(4)]))

    assert (["1"], ["3", "4"]) == (first.taken, second.taken)


async def test_a_first_start_answers_nothing_old() -> None:
    """A bot that comes to a server of years should not answer all of them."""
    listener = Listener()
    await listener.ear.load(NOW)
    await listener.ear.catch_up({GENERAL: heard(0, at=NOW - timedelta(days=1)).id}, Channels(), NOW)

    assert [] == listener.taken


async def test_a_live_message_waits_for_what_came_before_it() -> None:
    """Otherwise it would be answered first, and hide the others from the next start."""
    listener, past = Listener(), Channels(general=[heard(1), heard(2)])
    await listener.ear.hear(GENERAL, heard(3))
    await listener.ear.save()
    unmoved = await listener.settings.get(NAME)
    await listener.started(past)

    assert {} == unmoved
    assert ["1", "2", "3"] == listener.taken


async def test_a_channel_without_news_is_neither_read_nor_held() -> None:
    """Thousands of channels must not cost thousands of calls."""
    first = Listener()
    await first.started(Channels(general=[heard(1)], random=[heard(1)]))
    second, past = await first.again(), Channels(general=[heard(1), heard(2)], random=[heard(1)])
    await second.ear.hear(RANDOM, heard(9))
    await second.started(past)

    assert [GENERAL] == past.looks
    assert ["9", "2"] == second.taken


async def test_a_live_message_moves_the_mark() -> None:
    """Once a channel is caught up with, so is everything that is heard there."""
    first = Listener()
    await first.started(Channels())
    for number in (1, 2):
        await first.ear.hear(GENERAL, heard(number, ours=number == 1))
    second, past = await first.again(), Channels(general=[heard(1), heard(2)])
    await second.started(past)

    assert [] == past.looks


async def test_a_hold_makes_live_messages_wait_again() -> None:
    """Discord has begun a new session: something may have been missed before the next message."""
    listener = Listener()
    await listener.started(Channels())
    listener.ear.hold()
    await listener.ear.hear(GENERAL, heard(2))
    before = list(listener.taken)
    await listener.started(Channels(general=[heard(1), heard(2)]))

    assert [] == before
    assert ["1", "2", "2"] == listener.taken  # what comes twice is the same turn


async def test_too_many_are_not_all_read_and_the_channel_is_told_once() -> None:
    """A flood after an outage would bury the talk of today."""
    said = [heard(number) for number in range(1, PAGE * PAGES + 50)]
    first = Listener()
    past = Channels(general=said)
    await first.started(past)
    second = await first.again()
    await second.started(past)

    assert [str(number) for number in range(1, PAGE * PAGES + 1)] == first.taken
    assert [] == second.taken
    assert [(GENERAL, SORRY)] == past.told


@pytest.mark.parametrize(("ours", "told"), [(True, [(GENERAL, SORRY)]), (False, [])])
async def test_too_old_a_question_is_not_answered_but_excused(ours: bool, told: list[tuple[int, str]]) -> None:
    """Nobody waits for an answer from the day before yesterday; talk among others needs no excuse."""
    listener, past = Listener(), Channels(general=[heard(1, ours=ours)])
    await listener.started(past, NOW + WINDOW + timedelta(minutes=1))

    assert ([], told) == (listener.taken, past.told)


async def test_a_deleted_last_message_is_asked_for_once() -> None:
    """Discord goes on naming it as the last one."""
    first, past = Listener(), Channels()
    for listener in (first, await first.again()):
        await listener.ear.load(NOW - timedelta(minutes=1))
        await listener.ear.catch_up({GENERAL: heard(5).id}, past, NOW)
        await listener.ear.save()

    assert [GENERAL] == past.looks


async def test_nothing_before_we_were_let_in_concerns_us() -> None:
    """Thrown out in spring and invited in autumn: what was said in between was not for us to read."""
    first = Listener()
    await first.started(Channels(general=[heard(1)]))
    second, past = await first.again(), Channels(general=[heard(1), heard(2)])
    await second.ear.load(NOW, joined=NOW + timedelta(hours=1))
    await second.ear.catch_up(past.last, past, NOW)

    assert ([], []) == (past.looks, second.taken)


async def test_a_channel_that_cannot_be_read_waits_alone() -> None:
    """The others are heard meanwhile, and it is tried again."""
    listener, past = Listener(), Channels(general=[heard(1)], random=[heard(2)])
    past.broken.add(GENERAL)
    with pytest.raises(PlatformDown):
        await listener.started(past)
    await listener.ear.hear(GENERAL, heard(3))
    await listener.ear.hear(RANDOM, heard(4))
    meanwhile = list(listener.taken)
    past.broken.clear()
    await listener.started(past)

    assert ["2", "4"] == meanwhile
    assert ["2", "4", "1", "3"] == listener.taken


async def test_what_the_store_did_not_take_is_taken_again() -> None:
    """Neither what was read again nor what waited is lost."""
    listener, past = Listener(), Channels(general=[heard(1)])
    await listener.ear.hear(GENERAL, heard(2))
    listener.down = True
    with pytest.raises(StorageDown):
        await listener.started(past)
    listener.down = False
    await listener.started(past)

    assert ["1", "2"] == listener.taken


async def test_marks_that_could_not_be_saved_are_saved_the_next_time() -> None:
    """A store that is down for a moment costs no second reading."""

    class Failing(MemorySettings):
        down = False

        async def put(self, name: str, fields: dict[str, str]) -> None:  # type: ignore[override]
            if self.down:
                raise StorageDown("gone")
            await super().put(name, fields)

    settings = Failing()
    listener = Listener(settings)
    await listener.started(Channels(general=[heard(1)]))
    settings.down = True
    with pytest.raises(StorageDown):
        await listener.ear.save()
    settings.down = False
    await listener.ear.save()

    assert str(heard(1).id) == (await settings.get(NAME))[str(GENERAL)]


async def test_channels_in_use_are_those_of_the_last_days() -> None:
    """Discord does not say which private channels have news, so the living ones are looked into."""
    listener = Listener()
    await listener.started(Channels(general=[heard(1)], random=[heard(1)]))
    await listener.ear.hear(RANDOM, heard(2, at=NOW + timedelta(days=5)))

    assert {RANDOM} == listener.ear.in_use(NOW + timedelta(days=8)).keys()


async def test_a_private_channel_is_known_from_its_first_message_on() -> None:
    """Who dies before the marks are saved leaves somebody behind who knows where to look."""
    first = Listener(listed=False)
    await first.started(Channels())
    await first.ear.hear(GENERAL, heard(1))
    second = Listener(first.settings, listed=False)
    await second.ear.load(NOW)
    channels = second.ear.in_use(NOW)
    await second.ear.catch_up(channels, Channels(general=[heard(1), heard(2)]), NOW)

    assert ["1", "2"] == second.taken


async def test_an_old_key_is_heeded_and_nobody_told_that_something_was_missed() -> None:
    """It still works, however late we hear of it; nobody waits for an answer to what they said to others."""
    long_ago = snowflake(NOW) + 1
    leak = Heard(long_ago, NOW, Call(question("", "k1").origin, "overheard"))
    past, listener = Channels(general=[leak]), Listener()
    await listener.started(past, NOW + 2 * WINDOW)

    assert (["overheard"], []) == (listener.taken, past.told)


async def test_an_edit_moves_no_watermark() -> None:
    """It tells nothing of what was said before it."""
    listener = Listener()
    await listener.started(Channels(general=[heard(1)]))
    await listener.ear.hear(GENERAL, Heard(0, NOW, Call(question("", "k1.2").origin, "overheard")))

    assert (["1", "overheard"], heard(1).id) == (listener.taken, listener.ear.mark(GENERAL))


def test_snowflakes_begin_in_2015() -> None:
    """Discord's own example: 175928847299117063 was made at 2016-04-30 11:18:25.796 UTC."""
    made = datetime(2016, 4, 30, 11, 18, 25, 796_000, tzinfo=UTC)

    assert 0 <= 175928847299117063 - snowflake(made) < 1 << 22
