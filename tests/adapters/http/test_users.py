"""Users over HTTP, on a running service: who makes them, lists them and removes them, and what others are told."""

import contextlib
import io
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from adapters.http.auth import FRESH
from adapters.wiring import utc_now
from bot.audit import newest
from bot.keyring import KeyScope, revoke
from bot.keys import ApiKey
from bot.users import USERS
from sandbox.openai.script import say
from sandbox.redis_server import redis_server
from tests.journeys.programs import Programs, on_programs

KEY = re.compile(r"parley_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}")

WRONG = {"error": "That key does not work here. Ask whoever gave it to you for another one."}

TYPO = "parley_Ab3dEf7h_" + "0" * 38

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9"}

QUESTION = {"model": "demo", "messages": [{"role": "user", "content": "Why do owls hoot?"}]}

LOOKED = "Nobody owns this bot yet"
"""What a start says after it has looked whether there is an admin key."""

HUGE = 10**4_000
"""A number."""

ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/admin/users", None),
    ("POST", "/admin/users/add", {}),
    ("POST", "/admin/users/delete", {"user_id": "nobody"}),
    ("POST", "/admin/add-user", {}),
    ("GET", "/admin/add-user", None),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(slots=True)
class House:
    """A running service, somebody who calls it, and an admin's key."""

    programs: Programs
    session: ClientSession
    admin: str

    async def call(self, method: str, path: str, json: Any = None, *, key: str = "", **options: Any) -> Answer:
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **options.pop("headers", {})}
        url = f"{self.programs.url}{path}"
        async with self.session.request(method, url, json=json, headers=headers, **options) as response:
            is_json = response.content_type == "application/json"
            body = await response.json() if is_json else await response.text()
            return Answer(response.status, body, response.headers)

    async def add(self, key: str = "", /, **wanted: Any) -> dict[str, Any]:
        made = await self.call("POST", "/admin/users/add", wanted, key=key or self.admin)
        assert 200 == made.status, made.body
        return dict(made.body)

    async def listed(self, key: str = "") -> list[dict[str, Any]]:
        answer = await self.call("GET", "/admin/users", key=key or self.admin)
        return list(answer.body["users"])

    async def ask(self, token: str) -> Answer:
        return await self.call("POST", "/v1/chat/completions", QUESTION, key=token)

    async def refuses(self, token: str) -> bool:
        return (await self.ask(token)).status == 401

    async def key(self, *scopes: KeyScope, **terms: Any) -> ApiKey:
        return await self.programs.key(scopes=frozenset(scopes), **terms)


@contextlib.asynccontextmanager
async def in_house(folder: Path, **settings: Any) -> AsyncIterator[House]:
    async with on_programs(folder, **settings) as programs, ClientSession() as session:
        programs.provider.otherwise(say("Hoo."))
        admin = await programs.key("discord:1", scopes=frozenset({KeyScope.ADMIN}))
        yield House(programs, session, admin.reveal())


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_house(tmp_path) as running:
        yield running


# What older clients send.


async def test_an_admin_makes_a_user_who_asks_and_removes_them_again(house: House) -> None:
    """Each as the older clients write it, the key in its field; nothing more comes back than they know."""
    made = await house.call("POST", "/admin/users/add", {"admin_key": house.admin})
    id, token = made.body["user_id"], made.body["token"]
    answered = await house.ask(token)
    listed = await house.call("GET", f"/admin/users?admin_key={house.admin}")
    deleted = await house.call("POST", "/admin/users/delete", {"admin_key": house.admin, "user_id": id})
    after = await house.call("GET", f"/admin/users?admin_key={house.admin}")

    assert (200, {"user_id", "token"}) == (made.status, set(made.body))
    assert (200, "Hoo.") == (answered.status, answered.body["choices"][0]["message"]["content"])
    assert (200, {"users": [{"user_id": id, "token": f"{token[:16]}…"}]}) == (listed.status, listed.body)
    assert (200, {"message": "User deleted"}) == (deleted.status, deleted.body)
    assert {"users": []} == after.body
    assert {"no-store"} == {each.headers["Cache-Control"] for each in (made, listed, deleted, after)}


