"""What no client of good will sends, over a real socket: refused in a sentence, told to nobody, harming nobody else."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI, WebSocket
from websockets.asyncio.client import connect

from adapters.http import connection, serving
from adapters.http.server import create, serve
from adapters.logs import CHATTY
from sandbox.openai.script import Ending, say
from sandbox.openai.server import OpenAI
from sandbox.redis_server import free_port
from tests.adapters.http.api_stage import SECRET, WRONG, Stage, on_api_stage

PATIENCE = 20.0

PROMPT = "Porcelain-badgers-disagree-quietly"
"""Nothing of what is asked may stand in a log, or in what is said of a mistake."""

OWN = "sk-canary-of-the-owls-0123456789"

CHAT = "/v1/chat/completions"

OTHERS = ("/api", "/api/ask", "/api/chat", "/create", "/conversations/new", "/admin/users/add", "/admin/users/delete")
"""Paths of the older formats that take a body."""

HALF = b"POST /v1/chat/completions HTTP/1.1\r\nHost: par"


class Everything(logging.Handler):
    """All that is logged, at every level, as lines."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self._formatter = logging.Formatter("%(name)s %(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self._formatter.format(record))


class Hostile:
    """Somebody who means harm, with a key of their own."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.answers: list[bytes] = []
        self.key = f"Authorization: Bearer {stage.alice}"

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.stage.port)
        try:
            async with asyncio.timeout(PATIENCE):
                yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def raw(self, *blocks: bytes, leave: bool = False) -> bytes:
        """Send that, and return all that comes back until we are hung up on."""
        async with self.connection() as (reader, writer):
            with contextlib.suppress(ConnectionError):
                for block in blocks:
                    writer.write(block)
                    await writer.drain()
                if leave:
                    writer.write_eof()
            answer = await _all(reader)
        self.answers.append(answer)
        return answer

    def head(self, line: str, *headers: str, key: bool = True, stay: bool = False) -> bytes:
        """The head of a request, after which the server is to hang up, or to `stay`."""
        about = ["Host: parley", *([] if stay else ["Connection: close"]), *([self.key] if key else [])]
        lines = [f"{line} HTTP/1.1", *about, *headers]
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    async def post(self, path: str, body: bytes, *headers: str, type: str = "application/json") -> bytes:
        about = (f"Content-Type: {type}", f"Content-Length: {len(body)}", *headers)
        return await self.raw(self.head(f"POST {path}", *about) + body)

    async def asks(self, **fields: Any) -> bytes:
        """A question that is fine but for these fields."""
        return await self.post(CHAT, json.dumps(_question(**fields)).encode())


@pytest.fixture
def log() -> Iterator[Everything]:
    """The log as `adapters.logs` sets it up, at its loudest."""
    root, heard = logging.getLogger(), Everything()
    before = {name: logging.getLogger(name).level for name in CHATTY} | {root.name: root.level}
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    root.setLevel(1)
    root.addHandler(heard)
    yield heard
    root.removeHandler(heard)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest_asyncio.fixture
async def hostile(tmp_path: Path, log: Everything) -> AsyncIterator[Hostile]:
    """Whatever was tried: others are served afterwards, no secret was told, and nothing is held."""
    async with (
        OpenAI(hurry=1000.0) as elsewhere,
        on_api_stage(tmp_path, own_keys={"secrets": [SECRET], "base_url": elsewhere.base_url}) as stage,
    ):
        found = Hostile(stage)
        yield found
        await _others_are_served(stage)
        secrets = (stage.alice, stage.alice.rpartition("_")[2][:32], WRONG, OWN, PROMPT)
    for secret in secrets:
        assert [] == [line for line in log.lines if secret in line]
        assert [] == [answer for answer in found.answers if secret.encode() in answer]
    assert [] == [line for line in log.lines if "broke" in line or "Traceback" in line]


async def _others_are_served(stage: Stage) -> None:
    assert 200 == (await stage.call("GET", "/v1/models", key=stage.bob)).status
    answer = await stage.call("POST", CHAT, _question(), key=stage.bob)
    assert (200, "Hoo.") == (answer.status, answer.body["choices"][0]["message"]["content"])
    assert await stage.held() == 0


# Too much.


async def test_a_body_of_33_mb_is_not_read(hostile: Hostile) -> None:
    """Its length is known before it comes: the answer does not wait for it, and nobody waits for the rest."""
    announced = hostile.head(f"POST {CHAT}", f"Content-Length: {33 << 20}", stay=True)

    assert (413, "request_too_large") == _refusal(await hostile.raw(announced))
    for path in OTHERS:
        about = ("Content-Type: application/json", f"Content-Length: {(1 << 20) + 1}")
        assert 413 == _status(await hostile.raw(hostile.head(f"POST {path}", *about, stay=True)))


async def test_an_endless_body_is_read_to_its_limit(hostile: Hostile) -> None:
    """In chunks, without a length. Whoever goes on sending is hung up on."""
    sent, head = 0, hostile.head(f"POST {CHAT}", "Transfer-Encoding: chunked", stay=True)
    async with hostile.connection() as (reader, writer):
        writer.write(head)
        with contextlib.suppress(ConnectionError):
            while sent < 100 << 20:
                writer.write(b"100000\r\n" + b" " * 0x100000 + b"\r\n")
                await writer.drain()
                sent += 1 << 20
        answer = await _all(reader)

    assert b"" == answer or (413, "request_too_large") == _refusal(answer)
    assert 30 << 20 < sent < 60 << 20


@pytest.mark.parametrize("size", [1 << 20, 50 << 20])
async def test_a_head_of_many_megabytes_is_refused(hostile: Hostile, size: int) -> None:
    """With a key or without: a head is kept in memory until it is whole."""
    answer = await hostile.raw(b"GET /v1/models HTTP/1.1\r\nHost: parley\r\nX-Owl: ", b"o" * size, b"\r\n\r\n")

    assert b"" == answer or 431 == _status(answer)


async def test_a_head_of_many_lines_is_refused(hostile: Hostile) -> None:
    lines = b"".join(b"X-Owl-%d: hoo\r\n" % number for number in range(200_000))

    answer = await hostile.raw(b"GET /v1/models HTTP/1.1\r\nHost: parley\r\n", lines, b"\r\n")

    assert b"" == answer or 431 == _status(answer)


async def test_a_long_conversation_is_too_long(hostile: Hostile) -> None:
    """10,000 messages are more than the model reads."""
    answer = await hostile.asks(messages=[{"role": "user", "content": f"{PROMPT} owl"}] * 10_000)

    assert (400, "context_length_exceeded") == _refusal(answer)


@pytest.mark.parametrize("fields", [{"n": 999}, {"max_tokens": -1}, {"max_tokens": 1e30}, {"max_tokens": True}])
async def test_what_cannot_be_priced_is_refused_by_its_name(hostile: Hostile, fields: dict[str, Any]) -> None:
    error = _error(await hostile.asks(**fields))

    assert [error["param"]] == list(fields)
    assert 0 == hostile.stage.provider.books.calls


async def test_a_limit_that_no_number_holds_is_ours(hostile: Hostile) -> None:
    """The provider is asked for what its model can do at most."""
    assert 200 == _status(await hostile.asks(max_tokens=10**40))
    assert hostile.stage.provider.books.requests[-1]["max_tokens"] <= 200_000


# Not what it says it is.


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"model":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
        b'{"model": "demo", "temperature": NaN}',
        b'{"model": "demo", "temperature": Infinity}',
        b'{"model": "demo", "temperature": -Infinity}',
        b'{"model": "demo", "user": "\\ud800"}',
        b'{"model": "demo", "seed": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe{",
        '{"model": "demo"}'.encode("utf-16"),
        b'{"model": "demo"',
        b'{"model": "demo"} {}',
        b'"demo"',
        b"null",
        b"",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    ],
    ids=range(15),
)
async def test_what_is_no_json_object_is_refused(hostile: Hostile, body: bytes) -> None:
    """Deeply nested, no numbers, half characters, another encoding, nothing at all."""
    assert (400, "invalid_json") == _refusal(await hostile.post(CHAT, body))
    for path in OTHERS if body else ():
        assert _status(await hostile.post(path, body)) in (400, 401)


async def test_numbers_beyond_all_numbers_are_refused(hostile: Hostile) -> None:
    """1e999 is no number in JSON once it was read: nobody could pass it on."""
    body = json.dumps(_question()).encode().replace(b'"model"', b'"temperature": 1e999, "model"')

    assert 400 == _status(await hostile.post(CHAT, body))


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "user", "content": 7}]},
        {"messages": [{"role": 7, "content": PROMPT}]},
        {"messages": [PROMPT]},
        {"messages": {"role": "user"}},
        {"messages": [{"role": "user", "content": [{"type": ["text"], "text": PROMPT}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"file:///{PROMPT}"}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": f"http://[::1/{PROMPT}"}]}]},
        {"stream": PROMPT},
        {"stream": True, "stream_options": PROMPT},
        {"tools": PROMPT},
        {"tools": [{"type": {}}]},
        {"modalities": {}},
        {"modalities": 7},
        {"modalities": ["audio"]},
        {"service_tier": {}},
        {"model": {}},
        {"model": ""},
        {"model": "o" * 100_000},
        {"stop": {"a": PROMPT}},
        {"response_format": PROMPT},
        {"logit_bias": PROMPT},
    ],
    ids=range(21),
)
async def test_fields_that_are_something_else_break_nothing(hostile: Hostile, fields: dict[str, Any]) -> None:
    """A field that we do not look at is the provider's to refuse."""
    answer = await hostile.asks(**fields)

    assert _status(answer) in (200, 400, 404)
    assert 200 == _status(answer) or _error(answer)["message"]


