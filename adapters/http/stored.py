"""Responses that a provider keeps, so that one can be continued: by nobody but whoever asked for it."""

import contextlib
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from adapters.http.answer import Answer, Work
from adapters.http.refusals import Rejected
from bot.caller import Caller
from bot.errors import StorageDown
from bot.ports import ACCOUNT, Ports
from bot.tasks import to_its_end

KEPT = timedelta(days=30)
"""Source: platform.openai.com/docs/guides/your-data ("retained for 30 days by default")."""

LOOK = timedelta(milliseconds=1)
"""For which a name is claimed when it is looked up: a store of results shows what is there to whoever claims it."""

LONGEST = 200
"""Characters of the id of a response."""


@dataclass(frozen=True, slots=True)
class Before:
    """
    The response that a request goes on from.

    Args:
        account: Which account has it; no other can go on from it.
        tokens: It has so many with all before it, which the model reads again.
        session: The name of one call, by which a pool is told of the account.
    """

    account: str
    tokens: int
    session: str = field(default_factory=lambda: f"response/{secrets.token_hex(12)}")

    async def gone_on(self, ports: Ports, work: Work, answer: Answer) -> None:
        """Do some work while the session leads to the account."""
        await ports.settings.put(self.session, {ACCOUNT: self.account})
        try:
            await work(answer)
        finally:
            await to_its_end(self._forgotten(ports))

    async def _forgotten(self, ports: Ports) -> None:
        with contextlib.suppress(StorageDown):
            await ports.settings.put(self.session, {ACCOUNT: ""})


async def continued(ports: Ports, caller: Caller, fields: Mapping[str, Any]) -> Before | None:
    """The response in which a request goes on. Raises Rejected for one that is not there, or is somebody else's."""
    before = fields.get("previous_response_id")
    if before is None:
        return None
    if isinstance(before, str) and len(before) <= LONGEST:
        mark = _mark(caller)
        kept = await ports.results.begin(_name(before), mark, LOOK, ports.now())
        if kept is not None and kept.mark == mark and kept.body is not None:
            tokens, _, account = kept.body.decode().partition(" ")
            return Before(account, int(tokens))
    raise Rejected("There is no such response of yours.", 400, "previous_response_not_found", "previous_response_id")


async def keep(ports: Ports, caller: Caller, said: Mapping[str, Any], account: str, tokens: int) -> None:
    """Remember whose a response is, which account has it, and how many tokens it has with all before it."""
    id = said.get("id")
    if isinstance(id, str) and 0 < len(id) <= LONGEST:
        name, mark = _name(id), _mark(caller)
        await ports.results.begin(name, mark, KEPT, ports.now())
        await ports.results.keep(name, mark, f"{tokens} {account}".encode(), KEPT, ports.now())


def _name(id: str) -> str:
    return hashlib.sha256(f"response\0{id}".encode()).hexdigest()


def _mark(caller: Caller) -> str:
    return hashlib.sha256(caller.person.encode()).hexdigest()