@pytest.mark.parametrize("path", ["/admin/users/add", "/admin/add-user"])
async def test_the_key_may_come_in_the_header_and_the_fields_as_a_form(house: House, path: str) -> None:
    """curl sends forms by itself."""
    form = {"name": "Ann", "userid": "80351110224678912", "plus": "any", "limits": "5 questions per day"}
    headers = {"Authorization": house.admin, "Content-Type": "application/x-www-form-urlencoded"}

    made = await house.call("POST", path, data=form, headers=headers)

    assert 200 == made.status
    assert ("Ann", "80351110224678912", True) == tuple(made.body[name] for name in ("name", "userid", "plus"))
    assert [made.body["user_id"]] == [user["user_id"] for user in await house.listed()]


async def test_add_user_tells_all_that_a_user_is(house: House) -> None:
    """By GET as well, with the key in the header."""
    posted = await house.call("POST", "/admin/add-user", {"key": house.admin, "name": "Ann", "userid": 7, "plus": True})
    got = await house.call("GET", "/admin/add-user?name=Ben&role=client", key=house.admin)

    ann, ben = ({**each.body, "user_id": "", "token": ""} for each in (posted, got))
    assert {"user_id": "", "token": "", "name": "Ann", "userid": "7", "plus": True, "role": "user"} == ann
    assert {"user_id": "", "token": "", "name": "Ben", "userid": "", "plus": False, "role": "client"} == ben
    assert 200 == (await house.ask(posted.body["token"])).status


async def test_what_an_admin_gives_holds(house: House) -> None:
    made = await house.add(limits=["2 questions per day", "20k tokens per day"], expires="7d", models="mini")
    other = await house.ask(made["token"])
    mini = {**QUESTION, "model": "mini"}
    statuses = [(await house.call("POST", "/v1/chat/completions", mini, key=made["token"])).status for _ in range(3)]

    assert (403, [200, 200, 429]) == (other.status, statuses)


# Who may.


async def test_each_role_may_what_it_may(house: House) -> None:
    """A user only asks; a client makes users and no clients; of a key that opens nothing here nothing is told."""
    client = await house.add(role="client")
    agent, unknown = await house.key(KeyScope.AGENT), await house.key(KeyScope.CLIENT)
    await revoke(house.programs.store.records, unknown.id, utc_now())
    keys = {
        "admin": house.admin,
        "client": client["token"],
        "user": (await house.add())["token"],
        "agent": agent.reveal(),
        "revoked": unknown.reveal(),
        "typo": TYPO,
        "other": "hunter2",
    }
    asked = {
        (role, method, path): await house.call(method, path, body, key=key)
        for role, key in keys.items()
        for method, path, body in ROUTES
    }
    may = {"GET /admin/users": 200, "POST /admin/users/add": 200, "POST /admin/users/delete": 404}
    may |= {"POST /admin/add-user": 200, "GET /admin/add-user": 200}

    for (role, method, path), answer in asked.items():
        expected = may[f"{method} {path}"] if role in ("admin", "client") else 401
        assert expected == answer.status, (role, method, path)
        assert "no-store" == answer.headers["Cache-Control"]
        assert expected != 401 or WRONG == answer.body
    clients = await house.call("POST", "/admin/users/add", {"role": "client"}, key=client["token"])
    assert (403, {"error": "A client's key cannot make clients."}) == (clients.status, clients.body)
    for role in ("admin", "client"):
        assert 403 == (await house.ask(keys[role])).status


async def test_two_clients_never_meet_each_others_users(house: House) -> None:
    """Not even by the same userid, nor in what they are told."""
    one, other = [await house.add(role="client", name=name) for name in ("one", "other")]
    ann = await house.add(one["token"], userid="7", name="Ann")
    ben = await house.add(other["token"], userid="7", name="Ben")

    assert [["Ann"], ["Ben"]] == [[user["name"] for user in await house.listed(each["token"])] for each in (one, other)]
    answers = [
        await house.call("POST", "/admin/users/delete", {"user_id": id}, key=one["token"])
        for id in (ben["user_id"], one["user_id"], "nobody")
    ]
    assert [(404, {"error": "There is no such user."})] * 3 == [(each.status, each.body) for each in answers]
    deleted = await house.call("POST", "/admin/users/delete", {"userid": "7"}, key=one["token"])
    assert 200 == deleted.status
    await house.programs.until_async(lambda: house.refuses(ann["token"]))
    assert 200 == (await house.ask(ben["token"])).status
    assert {"Ben", "one", "other"} == {user["name"] for user in await house.listed()}


