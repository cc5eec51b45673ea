"""Agents join by a real WebSocket; whatever a bad one does, it hurts itself and the answers it had begun."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.upstream import agent as upstream_agent
from adapters.upstream import answer as upstream_answer
from adapters.upstream.agent import Patience
from adapters.upstream.frames import HELLO, LARGEST_FRAME, REPLACED, SILENT, Frame
from bot.account import Account
from bot.errors import (
    BotError,
    ContextFull,
    Filtered,
    ModelBusy,
    ModelCut,
    ModelDown,
    ModelSilent,
)
from tests.adapters.http.agents_door import (
    OWNERS,
    QUICK,
    Door,
    Puppet,
    Roll,
    asked,
    card,
    joined,
    knocking,
    request,
    text_of,
    until,
)

USAGE = {"prompt_tokens": 9, "completion_tokens": 2}


@pytest.fixture
def roll() -> Roll:
    return Roll()


@pytest_asyncio.fixture
async def door(roll: Roll) -> AsyncIterator[Door]:
    async with Door(roll) as opened:
        yield opened


async def code_of(puppet: Puppet) -> int:
    """With which code it is cut off."""
    closed = await puppet.cut_off()
    assert closed.rcvd is not None
    return closed.rcvd.code


# Joining and leaving.


@pytest.mark.parametrize("header", [None, "", "key-of-ann", "Bearer ", "Bearer key-of-eve", "Basic key-of-ann"])
async def test_only_a_key_that_works_opens_the_door(door: Door, roll: Roll, header: str | None) -> None:
    """Before the WebSocket begins; and all are told the same."""
    headers = {} if header is None else {"Authorization": header}
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{door.port}/client/register", additional_headers=headers)

    assert 401 == refused.value.response.status_code
    assert {"error": "This needs a key that works here."} == json.loads(refused.value.response.body or b"")
    assert not roll.members


async def test_nobody_is_let_in_while_the_store_is_down(door: Door) -> None:
    """503 makes an agent try again; 401 would end it."""
    with pytest.raises(InvalidStatus) as refused:
        async with knocking(door, key="key-of-nobody-knows"):
            pass

    assert 503 == refused.value.response.status_code


async def test_an_agent_joins_with_what_it_declares_and_leaves(door: Door, roll: Roll) -> None:
    """Its name holds its owner's, so that nobody can take another's."""
    async with joined(door, capacity=3):
        account, _ = roll.members["agent/ann/owl"]
        assert Account("agent/ann/owl", ("parley-demo",), concurrency=3, mark=account.mark) == account

    await until(lambda: not roll.members)


@pytest.mark.parametrize("as_text", [True, False])
async def test_an_introduction_may_be_an_object_or_its_text(door: Door, roll: Roll, as_text: bool) -> None:
    """The older system's `data` was always a text."""
    async with knocking(door) as puppet:
        greeting = await puppet.next(HELLO)
        await puppet.say(greeting.id, HELLO, json.dumps(card()) if as_text else card())
        await until(lambda: "agent/ann/owl" in roll.members)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{]",
        "[]",
        card(models=[]),
        card(models=["*"]),
        card(models=["x" * 201]),
        card(name="ann/owl"),
        card(name="two\nlines"),
        card(capacity=0),
        card() | {"capacity": True},
        card() | {"version": 2},
        {"name": "owl"},
    ],
)
async def test_who_introduces_itself_badly_is_cut_off(door: Door, roll: Roll, data: Any) -> None:
    """Above all an agent for any model would get everybody's questions."""
    async with knocking(door) as puppet:
        greeting = await puppet.next(HELLO)
        await puppet.say(greeting.id, HELLO, data)

        assert 1008 == await code_of(puppet)
    assert not roll.members


async def test_the_first_frame_must_be_the_introduction(door: Door, roll: Roll) -> None:
    async with knocking(door) as puppet:
        await puppet.next(HELLO)
        await puppet.say("another-id", HELLO, card())

        assert 1008 == await code_of(puppet)
    assert not roll.members


async def test_who_never_introduces_itself_is_cut_off(roll: Roll) -> None:
    async with Door(roll, patience=Patience(hello=0.05)) as door, knocking(door) as puppet:
        assert SILENT == await code_of(puppet)


async def test_the_newer_of_two_with_one_name_stays(door: Door, roll: Roll) -> None:
    """It is the same agent after its connection was lost, which the server may notice late."""
    async with joined(door) as older:
        running = asked(roll.model("owl"))
        await older.work()
        async with joined(door) as newer:
            assert REPLACED == await code_of(older)
            with pytest.raises(ModelDown):
                await running
            again = asked(roll.model("owl"))
            id = (await newer.work()).id
            await newer.words(id, "Hoo.", "stop")
            await newer.say(id, "done")
            assert "Hoo." == text_of(await again)


