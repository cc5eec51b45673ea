"""adapters.fetch.fetcher against a web on loopback, over TLS."""

import asyncio
import contextlib
import gzip
import traceback
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
import pytest_asyncio

from adapters.fetch import Fetched, Fetcher, Outside
from adapters.fetch.addresses import is_public
from adapters.fetch.errors import (
    BadAddress,
    BadStatus,
    NotFetched,
    NotPublic,
    TooBig,
    TooManyRedirects,
    TooSlow,
    Unreachable,
    WrongType,
)
from adapters.fetch.outside import Names
from sandbox.wide_web import HERE, Flood, WideWeb, drip, hang_up, late, move, say

FILE = "https://files.example.com/a"
OTHER = "https://other.example.org/b"

TEXT = ("text/plain",)
MOST = 1_000_000
GB = 1 << 30

INSIDE = [
    *("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"),
    *("fd00::1", "fe80::1%1", "64:ff9b::7f00:1", "2002:7f00:1::", "168.63.129.16"),
]


@pytest_asyncio.fixture
async def web() -> AsyncIterator[WideWeb]:
    async with WideWeb("files.example.com", "other.example.org", "xn--bcher-kva.example.com") as web:
        yield web


async def fetch(web: WideWeb, url: str = FILE, types: Sequence[str] = TEXT, most: int = MOST) -> Fetched:
    return await Fetcher(web.outside).fetch(url, types, most)


async def refusal(fetcher: Fetcher, url: str = FILE) -> NotFetched:
    with pytest.raises(NotFetched) as refused:
        await fetcher.fetch(url, TEXT, MOST)
    return refused.value


async def test_a_file_is_fetched(web: WideWeb) -> None:
    """By the name that was asked for, in the Host header and in TLS; and nothing is told of us that need not be."""
    web.put(FILE, say(b"owl", type="Text/Plain; charset=utf-8"))

    assert Fetched(b"owl", "text/plain") == await fetch(web)

    (visit,) = web.visits
    assert ("files.example.com", "GET", "/a", b"") == (visit.server, visit.method, visit.path, visit.body)
    assert {
        "host": "files.example.com",
        "user-agent": "Parley",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
    } == visit.headers


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://FILES.example.com:443/a", "files.example.com"),
        ("https://files.example.com./a", "files.example.com"),
        ("https://bücher.example.com/a", "xn--bcher-kva.example.com"),
        ("https://ＢÜＣＨＥＲ。example.com/a", "xn--bcher-kva.example.com"),
    ],
)
async def test_a_host_has_one_name_however_it_is_written(web: WideWeb, url: str, host: str) -> None:
    """What is looked up, told to TLS and put into the Host header is the same."""
    web.put(f"https://{host}/a", say(b"owl"))

    assert b"owl" == (await fetch(web, url)).body

    assert [host] == web.asked
    assert [(host, host)] == [(visit.server, visit.headers["host"]) for visit in web.visits]


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_leads_inside_is_not_followed(web: WideWeb, address: str) -> None:
    """Nothing is connected to, and the sentence is that for a name that nobody has."""
    web.lead("files.example.com", [address])
    fetcher = Fetcher(replace(web.outside, allowed=is_public))

    refused = await refusal(fetcher)
    unknown = await refusal(fetcher, "https://nobody.example.net/")

    assert (NotPublic, Unreachable) == (type(refused), type(unknown))
    assert "That address cannot be fetched." == refused.for_user == unknown.for_user
    assert 0 == web.connections


@pytest.mark.parametrize("answer", [[HERE, "10.0.0.1"], ["10.0.0.1", HERE], [HERE, HERE, "::1"]])
async def test_one_bad_address_spoils_a_name(web: WideWeb, answer: list[str]) -> None:
    """An honest name has none; and which of them is connected to would be left to chance."""
    web.lead("files.example.com", answer)
    web.put(FILE, say(b"owl"))

    assert isinstance(await refusal(Fetcher(web.outside)), NotPublic)
    assert 0 == web.connections


async def test_a_name_is_looked_up_once(web: WideWeb) -> None:
    """DNS rebinding: it was public when it was checked, and is private when it is asked for again."""
    web.lead("files.example.com", [HERE], ["10.0.0.1"])
    web.put(FILE, say(b"owl"))

    assert b"owl" == (await fetch(web)).body
    assert ["files.example.com"] == web.asked


async def test_a_name_that_leads_nowhere_is_unreachable(web: WideWeb) -> None:
    web.lead("files.example.com", [])

    assert isinstance(await refusal(Fetcher(web.outside)), Unreachable)


async def test_another_address_is_tried_when_one_is_deaf(web: WideWeb) -> None:
    """As every browser does: nobody listens at ::1 on that port."""
    web.lead("files.example.com", ["::1", HERE])
    web.put(FILE, say(b"owl"))

    fetched = await Fetcher(replace(web.outside, allowed=lambda _: True)).fetch(FILE, TEXT, MOST)

    assert b"owl" == fetched.body


