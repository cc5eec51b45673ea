"""Which keys there are, what each opens, and who may use it."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import keyring, keys
from bot.errors import (
    BadArgument,
    ClaimRefused,
    KeyRefused,
    KeyTooNarrow,
    KeyTypo,
    NoKey,
    StorageDown,
    UnknownKey,
)
from bot.keyring import GRACE, KEYS, WALLETS, Issued, KeyRecord, KeyScope, Standing, Tier
from bot.keys import ApiKey
from bot.period import Window
from bot.ports import Ledger, Records
from bot.quota import Limit, Share, Unit
from storage.memory import open_memory
from storage.store import Store
from tests.bot.records import WatchedRecords
from tests.make import NOW

PEPPER = b"pepper"
ADMIN, ALICE, BOB, CAROL = "discord:1", "discord:42", "discord:43", "discord:44"
CLUB, OTHER_CLUB = "discord:100", "telegram:-200"
LATER = NOW + timedelta(days=30)
HOUR = timedelta(hours=1)

UNIFORM = "That key does not work here. Ask whoever gave it to you for another one."


@dataclass(frozen=True, slots=True)
class House:
    """A store, and what people do with keys in it."""

    store: Store = field(default_factory=open_memory)

    @property
    def records(self) -> Records:
        return WatchedRecords(self.store.records)

    @property
    def ledger(self) -> Ledger:
        return self.store.ledger

    async def issue(self, *limits: Limit, **terms: Any) -> Issued:
        wanted = KeyRecord(ADMIN, NOW, LATER, frozenset({KeyScope.CHAT}))
        return await keyring.issue(self.records, self.ledger, PEPPER, replace(wanted, **terms), limits)

    async def shown(self, *limits: Limit, **terms: Any) -> ApiKey:
        """A key that somebody has pressed the claim of."""
        issued = await self.issue(*limits, **terms)
        return await self.claim(issued, terms.get("made_for", ADMIN))

    async def claim(self, issued: Issued, person: str, now: datetime = NOW) -> ApiKey:
        return await keyring.claim(self.records, PEPPER, issued.claim.reveal(), person, now)

    async def redeem(self, key: ApiKey, person: str = ALICE, club: str = CLUB, now: datetime = NOW) -> KeyRecord:
        return await keyring.redeem(self.records, keys.prove(PEPPER, key), person, club, now)

    async def check(
        self, key: ApiKey, scope: KeyScope = KeyScope.CHAT, model: str = "", now: datetime = NOW
    ) -> KeyRecord:
        return await keyring.check(self.records, PEPPER, key.reveal(), scope, model, now)

    async def record(self, id: str) -> KeyRecord:
        record = await keyring.find(self.records, id)
        assert record is not None
        return record


@pytest.fixture
def house() -> House:
    return House()


async def test_a_key_is_issued_shown_and_redeemed(house: House) -> None:
    issued = await house.issue(made_for=ALICE, community=CLUB, tier=Tier.PLUS, models=("owl",), name="for the quiz")
    key = await house.claim(issued, ALICE)
    redeemed = await house.redeem(key, ALICE)

    assert Standing(redeemed) == await keyring.key_of(house.records, ALICE, NOW)
    assert (ALICE,) == redeemed.redeemed_by
    assert f"key/{key.id}" == redeemed.ledger_scope
    assert (Tier.PLUS, ("owl",), "for the quiz") == (redeemed.tier, redeemed.models, redeemed.name)


async def test_a_key_has_its_limits_before_anybody_can_use_it(house: House) -> None:
    limit = Limit(Unit.TOKENS, Window.DAY, 20_000)
    issued = await house.issue(limit)

    assert [limit] == await house.ledger.limits(issued.key.ledger_scope)
    assert [20_000] == [each.left for each in await house.ledger.balances([Share(issued.key.ledger_scope)], NOW)]


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"scopes": frozenset()}, "A key must be for something: chat, images, audio, api, admin, client or agent."),
        (
            {"scopes": frozenset({KeyScope.ADMIN, KeyScope.CHAT})},
            "A key for administration, or for an agent, cannot be for anything",
        ),
        ({"scopes": frozenset({KeyScope.AGENT, KeyScope.CHAT})}, "A key for administration, or for an agent, cannot"),
        ({"scopes": frozenset({KeyScope.CLIENT, KeyScope.API})}, "A key for administration, or for an agent, cannot"),
        ({"expires": NOW}, "A key must expire some time later than now."),
        ({"uses": 0}, "A key must be redeemable at least once."),
        ({"models": ()}, "A key must be for a model, or for all."),
    ],
)
async def test_a_key_that_makes_no_sense_is_not_issued(house: House, terms: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadArgument) as refusal:
        await house.issue(**terms)

    assert refusal.value.for_user.startswith(sentence)
    assert {} == await house.records.all(KEYS)


async def test_no_secret_is_kept(house: House) -> None:
    """Neither a key nor a claim can be read out of the store, nor out of what is logged of it."""
    issued = await house.issue(made_for=ALICE)
    waiting = await house.records.get(KEYS, issued.key.id)
    key = await house.claim(issued, ALICE)
    record = await house.redeem(key)
    kept = f"{waiting} {await house.records.all(KEYS)} {await house.records.all(WALLETS)} {issued} {record}"

    assert issued.claim.reveal() not in kept
    assert issued.claim.reveal()[keys.ID :] not in kept
    assert key.secret.reveal() not in kept
    assert record.digest not in repr(record)


async def test_a_record_of_a_newer_program_is_not_guessed_at(house: House) -> None:
    issued = await house.issue()
    raw = await house.records.get(KEYS, issued.key.id)
    assert raw is not None
    await house.records.swap(KEYS, issued.key.id, raw, json.dumps({**json.loads(raw), "v": 2}))

    with pytest.raises(ValueError, match="newer"):
        await house.record(issued.key.id)


# Claims.


async def test_a_claim_shows_the_key_once(house: House) -> None:
    issued = await house.issue(made_for=ALICE)
    await house.claim(issued, ALICE)

    with pytest.raises(ClaimRefused):
        await house.claim(issued, ALICE)


async def test_a_claim_is_for_its_person(house: House) -> None:
    """The admin who issued the key does not get to see it either; the right person still does afterwards."""
    issued = await house.issue(made_for=ALICE)
    for other in (ADMIN, BOB, ""):
        with pytest.raises(ClaimRefused):
            await house.claim(issued, other)

    assert issued.key.id == (await house.claim(issued, ALICE)).id


async def test_a_claim_for_nobody_shows_the_key_to_the_first(house: House) -> None:
    issued = await house.issue(uses=5)
    outcomes = await asyncio.gather(*(house.claim(issued, person) for person in (BOB, CAROL)), return_exceptions=True)

    assert [ApiKey, ClaimRefused] == [type(outcome) for outcome in outcomes]


async def test_two_who_press_at_once_are_not_both_shown_a_key(house: House) -> None:
    """Whoever is late would hold a secret that opens nothing."""
    issued = await house.issue(uses=5)
    quick: list[ApiKey] = []

    async def be_quicker() -> None:
        quick.append(await house.claim(issued, BOB))

    with pytest.raises(ClaimRefused):
        await keyring.claim(WatchedRecords(house.records, be_quicker), PEPPER, issued.claim.reveal(), CAROL, NOW)

    assert issued.key.id == (await house.redeem(quick[0], BOB)).id


async def test_a_claim_lasts_a_day(house: House) -> None:
    issued = await house.issue(made_for=ALICE)

    with pytest.raises(ClaimRefused):
        await house.claim(issued, ALICE, NOW + 24 * HOUR)
    assert issued.key.id == (await house.claim(issued, ALICE, NOW + 24 * HOUR - timedelta(seconds=1))).id


async def test_all_refused_claims_read_the_same(house: House) -> None:
    issued = await house.issue(made_for=ALICE)
    said = set()
    for claim in (issued.claim.reveal()[:-1] + "-", keys.make_claim(issued.key.id).reveal(), "x" * 30, "", "\ud800"):
        with pytest.raises(ClaimRefused) as refusal:
            await keyring.claim(house.records, PEPPER, claim, ALICE, NOW)
        said.add(refusal.value.for_user)

    assert {"There is no key for you here: it was shown before, a day has passed, or it is for somebody else."} == said


async def test_a_claim_on_a_revoked_key_shows_nothing(house: House) -> None:
    issued = await house.issue(made_for=ALICE)
    await keyring.revoke(house.records, issued.key.id, NOW)

    with pytest.raises(ClaimRefused):
        await house.claim(issued, ALICE)


async def test_a_claim_on_an_expired_key_says_so(house: House) -> None:
    issued = await house.issue(made_for=ALICE, expires=NOW + HOUR)

    with pytest.raises(KeyRefused) as refusal:
        await house.claim(issued, ALICE, NOW + HOUR)

    assert "That key expired on 2026-11-21 at 13:00 UTC." == refusal.value.for_user


async def test_a_claim_can_be_made_anew_until_it_was_used(house: House) -> None:
    first = await house.issue(made_for=ALICE)
    second = await keyring.offer(house.records, PEPPER, first.key.id, NOW + 48 * HOUR)

    with pytest.raises(ClaimRefused):
        await house.claim(first, ALICE)
    await house.claim(second, ALICE, NOW + 49 * HOUR)
    with pytest.raises(KeyRefused) as refusal:
        await keyring.offer(house.records, PEPPER, first.key.id, NOW + 50 * HOUR)
    assert "That key was shown before: replace it by another one." == refusal.value.for_user


async def test_a_key_that_was_never_shown_opens_nothing(house: House) -> None:
    issued = await house.issue(scopes=frozenset({KeyScope.CHAT, KeyScope.API}))

    with pytest.raises(UnknownKey):
        await house.redeem(keys.make(issued.key.id), ADMIN)
    with pytest.raises(UnknownKey):
        await house.check(keys.make(issued.key.id))


# Redeeming.


async def test_redeeming_again_takes_no_further_use(house: House) -> None:
    """A redemption whose answer was lost is simply given again."""
    key = await house.shown(uses=2)
    for _ in range(3):
        await house.redeem(key, ALICE)

    assert (ALICE,) == (await house.record(key.id)).redeemed_by


async def test_a_redemption_that_broke_off_is_made_good(house: House) -> None:
    """The use was taken, and then the store went away: the same person may go on, at no further cost."""
    key = await house.shown()

    async def fail() -> None:
        raise StorageDown("gone")

    async def go_on() -> None:
        """The record is written."""

    with pytest.raises(StorageDown):
        await keyring.redeem(WatchedRecords(house.records, go_on, fail), keys.prove(PEPPER, key), ALICE, CLUB, NOW)
    assert Standing() == await keyring.key_of(house.records, ALICE, NOW)

    await house.redeem(key, ALICE)
    assert key.id == _id(await keyring.key_of(house.records, ALICE, NOW))


async def test_another_key_takes_the_place_of_the_last(house: House) -> None:
    one, other = await house.shown(), await house.shown()
    for key in (one, other, one):
        await house.redeem(key, ALICE)
        assert key.id == _id(await keyring.key_of(house.records, ALICE, NOW))


@pytest.mark.parametrize("uses", [1, 5])
async def test_a_key_is_redeemed_exactly_as_often_as_it_can_be(house: House, uses: int) -> None:
    """However many try at once."""
    key = await house.shown(uses=uses)
    people = [f"discord:{number}" for number in range(100, 120)]
    outcomes = await asyncio.gather(*(house.redeem(key, person) for person in people), return_exceptions=True)

    redeemed = [person for person, outcome in zip(people, outcomes, strict=True) if isinstance(outcome, KeyRecord)]
    assert uses == len(redeemed)
    assert tuple(redeemed) == (await house.record(key.id)).redeemed_by
    assert set(redeemed) == set(await house.records.all(WALLETS))
    assert {UnknownKey} == {type(outcome) for outcome in outcomes if not isinstance(outcome, KeyRecord)}


async def test_who_is_late_for_the_last_use_gets_nothing(house: House) -> None:
    """Bob redeems between Alice's look at the record and her write."""
    key = await house.shown()
    records = WatchedRecords(house.records, lambda: house.redeem(key, BOB))

    with pytest.raises(UnknownKey):
        await keyring.redeem(records, keys.prove(PEPPER, key), ALICE, CLUB, NOW)

    assert (BOB,) == (await house.record(key.id)).redeemed_by
    assert {BOB: key.id} == await house.records.all(WALLETS)