async def test_one_who_drains_gets_no_more_work_and_ends_what_it_has(door: Door, roll: Roll) -> None:
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        id = (await puppet.work()).id
        await puppet.say("", "drain")
        await until(lambda: not roll.members)
        await puppet.words(id, "Hoo.", "stop")
        await puppet.say(id, "done")

        assert "Hoo." == text_of(await running)


# Answering.


async def test_an_answer_streams_with_its_usage(door: Door, roll: Roll) -> None:
    """What it is asked is the body of a chat completion, and what it says its events."""
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        work = await puppet.work()
        await puppet.words(work.id, "Because of ")
        await puppet.words(work.id, "scattering.", "stop")
        await puppet.say(work.id, "chunk", json.dumps({"choices": [], "usage": USAGE}))
        await puppet.say(work.id, "chunk", "[DONE]")
        await puppet.say(work.id, "done")
        chunks = await running

    assert "Because of scattering." == text_of(chunks)
    assert ["stop"] == [chunk.finish for chunk in chunks if chunk.finish]
    assert [(9, 2)] == [(chunk.usage.input, chunk.usage.output) for chunk in chunks if chunk.usage]
    body = json.loads(str(work.data))
    assert (True, "parley-demo", 500) == (body["stream"], body["model"], body["max_tokens"])
    assert [("system", "Be brief."), ("user", "Why do owls hoot at night?")] == [
        (message["role"], message["content"]) for message in body["messages"]
    ]


@pytest.mark.parametrize("usage", [{"prompt_tokens": 8_001}, {"completion_tokens": 501}])
async def test_nobody_pays_for_what_cannot_be(door: Door, roll: Roll, usage: dict[str, int]) -> None:
    """An agent at home could empty the share of everybody it answers; without its figures, ours are charged."""
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        id = (await puppet.work()).id
        await puppet.words(id, "Hoo.", "stop")
        await puppet.say(id, "chunk", json.dumps({"choices": [], "usage": USAGE | usage}))
        await puppet.say(id, "done")

        assert [None] * 2 == [chunk.usage for chunk in await running]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"status": 429, "message": "wait", "retry_after": 3.0}, ModelBusy),
        ({"status": 400, "message": "long", "code": "context_length_exceeded"}, ContextFull),
        ({"status": 400, "message": "no", "code": "content_filter"}, Filtered),
        ({"status": 502, "message": "ClientConnectorError"}, ModelDown),
        ({"status": "many"}, ModelDown),
    ],
)
async def test_what_went_wrong_gets_our_name(
    door: Door, roll: Roll, told: dict[str, Any], expected: type[BotError]
) -> None:
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        await puppet.say((await puppet.work()).id, "error", json.dumps(told))
        with pytest.raises(BotError) as failed:
            await running

    assert expected is type(failed.value)
    if isinstance(failed.value, ModelBusy):
        assert 3 == failed.value.retry_after


@pytest.mark.parametrize(("spoken", "expected"), [(False, ModelDown), (True, ModelCut)])
@pytest.mark.parametrize("end", ["dies", "done", "error", "garbage"])
async def test_a_broken_answer_is_told_from_a_whole_one(
    door: Door, roll: Roll, end: str, spoken: bool, expected: type[BotError]
) -> None:
    """Before its first word another account may be asked; after it, whoever asked decides."""
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        id = (await puppet.work()).id
        if spoken:
            await puppet.words(id, "Half an ans")
        match end:
            case "dies":
                puppet.socket.transport.abort()
            case "garbage":
                await puppet.say(id, "chunk", "{]")
            case _:
                await puppet.say(id, end)
        with pytest.raises(BotError) as failed:
            await running

    assert expected is type(failed.value)


async def test_what_comes_after_the_end_harms_nothing(door: Door, roll: Roll) -> None:
    """The answer is whole; only its usage was to come."""
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        await puppet.words((await puppet.work()).id, "Hoo.", "stop")
        puppet.socket.transport.abort()

        assert "Hoo." == text_of(await running)


async def test_an_agent_that_says_nothing_to_a_request_is_slow(roll: Roll) -> None:
    async with Door(roll, timeouts=type(QUICK)(first_token=0.05)) as door, joined(door):
        with pytest.raises(ModelSilent):
            await asked(roll.model("owl"))


