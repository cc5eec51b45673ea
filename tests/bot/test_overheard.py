"""Keys that are said to others, and keys that a model is talked into saying."""

import asyncio
from dataclasses import replace

import pytest

from bot import keyring, keys
from bot.audit import newest
from bot.spoken import overheard
from bot.turn import turn_id
from tests.bot.core import Core, at_once, core
from tests.bot.test_shares import ADMIN, ALICE, BOB, key_for, run_by
from tests.clock import virtual
from tests.make import key, origin

LEAKED = keys.make().reveal()


async def hear(running: Core, text: str, event: str, user: str = BOB) -> str:
    """Overhear what somebody says to others. Returns what is said to it, "" for nothing."""
    call = overheard(text, lambda: origin(event, key(user)))
    assert call
    call = replace(call, origin=at_once(call))
    await running.sessions.call(call)
    turn = turn_id(call.origin)
    while not (kept := await running.store.turns.get(key(user).room, turn)) or not kept.ended:
        await asyncio.sleep(0.1)
    return running.chat.told.get(turn, "")


@pytest.mark.parametrize("whispers", [True, False])
@virtual
async def test_a_key_that_is_said_to_others_is_revoked_and_its_holder_told(whispers: bool) -> None:
    async with core() as running:
        run_by(running, ADMIN)
        running.chat.whispers = whispers
        id, text = await key_for(running, ALICE) if whispers else await spoken_key(running)
        said = await hear(running, f"look what I have: {text}!", "k1")

        assert f"`{id}` works no longer. Please delete your message." in said
        assert await is_revoked(running, id)
        assert "shown where others could read it" in running.chat.letters[ALICE][-1].text
        assert "key revoke" in [entry.action for entry in await newest(running.store.records, 1)]


async def is_revoked(running: Core, id: str) -> bool:
    record = await keyring.find(running.store.records, id)
    return record is not None and record.revoked is not None


async def spoken_key(running: Core) -> tuple[str, str]:
    """A key for Alice where the platform has no answers for one person: it is shown to her in private."""
    await running.say("key issue", ADMIN, user=ALICE)
    shown = await running.say("key show", ALICE, True)
    text = shown.split("```")[1].strip()
    return next(keys.found_in(text)).id, text


@virtual
async def test_of_a_key_that_works_no_longer_nothing_is_said() -> None:
    """Quotes and edits bring it up again and again; and not every such word was ever a key of ours."""
    async with core() as running:
        run_by(running, ADMIN)
        _, text = await key_for(running, ALICE)
        await hear(running, text, "k1")
        letters = len(running.chat.letters[ALICE])

        assert ["", ""] == [await hear(running, text, "k1.2"), await hear(running, LEAKED, "k2")]
        assert letters == len(running.chat.letters[ALICE])


@virtual
async def test_a_key_goes_before_whatever_waits() -> None:
    """Also behind more questions than may wait: it is revoked while the first answer is still being given."""
    async with core(waiting=1) as running:
        run_by(running, ADMIN)
        ids, texts = zip(*[await key_for(running, ALICE) for _ in range(3)], strict=True)
        running.model.pieces = ("Hoo",) * 600
        await running.ask(event="e1", user=BOB)
        for number, text in enumerate(texts[:2]):
            await hear(running, text, f"k{number}")
        await running.ask(f"look: {texts[2]}", event="e2", user=BOB)
        await running.until(lambda: any("Please delete" in said and ids[2] in said for said in running.chat.texts))

        assert 1 == running.model.begun
        assert 0 == sum("still working" in said for said in running.chat.texts)
        assert all([await is_revoked(running, id) for id in ids])


@virtual
async def test_nothing_but_the_proof_of_a_key_is_kept() -> None:
    """Neither the key nor a word of what was said to others."""
    async with core() as running:
        run_by(running, ADMIN)
        _, text = await key_for(running, ALICE)
        await hear(running, f"a secret between us: {text}", "k1")

        kept = repr([vars(part) for part in (running.store.turns, running.store.history, running.store.records)])
        assert "between us" not in kept
        assert text.split("_")[2] not in kept


def test_talk_without_keys_is_left_alone() -> None:
    """Not even its origin is looked at."""
    typo = LEAKED[:-1] + ("a" if LEAKED[-1] != "a" else "b")

    for text in ("", "What is parley_key?", typo, LEAKED[:-1]):
        assert overheard(text, lambda: pytest.fail("looked at")) is None


# What the model says.


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"It is {LEAKED}.", f"It is {LEAKED[:16]}***."),
        (f"It is {LEAKED[:-1]}", f"It is {LEAKED[:16]}***"),
        ("It is " + LEAKED.replace("_", "\\_"), f"It is {LEAKED[:16]}***"),
        ("See parley_settings_repository_module and parley_database_url.", None),
        ("A key is written `parley_<id>_<secret>`, as parley_", None),
    ],
    ids=["whole", "cut", "escaped", "names", "form"],
)
def test_no_key_can_be_read_in_an_answer(said: str, shown: str | None) -> None:
    """What only begins like one stays as it is: a model may be asked about this very program."""
    assert (shown or said) == keys.hidden(said)


@virtual
async def test_a_key_that_grows_letter_by_letter_is_never_shown() -> None:
    """Not even in part, while the answer grows or when it is there; nor is it kept."""
    async with core() as running:
        run_by(running, ADMIN)
        running.model.pieces = ("Here: ", *LEAKED, " is", " it.")
        await running.ask()
        seen = [""]
        while not seen[-1].endswith("it."):
            await asyncio.sleep(0.5)
            seen += running.chat.texts

        assert f"Here: {LEAKED[:16]}*** is it." == seen[-1]
        assert not any("parley_" in text for text in seen if "***" not in text)
        assert not any(LEAKED[16:20] in text for text in seen)
        assert LEAKED[16:] not in repr([vars(part) for part in (running.store.turns, running.store.history)])


@pytest.mark.parametrize("pepper", [b""])
def test_without_a_pepper_no_key_is_dealt_with(pepper: bytes) -> None:
    """Anybody could forge its digest."""
    with pytest.raises(ValueError, match="pepper"):
        keys.sealed(pepper, f"my key: {LEAKED}")