async def test_a_key_that_is_revoked_meanwhile_is_not_redeemed(house: House) -> None:
    key = await house.shown()
    records = WatchedRecords(house.records, lambda: keyring.revoke(house.records, key.id, NOW))

    with pytest.raises(UnknownKey):
        await keyring.redeem(records, keys.prove(PEPPER, key), ALICE, CLUB, NOW)


async def test_two_keys_redeemed_at_once_leave_one_in_the_wallet(house: House) -> None:
    one, other = await house.shown(), await house.shown()

    async def pause() -> None:
        """The record is written."""

    records = WatchedRecords(house.records, pause, lambda: house.redeem(other))
    await keyring.redeem(records, keys.prove(PEPPER, one), ALICE, CLUB, NOW)

    assert {ALICE: one.id} == await house.records.all(WALLETS)


async def refusals(house: House, key: ApiKey, club: str = CLUB, now: datetime = NOW) -> dict[str, str]:
    """What is said to the person a key was made for, to who issued it, and to a stranger."""
    said = {}
    for person in (ALICE, ADMIN, CAROL):
        with pytest.raises((KeyRefused, UnknownKey)) as refusal:
            await house.redeem(key, person, club, now)
        said[person] = refusal.value.for_user
    return said


def to_insiders(sentence: str) -> dict[str, str]:
    return {ALICE: sentence, ADMIN: sentence, CAROL: UNIFORM}


