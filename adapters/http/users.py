"""Users over HTTP: who holds an admin's or a client's key makes them, lists them and removes them."""

import contextlib
from collections.abc import Mapping, Sequence
from functools import wraps
from typing import Annotated, Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict

from adapters.http import refusals, user_page
from adapters.http.auth import Door, address_of, key_in
from adapters.http.fields import body_fields, parsed
from adapters.http.refusals import Rejected
from adapters.http.routes import Handler, Routes, takes, takes_query
from bot import users
from bot.amounts import parse_duration, parse_limit
from bot.caller import Caller
from bot.errors import Banned, BotError, KeyRefused, KeyTooNarrow, KeyTypo, NoKey, UnknownKey
from bot.keyring import KeyScope
from bot.keys import PREFIX
from bot.ports import Ports
from bot.users import Added, NoSuchUser, NotForClients, Role, User, UserTaken, Wanted

NO_KEY = "Send your key as `Authorization: Bearer parley_...`, or in the field `admin_key`."

NO_ADDRESS = (
    "A key does not belong into an address, as these end up in logs: send it as `Authorization: Bearer parley_...`, "
    "or in the body of a POST."
)

STATUSES: Mapping[type[BotError], int] = {NoSuchUser: 404, UserTaken: 409, NotForClients: 403}

Flag = Annotated[bool, BeforeValidator(lambda value: True if value == "any" else value)]
"""`any` is how older clients say that a user may be answered by accounts of either kind."""


class Keyed(BaseModel):
    """The key, in either of two fields; in the Authorization header it is better kept."""

    admin_key: str = ""
    key: str = ""


class ToList(Keyed):
    """Nothing else is asked. A field that nobody would read is refused: `limit` must not mean without any limits."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, str_strip_whitespace=True)


class ToAdd(ToList):
    """What a user is to be."""

    role: Role = Role.USER
    name: str = ""
    userid: str = ""
    plus: Flag = False
    limits: str | list[str] = ""
    expires: str = ""
    models: str | list[str] = ""


class ToDelete(ToList):
    """Who is to be removed."""

    user_id: str = ""
    userid: str = ""


def add_users(routes: Routes, door: Door, ports: Ports) -> None:
    """Offer the routes by which users are made."""
    handlers = _Handlers(door, ports)

    def add(path: str, handler: Handler, method: str, extra: Mapping[str, Any]) -> None:
        routes.add(path, _private(handler), [method], tags=["users"], openapi_extra=dict(extra))

    add("/admin/users", handlers.listed, "GET", takes_query(ToList))
    add("/admin/users/add", handlers.add, "POST", takes(ToAdd, form=True))
    add("/admin/users/delete", handlers.delete, "POST", takes(ToDelete, form=True))
    add("/admin/add-user", handlers.add_user, "POST", takes(ToAdd, form=True))
    add("/admin/add-user", handlers.page, "GET", {})


def _private(handler: Handler) -> Handler:
    """A handler whose answers are told in our words, and kept by nobody on their way."""

    @wraps(handler)
    async def answered(request: Request) -> Response:
        try:
            response = await handler(request)
        except BotError as error:
            response = refusals.response(_as_told(error), request.url.path)
        response.headers["Cache-Control"] = "no-store"
        return response

    return answered


class _Handlers:
    """What stands behind the routes."""

    def __init__(self, door: Door, ports: Ports) -> None:
        self._door = door
        self._ports = ports

    async def listed(self, request: Request) -> Response:
        """The users of a client, or all for an admin. Their keys are hidden but for their ids."""
        fields = request.query_params
        caller = await self._caller(request, fields)
        parsed(ToList, fields)
        found = await users.listed(self._ports.records, caller)
        return JSONResponse({"users": [_brief(user, f"{PREFIX}{key.id}_…") for user, key in found]})

    async def add(self, request: Request) -> Response:
        """Make a user, or a client. The key in `token` is shown this once."""
        added = await self._added(request, await body_fields(request))
        return JSONResponse(_brief(added.user, added.key.reveal()))

    async def delete(self, request: Request) -> Response:
        """Remove a user, by `user_id` or by the `userid` that you gave them. Their key is dead at once."""
        fields = await body_fields(request)
        caller = await self._caller(request, fields)
        asked = parsed(ToDelete, fields)
        if bool(asked.user_id) == bool(asked.userid):
            raise Rejected("Say which user: either `user_id`, or the `userid` that you gave them.", param="user_id")
        user = await users.find(self._ports.records, caller, asked.user_id, asked.userid)
        await users.remove(self._ports, caller, user)
        return JSONResponse({"message": "User deleted"})

    async def add_user(self, request: Request) -> Response:
        """Make a user, or a client. The key in `token` is shown this once; in a browser, on a page."""
        if not _is_browser(request):
            return _whole(await self._added(request, await body_fields(request)))
        fields: Mapping[str, Any] = {}
        try:
            fields = await body_fields(request)
            return user_page.made(await self._added(request, fields))
        except BotError as error:
            told = _as_told(error)
            return user_page.refused(told.for_user, refusals.told(told).status, fields)

    async def page(self, request: Request) -> Response:
        """A page to make users on. Programs make one at once, with the key in the Authorization header."""
        if _is_browser(request):
            return user_page.empty()
        fields = request.query_params
        if any(fields.get(name) for name in Keyed.model_fields):
            raise Rejected(NO_ADDRESS)
        return _whole(await self._added(request, fields))

    async def _added(self, request: Request, fields: Mapping[str, Any]) -> Added:
        caller = await self._caller(request, fields)
        return await users.add(self._ports, caller, _wanted(parsed(ToAdd, fields)))

    async def _caller(self, request: Request, fields: Mapping[str, Any]) -> Caller:
        """Who holds the key, if they are an admin or a client. Of any other key nothing is told."""
        given = parsed(Keyed, fields)
        key = given.admin_key or given.key or key_in(request.headers.get("Authorization", ""))
        if not key:
            raise Rejected(NO_KEY, 401)
        try:
            for scope in (KeyScope.ADMIN, KeyScope.CLIENT):
                with contextlib.suppress(KeyTooNarrow):
                    return await self._door.caller(key, address_of(request), scope)
        except (KeyTypo, NoKey, KeyRefused, Banned) as error:
            raise UnknownKey("of an admin") from error
        raise UnknownKey("of an admin")


def _wanted(asked: ToAdd) -> Wanted:
    """Raises BadArgument."""
    return Wanted(
        role=asked.role,
        name=asked.name,
        userid=asked.userid,
        plus=asked.plus,
        limits=[parse_limit(words) for words in _several(asked.limits)],
        lasts=parse_duration(asked.expires) if asked.expires else None,
        models=_several(asked.models),
    )


def _several(written: str | Sequence[str]) -> Sequence[str]:
    """Texts in a list, or in one with commas."""
    each = written.split(",") if isinstance(written, str) else written
    return [words.strip() for words in each if words.strip()]


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("Accept", "")


def _as_told(error: BotError) -> BotError:
    status = STATUSES.get(type(error))
    return Rejected(error.for_user, status) if status else error


def _brief(user: User, token: str) -> dict[str, Any]:
    """What older clients read, and beside it what was said of a user."""
    said = {name: value for name, value in _described(user).items() if value and value != Role.USER}
    return {"user_id": user.id, "token": token, **said}


def _whole(added: Added) -> Response:
    user = added.user
    return JSONResponse({"user_id": user.id, "token": added.key.reveal(), **_described(user)})


def _described(user: User) -> dict[str, Any]:
    return {"name": user.name, "userid": user.userid, "plus": user.plus, "role": user.role}