@pytest.mark.parametrize(
    ("type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=owl", b"no form"),
        ("multipart/form-data; boundary=owl", b'--owl\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'),
        ("multipart/form-data; boundary=owl", b"--owl\r\nContent-Disposition: form-data\r\n\r\nx\r\n--owl--\r\n"),
        ("multipart/form-data; boundary=" + "o" * 10_000, b"x"),
        ("text/plain", b"x"),
        ("", b"x"),
    ],
    ids=range(8),
)
async def test_what_is_no_form_is_refused(hostile: Hostile, type: str, body: bytes) -> None:
    for path in ("/v1/images/edits", "/v1/audio/transcriptions"):
        assert _status(await hostile.post(path, body, type=type)) in (400, 415)


@pytest.mark.parametrize(
    ("disposition", "more"),
    [
        ('name="a\x01b"', ""),
        ('name="image"; filename="a\x00b.png"', ""),
        ('name="image"; filename="owl.png"', "Content-Type: \x01\r\n"),
        ('name="image"; filename="owl.png"', "Content-Type: image/png; charset=nonsense\r\n"),
        ('name="image"; filename="../../owl.png"', "Content-Type: a/b/c\r\n"),
        ("name=\"image\"; filename*=utf-8''%0d%0aX-Owl%3A%20hoo", "Content-Type: image/png\r\n"),
        ('name="_charset_"', ""),
        ('name="image"; filename="owl.png"', "Content-Transfer-Encoding: base64\r\n"),
    ],
    ids=range(8),
)
async def test_parts_with_odd_headers_break_nothing(hostile: Hostile, disposition: str, more: str) -> None:
    """A form is written anew for the provider: nothing in it becomes a line of a head."""
    model = '--owl\r\nContent-Disposition: form-data; name="model"\r\n\r\nart\r\n'
    prompt = '--owl\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nA hat\r\n'
    part = f"--owl\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\nhoo\r\n--owl--\r\n"
    body = (model + prompt + part).encode("latin-1")

    for charset in ("", "; charset=nonsense"):
        answer = await hostile.post("/v1/images/edits", body, type=f"multipart/form-data; boundary=owl{charset}")
        assert _status(answer) in (200, 400)