async def test_an_expired_key_is_refused(house: House) -> None:
    key = await house.shown(made_for=ALICE, uses=9)
    said = await refusals(house, key, now=LATER)

    assert to_insiders("That key expired on 2026-12-21 at 12:00 UTC.") == said


async def test_a_revoked_key_is_refused(house: House) -> None:
    key = await house.shown(made_for=ALICE, uses=9)
    await keyring.revoke(house.records, key.id, NOW + HOUR)

    assert to_insiders("That key was revoked on 2026-11-21 at 13:00 UTC.") == await refusals(house, key)


async def test_a_key_that_is_used_up_is_refused(house: House) -> None:
    """Alice gave hers to two friends before she redeemed it herself."""
    key = await house.shown(made_for=ALICE, uses=2)
    await house.redeem(key, BOB)
    await house.redeem(key, "telegram:7", "")

    assert to_insiders("That key was redeemed as often as it can be: 2 times.") == await refusals(house, key)


async def test_a_key_of_another_community_is_refused(house: House) -> None:
    key = await house.shown(made_for=ALICE, uses=9, community=CLUB)
    said = await refusals(house, key, OTHER_CLUB)

    assert to_insiders("That key is for another server or group: redeem it there.") == said


async def test_a_key_of_a_community_is_redeemed_in_private_by_who_it_was_made_for(house: House) -> None:
    """Anybody else has to show, by being there, that they belong to the community."""
    key = await house.shown(made_for=ALICE, uses=9, community=CLUB)

    with pytest.raises(UnknownKey):
        await house.redeem(key, BOB, "")
    assert (ALICE,) == (await house.redeem(key, ALICE, "")).redeemed_by


