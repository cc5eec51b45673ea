"""Keys, quotas, roles and requests, as commands give them out on a running core."""

import asyncio
import re

import pytest

from bot import keyring
from bot.access import Rank
from bot.amounts import parse_limit
from bot.audit import newest, verify
from bot.errors import PlatformDown, Undeliverable
from bot.quota import Policy
from tests.bot.core import Core, core
from tests.clock import virtual

ADMIN, ALICE, BOB, OWNER = "2", "1", "3", "99"

SHARED = (parse_limit("1k questions per day"),)
"""What a community has, so that keys can be taken from it."""

KEY = re.compile(r"parley_\w{47}")


def run_by(running: Core, *users: str) -> None:
    """Who runs the community on its platform."""
    running.chat.ranks |= dict.fromkeys(users, Rank.ADMIN)
    running.chat.page = 4_000


async def key_for(running: Core, user: str, **terms: str) -> tuple[str, str]:
    """Have the admin issue a key, and its holder look at it. Returns its id and its text."""
    issued = await running.say("key issue", ADMIN, user=user, **terms)
    (id,) = re.findall(r"Key `(\w+)`", issued)
    shown = await running.say("key show", user)
    return id, KEY.findall(shown)[0]


async def answer(running: Core, event: str, user: str = ALICE, text: str = "Why?") -> str:
    """Ask, and return what stands there in the end."""
    before = set(running.chat.screenful.messages)
    await running.ask(text, event=event, user=user)

    def said() -> list[str]:
        return [text for number, text in running.chat.screenful.messages.items() if number not in before]

    await running.until(lambda: bool(said()) and said()[-1] not in ("…", "Hoo"))
    return said()[-1]


@virtual
async def test_a_key_is_issued_shown_redeemed_and_spent() -> None:
    async with core(Policy(user=(parse_limit("1 question per day"),), community=SHARED)) as running:
        run_by(running, ADMIN)
        _, text = await key_for(running, ALICE, limit="2 questions per day")
        assert "Done" in await running.say("redeem", ALICE, key=text)

        said = [await answer(running, f"e{number}") for number in range(3)]

        assert [True, True, False] == [each.startswith("Hoo.") for each in said]
        assert "Your key has used its 2 questions a day" in said[2]


@virtual
async def test_a_key_is_shown_once_and_to_its_holder_alone() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        issued = await running.say("key issue", ADMIN, user=ALICE, limit="10k")
        id = re.findall(r"Key `(\w+)`", issued)[0]

        assert not KEY.search(issued)
        assert "no key for you" in await running.say("key show", BOB)
        assert "no key for you" in await running.say("key show", ADMIN, id=id)
        assert KEY.search(await running.say("key show", ALICE))
        assert not KEY.search(await running.say("key show", ALICE, id=id))


@virtual
async def test_a_key_is_used_by_a_button() -> None:
    """Nobody has to copy anything where they are known already."""
    async with core() as running:
        run_by(running, ADMIN)
        await running.say("key issue", ADMIN, user=ALICE, limit="10k")
        (letter,) = running.chat.letters[ALICE]
        use = next(button for button in letter.buttons if button.label == "Use it here")

        assert "Done" in await running.press(use, ALICE, private=True)
        assert "10,000 tokens a day" in await running.say("quota show", ALICE)
        assert "no key" in await running.press(use, BOB)


@virtual
async def test_a_revoked_key_is_refused_at_once_everywhere() -> None:
    async with core(Policy(key_needed=True, community=SHARED)) as running:
        run_by(running, ADMIN)
        id, text = await key_for(running, ALICE, limit="10k")
        await running.say("redeem", ALICE, key=text)
        assert "Hoo." == await answer(running, "e1")
        assert "revoked" in await running.say("key revoke", ADMIN, id=id)

        assert "was revoked" in await answer(running, "e2")
        assert "was revoked" in await running.say("redeem", ALICE, key=text)
        assert "does not work here" in await running.say("redeem", BOB, key=text)