async def test_a_form_of_a_thousand_fields_is_refused(hostile: Hostile) -> None:
    parts = "".join(f'--owl\r\nContent-Disposition: form-data; name="a{n}"\r\n\r\nx\r\n' for n in range(1_000))
    body = f"{parts}--owl--\r\n".encode()

    for path in ("/v1/images/edits", "/api/chat"):
        assert 400 == _status(await hostile.post(path, body, type="multipart/form-data; boundary=owl"))
    fields = "&".join(f"a{number}=x" for number in range(1_000)).encode()
    assert 400 == _status(await hostile.post("/api/chat", fields, type="application/x-www-form-urlencoded"))


# Lies about where a request ends.


async def test_a_request_with_two_lengths_is_refused(hostile: Hostile) -> None:
    """A proxy may believe the one and we the other: what is hidden in between would be somebody else's request."""
    hidden = b"0\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: parley\r\n\r\n"
    for headers in (
        (f"Content-Length: {len(hidden)}", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", f"Content-Length: {len(hidden)}"),
        ("Content-Length: 5", f"Content-Length: {len(hidden)}"),
        ("Transfer-Encoding: identity, chunked, identity",),
        ("Content-Length: +5",),
        ("Content-Length: -5",),
        ("Content-Length: 5x",),
        ("Content-Length: 99999999999999999999999999",),
        ("Content-Length : 5",),
    ):
        answer = await hostile.raw(hostile.head(f"POST {CHAT}", *headers) + hidden)
        assert (headers, 400, 1) == (headers, _status(answer), answer.count(b"HTTP/1.1 "))


async def test_a_body_that_is_shorter_than_it_says_asks_nobody(hostile: Hostile) -> None:
    body = json.dumps(_question()).encode()
    head = hostile.head(f"POST {CHAT}", "Content-Type: application/json", f"Content-Length: {len(body) + 10}")

    answer = await hostile.raw(head + body, leave=True)

    assert b" 200 " not in answer[:20]
    assert 0 == hostile.stage.provider.books.calls


async def test_what_follows_a_body_is_no_part_of_it(hostile: Hostile) -> None:
    body = json.dumps(_question()).encode()
    head = hostile.head(f"POST {CHAT}", f"Content-Length: {len(body)}", stay=True)

    answer = await hostile.raw(head + body + b"hoo hoo\r\n\r\n")

    assert _statuses(answer) in ([b"200", b"400"], [b"400"])


async def test_old_clients_and_hasty_ones_are_served(hostile: Hostile) -> None:
    """HTTP/1.0; and several requests at once on one connection, each of which gets its answer, in order."""
    old = f"GET /v1/models HTTP/1.0\r\n{hostile.key}\r\n\r\n".encode()
    first = hostile.head("GET /v1/models", stay=True)
    lost = hostile.head("GET /nowhere", stay=True)

    assert [b"200"] == _statuses(await hostile.raw(old))
    assert [b"200", b"404", b"200", b"404", b"200"] == _statuses(
        await hostile.raw(first + lost + first + lost + hostile.head("GET /v1/models/demo"))
    )


@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"GET /v1/models HTTP/9.9\r\n\r\n",
        b"GET /v1/m\xc3\xb6dels HTTP/1.1\r\nHost: parley\r\nConnection: close\r\n\r\n",
        b"GET  HTTP/1.1\r\nHost: parley\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: parley\r\nConnection: close\r\n\r\n",
        b"GET http://example.com/v1/models HTTP/1.1\r\nHost: parley\r\nConnection: close\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost: parley\r\nX: a\x00b\r\nConnection: close\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost: parley\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost: parley\r\nConnection: close, upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"\r\n\r\n\r\nGET /v1/models HTTP/1.1\nHost: parley\nConnection: close\n\n",
    ],
    ids=range(12),
)
async def test_other_tongues_are_not_understood(hostile: Hostile, head: bytes) -> None:
    answer = await hostile.raw(head, leave=True)

    assert b"" == answer or _status(answer) in (400, 401, 403, 404, 405, 426)


