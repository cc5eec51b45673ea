"""Gateway events as Discord describes them, and whether they are for the bot."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.discord.catchup import snowflake
from tests.fuzz.discord_samples import AT, THINGS, at, thread
from tests.fuzz.events import Event, Json, say

GUILDS = range(100, 110)
UNTOLD = 110
"""A server of which the gateway has not told yet."""


@dataclass(slots=True)
class Gateway:
    """Makes events for one bot. Everything that has an id has its own."""

    me: Json
    dice: random.Random
    number: int = 0

    def make(self) -> Event:
        """The next event, of any kind: its name, and what it says."""
        self.number += 1
        return self.dice.choices((self.message, self.interaction, self.other), (8, 3, 1))[0]()

    def message(self) -> Event:
        """A message in a channel, a thread, a voice channel, or in private."""
        body = self.bare(self.somewhere())
        makers: tuple[Callable[[Json], bool], ...] = (
            *(self.talk, self.mention, self.mention, self.reply, self.thing, self.quiet),
            *(self.system, self.from_a_bot, self.to_everyone),
        )
        wanted = self.dice.choice(makers)(body)
        return Event({"MESSAGE_CREATE": body}, (self.room(body), f"m{body['id']}"), wanted)

    def interaction(self) -> Event:
        """A slash command, a pressed button, an argument being typed, a form."""
        where = self.somewhere()
        kind, data, wanted = self.dice.choice(
            (
                (2, {"id": "1", "name": "ask", "type": 1, "options": [option("prompt", say(self.dice))]}, True),
                (2, {"id": "1", "name": "model", "type": 1, "options": [option("name", "owl")]}, True),
                (2, {"id": "1", "name": "new", "type": 1}, True),
                (2, {"id": "1", "name": "dance", "type": 1, "options": []}, True),
                (3, {"custom_id": "stop:abc", "component_type": 2}, True),
                (3, {"custom_id": "dance:abc", "component_type": 2}, False),
                (
                    4,
                    {"id": "1", "name": "model", "type": 1, "options": [{**option("name", "o"), "focused": True}]},
                    False,
                ),
                (5, {"custom_id": "form", "components": []}, False),
            )
        )
        body = {
            "id": self.id(),
            "application_id": self.me["id"],
            "type": kind,
            "data": data,
            "token": "t",
            "version": 1,
            "app_permissions": "8",
            "entitlements": [],
            "attachment_size_limit": 10**7,
            "locale": "en-US",
            "authorizing_integration_owners": {"0": where.get("guild_id", "0")},
            **where,
            "channel": self.channel(where),
            "context": 0 if "guild_id" in where else 1,
        }
        person = self.person()
        who = (
            {"member": {**self.member(), "user": person, "permissions": "0"}}
            if "guild_id" in where
            else {"user": person}
        )
        body |= who | ({"message": {**self.bare(where), "author": self.me}} if kind == 3 else {})
        name = (f"discord:{self.me['id']}:{room_of(where)}", f"i{body['id']}")
        return Event({"INTERACTION_CREATE": body}, name, wanted)

    def other(self) -> Event:
        """What is said to nobody."""
        where = self.somewhere()
        kinds: dict[str, Json] = {
            "MESSAGE_UPDATE": {**self.bare(where), "content": f"<@{self.me['id']}> again", "edited_timestamp": at(1)},
            "MESSAGE_DELETE": {"id": "1", **where},
            "TYPING_START": {"user_id": "1", "timestamp": 1, **where},
            "MESSAGE_REACTION_ADD": {
                "user_id": "1",
                "message_id": "1",
                "emoji": {"id": None, "name": "🦉"},
                "type": 0,
                "burst": False,
                **where,
            },
            "AN_EVENT_OF_TOMORROW": {"content": f"<@{self.me['id']}>", **where},
        }
        kind = self.dice.choice(list(kinds))
        return Event({kind: kinds[kind]})

    # Where, and who.

    def id(self) -> str:
        return str(snowflake(AT) + (self.number << 22))

    def somewhere(self) -> Json:
        number = self.dice.choice((*GUILDS, UNTOLD))
        channel = number * 10 + (0 if number == UNTOLD else self.dice.choice((0, 0, 1, 2)))
        private = {"channel_id": str(self.dice.randint(10**6, 10**6 + 50))}
        return private if self.dice.random() < 0.25 else {"channel_id": str(channel), "guild_id": str(number)}

    def channel(self, where: Json) -> Json:
        """What an interaction says of its channel."""
        if "guild_id" not in where:
            return {"id": where["channel_id"], "type": 1, "recipients": [self.person()]}
        return {"id": where["channel_id"], "type": 0, "name": "general", "permissions": "8", "position": 0}

    def person(self) -> Json:
        who = {"id": str(self.dice.randint(10**6, 2**60)), "username": "alice", "global_name": say(self.dice)[:32]}
        return {**who, "discriminator": "0", "avatar": None}

    def member(self) -> Json:
        return {"roles": [], "joined_at": at(0), "deaf": False, "mute": False, "nick": None, "flags": 0}

    def bare(self, where: Json) -> Json:
        """A message without anything in it."""
        body = {
            "id": self.id(),
            "type": 0,
            "author": self.person(),
            "content": "",
            "timestamp": at(self.number),
            **where,
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "flags": 0,
        }
        return {**body, "member": self.member()} if "guild_id" in where else body

    def room(self, body: Json) -> str:
        return f"discord:{self.me['id']}:{room_of(body)}"

    # What is said. Each fills a message, and returns whether it is for us.

    def talk(self, body: Json) -> bool:
        body["content"] = say(self.dice)
        return is_private(body)

    def mention(self, body: Json) -> bool:
        who = self.dice.choice((self.me, self.person()))
        body["content"] = f"{self.dice.choice(('', 'so '))}<@{who['id']}> {say(self.dice)}"
        body["mentions"] = [{**who, "member": self.member()}]
        return who is self.me or is_private(body)

    def reply(self, body: Json) -> bool:
        """To us, to somebody else, or to a message that is gone; perhaps with a mention."""
        who = self.dice.choice((self.me, self.person(), None))
        reference = {"message_id": "77", "channel_id": body["channel_id"], "type": 0}
        answered = {**self.bare({"channel_id": body["channel_id"]}), "id": "77", "author": who, "content": "before"}
        body |= {"type": 19, "message_reference": reference, "content": say(self.dice)}
        body["referenced_message"] = answered if who else None
        return who is self.me or is_private(body)

    def thing(self, body: Json) -> bool:
        body |= self.dice.choice((*THINGS, {"thread": thread(99)}))
        return self.mention(body)

    def quiet(self, body: Json) -> bool:
        """Without the intent for it, what others say comes without its words."""
        return is_private(body)

    def system(self, body: Json) -> bool:
        wanted = self.mention(body)
        body["type"] = self.dice.choice((0, 6, 7, 8, 18, 21, 46, 120))
        return wanted and body["type"] == 0

    def from_a_bot(self, body: Json) -> bool:
        self.mention(body)
        body["author"] = {**body["author"], "bot": True}
        return False

    def to_everyone(self, body: Json) -> bool:
        body |= {"content": f"@everyone {say(self.dice)}", "mention_everyone": True}
        return is_private(body)


def option(name: str, value: Any) -> Json:
    return {"name": name, "type": 3, "value": value}


def is_private(body: Json) -> bool:
    return "guild_id" not in body


def room_of(where: Json) -> str:
    """The channel; a thread's parent."""
    channel = int(where["channel_id"])
    return str(channel - 1 if "guild_id" in where and channel % 10 == 1 else channel)
