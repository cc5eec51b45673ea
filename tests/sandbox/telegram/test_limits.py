"""How fast a bot may be, on a clock that the test turns."""

from dataclasses import replace
from datetime import timedelta

import pytest
from telegram import Bot
from telegram.error import RetryAfter

from sandbox.telegram.errors import ApiError
from sandbox.telegram.limits import DOCUMENTED, STRICT, Kind, Limits, Pace, Window
from sandbox.telegram.server import Telegram
from sandbox.telegram.state import Chat
from tests.sandbox.telegram.conftest import Clock

DM, GROUP = Chat(7, "private"), Chat(-1007, "supergroup")


def retry_after(limits: Limits, chat: Chat = DM, kind: Kind = "edit") -> int:
    with pytest.raises(ApiError) as refusal:
        limits.spend(chat, kind)
    assert 429 == refusal.value.code
    return refusal.value.parameters["retry_after"]


def test_a_short_burst_is_let_through_and_then_one_a_second(clock: Clock) -> None:
    """What is too much costs the time until there is room again, and no more, if one waits."""
    limits = Limits(DOCUMENTED, clock)
    for _ in range(3):
        limits.spend(DM, "send")

    seconds = retry_after(limits)
    clock.now += seconds

    assert 3 == seconds
    limits.spend(DM, "edit")
    limits.spend(Chat(8, "private"), "send")


def test_strictly_one_a_second(clock: Clock) -> None:
    """Messages and edits count alike, and each chat for itself."""
    limits = Limits(STRICT, clock)
    kinds: tuple[Kind, ...] = ("send", "edit", "edit")
    for kind in kinds:
        limits.spend(DM, kind)
        limits.spend(GROUP, "send")
        clock.now += 1.0
    limits.spend(DM, "edit")
    clock.now += 0.9

    assert 1 == retry_after(limits)


def test_a_group_takes_20_a_minute(clock: Clock) -> None:
    """However evenly they come."""
    limits = Limits(DOCUMENTED, clock)
    for _ in range(20):
        limits.spend(GROUP, "edit")
        clock.now += 1.5

    assert 30 == retry_after(limits, GROUP)


def test_30_a_second_in_all(clock: Clock) -> None:
    """Over all chats together."""
    limits = Limits(DOCUMENTED, clock)
    for number in range(30):
        limits.spend(Chat(number, "private"), "send")

    assert 1 == retry_after(limits, kind="send")


def test_edits_do_not_count_in_all(clock: Clock) -> None:
    """Telegram speaks of messages to many people; an edit notifies nobody."""
    limits = Limits(DOCUMENTED, clock)
    for number in range(60):
        limits.spend(Chat(number, "private"), "edit")

    limits.spend(DM, "send")


def test_who_comes_back_too_early_waits_longer(clock: Clock) -> None:
    """Each early call makes it worse; one in time makes it good."""
    limits = Limits(STRICT, clock)
    limits.spend(DM, "send")

    waits = [retry_after(limits) for _ in range(4)]
    clock.now += waits[-1]

    assert [1, 3, 7, 15] == waits
    limits.spend(DM, "send")


def test_a_flood_is_one_chats_and_one_budgets(clock: Clock) -> None:
    """Whoever is told to wait in one chat may go on in the others, and go on typing there."""
    limits = Limits(STRICT, clock)
    limits.spend(DM, "send")
    retry_after(limits)

    limits.spend(DM, "hint")
    limits.spend(GROUP, "send")


def test_drafts_and_actions_have_a_budget_of_their_own(clock: Clock) -> None:
    """20 in 5 seconds and 40 in 30 seconds, beside what messages may do."""
    limits = Limits(STRICT, clock)
    for _ in range(2):
        for _ in range(20):
            limits.spend(DM, "hint")
        clock.now += 6
    limits.spend(DM, "send")

    with pytest.raises(ApiError) as refusal:
        limits.spend(DM, "hint")

    assert 18 == refusal.value.parameters["retry_after"]


def test_edits_may_be_left_out_of_the_count(clock: Clock) -> None:
    """Nobody has documented that they count."""
    limits = Limits(replace(STRICT, edits_count=False), clock)
    limits.spend(DM, "send")

    for _ in range(50):
        limits.spend(DM, "edit")


async def test_the_client_learns_how_long_to_wait(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refused edit did not happen, and the tally has seen it all."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # without it the library warns of itself whenever it is told to wait
    async with (
        Telegram(pace=Pace(chat=Window(1, 10.0)), clock=clock) as telegram,
        Bot(telegram.token, base_url=telegram.base_url) as bot,
    ):
        alice = telegram.people["alice"]
        sent = await bot.send_message(alice.id, "one")
        clock.now += 2
        with pytest.raises(RetryAfter) as refusal:
            await bot.edit_message_text("two", alice.id, sent.message_id)
        clock.now += 8
        await bot.edit_message_text("three", alice.id, sent.message_id)

    assert timedelta(seconds=8) == refusal.value.retry_after
    assert (1, [("editMessageText", "Too Many Requests: retry after 8")]) == (
        telegram.tally.floods,
        telegram.tally.reasons,
    )
    assert {"sendMessage": 1, "editMessageText": 2, "getMe": 1} == dict(telegram.tally.calls)
    assert [(-10, "sendMessage", "one"), (0, "editMessageText", "three")] == [
        (write.at - clock.now, write.method, write.text) for write in telegram.tally.writes[alice.id]
    ]