async def test_closing_the_stream_cancels_and_late_words_harm_nothing(door: Door, roll: Roll) -> None:
    """They were on their way when it was stopped."""
    async with joined(door) as puppet:
        async with aclosing(roll.model("owl").stream(request())) as stream:
            first = asyncio.ensure_future(anext(stream))
            stopped = (await puppet.work()).id
            await puppet.words(stopped, "Half an ans")
            await first
        assert stopped == (await puppet.next("cancel")).id
        await puppet.words(stopped, "wer.")
        await puppet.say(stopped, "done")

        again = asked(roll.model("owl"))
        id = (await puppet.work()).id
        await puppet.words(id, "Hoo.", "stop")
        await puppet.say(id, "done")
        assert "Hoo." == text_of(await again)


async def test_an_agent_gets_no_more_than_it_declared(door: Door, roll: Roll) -> None:
    async with joined(door, capacity=1) as puppet:
        running = asked(roll.model("owl"))
        id = (await puppet.work()).id
        with pytest.raises(ModelBusy):
            await asked(roll.model("owl"))
        await puppet.words(id, "Hoo.", "stop")
        await puppet.say(id, "done")
        assert "Hoo." == text_of(await running)


# Bad agents.


@pytest.mark.parametrize(
    "frame",
    ["{]", "[]", '{"id": 7, "message": "chunk"}', '{"message": "dance"}', '{"id": "x", "message": "done"}', b"\0"],
    ids=["no JSON", "no object", "wrong type", "unknown kind", "unknown request", "bytes"],
)
@pytest.mark.parametrize(("spoken", "expected"), [(False, ModelDown), (True, ModelCut)])
async def test_who_talks_nonsense_is_cut_off(
    door: Door, roll: Roll, frame: str | bytes, spoken: bool, expected: type[BotError]
) -> None:
    """What it was answering fails at once, so that another account can be asked."""
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        id = (await puppet.work()).id
        if spoken:
            await puppet.words(id, "Half an ans")
        await puppet.socket.send(frame)

        assert 1008 == await code_of(puppet)
        with pytest.raises(BotError) as failed:
            await running
    assert expected is type(failed.value)
    assert not roll.members


async def test_a_frame_that_is_too_large_is_not_read(door: Door, roll: Roll) -> None:
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        await puppet.words((await puppet.work()).id, "x" * LARGEST_FRAME)

        assert 1009 == await code_of(puppet)
        with pytest.raises(ModelDown):
            await running


async def test_frames_are_not_compressed(door: Door) -> None:
    """A few bytes could become many megabytes of them."""
    async with knocking(door) as puppet:
        assert puppet.socket.response is not None
        assert "Sec-WebSocket-Extensions" not in puppet.socket.response.headers


async def test_nobody_answers_what_another_was_asked(door: Door, roll: Roll) -> None:
    """The one who tries is cut off, and the other's answer goes on."""
    async with joined(door, "owl") as owl, joined(door, "eve") as eve:
        running = asked(roll.model("owl"))
        id = (await owl.work()).id
        await eve.words(id, "Lies.", "stop")
        assert 1008 == await code_of(eve)

        await owl.words(id, "Hoo.", "stop")
        await owl.say(id, "done")
        assert "Hoo." == text_of(await running)


async def test_one_who_is_silent_is_cut_off(roll: Roll) -> None:
    """After two pings, although its WebSocket library still answers for it."""
    async with Door(roll, patience=Patience(ping=0.05)) as door, joined(door) as puppet:
        running = asked(roll.model("owl"))
        assert SILENT == await code_of(puppet)
        with pytest.raises(ModelDown):
            await running