async def test_a_key_for_one_person_is_for_nobody_else(house: House) -> None:
    key = await house.shown(made_for=ALICE)
    said = {}
    for person in (ADMIN, CAROL):
        with pytest.raises((KeyRefused, UnknownKey)) as refusal:
            await house.redeem(key, person)
        said[person] = refusal.value.for_user

    assert {ADMIN: "That key is for somebody else.", CAROL: UNIFORM} == said


async def test_a_key_for_one_person_serves_an_account_on_each_platform(house: House) -> None:
    """Nobody else was shown the text, so whoever has it elsewhere is taken for them: once, and wherever they are."""
    key = await house.shown(made_for=ALICE, community=CLUB)
    elsewhere, stranger = "telegram:7", "telegram:8"
    await house.redeem(key, elsewhere, "")
    await house.redeem(key, ALICE)
    await house.redeem(key, elsewhere, OTHER_CLUB)

    with pytest.raises(UnknownKey):
        await house.redeem(key, stranger, "")
    with pytest.raises(UnknownKey):
        await house.redeem(key, CAROL)
    assert (elsewhere, ALICE) == (await house.record(key.id)).redeemed_by


async def test_a_replaced_key_is_redeemed_by_nobody_new(house: House) -> None:
    """The old text may be in many hands: that is why it was replaced."""
    key = await house.shown(made_for=ALICE, uses=9)
    await house.redeem(key, BOB)
    issued = await keyring.rotate(house.records, PEPPER, key.id, NOW)

    assert to_insiders(f"That key was replaced by another one, `{issued.key.id}`.") == await refusals(house, key)
    assert (BOB,) == (await house.redeem(key, BOB)).redeemed_by