@virtual
async def test_a_rotated_key_spends_from_the_same_account() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        id, text = await key_for(running, ALICE, limit="2 questions per day")
        await running.say("redeem", ALICE, key=text)
        await answer(running, "e1")
        assert "takes the place" in await running.say("key rotate", ADMIN, id=id)
        await answer(running, "e2")

        assert "Your key has used" in await answer(running, "e3")


@virtual
async def test_a_key_with_a_typo_is_told_so() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        _, text = await key_for(running, ALICE)
        wrong = text[:-1] + ("a" if text[-1] != "a" else "b")

        assert "typo" in await running.say("redeem", ALICE, key=wrong)
        assert "not a key of mine" in await running.say("redeem", ALICE, key="hunter2")


@virtual
async def test_who_guesses_has_to_wait() -> None:
    async with core() as running:
        for _ in range(5):
            await running.say("redeem", BOB, key="parley_aaaaaaaa_" + "b" * 38)

        assert "Too many wrong keys" in await running.say("redeem", BOB, key="parley_aaaaaaaa_" + "b" * 38)


@virtual
async def test_a_key_said_before_others_is_revoked_and_its_holder_told() -> None:
    async with core(Policy(key_needed=True, community=SHARED)) as running:
        run_by(running, ADMIN)
        _, text = await key_for(running, ALICE, limit="10k")
        await running.say("redeem", ALICE, key=text)

        assert "works no longer" in await answer(running, "e1", BOB, f"look: {text}")
        assert any("shown where others could read it" in letter.text for letter in running.chat.letters[ALICE])
        assert "was revoked" in await answer(running, "e2")


@virtual
async def test_no_key_is_kept_in_clear() -> None:
    """Neither in a turn, nor in a record, nor in a conversation."""
    async with core() as running:
        run_by(running, ADMIN)
        _, text = await key_for(running, ALICE)
        await running.say("redeem", ALICE, key=text)
        await answer(running, "e1", ALICE, f"my key is {text}, is it good?")
        secret = text.split("_")[2]

        kept = repr(vars(running.store.turns)) + repr(vars(running.store.history)) + repr(vars(running.store.records))
        assert secret not in kept + repr(running.model.asked)


@virtual
async def test_a_newcomer_without_a_key_gets_the_welcome_share_and_no_more() -> None:
    welcome = Policy(key_needed=True, welcome=(parse_limit("1 question ever"),))
    async with core(welcome) as running:
        run_by(running, ADMIN)
        assert (await answer(running, "e1")).startswith("Hoo.")
        assert "as a newcomer" in await answer(running, "e2")
    async with core(Policy(key_needed=True, community=SHARED)) as running:
        run_by(running, ADMIN)
        assert "You need a key" in await answer(running, "e1")


@virtual
async def test_a_member_cannot_give_out_anything() -> None:
    async with core() as running:
        for name in ("key issue", "quota set", "quota reset", "ban", "role", "client list", "audit"):
            said = await running.say(name, BOB, user=ALICE, limit="1M", **{"is": "admin"})
            assert "is for" in said, (name, said)
            said = await running.say(name, BOB, True, user=ALICE, limit="1M", **{"is": "admin"})
            assert re.search("is for|(in|to) a server", said), (name, said)


@virtual
async def test_an_admin_sets_grants_and_resets_quotas() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        assert "1 question a day" in await running.say("quota set", ADMIN, user=ALICE, limit="1 question per day")
        await answer(running, "e1")
        assert "You have used your 1 question a day" in await answer(running, "e2")
        assert "1 question more" in await running.say("quota grant", ADMIN, user=ALICE, limit="1 question per day")
        assert (await answer(running, "e3")).startswith("Hoo.")
        assert "begins anew" in await running.say("quota reset", ADMIN, user=ALICE)
        assert (await answer(running, "e4")).startswith("Hoo.")
        assert "20k tokens per day" in await running.say("quota set", ADMIN, user=ALICE, limit="-5")
        assert "for the owner" in await running.say("quota set", ADMIN, limit="10k")
        assert "This community may use" in await running.say("quota set", OWNER, limit="10k")