# Paths and methods.


async def test_other_methods_of_every_path_are_refused(hostile: Hostile) -> None:
    """With a key, and with none."""
    document = (await hostile.stage.call("GET", "/openapi.json", key="")).body
    for path, methods in document["paths"].items():
        concrete = path.replace("{id}", "x").replace("{model}", "demo")
        for method in ("HEAD", "OPTIONS", "PUT", "TRACE", "PATCH", "DELETE"):
            if method.lower() in methods or "all" in path:
                continue
            for key, expected in ((hostile.stage.alice, (404, 405)), ("", (401, 404, 405))):
                answer = await hostile.stage.call(method, concrete, key=key)
                assert answer.status in expected, (method, path)
                assert method == "HEAD" or answer.body["error"]


@pytest.mark.parametrize(
    "path",
    [
        "//v1/models",
        "/v1//models",
        "/v1/models//",
        "/./v1/models",
        "/v1/../admin/users",
        "/v1/%2e%2e/admin/users",
        "/v1/..%2fadmin/users",
        "/V1/models",
        "/v1/models/%00",
        "/v1/models/%ff%fe",
        "/v1/models/..",
        "/v1\\models",
        "/v1/models;a=b",
        "/conversations/%00/messages",
        "/conversations/..%2f..%2fetc%2fpasswd/messages",
        "/conversations/%F0%9F%A6%89/messages",
        "/v1/models/" + "o" * 10_000,
        "/" + "o" * 10_000,
        "/conversations/" + "o" * 10_000 + "/messages",
    ],
    ids=range(19),
)
async def test_odd_paths_lead_nowhere(hostile: Hostile, path: str) -> None:
    answer = await hostile.raw(hostile.head(f"GET {path}"))

    assert 404 == _status(answer)
    assert len(answer) < 2_000
    assert _said(answer)["error"]


