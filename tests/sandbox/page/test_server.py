"""The page's server: whom it lets in, what it says, and what it does."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError

from sandbox.discord.server import Discord
from sandbox.discord.state import File
from sandbox.page.server import About, PageServer
from sandbox.page.visit import GONE, STRANGE
from sandbox.telegram.server import Telegram
from sandbox.telegram.world import post
from tests.sandbox.pictures import png

ABOUT = About("parley-demo")


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    async with Discord() as club:
        yield club


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as server:
        yield server


@pytest.fixture
async def page(discord: Discord, telegram: Telegram) -> AsyncIterator[PageServer]:
    async with PageServer(discord, telegram, ABOUT) as server:
        yield server


@pytest.fixture
async def http(page: PageServer) -> AsyncIterator[ClientSession]:
    async with ClientSession(page.url) as session:
        yield session


class Visitor:
    """A page without a browser."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self._heard: list[dict[str, Any]] = []
        self._number = 0

    async def hears(self, sender: str, event: str = "") -> dict[str, Any]:
        """The next message of that sender and kind."""
        async with asyncio.timeout(5):
            while True:
                for message in self._heard:
                    if message["from"] == sender and (not event or message.get("event") == event):
                        self._heard.remove(message)
                        return message
                self._heard.append(await self.socket.receive_json())

    async def does(self, what: str, who: str = "alice", **fields: Any) -> dict[str, Any]:
        self._number += 1
        await self.socket.send_json({"id": self._number, "do": what, "who": who, **fields})
        answer = await self.hears("reply")
        assert self._number == answer["id"]
        return answer


@pytest.fixture
async def visitor(page: PageServer, http: ClientSession) -> AsyncIterator[Visitor]:
    async with http.ws_connect("/live", origin=page.url.rstrip("/")) as socket:
        yield Visitor(socket)


async def test_the_page_comes_with_a_strict_policy(http: ClientSession) -> None:
    """Should anything of a message ever become HTML after all, it could still neither run nor load anything."""
    async with http.get("/") as response:
        html, policy = await response.text(), response.headers["Content-Security-Policy"]

    assert "<script" in html
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "nosniff" == response.headers["X-Content-Type-Options"]


async def test_every_file_that_the_page_names_is_there(http: ClientSession) -> None:
    """And nothing else of the package is: no source, no parent folder."""
    async with http.get("/main.js") as response:
        assert (200, "text/javascript") == (response.status, response.content_type)
    for name in ("server.py", "..%2fstage.py", "nothing.js", "index.html"):
        async with http.get(f"/{name}") as response:
            assert 404 == response.status


@pytest.mark.parametrize("origin", [None, "https://evil.example", "http://127.0.0.1:1", "null"])
async def test_another_page_cannot_drive_it(http: ClientSession, origin: str | None) -> None:
    """Any site that is open in the same browser may open a WebSocket to this machine."""
    with pytest.raises(WSServerHandshakeError) as refused:
        await http.ws_connect("/live", origin=origin)
    assert 403 == refused.value.status


async def test_another_name_for_this_machine_is_turned_away(page: PageServer, http: ClientSession) -> None:
    """Somebody's domain could be made to point to 127.0.0.1 (DNS rebinding)."""
    async with http.get("/", headers={"Host": f"evil.example:{page.port}"}) as response:
        assert 403 == response.status


async def test_a_taken_port_is_stepped_over(page: PageServer, discord: Discord, telegram: Telegram) -> None:
    """The first minute should not end with an address that is in use."""
    async with PageServer(discord, telegram, ABOUT, page.port) as other:
        assert page.port < other.port


async def test_a_page_that_opens_is_shown_everything(visitor: Visitor, discord: Discord) -> None:
    """Also after a reload: the page itself keeps nothing."""
    about = await visitor.hears("about")
    discords, telegrams = await visitor.hears("discord", "screen"), await visitor.hears("telegram", "screen")

    assert ("parley-demo", "") == (about["model"], about["place"])
    assert ["general", "random", ""] == [channel["name"] for channel in discords["channels"]]
    assert str(discord.person("alice").id) == discords["you"]
    assert {"Alice", "Bob", "Parley"} == {person["name"] for person in telegrams["people"].values()}


async def test_what_is_said_on_discord_is_seen(visitor: Visitor, discord: Discord) -> None:
    """With its marks as a tree, and what it answers."""
    await visitor.does("discord.say", channel=str(discord.channel("general").id), text="**Hoo**")
    (first,) = discord.messages("general")
    await visitor.hears("discord", "message")
    await visitor.does("discord.say", "bob", channel=str(first.channel_id), text="hoo?", reply_to=str(first.id))
    seen = await visitor.hears("discord", "message")

    assert "hoo?" == "".join(seen["message"]["text"])
    assert {"id": str(first.id), "author": str(first.author.id), "glimpse": "Hoo"} == seen["message"]["reply"]