@virtual
async def test_a_request_is_granted_by_a_button_once() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        await running.say("quota set", ADMIN, user=ALICE, limit="1 question per day")
        await answer(running, "e1")
        asked = await running.say("request", ALICE, limit="1 question per day", why="homework")
        assert "asks for 1 question a day more. “homework”" in asked
        give = running.chat.buttons["Give it"]

        assert "is for" in await running.press(give, BOB)
        assert "1 question more" in await running.press(give, ADMIN)
        assert "already" in await running.press(give, ADMIN)
        assert (await answer(running, "e2")).startswith("Hoo.")
        assert "used your" in await answer(running, "e3")


@virtual
async def test_a_banned_user_gets_no_answers_until_unbanned() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        await running.say("ban", ADMIN, user=BOB)
        assert "no answers" in await answer(running, "e1", BOB)
        assert 0 == running.model.begun
        await running.say("unban", ADMIN, user=BOB)
        assert (await answer(running, "e2", BOB)).startswith("Hoo.")
        assert "for the owner" in await running.say("ban", ADMIN, user=OWNER)


@virtual
async def test_a_community_without_a_share_has_no_keys_to_give() -> None:
    """Anybody can bring the bot into a group of their own: a key from there would lift what each user has."""
    async with core(Policy(user=(parse_limit("1 question per day"),))) as running:
        run_by(running, ADMIN, OWNER)
        assert "no share yet" in await running.say("key issue", ADMIN, limit="1M tokens per day")
        assert "is there" in await running.say("key issue", OWNER, limit="1M tokens per day")
        await running.say("quota set", OWNER, limit="2M tokens per day")
        assert "is there" in await running.say("key issue", ADMIN, limit="1M tokens per day")


@virtual
async def test_one_request_is_open_at_a_time() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        await running.say("quota set", ADMIN, user=ALICE, limit="1 question per day")
        assert "asks for" in await running.say("request", ALICE, limit="1 question per day")
        decline = running.chat.buttons["Decline"]
        assert "asked already" in await running.say("request", ALICE, limit="9 questions per day")
        await running.press(decline, ADMIN)
        assert "asks for" in await running.say("request", ALICE, limit="2 questions per day")


@virtual
async def test_a_client_issues_within_its_share_and_sees_only_its_own() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        await running.say("client add", ADMIN, user=BOB, limit="1 question per day")
        theirs = re.findall(r"Key `(\w+)`", await running.say("key issue", ADMIN, user="7", limit="10k"))[0]
        issued = await running.say("key issue", BOB, user=ALICE, limit="1M")
        own = re.findall(r"Key `(\w+)`", issued)[0]

        listed = await running.say("key list", BOB)
        assert own in listed
        assert theirs not in listed
        assert "no key" in await running.say("key revoke", BOB, id=theirs)
        text = KEY.findall(await running.say("key show", ALICE))[0]
        await running.say("redeem", ALICE, key=text)
        assert (await answer(running, "e1")).startswith("Hoo.")
        assert "whoever gave you yours" in await answer(running, "e2")
        await running.say("client remove", ADMIN, user=BOB)
        assert "is for" in await running.say("key issue", BOB, user=ALICE)


@virtual
async def test_everything_is_written_into_the_audit_log_without_secrets() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        id, text = await key_for(running, ALICE, limit="10k")
        await running.say("redeem", ALICE, key=text)
        await running.say("quota set", ADMIN, user=ALICE, limit="10k")
        await running.say("key revoke", ADMIN, id=id)
        said = await running.say("audit", ADMIN)

        entries = await newest(running.store.records, 10)
        assert ["key revoke", "quota set", "redeem", "key show", "key issue"] == [entry.action for entry in entries]
        assert all(action in said for action in ("key revoke", "quota set"))
        assert text.split("_")[2] not in repr(entries)
        assert (await verify(running.store.records)).broken is None