async def test_who_cannot_prove_the_name_is_not_trusted(web: WideWeb) -> None:
    """The certificate is not for this host."""
    web.lead("impostor.example.net", [HERE])

    refused = await refusal(Fetcher(web.outside), "https://impostor.example.net/")

    assert isinstance(refused, Unreachable)
    assert [] == web.visits


async def test_who_vouches_only_for_himself_is_not_trusted(web: WideWeb) -> None:
    """Without a word from us, those are trusted whom the system trusts."""
    refused = await refusal(Fetcher(replace(web.outside, tls=None)))

    assert isinstance(refused, Unreachable)
    assert [] == web.visits


async def test_the_environment_has_no_say(web: WideWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would look the name up once more, and connect to what it finds."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    web.put(FILE, say(b"owl"))

    assert b"owl" == (await fetch(web)).body


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(web: WideWeb, status: int) -> None:
    web.put(FILE, move("//other.example.org/b", status))
    web.put(OTHER, say(b"owl"))

    assert b"owl" == (await fetch(web)).body
    assert ["files.example.com", "other.example.org"] == web.asked


async def test_cookies_are_not_kept(web: WideWeb) -> None:
    web.put(FILE, say(b"", status=302, location="/b", set_cookie="owl=1"))
    web.put("https://files.example.com/b", say(b"owl"))

    await fetch(web)

    assert [False, False] == ["cookie" in visit.headers for visit in web.visits]


async def test_a_redirect_inside_is_not_followed(web: WideWeb) -> None:
    """By a name that leads there, and by the address itself."""
    web.lead("other.example.org", ["10.0.0.1"])
    web.put(FILE, move(OTHER), move("https://10.0.0.1/b"), move("https://[::ffff:10.0.0.1]/b"), move("https://redis/b"))

    refusals = [await refusal(Fetcher(web.outside)) for _ in range(4)]

    assert [NotPublic] * 4 == [type(error) for error in refusals]
    assert 4 == web.connections


async def test_a_redirect_to_the_same_name_is_checked_anew(web: WideWeb) -> None:
    """Its second answer is another one."""
    web.lead("files.example.com", [HERE], ["10.0.0.1"])
    web.put(FILE, move("/b"))

    assert isinstance(await refusal(Fetcher(web.outside)), NotPublic)
    assert 1 == web.connections


@pytest.mark.parametrize(
    "location",
    [
        "http://other.example.org/b",
        "file:///etc/passwd",
        "gopher://other.example.org/",
        "data:text/plain,x",
        "https://other.example.org:8443/b",
        "https://me:pass@other.example.org/b",
        "https://2130706433/",
        "https://[::1",
        "https://[]@",
    ],
)
async def test_a_redirect_is_held_to_the_same_rules(web: WideWeb, location: str) -> None:
    web.put(FILE, move(location))
    web.put(OTHER, say(b"owl"))

    assert isinstance(await refusal(Fetcher(web.outside)), BadAddress)
    assert 1 == web.connections


async def test_a_redirect_without_a_location_is_an_error(web: WideWeb) -> None:
    web.put(FILE, say(b"", status=302))

    assert isinstance(await refusal(Fetcher(web.outside)), BadAddress)


async def test_three_redirects_are_followed_and_no_more(web: WideWeb) -> None:
    """Nobody is led in circles."""
    web.put(FILE, move("/a"), move("/a"), move("/a"), say(b"owl"))
    assert b"owl" == (await fetch(web)).body

    web.put(FILE, move("/a"))
    assert isinstance(await refusal(Fetcher(web.outside)), TooManyRedirects)

    assert 8 == web.connections


async def test_a_file_may_be_as_large_as_allowed(web: WideWeb) -> None:
    web.put(FILE, say(b"x" * 100))
    assert 100 == len((await fetch(web, most=100)).body)

    web.put(FILE, say(b"x" * 101))
    with pytest.raises(TooBig, match="more than 100 bytes"):
        await fetch(web, most=100)


async def test_what_is_announced_as_too_large_is_not_read(web: WideWeb) -> None:
    """Half of it never comes: who waited for it would run out of time."""
    web.put(FILE, Flood(0, length=GB))

    with pytest.raises(TooBig):
        await fetch(web)


async def test_an_endless_file_is_read_no_further_than_allowed(web: WideWeb) -> None:
    """A gigabyte that does not say so; what was sent meanwhile lies in the system's buffers."""
    flood = Flood(GB)
    web.put(FILE, flood)
    tracemalloc.start()
    try:
        with pytest.raises(TooBig):
            await fetch(web)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert flood.sent < GB / 16
    assert peak < 20 * MOST


async def test_more_than_was_announced_is_not_read(web: WideWeb) -> None:
    """A length of 10, and a gigabyte: whether it is noticed or not, there are ten bytes at most."""
    flood = Flood(GB, length=10)
    web.put(FILE, flood)

    with contextlib.suppress(Unreachable):
        assert bytes(10) == (await fetch(web)).body
    assert flood.sent < GB / 16


async def test_less_than_was_announced_is_an_error(web: WideWeb) -> None:
    """Half a picture is none."""
    web.put(FILE, say(b"owl", content_length="10"))

    assert isinstance(await refusal(Fetcher(web.outside)), Unreachable)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, identity"])
async def test_what_is_compressed_is_refused(web: WideWeb, coding: str) -> None:
    """A bomb: 64 MB in 64 kB. We ask for what is not compressed, and then nothing has to be taken apart."""
    bomb = gzip.compress(bytes(64 << 20))
    web.put(FILE, say(bomb, content_encoding=coding))

    assert len(bomb) < MOST
    assert isinstance(await refusal(Fetcher(web.outside)), WrongType)


@pytest.mark.parametrize("type", ["text/html", "text/plainer", "image/png", "", "nonsense", "text/*"])
async def test_a_file_of_another_type_is_refused(web: WideWeb, type: str) -> None:
    web.put(FILE, say(b"owl", type=type))

    assert isinstance(await refusal(Fetcher(web.outside)), WrongType)


@pytest.mark.parametrize("status", [204, 206, 304, 400, 403, 404, 500, 503])
async def test_anything_but_a_file_is_refused(web: WideWeb, status: int) -> None:
    """A page that says that something was not found is not the picture that was asked for."""
    web.put(FILE, say(b"", status=status))

    refused = await refusal(Fetcher(web.outside))

    assert isinstance(refused, BadStatus)
    assert f"That address answered with status {status} instead of the file." == refused.for_user


async def nonsense(writer: asyncio.StreamWriter) -> None:
    """What speaks there is another protocol."""
    writer.write(b"220 smtp.example.com owl\r\n")


async def test_whether_it_hangs_up_or_speaks_nonsense_is_not_told(web: WideWeb) -> None:
    """Who tries one port after the other learns nothing of what listens there."""
    web.put(FILE, hang_up, nonsense)

    refusals = [await refusal(Fetcher(web.outside)) for _ in range(2)]

    assert [Unreachable] * 2 == [type(error) for error in refusals]
    assert {"That address cannot be fetched."} == {error.for_user for error in refusals}


async def test_a_file_that_drips_is_given_up(web: WideWeb) -> None:
    """A byte at a time keeps every time limit but that for the whole."""
    web.put(FILE, drip(b"x" * 100, every=0.1))

    assert isinstance(await refusal(Fetcher(web.outside, total=2)), TooSlow)
    assert 1 == len(web.visits)


async def test_redirects_have_no_time_of_their_own(web: WideWeb) -> None:
    """The limit is for all of it."""
    slowly = late(move("/a"), 1)
    web.put(FILE, slowly, slowly, slowly, say(b"owl"))

    assert isinstance(await refusal(Fetcher(web.outside, total=2)), TooSlow)


async def test_a_name_server_that_is_silent_is_given_up(web: WideWeb) -> None:
    async def resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
        del host, port
        never: asyncio.Future[Sequence[tuple[str, int]]] = asyncio.get_running_loop().create_future()
        return await never

    assert isinstance(await refusal(Fetcher(replace(web.outside, resolve=resolve), total=0.2)), TooSlow)


async def test_a_host_that_is_silent_is_given_up(web: WideWeb) -> None:
    """It takes the connection and never says a word of TLS."""
    held: list[asyncio.StreamWriter] = []
    mute = await asyncio.start_server(lambda _, writer: held.append(writer), HERE, 0)

    async def resolve(host: str, port: int) -> Sequence[tuple[str, int]]:
        del host, port
        return [(HERE, mute.sockets[0].getsockname()[1])]

    refused = await refusal(Fetcher(replace(web.outside, resolve=resolve, connect=0.2), total=20))

    assert isinstance(refused, Unreachable)
    mute.close()
    for writer in held:
        writer.close()


async def test_an_error_has_neither_the_whole_address_nor_what_was_answered(web: WideWeb) -> None:
    """Many an address has a secret in it; and the library's own words quote both."""
    url = f"{FILE}?token=hoo"
    web.put(url, nonsense)

    refused = await refusal(Fetcher(web.outside), url)

    assert "files.example.com: ClientResponseError" == str(refused)
    told = "".join(traceback.format_exception(refused))
    assert "hoo" not in told
    assert "owl" not in told


async def test_the_system_is_asked_unless_told_otherwise() -> None:
    """`localhost` is a name that every system knows: it is given with the port."""
    assert (HERE, 443) in await Names()("localhost", 443)
    assert isinstance(Outside().resolve, Names)
    assert is_public == Outside().allowed