async def test_one_whose_key_is_revoked_is_cut_off(roll: Roll, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would answer for weeks otherwise. A store that is down for a moment ends nobody."""
    async with Door(roll, patience=Patience(ping=0.02)) as door, joined(door) as puppet:
        monkeypatch.setitem(OWNERS, "key-of-ann", None)
        for _ in range(4):
            await puppet.say((await puppet.next("ping")).id, "pong")
        assert roll.members
        monkeypatch.delitem(OWNERS, "key-of-ann")
        with pytest.raises(ConnectionClosed, match="its key works no more"):
            await puppet.next("never")


@pytest.mark.parametrize("reply", ["pong", "ping"])
async def test_one_who_answers_pings_stays(roll: Roll, reply: str) -> None:
    """Older agents echo the ping."""
    async with Door(roll, patience=Patience(ping=0.02)) as door, joined(door) as puppet:
        for _ in range(8):
            frame = Frame.model_validate_json(await puppet.socket.recv())
            assert "ping" == frame.message
            await puppet.say(frame.id, reply)

        assert "agent/ann/owl" in roll.members


async def test_one_who_chatters_is_cut_off(door: Door) -> None:
    async with joined(door) as puppet:
        for _ in range(upstream_agent.SMALL_TALK + 1):
            await puppet.say("", "pong")

        assert 1008 == await code_of(puppet)


@pytest.mark.parametrize("limit", ["LARGEST_ANSWER", "MOST_FRAMES"])
async def test_an_answer_without_end_is_cut_off(
    door: Door, roll: Roll, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(upstream_answer, limit, 50)
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        id = (await puppet.work()).id
        for _ in range(51):
            await puppet.words(id, "")

        assert 1008 == await code_of(puppet)
        with pytest.raises(ModelDown):
            await running


@pytest.mark.parametrize(("limit", "most"), [("UNREAD", 5_000), ("UNREAD_FRAMES", 20)])
async def test_an_answer_that_nobody_reads_fails_alone(
    door: Door, roll: Roll, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    """Memory stays bounded, and the agent's other answers are held up by nobody."""
    monkeypatch.setattr(upstream_answer, limit, most)
    async with joined(door) as puppet, aclosing(roll.model("owl").stream(request())) as stream:
        first = asyncio.ensure_future(anext(stream))
        slow = (await puppet.work()).id
        await puppet.words(slow, "Half an ans")
        await first
        for _ in range(200):
            await puppet.words(slow, "wer")
        assert slow == (await puppet.next("cancel")).id

        other = asked(roll.model("owl"))
        id = (await puppet.work()).id
        await puppet.words(id, "Hoo.", "stop")
        await puppet.say(id, "done")
        assert "Hoo." == text_of(await other)
        with pytest.raises(ModelCut, match="not read"):
            [chunk async for chunk in stream]


async def test_one_who_does_not_end_what_was_cancelled_is_cut_off(roll: Roll) -> None:
    """It would give its time to nobody, and be sent ever more."""
    async with Door(roll, patience=Patience(ping=0.02)) as door, joined(door) as puppet:
        running = asked(roll.model("owl"))
        await puppet.work()
        running.cancel()
        with pytest.raises(ConnectionClosed, match="does not end what was cancelled"):
            await puppet.next("never")


async def test_one_who_does_not_read_is_cut_off_and_holds_nobody_up(roll: Roll) -> None:
    """Neither its answers nor the server, which could not close."""
    async with Door(roll, patience=Patience(send=0.1)) as door, joined(door) as puppet:
        puppet.socket.transport.pause_reading()
        with pytest.raises(ModelDown):
            await asked(roll.model("owl"), "x" * (15 << 20))
        await until(lambda: not roll.members)
        await door.close()


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("error", {"status": 500, "message": "no: Why do owls hoot at night?"}),
        ("chunk", {"error": {"message": "no: Why do owls hoot at night?"}}),
    ],
)
async def test_the_log_has_no_word_of_a_conversation(
    door: Door, roll: Roll, caplog: pytest.LogCaptureFixture, kind: str, data: dict[str, Any]
) -> None:
    """Neither of the question nor of the answer, whatever the agent puts into its errors."""
    caplog.set_level(logging.DEBUG, "adapters")
    async with joined(door) as puppet:
        running = asked(roll.model("owl"))
        id = (await puppet.work()).id
        await puppet.say(id, kind, json.dumps(data))
        with pytest.raises(ModelDown) as failed:
            await running
        await puppet.say("x", "chunk", "Why do owls hoot at night?")
        await puppet.cut_off()
        await until(lambda: "cut off" in caplog.text)

    assert "owls" not in caplog.text + str(failed.value)


# The list of those who are here.


async def connections(door: Door, headers: dict[str, str]) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{door.url}/api/connections") as response,
    ):
        return response.status, await response.json()


@pytest.mark.parametrize("header", ["key-of-the-admin", "Bearer key-of-the-admin"])
async def test_an_admin_sees_who_is_here(door: Door, header: str) -> None:
    """As the older system wrote it."""
    async with joined(door):
        status, body = await connections(door, {"Authorization": header})

    assert 200 == status
    listed = body["connections"]

    assert [{"Ws", "Id", "Heartbeat", "LastMessageTime"}] == [set(each) for each in listed]
    assert "2026-11-21T12:00:00+00:00" == listed[0]["Heartbeat"] == listed[0]["LastMessageTime"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer key-of-ann"}])
async def test_nobody_else_sees_who_is_here(door: Door, headers: dict[str, str]) -> None:
    status, body = await connections(door, headers)

    assert (401, {"error"}) == (status, set(body))
