"""As whom a program asks: by the key that it sends. Nobody types, and no platform knows it."""

from dataclasses import dataclass, replace
from functools import cached_property

from bot.billing import client_scope, community_scope, user_scope
from bot.chat import Key
from bot.errors import Banned
from bot.keyring import KeyRecord, Tier
from bot.people import EVERYWHERE, is_owner, standing_of
from bot.ports import Ports
from bot.quota import EVERYONE, Policy, Share

HTTP = "http"
"""The platform of those who are known by their key alone, and the bot through which every program asks."""


@dataclass(frozen=True)
class Caller:
    """
    Whoever a key stands for.

    Args:
        policy: What is usual here.
        plus: Whether they may be answered by accounts of tier plus.
    """

    held: KeyRecord
    policy: Policy
    plus: bool = False

    @cached_property
    def person(self) -> str:
        """
        The same as in chat, where it is known whose key it is, and else the key itself.

        A key that several may redeem belongs to nobody: all who send it are one.
        """
        held = self.held
        if held.made_for and held.uses == 1:
            return held.made_for
        alone = held.uses == 1 and len(held.redeemed_by) == 1
        return held.redeemed_by[0] if alone else f"{HTTP}:{held.account}"

    @cached_property
    def key(self) -> Key:
        """Where what they ask is written down: in the community that gave the key, in a channel of the key's own."""
        platform, _, user = self.person.partition(":")
        home, _, community = self.held.community.partition(":")
        return Key(platform, HTTP, community if home == platform else "", f"key-{self.held.account}", "", user)

    @cached_property
    def shares(self) -> tuple[Share, ...]:
        """
        Everything that an answer to them is taken from.

        A key takes the place of what each user usually has. Somebody who is known by it alone, and whose key has no
        limit of its own, is a newcomer, and has what these have.
        """
        held, policy = self.held, self.policy
        scopes = [client_scope(held.community, held.issuer)]
        if held.community:
            scopes.append(community_scope(held.community))
        return (
            Share(user_scope(self.person)),
            Share(held.ledger_scope, policy.welcome if self.key.platform == HTTP else ()),
            *(Share(scope, policy.at(scope)) for scope in (*scopes, EVERYONE)),
        )


async def calling(ports: Ports, held: KeyRecord) -> Caller:
    """As whom somebody asks with that key. Raises Banned: they get no answers."""
    caller = Caller(held, ports.policy)
    for place in filter(None, (held.community, EVERYWHERE)):
        if (await standing_of(ports.records, place, caller.person)).banned:
            raise Banned(caller.person)
    plus = held.tier is Tier.PLUS or await is_owner(ports, caller.person)
    return replace(caller, plus=plus)
