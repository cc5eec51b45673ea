"""
How Discord says no: a status, a code of its own, a sentence, and where in the body the fault lies.

The names of faults in a form (BASE_TYPE_REQUIRED ...) stand in no list of Discord's: they are the ones that bots
report, and in a few rare cases ours. A bot should look at the code 50035 and at the path.
"""

from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]


class ApiError(Exception):
    """
    A call that Discord refuses. `code` is Discord's, 0 when it has none for this.

    Source of the codes: docs.discord.com/developers/topics/opcodes-and-status-codes#json
    """

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        errors: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {"message": message, "code": code, **(more or {})}
        if errors is not None:
            self.body["errors"] = errors


Problem = tuple[Path, str, str]
"""Where, Discord's name for it, a sentence."""


class Problems:
    """All that is wrong with one body, each under its path; Discord reports everything at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, path: Path, code: str, message: str) -> None:
        self._found.append((path, code, message))

    def check(self) -> None:
        """Raise 50035 if anything was found."""
        if self._found:
            raise _invalid(self._found)


def invalid_form(path: Path, code: str, message: str) -> ApiError:
    """A body refused for one reason only."""
    return _invalid([(path, code, message)])


def _invalid(found: list[Problem]) -> ApiError:
    """The shape of docs.discord.com/developers/reference#error-messages."""
    tree: dict[str, Any] = {}
    for path, code, message in found:
        node = tree
        for key in path:
            node = node.setdefault(key, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return ApiError(400, 50035, "Invalid Form Body", errors=tree)


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def no_such_route() -> ApiError:
    return ApiError(404, 0, "404: Not Found")


def no_such_method(allowed: str) -> ApiError:
    return ApiError(405, 0, "405: Method Not Allowed", headers={"Allow": allowed})


def unknown(thing: str) -> ApiError:
    """404 with the code that Discord has for things of that kind."""
    code = _UNKNOWN[thing]
    return ApiError(404, code, f"Unknown {thing}")


_UNKNOWN = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "User": 10013,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
}


def missing_access() -> ApiError:
    """What one may not even see."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """What one sees but may not do."""
    return ApiError(403, 50013, "Missing Permissions")


def empty_message() -> ApiError:
    return ApiError(400, 50006, "Cannot send an empty message")


def not_yours() -> ApiError:
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def cannot_message_user() -> ApiError:
    return ApiError(403, 50007, "Cannot send messages to this user")


def no_mutual_guilds() -> ApiError:
    return ApiError(403, 50278, "Cannot send messages to this user due to having no mutual guilds")


def invalid_webhook_token() -> ApiError:
    return ApiError(401, 50027, "Invalid Webhook Token")


def already_acknowledged() -> ApiError:
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def invalid_json() -> ApiError:
    return ApiError(400, 50109, "The request body contains invalid JSON.")


def too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")


def thread_archived() -> ApiError:
    return ApiError(400, 50083, "Thread is archived")