async def test_a_wrong_secret_says_no_more_than_a_wrong_id(house: House) -> None:
    """Not even to the holder, who cannot be told from somebody who knows the id."""
    key = await house.shown(made_for=ALICE)
    await keyring.revoke(house.records, key.id, NOW)
    said = set()
    for wrong in (keys.make(key.id), keys.make()):
        with pytest.raises(UnknownKey) as refusal:
            await house.redeem(wrong, ALICE)
        said.add(refusal.value.for_user)

    assert {UNIFORM} == said


async def test_another_pepper_opens_nothing(house: House) -> None:
    key = await house.shown()

    with pytest.raises(UnknownKey):
        await keyring.redeem(house.records, keys.prove(b"salt", key), ALICE, CLUB, NOW)


@pytest.mark.parametrize(("text", "error"), [("parley_x", KeyTypo), ("hello", NoKey)])
async def test_a_typo_is_not_looked_up(house: House, text: str, error: type[Exception]) -> None:
    records = WatchedRecords(house.records)

    with pytest.raises(error):
        await keyring.check(records, PEPPER, text, KeyScope.CHAT, "", NOW)
    assert 0 == records.calls.total()


# The key that an account stands for.


async def test_who_redeemed_nothing_has_no_key(house: House) -> None:
    assert Standing() == await keyring.key_of(house.records, ALICE, NOW)


async def test_whose_key_is_gone_from_the_store_has_none(house: House) -> None:
    key = await house.shown()
    await house.redeem(key)
    await house.records.swap(KEYS, key.id, await house.records.get(KEYS, key.id), None)

    assert Standing() == await keyring.key_of(house.records, ALICE, NOW)


async def test_a_key_that_ended_is_none_and_says_why(house: House) -> None:
    key = await house.shown()
    await house.redeem(key)

    expired = await keyring.key_of(house.records, ALICE, LATER)
    assert Standing(why="Your key expired on 2026-12-21 at 12:00 UTC.") == expired
    await keyring.revoke(house.records, key.id, NOW)
    revoked = await keyring.key_of(house.records, ALICE, NOW)
    assert Standing(why="Your key was revoked on 2026-11-21 at 12:00 UTC.") == revoked


# Over HTTP.


@pytest.mark.parametrize(
    ("scopes", "models", "scope", "sentence"),
    [
        ({"chat", "api"}, ("*",), KeyScope.CHAT, ""),
        ({"chat", "api"}, ("owl", "elk"), KeyScope.CHAT, ""),
        ({"admin"}, ("*",), KeyScope.ADMIN, ""),
        ({"api"}, ("*",), KeyScope.API, ""),
        ({"chat"}, ("*",), KeyScope.CHAT, "That key is not for programs."),
        ({"chat", "api"}, ("*",), KeyScope.IMAGES, "That key is not for pictures."),
        ({"chat", "api"}, ("*",), KeyScope.AUDIO, "That key is not for audio."),
        ({"chat", "api"}, ("*",), KeyScope.ADMIN, "That key is not for administration."),
        ({"images", "api"}, ("*",), KeyScope.CHAT, "That key is not for chat."),
        ({"chat", "api"}, ("elk", "bat"), KeyScope.CHAT, "That key is only for `elk`, `bat`."),
    ],
)
async def test_a_program_gets_what_its_key_is_for(
    house: House, scopes: set[str], models: tuple[str, ...], scope: KeyScope, sentence: str
) -> None:
    key = await house.shown(scopes=frozenset(map(KeyScope, scopes)), models=models)
    if not sentence:
        assert key.id == (await house.check(key, scope, "owl")).id
        return

    with pytest.raises(KeyTooNarrow) as refusal:
        await house.check(key, scope, "owl")
    assert sentence == refusal.value.for_user