async def test_somebody_else_sees_what_is_theirs(visitor: Visitor, discord: Discord) -> None:
    """Each has a private conversation with the bot, and nobody sees the other's."""
    alices = await visitor.hears("discord", "screen")
    await discord.say(discord.dm("alice"), "alice", "a secret")
    await visitor.does("look", "bob")
    bobs = await visitor.hears("discord", "screen")

    assert alices["you"] != bobs["you"]
    assert [] == bobs["messages"]


async def test_what_is_said_on_telegram_is_seen(visitor: Visitor, telegram: Telegram) -> None:
    """A group's message that the bot does not get is marked, so that the page can say why nobody answers."""
    club = str(telegram.club.id)
    await visitor.does("telegram.say", chat=club, text="hoo")
    (said,) = telegram.messages(telegram.club)
    await visitor.does("telegram.say", "bob", chat=club, text=f"/ask@{telegram.bot.username} hoo", reply_to=said.id)
    await visitor.does("telegram.sticker", chat=str(telegram.people["bob"].id), who="bob", emoji="🦉")
    first, second = telegram.messages(telegram.club)

    assert (False, True) == (first.meant_for_bot, second.meant_for_bot)
    assert [True, False] == [(await visitor.hears("telegram", "message"))["message"]["unheard"] for _ in range(2)]


async def test_a_picture_is_seen_on_both(
    visitor: Visitor, http: ClientSession, discord: Discord, telegram: Telegram
) -> None:
    """The page gets it from its own server; a file that is none is not handed out, whatever it says that it is."""
    picture = png(30, 20)
    await visitor.hears("telegram", "screen")
    files = [File("owl.png", picture, "image/png", "An owl"), File("page.png", b"<script>", "image/png")]
    await discord.say("general", "alice", "look", files=files)
    await telegram.send_photo(telegram.club, telegram.people["alice"], picture)
    shown = [(await visitor.hears(platform, "message"))["message"] for platform in ("discord", "telegram")]
    found = [each["pictures"] for each in shown]
    hidden = max(discord.world.attachments)

    assert [[("An owl", 30, 20)], [("A picture", 30, 20)]] == [
        [(each["alt"], each["width"], each["height"]) for each in those] for those in found
    ]
    for ((each,),) in zip(found, strict=True):
        async with http.get(each["src"]) as response:
            assert (picture, "image/png") == (await response.read(), response.content_type)
    for gone in (f"/picture/discord/{hidden}", "/picture/discord/1", "/picture/discord/x", "/picture/telegram/x"):
        async with http.get(gone) as response:
            assert 404 == response.status


async def test_a_button_may_lead_elsewhere(visitor: Visitor, telegram: Telegram) -> None:
    """Then it has an address and nothing to press."""
    club, keyboard = telegram.chat(telegram.club), {"inline_keyboard": [[{"text": "Go", "url": "https://example.com"}]]}
    await visitor.hears("telegram", "screen")
    post(telegram.world, club, telegram.bot, text="There?", keyboard=keyboard)
    shown = await visitor.hears("telegram", "message")

    assert [[{"label": "Go", "id": "", "url": "https://example.com"}]] == shown["message"]["buttons"]


async def test_what_no_client_would_do_is_answered_with_a_sentence(visitor: Visitor, discord: Discord) -> None:
    """It stands below the line in which it was typed."""
    general = str(discord.channel("general").id)
    cases = [
        ("discord.say", {"channel": general, "text": "x" * 2001}, "2001 characters are too many"),
        ("discord.slash", {"channel": general, "command": "nothing"}, "alice is offered no command 'nothing' here"),
        ("discord.press", {"channel": general, "message": "1", "button": "x"}, GONE),
        ("telegram.say", {"chat": "1", "text": "x"}, GONE),
    ]
    for what, fields, sentence in cases:
        assert sentence.lower() == (await visitor.does(what, **fields))["error"].lower()


async def test_nonsense_is_answered_and_the_page_goes_on(visitor: Visitor, discord: Discord) -> None:
    """A page of an older version after an update, say."""
    for nonsense in ("{", "[]", '{"id": 1, "do": "fly", "who": "alice"}', '{"id": 1, "do": "look", "who": "eve"}'):
        await visitor.socket.send_str(nonsense)
        assert STRANGE == (await visitor.hears("reply"))["error"]
    await visitor.does("discord.commands", channel=str(discord.channel("general").id))


async def test_a_page_that_leaves_takes_nothing_along(visitor: Visitor, page: PageServer, telegram: Telegram) -> None:
    """A pressed button that waits for its answer must not hold the server up."""
    alice = telegram.people["alice"]
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    asked = post(telegram.world, telegram.chat(alice), telegram.bot, text="Shall I?", keyboard=keyboard)
    press = {"id": 1, "do": "telegram.press", "who": "alice", "chat": alice.id, "message": asked.id, "button": "go"}
    await visitor.socket.send_json(press)
    await telegram.wait_until(lambda: telegram.world.queries)
    async with asyncio.timeout(2):
        await visitor.socket.close()
        await page.__aexit__()


async def test_it_listens_on_this_machine_only(page: PageServer) -> None:
    """A sandbox is no service for the network."""
    with socket.socket() as probe:
        assert 0 != probe.connect_ex(("127.0.0.2", page.port))
