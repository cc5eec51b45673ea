"""Responses that a provider keeps, so that one can be continued: by nobody but whoever asked for it."""

from collections.abc import Mapping
from typing import Any

from adapters.http.refusals import Rejected
from bot.caller import Caller
from bot.ports import ACCOUNT, Ports

OWNER, TOKENS = "owner", "tokens"

LONGEST = 200
"""Characters of the id of a response."""


async def continued(ports: Ports, caller: Caller, fields: Mapping[str, Any]) -> tuple[str, int]:
    """
    The session in which a request goes on: that of the response before, which one account alone has; "" for none.
    And the tokens of that response with all before it, which the model reads again.

    Raises Rejected for a response that is not there, or is somebody else's.
    """
    before = fields.get("previous_response_id")
    if before is None:
        return "", 0
    session = _session(before) if isinstance(before, str) and len(before) <= LONGEST else ""
    known = await ports.settings.get(session) if session else {}
    if known.get(OWNER) != caller.person:
        raise Rejected(
            "There is no such response of yours.", 400, "previous_response_not_found", "previous_response_id"
        )
    return session, int(known.get(TOKENS, 0))


async def keep(ports: Ports, caller: Caller, said: Mapping[str, Any], account: str, tokens: int) -> None:
    """Remember whose a response is, which account has it, and how many tokens it has with all before it."""
    id = said.get("id")
    if isinstance(id, str) and 0 < len(id) <= LONGEST:
        await ports.settings.put(_session(id), {OWNER: caller.person, ACCOUNT: account, TOKENS: str(tokens)})


def _session(id: str) -> str:
    return f"response/{id}"
