"""
The answers with which Telegram refuses.

The texts are those of Telegram's own server, github.com/tdlib/telegram-bot-api (telegram-bot-api/Client.cpp) and
github.com/tdlib/td; a text in capitals comes from behind them, from Telegram's data centres.
"""

from http import HTTPStatus
from typing import Any


class ApiError(Exception):
    """
    A refusal.

    Args:
        parameters: What goes beside the text: `retry_after` in seconds, or `migrate_to_chat_id`.
    """

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return {**body, "parameters": self.parameters} if self.parameters else body


def bad_request(reason: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, f"Bad Request: {reason}")


def upgraded(chat: int) -> ApiError:
    reason = "Bad Request: group chat was upgraded to a supergroup chat"
    return ApiError(HTTPStatus.BAD_REQUEST, reason, migrate_to_chat_id=chat)


def unauthorized() -> ApiError:
    return ApiError(HTTPStatus.UNAUTHORIZED, "Unauthorized")


def forbidden(reason: str) -> ApiError:
    return ApiError(HTTPStatus.FORBIDDEN, f"Forbidden: {reason}")


def not_found(reason: str = "") -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, f"Not Found: {reason}" if reason else "Not Found")


def conflict(reason: str) -> ApiError:
    return ApiError(HTTPStatus.CONFLICT, f"Conflict: {reason}")


def too_large() -> ApiError:
    return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")


def too_many_requests(seconds: int) -> ApiError:
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def not_simulated(what: str) -> ApiError:
    """What Telegram can do and we cannot: said aloud, so that no test relies on it."""
    return ApiError(HTTPStatus.NOT_IMPLEMENTED, f"Not Implemented: the sandbox does not simulate {what}")
