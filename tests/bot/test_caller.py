"""As whom a program asks, what that is taken from, and who gets no answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.amounts import parse_limit
from bot.caller import Caller, calling
from bot.errors import Banned
from bot.keyring import KeyRecord, KeyScope, Tier
from bot.people import EVERYWHERE, decide
from bot.ports import Ports
from bot.quota import Policy
from tests.bot.core import FREE, Core
from tests.clock import START, now, virtual

HELD = KeyRecord(
    "discord:9", START, START.replace(year=START.year + 1), frozenset({KeyScope.API}), id="k2", account="k1"
)


def held(**terms: Any) -> KeyRecord:
    return replace(HELD, **terms)


def ports(policy: Policy = FREE, owners: frozenset[str] = frozenset()) -> Ports:
    return Core(policy, owners).sessions._ports


@pytest.mark.parametrize(
    ("terms", "person"),
    [
        ({"made_for": "discord:42"}, "discord:42"),
        ({"made_for": "discord:42", "uses": 5}, "http:k1"),
        ({"made_for": "discord:42", "redeemed_by": ("telegram:7",)}, "discord:42"),
        ({"redeemed_by": ("telegram:7",)}, "telegram:7"),
        ({}, "http:k1"),
        ({"uses": 5, "redeemed_by": ("telegram:7",)}, "http:k1"),
        ({"redeemed_by": ("telegram:7", "discord:42")}, "http:k1"),
    ],
)
def test_whoever_a_key_stands_for(terms: Mapping[str, Any], person: str) -> None:
    """The same person as in chat where one is known; a key that others have too is nobody's."""
    assert person == Caller(held(**terms), FREE).person


@pytest.mark.parametrize(
    ("terms", "community", "club"),
    [
        ({"made_for": "discord:42", "community": "discord:100"}, "100", "discord:100"),
        ({"made_for": "telegram:7", "community": "discord:100"}, "", ""),
        ({"community": "discord:100"}, "", ""),
        ({"made_for": "discord:42"}, "", ""),
    ],
)
def test_where_it_is_written_down(terms: Mapping[str, Any], community: str, club: str) -> None:
    """In the community that gave the key, where that is one of the asker's platform; in a channel of the key's own."""
    key = Caller(held(**terms), FREE).key
    assert (community, club) == (key.community, key.club)
    assert "key-k1" == key.channel
    assert Caller(held(**terms), FREE).person == key.person


@virtual
async def test_who_is_banned_in_the_community_of_the_key_or_everywhere_gets_no_answers() -> None:
    """A ban in any other community is that one's own business."""
    there, alice = ports(), held(made_for="discord:42", community="discord:100")
    await decide(there.records, "discord:200", "discord:42", banned=True)
    assert not (await calling(there, alice)).plus

    for club in ("discord:100", EVERYWHERE):
        await decide(there.records, club, "discord:42", banned=True)
        with pytest.raises(Banned):
            await calling(there, alice)
        await decide(there.records, club, "discord:42", banned=False)
    assert "discord:42" == (await calling(there, alice)).person


@virtual
async def test_a_key_that_nobody_redeemed_can_be_banned_by_its_own_name() -> None:
    there = ports()
    await decide(there.records, EVERYWHERE, "http:k1", banned=True)
    with pytest.raises(Banned):
        await calling(there, held())


@virtual
async def test_plus_comes_with_the_key_or_with_owning_the_bot() -> None:
    there = ports(owners=frozenset({"discord:1"}))

    assert [False, True, True] == [
        (await calling(there, record)).plus
        for record in (held(made_for="discord:42"), held(tier=Tier.PLUS), held(made_for="discord:1"))
    ]


@virtual
async def test_what_an_answer_is_taken_from() -> None:
    """The key, all of its issuer's keys, the community and everyone; of the user nothing that is usual."""
    one, two, three, four = ((parse_limit(f"{number} tokens per day"),) for number in (1, 2, 3, 4))
    policy = Policy(user=one, community=two, everyone=three, welcome=four)
    shares = Caller(held(made_for="discord:42", community="discord:100"), policy).shares

    assert {
        "user/discord:42": (),
        "key/k1": (),
        "client/discord:100/discord:9": (),
        "community/discord:100": policy.community,
        "everyone": policy.everyone,
    } == {share.scope: share.usual for share in shares}


@virtual
async def test_one_who_is_known_by_a_key_alone_has_a_newcomers_share_and_no_community() -> None:
    policy = Policy(welcome=(parse_limit("5 tokens per day"),), community=(parse_limit("7 tokens per day"),))
    shares = {share.scope: share.usual for share in Caller(held(), policy).shares}

    assert policy.welcome == shares["key/k1"]
    assert {"user/http:k1", "key/k1", "client//discord:9", "everyone"} == set(shares)


@virtual
async def test_a_limit_that_a_key_was_given_takes_the_place_of_the_newcomers() -> None:
    policy = Policy(welcome=(parse_limit("5 tokens per day"),))
    there, own = ports(policy), parse_limit("700 tokens per day")
    await there.ledger.set_limit("key/k1", own, now())
    balances = await there.ledger.balances(Caller(held(), policy).shares, now())

    assert [700] == [balance.most for balance in balances if balance.scope == "key/k1"]