# Keys.


@pytest.mark.parametrize(
    "header",
    [
        "Authorization: Bearer",
        "Authorization: ",
        "Authorization: Basic YTpi",
        f"Authorization: Bearer {WRONG}",
        f"Authorization: Bearer {WRONG[:-1]}\xe9",
        "Authorization: Bearer " + "o" * 30_000,
        "Authorization: Bearer parley_" + "0" * 30_000,
        "Authorization: Bearer \xff\xfe\xfd",
        "X-Api-Key: parley",
        "Cookie: key=parley",
    ],
    ids=range(10),
)
async def test_what_is_no_key_opens_nothing(hostile: Hostile, header: str) -> None:
    assert (401, "invalid_api_key") == _refusal(await hostile.raw(hostile.head("GET /v1/models", header, key=False)))


async def test_a_key_in_an_address_is_no_key(hostile: Hostile) -> None:
    """Addresses are written down on their way. The one format that has it there says so."""
    names = ("key", "api_key", "api-key", "access_token", "token", "authorization", "user", "admin_key")
    query = "&".join(f"{name}={hostile.stage.alice}" for name in names)
    for path in ("/v1/models", "/openai/models", "/conversations", "/list_models"):
        assert 401 == _status(await hostile.raw(hostile.head(f"GET {path}?{query}", key=False)))
    for path in (CHAT, "/api", "/api/ask", "/conversations/new", "/create"):
        assert 401 == _status(await hostile.raw(hostile.head(f"POST {path}?{query}", "Content-Length: 0", key=False)))


async def test_two_keys_are_one_at_most(hostile: Hostile) -> None:
    """Whatever stands in front of us may look at another of the two than we do."""
    twice = await hostile.raw(hostile.head("GET /v1/models", f"Authorization: Bearer {WRONG}"))

    assert _status(twice) in (200, 400, 401)


@pytest.mark.parametrize("own", ["\xff\xfe", "o" * 501, "o" * 30_000, f"{OWN} {OWN}"], ids=range(4))
async def test_an_own_key_that_no_header_takes_breaks_nothing(hostile: Hostile, own: str) -> None:
    """It is sent on in a header of its own."""
    answer = await hostile.post(CHAT, json.dumps(_question()).encode(), f"X-Own-Key: {own}")

    assert (400, "invalid_own_key") == _refusal(answer)
    assert 0 == hostile.stage.provider.books.calls


@pytest.mark.parametrize("again", ["o" * 300, "\xff\xfe", "", " "], ids=range(4))
async def test_odd_names_of_repeated_requests_break_nothing(hostile: Hostile, again: str) -> None:
    answer = await hostile.post(CHAT, json.dumps(_question()).encode(), f"Idempotency-Key: {again}")

    assert _status(answer) in (200, 400)


# Pages of others.


async def test_no_page_may_call_us_unless_it_was_named(hostile: Hostile) -> None:
    """A browser asks first, and is told nothing that it could take for a yes."""
    asked = {"Origin": "https://club.example", "Access-Control-Request-Method": "POST"}
    for method, path in (("OPTIONS", CHAT), ("POST", CHAT), ("GET", "/v1/models"), ("GET", "/conversations")):
        answer = await hostile.stage.call(method, path, _question() if method == "POST" else None, headers=asked)
        assert [] == [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_a_page_that_was_named_may_call_us_and_no_other(tmp_path: Path) -> None:
    async with on_api_stage(tmp_path, {"origins": ["https://club.example"]}) as stage:
        for origin, allowed in (("https://club.example", True), ("https://evil.example", False), ("null", False)):
            first = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            }
            may = await stage.call("OPTIONS", CHAT, key="", headers=first)
            assert (200 if allowed else 400) == may.status
            answer = await stage.call("POST", CHAT, _question(), headers={"Origin": origin})
            refused = await stage.call("POST", CHAT, _question(), key="", headers={"Origin": origin})
            assert (200, 401) == (answer.status, refused.status)
            for each in (may, answer, refused):
                assert (origin if allowed else None) == each.headers.get("Access-Control-Allow-Origin")
                assert "Access-Control-Allow-Credentials" not in each.headers


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
async def test_who_calls_is_whom_a_proxy_names_if_it_is_one_of_ours(tmp_path: Path, named: bool) -> None:
    """Others could give each wrong key another sender, and guess for ever."""
    async with on_api_stage(tmp_path, {"proxies": ["127.0.0.2/32"] if named else []}) as stage:
        statuses = [await _wrong_key(stage, f"203.0.113.{number}") for number in range(200)]

    assert {401} if named else {401, 429} == set(statuses)