async def test_a_program_is_told_why_its_key_ended(house: House) -> None:
    """Who has the whole key is its holder; of any other nothing is said."""
    key = await house.shown(scopes=frozenset({KeyScope.CHAT, KeyScope.API}))
    with pytest.raises(UnknownKey):
        await house.check(keys.make(key.id))
    with pytest.raises(KeyRefused, match="expired"):
        await house.check(key, now=LATER)
    await keyring.revoke(house.records, key.id, NOW)

    with pytest.raises(KeyRefused, match="revoked"):
        await house.check(key)


# Revoking, rotating, listing.


async def test_a_key_is_revoked_once(house: House) -> None:
    key = await house.shown()
    first = await keyring.revoke(house.records, key.id, NOW)
    second = await keyring.revoke(house.records, key.id, NOW + HOUR)

    assert NOW == first.revoked == second.revoked


@pytest.mark.parametrize("id", ["nothing1", "", "`x`", "\ud800"])
async def test_what_is_not_there_is_neither_revoked_nor_rotated(house: House, id: str) -> None:
    for attempt in (
        keyring.revoke(house.records, id, NOW),
        keyring.rotate(house.records, PEPPER, id, NOW),
        keyring.offer(house.records, PEPPER, id, NOW),
    ):
        with pytest.raises(BadArgument, match="There is no key"):
            await attempt


async def test_whoever_gives_a_key_for_an_id_does_not_see_it_repeated(house: House) -> None:
    key = keys.make()

    with pytest.raises(BadArgument) as refusal:
        await keyring.revoke(house.records, key.reveal(), NOW)
    assert key.secret.reveal() not in refusal.value.for_user


async def test_a_rotated_key_goes_on_on_the_same_account(house: House) -> None:
    limit = Limit(Unit.REQUESTS, Window.DAY, 5)
    old = await house.shown(limit, made_for=ALICE, scopes=frozenset({KeyScope.CHAT, KeyScope.API}))
    await house.redeem(old)
    issued = await keyring.rotate(house.records, PEPPER, old.id, NOW)
    new = await house.claim(issued, ALICE)
    now, after = NOW + GRACE - HOUR, NOW + GRACE

    assert f"key/{old.id}" == issued.key.ledger_scope
    assert old.id != new.id
    assert old.id == (await house.check(old, now=now)).id
    assert new.id == (await house.check(new, now=now)).id
    assert new.id == _id(await keyring.key_of(house.records, ALICE, after))
    with pytest.raises(KeyRefused, match="replaced by another one on 2026-11-22 at 12:00 UTC"):
        await house.check(old, now=after)


async def test_a_key_that_takes_anothers_place_is_new_and_not_yet_shown(house: House) -> None:
    """The old secret does not open it."""
    old = await house.shown()
    issued = await keyring.rotate(house.records, PEPPER, old.id, NOW + HOUR)

    assert NOW + HOUR == issued.key.created
    with pytest.raises(UnknownKey):
        await house.redeem(ApiKey(issued.key.id, old.secret))
    assert issued.key.id == (await keyring.offer(house.records, PEPPER, issued.key.id, NOW + HOUR)).key.id


async def test_who_redeemed_a_key_keeps_it_through_any_number_of_rotations(house: House) -> None:
    """Their account stands for it, and not the text that leaked. The way there gets no longer."""
    id = (await house.redeem(await house.shown())).id
    for day in range(5):
        id = (await keyring.rotate(house.records, PEPPER, id, NOW + timedelta(days=day))).key.id
    records = WatchedRecords(house.records)

    assert id == _id(await keyring.key_of(records, ALICE, NOW + timedelta(days=9)))
    records.calls.clear()
    assert id == _id(await keyring.key_of(records, ALICE, NOW + timedelta(days=9)))
    assert {"get": 2} == records.calls


