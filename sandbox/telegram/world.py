"""The state of one Telegram with one bot in it, and the few steps that everything else is made of."""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sandbox.telegram import payloads, privacy
from sandbox.telegram.errors import ApiError
from sandbox.telegram.feed import Feed
from sandbox.telegram.files import Files
from sandbox.telegram.limits import Limits, Pace
from sandbox.telegram.state import Chat, Json, Member, Message, Person, Status, Toast, Topic
from sandbox.telegram.updates import Updates
from sandbox.telegram.webhook import Webhook

TOPIC_COLOR = 0x6FB9F0
"""core.telegram.org/bots/api#createforumtopic, the first of the list."""


@dataclass(slots=True)
class Query:
    """A button that was pressed and waits to be answered, until `expires`."""

    chat: int
    message: int
    person: Person
    expires: float
    answer: asyncio.Future[Toast]


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is still being written, shown to the person of a private chat until `expires`."""

    id: int
    text: str
    entities: tuple[Json, ...]
    thread: int
    expires: float


@dataclass(frozen=True, slots=True)
class Write:
    """A message that was created or changed; `at` is by the clock of this Telegram, `text` what it says since."""

    at: float
    method: str
    message: int
    text: str


@dataclass(slots=True)
class Tally:
    """
    What the bot did, for tests: calls by method, refusals by error code, and what it wrote by chat.

    A call that a planned fault answered counts as a call, and as nothing else.
    """

    calls: Counter[str] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    writes: defaultdict[int, list[Write]] = field(default_factory=lambda: defaultdict(list))

    @property
    def floods(self) -> int:
        return self.refusals[429]

    def refused(self, method: str, error: ApiError) -> None:
        self.refusals[error.code] += 1
        self.reasons.append((method, error.description))


@dataclass(slots=True)
class World:
    """
    Everything that the methods and the people work on.

    Args:
        privacy: Whether the bot is in privacy mode, as new bots are.
        clock: Unix time in seconds.
        query_seconds: How long a pressed button waits for its answer.
    """

    token: str
    me: Person
    privacy: bool
    pace: Pace
    clock: Callable[[], float]
    query_seconds: float
    chats: dict[int, Chat] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    queries: dict[str, Query] = field(default_factory=dict)
    drafts: dict[int, Draft] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    profile: dict[tuple[str, str], str] = field(default_factory=dict)
    feed: Feed = field(default_factory=Feed)
    tally: Tally = field(default_factory=Tally)
    updates: Updates = field(init=False)
    limits: Limits = field(init=False)
    webhook: Webhook = field(init=False)
    _private_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _group_ids: dict[int, Iterator[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.updates = Updates(self.clock, self.feed.wake)
        self.limits = Limits(self.pace, self.clock)

    @property
    def now(self) -> int:
        return int(self.clock())

    def next_id(self, place: Chat) -> int:
        """
        Message ids: a supergroup counts for itself, all private chats and groups of a bot count together.

        The first message of a supergroup is the one that made it, which is not there any more unless it was a group
        before; in a forum, 1 therefore never is the id of a topic.
        """
        if place.type != "supergroup":
            return next(self._private_ids)
        return next(self._group_ids.setdefault(place.id, itertools.count(2)))


def add_person(world: World, name: str, username: str, number: int, language: str, *, is_bot: bool = False) -> Person:
    """Somebody new, who never wrote to the bot: their private chat is there, but not yet open."""
    person = Person(number, name, username, language, is_bot)
    world.people[name.lower()] = person
    both = {person.id: Member(person, "member"), world.me.id: Member(world.me, "member")}
    world.chats[person.id] = Chat(person.id, "private", opened=False, members=both)
    return person


def add_group(
    world: World, number: int, title: str, members: Iterable[Member], *, is_forum: bool = False, basic: bool = False
) -> Chat:
    kind: Literal["group", "supergroup"] = "group" if basic else "supergroup"
    place = Chat(number, kind, title, is_forum, members={each.person.id: each for each in members})
    world.chats[place.id] = place
    return place


def upgrade(world: World, group: Chat, by: Person, number: int) -> Chat:
    """Make a group a supergroup: everybody is in it, nothing that was said is. Each chat gets a service message."""
    place = add_group(world, number, group.title, group.members.values())
    post(world, group, by, service={"migrate_to_chat_id": number})
    group.upgraded_to = number
    _enter(world, place, _made(world, place, 1, by, service={"migrate_from_chat_id": group.id}))
    return place


def add_topic(world: World, place: Chat, by: Person, name: str, color: int = TOPIC_COLOR) -> Topic:
    """Open a topic: a service message, whose id becomes the id of the topic."""
    opening = {"forum_topic_created": {"name": name, "icon_color": color}}
    message_id = world.next_id(place)
    place.topics[message_id] = topic = Topic(message_id, name, color)
    _enter(world, place, _made(world, place, message_id, by, service=opening, thread=message_id, in_topic=True))
    return topic


def post(world: World, place: Chat, sender: Person, *, thread: int = 0, reply_to: int = 0, **content: Any) -> Message:
    """
    Put a new message into a chat, tell the onlookers, and the bot if it may know.

    Args:
        thread: The topic; without one, a reply goes where the message is that it answers.
        content: Further fields of `Message`.
    """
    if not thread and reply_to in place.messages and not place.private:
        thread = place.messages[reply_to].thread or reply_to
    in_topic = thread in place.topics
    message_id = world.next_id(place)
    made = _made(world, place, message_id, sender, reply_to=reply_to, thread=thread, in_topic=in_topic, **content)
    return _enter(world, place, made)


def _made(world: World, place: Chat, message_id: int, sender: Person, **content: Any) -> Message:
    made = Message(place.id, message_id, sender, world.now, **content)
    return replace(made, meant_for_bot=privacy.meant_for(world.me, place, made))


def _enter(world: World, place: Chat, made: Message) -> Message:
    place.messages[made.id] = made
    if made.sender.is_bot and not made.service:
        place.last_bot = made.sender.id
    if made.sender.id == world.me.id:
        world.drafts.pop(place.id, None)
    shown = payloads.message(place, made)
    if privacy.reaches(world.me, place, made, privacy=world.privacy):
        world.updates.add("message", shown)
    world.feed.publish("message", place.id, message=shown)
    return made


def change(world: World, place: Chat, changed: Message) -> Message:
    """Put a changed message in the place of the old one; a person's edit reaches the bot like the message did."""
    changed = replace(changed, meant_for_bot=privacy.meant_for(world.me, place, changed))
    place.messages[changed.id] = changed
    shown = payloads.message(place, changed)
    if privacy.reaches(world.me, place, changed, privacy=world.privacy):
        world.updates.add("edited_message", shown)
    world.feed.publish("edited", place.id, message=shown)
    return changed


def remove(world: World, place: Chat, message_id: int) -> None:
    """Delete for everyone. The Bot API tells a bot nothing of it."""
    del place.messages[message_id]
    world.feed.publish("deleted", place.id, message_id=message_id)


def set_status(
    world: World, place: Chat, person: Person, status: Status, by: Person, rights: Iterable[str] = ()
) -> None:
    """Make somebody something in a chat, and send the updates for it."""
    old = place.members.get(person.id, Member(person, "left"))
    new = Member(person, status, frozenset(rights))
    place.members[person.id] = new
    told = payloads.membership(place, by, world.now, old, new)
    if person.id == world.me.id:
        world.updates.add("my_chat_member", told)
    elif place.members[world.me.id].leads:
        world.updates.add("chat_member", told)
    world.feed.publish("member", place.id, person=person.id, status=status)


def wrote(world: World, method: str, message: Message) -> None:
    """Enter into the tally what the bot wrote."""
    world.tally.writes[message.chat].append(Write(world.clock(), method, message.id, message.text))