@pytest.mark.parametrize("whispers", [True, False])
@virtual
async def test_a_key_is_never_shown_before_others(whispers: bool) -> None:
    """Where a platform has no answers for one person, it is sent in private."""
    async with core() as running:
        run_by(running, ADMIN)
        running.chat.whispers = whispers
        await running.say("key issue", ADMIN, user=ALICE)
        said = await running.say("key show", ALICE)

        assert whispers is bool(KEY.search(said))
        if not whispers:
            (button,) = running.chat.letters[ALICE][-1].buttons
            assert KEY.search(await running.press(button, ALICE, private=True))


@virtual
async def test_a_proof_written_by_hand_opens_nothing() -> None:
    """What the store keeps of a key is not the key."""
    async with core() as running:
        run_by(running, ADMIN)
        issued = await running.say("key issue", ADMIN, uses="30")
        id = re.findall(r"Key `(\w+)`", issued)[0]
        assert "not a key" in await running.say("redeem", BOB, key=f"sealed-key-{id}-{'0' * 64}")
        seen, text = await key_for(running, ALICE)
        record = await keyring.find(running.store.records, seen)
        assert record
        kept = record.digest
        assert "not a key" in await running.say("redeem", BOB, key=f"sealed-key-{seen}-{kept}")
        await answer(running, "e1", BOB, f"sealed-key-{seen}-{kept}")

        assert "Done" in await running.say("redeem", ALICE, key=text)


@virtual
async def test_a_command_is_done_once_however_often_it_is_told() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        await running.say("quota set", ADMIN, user=ALICE, limit="1 question per day")
        running.chat.troubles_telling = [PlatformDown("502")] * 12
        await running.say("quota grant", ADMIN, user=ALICE, limit="1 question per day")
        said = [await answer(running, f"e{number}") for number in range(3)]

        assert [True, True, False] == [each.startswith("Hoo.") for each in said]


@virtual
async def test_a_key_is_made_when_its_holder_can_see_it() -> None:
    """Somebody who never opened a private chat has not seen it, and can still see it there."""
    async with core() as running:
        run_by(running, ADMIN)
        running.chat.whispers = False
        running.chat.shut = {ALICE}
        await running.say("key issue", ADMIN, user=ALICE)
        assert "private chat" in await running.say("key show", ALICE)

        assert KEY.search(await running.say("key show", ALICE, True))


@virtual
async def test_who_writes_as_the_group_is_shown_no_secrets() -> None:
    async with core() as running:
        running.chat.ranks = {"-100555": Rank.ADMIN}
        assert "as yourself" in await running.say("key show", "-100555")


@virtual
async def test_an_answer_to_somebody_who_shuts_us_out_is_charged() -> None:
    """Else everybody could have answers for nothing."""
    async with core(Policy(user=(parse_limit("1 question per day"),), community=SHARED)) as running:
        running.chat.page = 4_000
        running.chat.troubles = [None, Undeliverable("blocked"), Undeliverable("blocked")]
        await running.ask()
        await asyncio.sleep(60)

        assert "used your 1 question" in await answer(running, "e2")


@virtual
async def test_a_guest_has_what_newcomers_have() -> None:
    async with core(Policy(welcome=(parse_limit("1 question ever"),))) as running:
        run_by(running, ADMIN)
        assert "is a guest" in await running.say("role", ADMIN, user=ALICE, **{"is": "guest"})
        await answer(running, "e1")

        assert "as a newcomer" in await answer(running, "e2")


@virtual
async def test_only_the_owner_gives_what_is_not_the_communitys() -> None:
    async with core() as running:
        run_by(running, ADMIN)
        assert "for the owner" in await running.say("key issue", ADMIN, tier="plus")
        assert "for the owner" in await running.say("key issue", ADMIN, **{"for": "admin"})
        assert "in the channel that it is for" in await running.say("quota set", ADMIN, channel="11", limit="0")
