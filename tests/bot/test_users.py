"""Users who are made over HTTP: by whom, within what, and what is left of them when they are removed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import keyring, keys, users
from bot.amounts import parse_limit
from bot.audit import newest, verify
from bot.billing import client_scope
from bot.caller import Caller, calling
from bot.catalogue import Catalogue, ModelSpec
from bot.errors import BadArgument, KeyRefused, KeyTooNarrow, StorageDown
from bot.keyring import ANY, KEYS, LASTS, SCOPES, KeyRecord, KeyScope, Tier
from bot.keys import ApiKey
from bot.ports import Ports
from bot.users import FIRST_KEY, USERIDS, USERS, Added, NoSuchUser, NotForClients, Role, UserTaken, Wanted
from tests.bot.core import FREE, Core
from tests.bot.records import WatchedRecords
from tests.make import NOW

PEPPER = b"pepper"
HUNDRED = parse_limit("100 questions per day")
TEN = parse_limit("10 questions per day")
A_YEAR = NOW + timedelta(days=365)

WRITES = 6
"""By which a user with a userid is made, and the first admin key."""


@dataclass
class House:
    """A store, those who make users in it, and a clock."""

    ports: Ports
    now: datetime = NOW

    def watched(self, *before_swap: Callable[[], Awaitable[object]]) -> Ports:
        """The same, where others get their turn between any two calls."""
        return replace(self.ports, records=WatchedRecords(self.ports.records, *before_swap))

    async def caller(self, scope: KeyScope, *limits: Any, **terms: Any) -> Caller:
        """Somebody to whom an operator gave a key."""
        wanted = replace(KeyRecord("operator", NOW, A_YEAR, frozenset({scope})), **terms)
        issued = await keyring.issue(self.ports.records, self.ports.ledger, PEPPER, wanted, limits)
        await keyring.claim(self.ports.records, PEPPER, issued.claim.reveal(), wanted.made_for, NOW)
        return await self.caller_by(issued.key.id)

    async def caller_by(self, id: str) -> Caller:
        record = await keyring.find(self.ports.records, id)
        assert record is not None
        return await calling(self.ports, record)

    async def add(self, by: Caller, **wanted: Any) -> Added:
        return await users.add(self.ports, by, Wanted(**wanted))

    async def client(self, admin: Caller, **wanted: Any) -> Caller:
        """Somebody whom an admin made a client."""
        added = await self.add(admin, role=Role.CLIENT, **wanted)
        return await self.caller_by(added.key.id)

    async def check(self, key: ApiKey, scope: KeyScope = KeyScope.CHAT) -> KeyRecord:
        return await keyring.check(self.ports.records, PEPPER, key.reveal(), scope, "", self.now)

    async def names(self, by: Caller) -> list[str]:
        return [user.name for user, _ in await users.listed(self.ports.records, by)]


@pytest.fixture
def house() -> House:
    models = Catalogue({name: ModelSpec(name, name, 10_000, 1_000) for name in ("owl", "eagle")})
    house = House(Core(FREE, frozenset()).sessions._ports)
    house.ports = replace(house.ports, now=lambda: house.now, catalogue=models)
    return house


@pytest.fixture
async def admin(house: House) -> Caller:
    return await house.caller(KeyScope.ADMIN)


async def test_a_user_is_the_same_person_with_every_key_they_get(house: House, admin: Caller) -> None:
    added = await house.add(admin, name="Ann")
    first = await calling(house.ports, await house.check(added.key, KeyScope.API))
    rotated = await keyring.rotate(house.ports.records, PEPPER, added.key.id, NOW)
    text = await keyring.claim(house.ports.records, PEPPER, rotated.claim.reveal(), added.user.person, NOW)
    second = await calling(house.ports, await house.check(text, KeyScope.API))

    assert added.user.person == first.person == second.person
    assert f"http:{added.user.id}" == first.person
    assert first.key == second.key
    assert [text.id] == [key.id for _, key in await users.listed(house.ports.records, admin)]


async def test_a_users_key_can_be_redeemed_in_chat(house: House, admin: Caller) -> None:
    """Programs that send it go on being the same person."""
    added = await house.add(admin)
    proof = keys.prove(PEPPER, added.key)

    redeemed = await keyring.redeem(house.ports.records, proof, "discord:42", "discord:100", NOW)

    assert ("discord:42",) == redeemed.redeemed_by
    assert added.user.person == (await house.caller_by(added.key.id)).person


async def test_a_user_only_asks(house: House, admin: Caller) -> None:
    """What is not said is as usual: all that a key is for, for ninety days, any model, no plus."""
    added = await house.add(admin)
    held = await house.check(added.key)

    assert (SCOPES, NOW + LASTS, (ANY,), Tier.FREE) == (held.scopes, held.expires, held.models, held.tier)
    assert admin.person == held.issuer == added.user.issuer
    for scope in (KeyScope.ADMIN, KeyScope.CLIENT):
        with pytest.raises(KeyTooNarrow):
            await house.check(added.key, scope)
    with pytest.raises(KeyTooNarrow):
        await house.add(Caller(held, FREE))


async def test_a_user_is_as_an_admin_wants_them(house: House, admin: Caller) -> None:
    added = await house.add(
        admin, name="Ann", userid="7", plus=True, limits=(HUNDRED,), lasts=timedelta(days=7), models=("OWL",)
    )
    held = await house.check(added.key)

    assert ("Ann", NOW + timedelta(days=7), ("owl",), Tier.PLUS) == (held.name, held.expires, held.models, held.tier)
    assert [HUNDRED] == await house.ports.ledger.limits(held.ledger_scope)
    assert ("Ann", "7", True) == (added.user.name, added.user.userid, added.user.plus)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"name": "x" * 61}, "A name has at most 60 characters"),
        ({"name": "two\nlines"}, "A name has at most 60 characters, all of which can be seen."),
        ({"userid": "x" * 101}, "A userid has at most 100 characters"),
        ({"userid": "\x00"}, "A userid has at most 100 characters"),
        ({"models": ("parrot",)}, "I know no model “parrot”"),
    ],
)
async def test_what_cannot_be_is_said_and_nothing_is_made(
    house: House, admin: Caller, wanted: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadArgument) as refusal:
        await house.add(admin, **wanted)

    assert refusal.value.for_user.startswith(said)
    assert {} == await house.ports.records.all(USERS)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"role": Role.CLIENT}, "A client's key cannot make clients."),
        ({"plus": True}, "A client's key cannot give plus without having it."),
        ({"lasts": timedelta(days=31)}, "A client's key cannot give more time than it has: it works until 2026-12-21."),
        ({"models": ("owl", "eagle")}, "A client's key cannot give other models than its own: owl."),
    ],
)
async def test_a_client_gives_no_more_than_it_has(
    house: House, admin: Caller, wanted: dict[str, Any], said: str
) -> None:
    client = await house.client(admin, lasts=timedelta(days=30), models=("owl",))

    with pytest.raises(NotForClients) as refusal:
        await house.add(client, **wanted)

    assert said == refusal.value.for_user
    assert [] == await house.names(client)


async def test_a_clients_users_have_what_it_has(house: House, admin: Caller) -> None:
    client = await house.client(admin, lasts=timedelta(days=30), models=("owl",), plus=True)

    held = await house.check((await house.add(client, plus=True)).key)

    assert (NOW + timedelta(days=30), ("owl",), Tier.PLUS) == (held.expires, held.models, held.tier)


async def test_a_clients_limit_is_that_of_all_its_users_together(house: House, admin: Caller) -> None:
    """Else whoever has ten questions a day could make a hundred users with ten each."""
    client = await house.client(admin, limits=(TEN,))
    community = await house.caller(KeyScope.CLIENT, TEN, community="discord:100", made_for="discord:7")

    for by in (client, community):
        held = await house.check((await house.add(by, limits=(HUNDRED,))).key)
        assert [TEN] == await house.ports.ledger.limits(client_scope(held.community, held.issuer))
    assert "discord:100" == held.community


async def test_a_client_neither_sees_nor_touches_the_users_of_others(house: House, admin: Caller) -> None:
    one, other = await house.client(admin, name="one"), await house.client(admin, name="other")
    ann = (await house.add(one, name="Ann", userid="7")).user
    ben = (await house.add(other, name="Ben", userid="7")).user
    ada = (await house.add(admin, name="Ada")).user

    assert ["Ann"] == await house.names(one)
    assert ["Ben"] == await house.names(other)
    assert {"Ann", "Ben", "Ada", "one", "other"} == set(await house.names(admin))
    assert ann == await users.find(house.ports.records, one, userid="7")
    assert ben == await users.find(house.ports.records, other, userid="7")
    assert ann == await users.find(house.ports.records, admin, ann.id)
    for by, id in ((one, ben.id), (one, ada.id), (one, one.person.removeprefix("http:")), (admin, "nobody")):
        with pytest.raises(NoSuchUser):
            await users.find(house.ports.records, by, id)
    with pytest.raises(NoSuchUser):
        await users.find(house.ports.records, admin, userid="7")


async def test_a_client_keeps_its_users_when_its_key_is_redeemed_in_chat(house: House) -> None:
    client = await house.caller(KeyScope.CLIENT)
    await house.add(client, name="Ann", userid="7")
    redeemed = replace(client, held=replace(client.held, redeemed_by=("discord:42",)))

    assert ["Ann"] == await house.names(redeemed)
    assert "Ann" == (await users.find(house.ports.records, redeemed, userid="7")).name


async def test_a_userid_is_free_again_when_its_user_is_gone(house: House, admin: Caller) -> None:
    """The one who is made anew is somebody else: what the first asked is none of their business."""
    first = await house.add(admin, userid="7")
    with pytest.raises(UserTaken):
        await house.add(admin, userid="7")
    assert first.key.id == (await house.check(first.key)).id

    await users.remove(house.ports, admin, first.user)
    second = await house.add(admin, userid="7")

    assert first.user.person != second.user.person
    assert second.user == await users.find(house.ports.records, admin, userid="7")


async def test_a_removed_users_keys_are_dead_whatever_took_their_place(house: House, admin: Caller) -> None:
    added = await house.add(admin, name="Ann", userid="7")
    rotated = await keyring.rotate(house.ports.records, PEPPER, added.key.id, NOW)
    text = await keyring.claim(house.ports.records, PEPPER, rotated.claim.reveal(), added.user.person, NOW)

    await users.remove(house.ports, admin, added.user)

    for key in (added.key, text):
        with pytest.raises(KeyRefused, match="was revoked"):
            await house.check(key)
    assert [] == await house.names(admin)
    assert ({}, {}) == (await house.ports.records.all(USERS), await house.ports.records.all(USERIDS))


async def test_who_removes_a_client_removes_its_users(house: House, admin: Caller) -> None:
    one, other = await house.client(admin, name="one"), await house.client(admin, name="other")
    hers, others = await house.add(one), await house.add(other, name="Ben")
    client = next(user for user, _ in await users.listed(house.ports.records, admin) if user.name == "one")

    await users.remove(house.ports, admin, client)

    with pytest.raises(KeyRefused, match="was revoked"):
        await house.check(hers.key)
    assert others.key.id == (await house.check(others.key)).id
    assert {"other", "Ben"} == set(await house.names(admin))


async def test_a_client_that_is_removed_while_it_makes_a_user_leaves_none(house: House, admin: Caller) -> None:
    """Whenever it happens: before each of the writes by which a user is made."""
    for number in range(WRITES):
        client = await house.client(admin, userid=f"client {number}")
        made = await users.find(house.ports.records, admin, userid=f"client {number}")
        steps = [_nothing] * number + [lambda made=made: users.remove(house.ports, admin, made)]

        with pytest.raises((KeyRefused, UserTaken)):
            await users.add(house.watched(*steps), client, Wanted(userid="7"))

        assert {} == await house.ports.records.all(USERS), number
        records = await keyring.listed(house.ports.records)
        assert [] == [key.id for key in records if key.issuer == client.person and not key.revoked], number


async def test_a_user_who_was_never_shown_their_key_makes_way(house: House, admin: Caller) -> None:
    """Whoever asked for one got no answer when the store went down, and asks again: by whatever write that was."""
    for number in range(WRITES):
        userid = f"user {number}"
        with pytest.raises(StorageDown):
            await users.add(house.watched(*[_nothing] * number, _down), admin, Wanted(userid=userid))

        again = await house.add(admin, userid=userid)

        assert again.user == await users.find(house.ports.records, admin, userid=userid), number
        assert again.key.id == (await house.check(again.key)).id, number
        with pytest.raises(UserTaken):
            await house.add(admin, userid=userid)


async def test_of_two_with_one_userid_at_the_same_moment_one_is_made(house: House, admin: Caller) -> None:
    ports = house.watched()

    made = await asyncio.gather(
        *(users.add(ports, admin, Wanted(name=f"{number}", userid="7")) for number in range(8)), return_exceptions=True
    )

    added = [each for each in made if isinstance(each, Added)]
    assert 1 == len(added)
    assert all(isinstance(each, Added | UserTaken) for each in made)
    working = [each.user.id for each in added]
    assert working == [user.id for user, _ in await users.listed(house.ports.records, admin)]


async def test_the_audit_log_says_who_made_and_removed_whom_by_which_key(house: House, admin: Caller) -> None:
    added = await house.add(admin, limits=(TEN,))
    await users.remove(house.ports, admin, added.user)

    entries = await newest(house.ports.records, 10)
    by = f"user {added.user.person} by key {admin.held.id}"
    assert [("user delete", by), ("user add", f"{by}: 10 questions a day")] == [(e.action, e.new) for e in entries]
    assert {(admin.person, added.key.id)} == {(entry.actor, entry.what) for entry in entries}
    assert (await verify(house.ports.records)).broken is None


async def test_no_secret_is_kept(house: House, admin: Caller) -> None:
    added = await house.add(admin, name="Ann", userid="7")
    folders = (KEYS, USERS, USERIDS, "audit")
    kept = f"{[await house.ports.records.all(folder) for folder in folders]} {added}"

    assert added.key.secret.reveal() not in kept


async def test_the_first_admin_key_is_shown_once_by_one_process(house: House) -> None:
    shown = await asyncio.gather(*(users.first_admin_key(house.watched()) for _ in range(5)))
    (key,) = filter(None, shown)

    held = await house.check(key, KeyScope.ADMIN)
    assert frozenset({KeyScope.ADMIN}) == held.scopes
    assert NOW + timedelta(days=3650) == held.expires
    before = await house.ports.records.all(KEYS)
    assert await users.first_admin_key(house.ports) is None
    assert before == await house.ports.records.all(KEYS)


async def test_no_other_first_admin_key_comes_when_all_are_revoked(house: House) -> None:
    """Else whoever can restart the service would be an admin."""
    key = await users.first_admin_key(house.ports)
    assert key is not None
    await keyring.revoke(house.ports.records, key.id, NOW)

    assert await users.first_admin_key(house.ports) is None


async def test_an_operator_who_has_an_admin_key_needs_no_first(house: House, admin: Caller) -> None:
    await keyring.revoke(house.ports.records, admin.held.id, NOW)

    assert await users.first_admin_key(house.ports) is None
    assert None is await house.ports.records.get(FIRST_KEY, "first")


async def test_a_start_that_died_before_it_showed_the_key_leaves_that_to_the_next() -> None:
    for number in range(WRITES):
        fresh = House(replace(Core(FREE, frozenset()).sessions._ports, now=lambda: NOW))
        with pytest.raises(StorageDown):
            await users.first_admin_key(fresh.watched(*[_nothing] * number, _down))
        key = await users.first_admin_key(fresh.ports)
        assert key is not None, number
        assert frozenset({KeyScope.ADMIN}) == (await fresh.check(key, KeyScope.ADMIN)).scopes


async def _nothing() -> None:
    """Nobody does anything."""


async def _down() -> None:
    raise StorageDown("a test")