async def test_who_guesses_has_to_wait(house: House) -> None:
    """The right key is of no use either, until then."""
    for _ in range(100):
        await house.call("POST", "/admin/users/add", {"admin_key": TYPO})

    answer = await house.call("GET", f"/admin/users?admin_key={house.admin}")

    assert 429 == answer.status
    assert answer.body["error"].startswith("Too many wrong keys. Try again in ")


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("add", {"limit": "1 token"}, 422, "limit is not as it should be: extra inputs are not permitted."),
        ("add", {"limits": "lots"}, 400, "“lots” is not a limit that I can read."),
        ("add", {"limits": [{}]}, 422, "limits is not as it should be"),
        ("add", {"expires": "soon"}, 400, "“soon” is not a stretch of time."),
        ("add", {"models": ["parrot"]}, 400, "I know no model “parrot”."),
        ("add", {"role": "admin"}, 422, "role is not as it should be: input should be 'user' or 'client'."),
        ("add", {"plus": "maybe"}, 422, "plus is not as it should be"),
        ("add", {"userid": True}, 422, "userid is not as it should be"),
        ("add", {"userid": HUGE}, 400, "A userid has at most 100 characters"),
        ("add", {"name": "x" * 61}, 400, "A name has at most 60 characters"),
        ("add", {"userid": "taken"}, 409, "There is a user with that userid already."),
        ("add", [], 400, "The body must be a JSON object."),
        ("delete", {}, 400, "Say which user: either `user_id`, or the `userid`"),
        ("delete", {"user_id": "1", "userid": "taken"}, 400, "Say which user: either `user_id`, or the `userid`"),
        ("delete", {"user_id": "1", "all": True}, 422, "all is not as it should be"),
        ("delete", {"userid": "nobody"}, 404, "There is no such user."),
    ],
)
async def test_what_cannot_be_done_is_told_in_a_sentence(
    house: House, path: str, body: Any, status: int, sentence: str
) -> None:
    await house.add(userid="taken")

    answer = await house.call("POST", f"/admin/users/{path}", body, key=house.admin)

    assert status == answer.status
    assert answer.body["error"].startswith(sentence)
    assert 1 == len(await house.listed())


async def test_who_sends_no_key_is_told_how(house: House) -> None:
    for method, path, body in ROUTES:
        answer = await house.call(method, path, body)
        assert 401 == answer.status
        assert answer.body["error"].startswith("Send your key as `Authorization: Bearer parley_...`")


# The page.


async def test_the_page_makes_a_user_and_shows_the_key_once(house: House) -> None:
    """It may load nothing and run nothing, and what people typed is text on it."""
    empty = await house.call("GET", "/admin/add-user", headers=BROWSER)
    form = {"key": house.admin, "name": '<img src=x onerror="a">', "plus": "true", "role": "client"}
    made = await house.call("POST", "/admin/add-user", data=form, headers=BROWSER)
    again = await house.call("GET", "/admin/add-user", headers=BROWSER)

    (token,) = KEY.findall(made.body)
    for page in (empty, made, again):
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; form-action 'self';")
        assert ("no-store", "no-referrer") == (page.headers["Cache-Control"], page.headers["Referrer-Policy"])
        assert not re.search(r"<script|<img|src=[\"']|https?://", page.body)
    assert ([], []) == (KEY.findall(empty.body), KEY.findall(again.body))
    assert "&lt;img src=x onerror=&quot;a&quot;&gt;" in made.body
    assert 1 == len([user for user in await house.listed() if token.startswith(user["token"][:-1])])


async def test_the_page_says_what_is_wrong_and_keeps_what_was_typed_but_for_the_key(house: House) -> None:
    wrong = await house.call("POST", "/admin/add-user", data={"key": TYPO, "name": '"Ann"'}, headers=BROWSER)
    typed = {"key": house.admin, "limits": "<lots>", "name": "Ann", "role": "client", "plus": "true"}
    bad = await house.call("POST", "/admin/add-user", data=typed, headers=BROWSER)

    assert (401, 400) == (wrong.status, bad.status)
    assert WRONG["error"] in wrong.body
    assert 'value="&quot;Ann&quot;"' in wrong.body
    for kept in ('value="&lt;lots&gt;"', 'value="client" selected', 'value="true" checked'):
        assert kept in bad.body
    assert not KEY.search(wrong.body + bad.body)
    assert [] == await house.listed()


async def test_a_key_in_the_address_of_add_user_is_refused(house: House) -> None:
    """Every proxy on the way may have written it down."""
    answer = await house.call("GET", f"/admin/add-user?key={house.admin}&name=Ann")

    assert 400 == answer.status
    assert answer.body["error"].startswith("A key does not belong into an address")
    assert [] == await house.listed()


