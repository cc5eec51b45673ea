"""The loopback Telegram as a test or a page holds it: start it, be its people, see what they see."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self

from sandbox.faults import Faults
from sandbox.telegram import files, keyboard, menu, payloads, text
from sandbox.telegram.endpoint import Endpoint
from sandbox.telegram.feed import Feed
from sandbox.telegram.limits import DOCUMENTED, Pace
from sandbox.telegram.marking import mark
from sandbox.telegram.parameters import Upload
from sandbox.telegram.state import ADMIN_RIGHTS, Chat, Json, Member, Message, Person, StoredFile, Toast, Topic
from sandbox.telegram.updates import Updates
from sandbox.telegram.webhook import Webhook
from sandbox.telegram.world import (
    Query,
    Tally,
    World,
    add_group,
    add_person,
    add_topic,
    change,
    post,
    remove,
    set_status,
    upgrade,
)
from sandbox.traffic import Traffic

TOKEN = "7000000001:AAsandbox-token-of-the-parley-owl01"

SUPERGROUPS = -1_002_000_000_001
"""The ids of those here are below; core.telegram.org/api/bots/ids."""

Place = Chat | Person | int
"""A chat, its id, or the person whose private chat with the bot is meant."""


class Telegram:
    """
    One Telegram with one bot, two people, a group and a forum; an async context manager.

    `telegram.Bot(server.token, base_url=server.base_url)` talks to it. Alice and Bob have written to the bot before.
    Both are in the "Owl Club" and in the "Owl Forum", which has the topics "Mice" and "Moon"; Alice has created both.

    Args:
        privacy: Whether the bot is in privacy mode, as every new bot is.
        pace: What the bot may do in how little time.
        port: 0 takes a free one.
        clock: Unix time in seconds. A test may bring its own to let time pass.
        query_seconds: How long a pressed button waits for an answer. The real one has been seen to wait about 15 s.
        webhook_wait: Seconds between a first and a second attempt to push an update.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "ParleyOwlBot",
        privacy: bool = True,
        pace: Pace = DOCUMENTED,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        query_seconds: float = 15.0,
        webhook_wait: float = 1.0,
    ) -> None:
        me = Person(int(token.partition(":")[0]), "Parley", username, is_bot=True)
        self.world = World(token, me, privacy, pace, clock, query_seconds)
        self.faults = Faults()
        self.traffic = Traffic()
        self._endpoint = Endpoint(self.world, self.faults, self.traffic)
        self.world.webhook = Webhook(self.world.updates, webhook_wait, clock, self._endpoint.follow)
        self._port = port
        self._query_ids = itertools.count(4_100_000_001)
        self._settle()

    def _settle(self) -> None:
        alice, bob = self.add_person("Alice", "alice_owl"), self.add_person("Bob")
        for person in (alice, bob):
            self.chat(person).opened = True
        self.club = self.add_group("Owl Club", creator=alice, members=[bob])
        self.forum = self.add_group("Owl Forum", creator=alice, members=[bob], is_forum=True)
        self.mice, self.moon = (self.add_topic(self.forum, alice, name).id for name in ("Mice", "Moon"))
        self.world.updates.clear()

    async def __aenter__(self) -> Self:
        await self._endpoint.start(self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.world.webhook.close()
        await self._endpoint.stop()

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def base_url(self) -> str:
        """What `telegram.Bot` takes as `base_url`: everything before the token."""
        return f"{self._endpoint.url}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self._endpoint.url}/file/bot"

    @property
    def bot(self) -> Person:
        return self.world.me

    @property
    def people(self) -> dict[str, Person]:
        """Everybody by first name in lower case."""
        return self.world.people

    @property
    def updates(self) -> Updates:
        """The queue of updates, where a test makes things go wrong."""
        return self.world.updates

    @property
    def feed(self) -> Feed:
        """Everything visible, as it happens."""
        return self.world.feed

    @property
    def tally(self) -> Tally:
        """What the bot called, what was refused, what it wrote and when."""
        return self.world.tally

    async def wait_until(self, predicate: Callable[[], object], timeout: float = 5.0) -> None:
        """Return as soon as `predicate` holds; TimeoutError when it does not within `timeout` seconds."""
        await self.feed.wait_until(predicate, timeout)

    # Who and where.

    def chat(self, place: Place) -> Chat:
        """Find a chat; LookupError when there is none."""
        if isinstance(place, Chat):
            return place
        return self.world.chats[place.id if isinstance(place, Person) else place]

    def add_person(self, name: str, username: str = "", *, language: str = "en", is_bot: bool = False) -> Person:
        """Somebody new, who never wrote to the bot: until then it may not write to them."""
        number = 7_000_000_101 + len(self.world.people)
        return add_person(self.world, name, username, number, language, is_bot=is_bot)

    def add_group(
        self,
        title: str,
        creator: Person,
        members: Iterable[Person] = (),
        *,
        admins: Iterable[Person] = (),
        is_forum: bool = False,
        basic: bool = False,
    ) -> Chat:
        """A supergroup, or a basic group, with these people and the bot in it."""
        world, leading = self.world, {person.id for person in admins}
        joined = [
            Member(person, "administrator", frozenset(ADMIN_RIGHTS))
            if person.id in leading
            else Member(person, "member")
            for person in members
        ]
        number = (-4_000_000_001 if basic else SUPERGROUPS) - len(world.chats)
        everybody = (Member(creator, "creator"), *joined, Member(world.me, "member"))
        return add_group(world, number, title, everybody, is_forum=is_forum, basic=basic)

    def add_topic(self, place: Place, by: Person, name: str) -> Topic:
        return add_topic(self.world, self.chat(place), by, name)

    # What they say.

    async def say(self, place: Place, person: Person, said: str, *, reply_to: int = 0, topic: int = 0) -> Message:
        """
        Type a text and send it; the client trims it and marks commands, mentions and links.

        Raises:
            ValueError: No client would send it: it is blank, longer than 4096, or this person is not in the chat.
        """
        typed = said.replace("\r", "").strip(" \n")
        if not typed or text.is_blank(typed) or text.units(typed) > text.MESSAGE_LIMIT:
            raise ValueError("a client sends between 1 and 4096 characters")
        return self._send(place, person, reply_to, topic, text=typed, entities=mark(typed))

    async def send_photo(
        self,
        place: Place,
        person: Person,
        data: bytes = files.PIXEL,
        *,
        caption: str = "",
        reply_to: int = 0,
        topic: int = 0,
    ) -> Message:
        media = files.photo(self._keep("photos", Upload("photo.jpg", "image/jpeg", data)))
        return self._send(place, person, reply_to, topic, media=media, text=caption, entities=mark(caption))

    async def send_document(
        self,
        place: Place,
        person: Person,
        name: str,
        data: bytes,
        *,
        mime: str = "text/plain",
        caption: str = "",
        topic: int = 0,
    ) -> Message:
        media = files.document(self._keep("documents", Upload(name, mime, data)))
        return self._send(place, person, 0, topic, media=media, text=caption, entities=mark(caption))

    async def send_voice(
        self, place: Place, person: Person, data: bytes, *, seconds: int = 1, topic: int = 0
    ) -> Message:
        media = files.voice(self._keep("voice", Upload("voice.oga", "audio/ogg", data)), seconds)
        return self._send(place, person, 0, topic, media=media)

    async def send_sticker(self, place: Place, person: Person, emoji: str = "🦉", *, topic: int = 0) -> Message:
        media = files.sticker(self._keep("stickers", Upload("sticker.webp", "image/webp", b"RIFF")), emoji)
        return self._send(place, person, 0, topic, media=media)

    def _keep(self, folder: str, upload: Upload) -> StoredFile:
        return self.world.files.keep(folder, upload)

    def _send(self, place: Place, person: Person, reply_to: int, topic: int, **content: object) -> Message:
        chat = self._present(place, person)
        if reply_to and reply_to not in chat.messages:
            raise ValueError(f"nobody can reply to message {reply_to}: it is not there")
        if topic and (topic not in chat.topics or chat.topics[topic].closed):
            raise ValueError(f"no open topic {topic} in {chat.title}")
        chat.opened = True
        return post(self.world, chat, person, thread=topic, reply_to=reply_to, **content)

    def _present(self, place: Place, person: Person) -> Chat:
        chat = self.chat(place)
        if chat.upgraded_to:
            raise ValueError(f"{chat.title} is a supergroup now")
        if person.id not in chat.members or not chat.members[person.id].inside:
            raise ValueError(f"{person.first_name} is not in {chat.title or 'that private chat'}")
        if chat.private and chat.members[self.world.me.id].status == "kicked":
            raise ValueError(f"{person.first_name} has blocked the bot; start() unblocks it")
        return chat

    async def edit(self, message: Message, said: str) -> Message:
        """Change a message of one's own."""
        chat = self.chat(message.chat)
        old = chat.messages[message.id]
        new = replace(old, text=said.strip(" \n"), entities=mark(said.strip(" \n")), edited=self.world.now)
        return change(self.world, chat, new)

    async def delete(self, message: Message) -> None:
        """Delete a message for everybody: one's own, in a private chat any, as an administrator any."""
        remove(self.world, self.chat(message.chat), message.id)

    async def press(
        self,
        place: Place,
        person: Person,
        message_id: int,
        data: str,
        *,
        stale: bool = False,
        timeout: float | None = None,
    ) -> Toast | None:
        """
        Press the button that hands back `data`, and wait for what the bot shows.

        Args:
            stale: The app has not yet seen that the button is gone: press what is no longer there.
            timeout: Seconds to wait; by default as long as an answer is taken at all.

        Returns:
            What appeared; None when nothing came in time.

        Raises:
            ValueError: There is no such button.
        """
        chat, world = self._present(place, person), self.world
        target = chat.messages.get(message_id)
        if not stale and not (target and keyboard.has(target.keyboard, data)):
            raise ValueError(f"no button {data!r} on message {message_id}")
        answer: asyncio.Future[Toast] = asyncio.get_running_loop().create_future()
        query_id = str(next(self._query_ids))
        world.queries[query_id] = Query(chat.id, message_id, person, world.clock() + world.query_seconds, answer)
        world.updates.add("callback_query", payloads.callback_query(query_id, person, chat, message_id, data))
        try:
            return await asyncio.wait_for(answer, world.query_seconds if timeout is None else timeout)
        except TimeoutError:
            return None

    # What they do.

    async def start(self, person: Person, payload: str = "") -> Message:
        """Press Start in the private chat, or follow a link with a payload; unblocks the bot if it was blocked."""
        chat, world = self.chat(person), self.world
        if chat.members[world.me.id].status == "kicked":
            set_status(world, chat, world.me, "member", by=person)
        return await self.say(chat, person, f"/start {payload}".strip())

    async def block(self, person: Person) -> None:
        set_status(self.world, self.chat(person), self.world.me, "kicked", by=person)

    async def join(self, place: Place, person: Person) -> None:
        chat = self.chat(place)
        set_status(self.world, chat, person, "member", by=person)
        post(self.world, chat, person, service={"new_chat_members": [payloads.user(person)]})

    async def leave(self, place: Place, person: Person) -> None:
        chat = self.chat(place)
        post(self.world, chat, person, service={"left_chat_member": payloads.user(person)})
        set_status(self.world, chat, person, "left", by=person)

    async def ban(self, place: Place, by: Person, person: Person) -> None:
        """Throw somebody out of a group, for good."""
        chat = self.chat(place)
        post(self.world, chat, by, service={"left_chat_member": payloads.user(person)})
        set_status(self.world, chat, person, "kicked", by=by)

    async def add_bot(self, place: Place, by: Person) -> None:
        """Put the bot into a group (back again, if it was kicked)."""
        chat, me = self.chat(place), self.world.me
        set_status(self.world, chat, me, "member", by=by)
        post(self.world, chat, by, service={"new_chat_members": [payloads.user(me)]})

    async def kick_bot(self, place: Place, by: Person) -> None:
        set_status(self.world, self.chat(place), self.world.me, "kicked", by=by)

    async def promote_bot(self, place: Place, by: Person, rights: Iterable[str] = ADMIN_RIGHTS) -> None:
        """Make the bot an administrator: from now on it gets every message."""
        set_status(self.world, self.chat(place), self.world.me, "administrator", by=by, rights=rights)

    async def upgrade(self, group: Place, by: Person) -> Chat:
        """Make a group a supergroup, as an app does when it gets a public name, topics or too many members."""
        return upgrade(self.world, self.chat(group), by, SUPERGROUPS - len(self.world.chats))

    async def close_topic(self, place: Place, by: Person, topic: int) -> None:
        chat = self.chat(place)
        chat.topics[topic].closed = True
        post(self.world, chat, by, thread=topic, service={"forum_topic_closed": {}})

    # What they see.

    def messages(self, place: Place) -> list[Message]:
        """What stands in the chat now, oldest first."""
        return list(self.chat(place).messages.values())

    def answers(self, place: Place) -> list[Message]:
        """Those of them that are the bot's."""
        return [each for each in self.messages(place) if each.sender.id == self.world.me.id and not each.service]

    def texts(self, place: Place) -> list[str]:
        """The bot's texts that stand in the chat now, oldest first."""
        return [each.text for each in self.answers(place)]

    def shown(self, place: Place) -> list[Json]:
        """What stands in the chat now, as core.telegram.org/bots/api#message."""
        chat = self.chat(place)
        return [payloads.message(chat, each) for each in chat.messages.values()]

    def draft(self, place: Place) -> str | None:
        """What the bot is seen writing in a private chat; None when it is not."""
        draft = self.world.drafts.get(self.chat(place).id)
        return draft.text if draft and draft.expires > self.world.clock() else None

    def commands_for(self, place: Place, person: Person) -> list[tuple[str, str]]:
        """What the "/" menu shows: names and descriptions."""
        return menu.commands_for(self.world, self.chat(place), person)