# Slowly.


async def test_a_body_that_never_comes_is_not_waited_for(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "PATIENCE", 0.2)
    for path in (CHAT, "/v1/images/edits", *OTHERS[:5]):
        head = hostile.head(f"POST {path}", "Content-Type: application/json", "Content-Length: 100", stay=True)
        assert 408 == _status(await hostile.raw(head + b'{"model"'))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: par",
        b"POST /v1/models HTTP/1.1\r\nContent-Length: 9\r\n\r\nhoo",
    ],
    ids=["nothing", "half a head", "half a body"],
)
async def test_who_asks_nothing_is_hung_up_on(hostile: Hostile, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such connections need no key, and would be kept for ever."""
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    async with hostile.connection() as (reader, writer):
        writer.write(sent)
        if b"hoo" in sent:
            assert b" 405 " in await reader.readuntil(b"\r\n\r\n")
            writer.write(b"hoo")  # on a connection that says something, uvicorn does not count the seconds
        await _all(reader)


async def test_who_waits_for_an_answer_is_not(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the model thinks."""
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    stage = hostile.stage
    stage.provider.queue(say("Hoo.", Ending.HANG))
    body = json.dumps(_question()).encode()
    async with hostile.connection() as (_, writer):
        writer.write(hostile.head(f"POST {CHAT}", f"Content-Length: {len(body)}") + body)
        await stage.until(lambda: stage.provider.books.open == 1)
        for _ in range(3):
            assert b"" == await hostile.raw(HALF)
        assert 1 == stage.provider.books.open
    await stage.until(lambda: stage.provider.books.open == 0)
    await stage.until_async(stage.nothing_held)


async def test_a_websocket_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds one has said who they are, and may have nothing to say for long."""
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    app, port = create(), free_port()

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())

    async with _served(app, port), connect(f"ws://127.0.0.1:{port}/echo") as socket:
        for _ in range(3):
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                assert b"" == await _all(reader)
            writer.close()
        await socket.send("hoo")
        assert "hoo" == await socket.recv()


async def test_many_who_say_nothing_keep_nobody_waiting(hostile: Hostile) -> None:
    """200 connections, and as many that stop in the middle of a head."""
    async with contextlib.AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(hostile.connection()) for _ in range(400)]
        for _, writer in silent[::2]:
            writer.write(HALF)

        await _others_are_served(hostile.stage)


@contextlib.asynccontextmanager
async def _served(app: FastAPI, port: int) -> AsyncIterator[None]:
    listening = asyncio.Event()
    serving = asyncio.ensure_future(serve(app, "127.0.0.1", port, grace=1, listening=listening.set))
    await listening.wait()
    try:
        yield
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def _question(**fields: Any) -> dict[str, Any]:
    return {"model": "demo", "messages": [{"role": "user", "content": PROMPT}], **fields}


async def _wrong_key(stage: Stage, sender: str) -> int:
    """Send a wrong key from another machine's address, as a proxy that was called by `sender`. Returns the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port, local_addr=("127.0.0.2", 0))
    head = f"GET /v1/models HTTP/1.1\r\nHost: parley\r\nConnection: close\r\nX-Forwarded-For: {sender}\r\n"
    writer.write(f"{head}Authorization: Bearer parley_wrong\r\n\r\n".encode())
    status = _status(await _all(reader))
    writer.close()
    return status


async def _all(reader: asyncio.StreamReader) -> bytes:
    found = bytearray()
    with contextlib.suppress(ConnectionError):
        while block := await reader.read(1 << 16):
            found += block
    return bytes(found)


def _status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer.split(maxsplit=2)[1])


def _statuses(answer: bytes) -> Sequence[bytes]:
    return [each[:3] for each in answer.split(b"HTTP/1.1 ")[1:]]


def _said(answer: bytes) -> Any:
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def _error(answer: bytes) -> dict[str, Any]:
    return dict(_said(answer)["error"])


def _refusal(answer: bytes) -> tuple[int, str]:
    """The status, and the code that OpenAI's clients compare."""
    return _status(answer), str(_error(answer)["code"])