async def test_a_leaked_key_is_rotated_without_grace(house: House) -> None:
    key = await house.shown(scopes=frozenset({KeyScope.CHAT, KeyScope.API}))
    await keyring.rotate(house.records, PEPPER, key.id, NOW, timedelta())

    with pytest.raises(KeyRefused):
        await house.check(key)


async def test_a_key_is_rotated_once_by_two_at_the_same_moment(house: House) -> None:
    key = await house.shown()
    outcomes = await asyncio.gather(
        *(keyring.rotate(house.records, PEPPER, key.id, NOW) for _ in range(5)), return_exceptions=True
    )

    (won,) = [outcome for outcome in outcomes if isinstance(outcome, Issued)]
    assert {key.id, won.key.id} == set(await house.records.all(KEYS))
    assert won.key.id == (await house.record(key.id)).next


async def test_two_who_rotate_in_each_others_way_leave_one_new_key(house: House) -> None:
    """The second is between the first one's two writes."""
    key = await house.shown()

    async def create() -> None:
        """The new record is written."""

    records = WatchedRecords(house.records, create, lambda: keyring.rotate(house.records, PEPPER, key.id, NOW))
    with pytest.raises(KeyRefused, match="replaced by another one"):
        await keyring.rotate(records, PEPPER, key.id, NOW)

    assert 2 == len(await house.records.all(KEYS))


async def test_who_redeems_during_a_rotation_is_not_forgotten(house: House) -> None:
    key = await house.shown(uses=2)

    async def create() -> None:
        """The new record is written."""

    issued = await keyring.rotate(WatchedRecords(house.records, create, lambda: house.redeem(key)), PEPPER, key.id, NOW)

    assert (ALICE,) == issued.key.redeemed_by
    assert 2 == len(await house.records.all(KEYS))
    assert issued.key.id == _id(await keyring.key_of(house.records, ALICE, NOW))


async def test_a_key_that_ended_is_not_rotated(house: House) -> None:
    key = await house.shown()
    with pytest.raises(KeyRefused, match="expired"):
        await keyring.rotate(house.records, PEPPER, key.id, LATER)
    await keyring.revoke(house.records, key.id, NOW)

    with pytest.raises(KeyRefused, match="revoked"):
        await keyring.rotate(house.records, PEPPER, key.id, NOW)


async def test_the_claim_of_a_replaced_key_is_void(house: House) -> None:
    first = await house.issue(made_for=ALICE)
    second = await keyring.rotate(house.records, PEPPER, first.key.id, NOW)

    with pytest.raises(ClaimRefused):
        await house.claim(first, ALICE)
    with pytest.raises(KeyRefused, match="replaced"):
        await keyring.offer(house.records, PEPPER, first.key.id, NOW)
    assert second.key.id == (await house.claim(second, ALICE)).id


async def test_revoking_the_new_key_ends_it_for_who_redeemed_the_old_one(house: House) -> None:
    key = await house.shown()
    await house.redeem(key)
    issued = await keyring.rotate(house.records, PEPPER, key.id, NOW)
    await keyring.revoke(house.records, issued.key.id, NOW)

    assert "revoked" in (await keyring.key_of(house.records, ALICE, NOW)).why


async def test_keys_are_listed_by_community_and_by_issuer_the_newest_first(house: House) -> None:
    one = await house.issue(community=CLUB)
    two = await house.issue(community=CLUB, issuer=BOB, created=NOW + HOUR)
    three = await house.issue(community=OTHER_CLUB, issuer=BOB, created=NOW + 2 * HOUR)

    async def ids(**whose: str) -> list[str]:
        return [key.id for key in await keyring.listed(house.records, **whose)]

    assert [three.key.id, two.key.id, one.key.id] == await ids()
    assert [two.key.id, one.key.id] == await ids(community=CLUB)
    assert [three.key.id, two.key.id] == await ids(issuer=BOB)
    assert [two.key.id] == await ids(community=CLUB, issuer=BOB)
    assert [] == await ids(community="")


def _id(standing: Standing) -> str:
    return standing.key.id if standing.key else ""