# What holds beyond one call.


async def test_a_clients_limit_holds_for_all_its_users_together(house: House) -> None:
    client = await house.add(role="client", limits="2 questions per day")
    users = [await house.add(client["token"], limits="100 questions per day") for _ in range(2)]

    answers = [await house.ask(user["token"]) for user in (*users, users[0])]

    assert [200, 200, 429] == [answer.status for answer in answers]
    assert "insufficient_quota" == answers[-1].body["error"]["code"]
    assert 2 == house.programs.provider.books.calls


async def test_a_newcomers_first_request_gets_the_welcome_quota(tmp_path: Path) -> None:
    """Whoever is known by a key alone, which has no limit of its own; one that has, has that in its place."""
    async with in_house(tmp_path, quotas={"key_needed": True, "welcome": ["1 question per day"]}) as house:
        newcomer, known = await house.add(), await house.add(limits="2 questions per day")
        answers = [await house.ask(each["token"]) for each in (newcomer, newcomer, known, known, known)]

    assert [200, 429, 200, 200, 429] == [answer.status for answer in answers]
    assert "insufficient_quota" == answers[1].body["error"]["code"]


async def test_a_removed_users_key_is_dead_within_a_second_on_every_process(tmp_path: Path) -> None:
    """On the other one it was used a moment ago; so are the keys of a client's users when the client is removed."""
    async with redis_server("--appendonly", "yes") as redis:
        storage = {"url": redis.url}
        async with in_house(tmp_path, storage=storage) as one, in_house(tmp_path, storage=storage) as other:
            client = await one.add(role="client")
            theirs, own = await one.add(client["token"]), await one.add()
            assert [200, 200] == [(await other.ask(user["token"])).status for user in (theirs, own)]
            for user in (client, own):
                await one.call("POST", "/admin/users/delete", {"user_id": user["user_id"]}, key=one.admin)
            for user in (theirs, own):
                await other.programs.until_async(partial(other.refuses, user["token"]))

    assert FRESH < 1


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """
    All that reaches the log. pytest's own capture adds to it what a server was told not to say.
    """
    written, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


async def test_who_did_what_is_in_the_audit_log_and_no_key_is_in_any(house: House, log: io.StringIO) -> None:
    """Not in ours, and not in a library's, however much is logged."""
    client = await house.add(role="client")
    made = await house.call("POST", "/admin/users/add", {"admin_key": client["token"], "userid": "7"})
    await house.call("GET", f"/admin/users?admin_key={house.admin}")
    await house.call("GET", f"/admin/users?admin_key={TYPO}")
    await house.call("GET", f"/admin/add-user?key={house.admin}")
    page = await house.call("POST", "/admin/add-user", data={"key": house.admin}, headers=BROWSER)
    await house.call("POST", "/admin/users/delete", {"userid": "7"}, key=client["token"])

    entries = await newest(house.programs.store.records, 10)
    person = f"http:{client['user_id']}"
    said = f"user http:{made.body['user_id']} by key {client['token'][7:15]}"
    assert [("user delete", person, said), ("user add", person, said)] == [
        (entry.action, entry.actor, entry.new) for entry in (entries[0], entries[2])
    ]
    texts = [house.admin, client["token"], made.body["token"], TYPO, *KEY.findall(page.body)]
    assert 5 == len(texts)
    written = f"{log.getvalue()} {entries} {await house.programs.store.records.all(USERS)}"
    assert [] == [text for text in texts if text[16:] in written]


# The first admin key.


async def test_the_first_start_shows_an_admin_key_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Of two processes one; no other start; none when it was revoked."""
    async with redis_server("--appendonly", "yes") as redis:
        settings: dict[str, Any] = {"storage": {"url": redis.url}, "owners": []}
        async with on_programs(tmp_path, **settings) as one, on_programs(tmp_path, **settings) as two:
            await two.until(lambda: caplog.text.count(LOOKED) == 2)
            (text,) = KEY.findall(capsys.readouterr().out)
            async with ClientSession() as session:
                await House(one, session, text).add()
            await revoke(one.store.records, text[7:15], utc_now())
        async with on_programs(tmp_path, **settings) as again:
            await again.until(lambda: caplog.text.count(LOOKED) == 3)

    assert [] == KEY.findall(capsys.readouterr().out)
    assert text[16:] not in caplog.text
