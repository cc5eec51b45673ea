"""Updates as the Bot API describes them, of every kind, and whether they are for the bot."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fuzz.events import Event, Json, say

START = 1_790_000_000
"""Seconds since 1970."""

KNOWN = ("new", "regenerate", "stop", "model", "scope", "help", "start")

THINGS: dict[str, Any] = {
    "sticker": {
        "file_id": "s",
        "file_unique_id": "s",
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
    },
    "voice": {"file_id": "v", "file_unique_id": "v", "duration": 3},
    "photo": [{"file_id": "p", "file_unique_id": "p", "width": 90, "height": 90}],
    "document": {"file_id": "d", "file_unique_id": "d"},
    "location": {"latitude": 1.5, "longitude": 2.5},
    "contact": {"phone_number": "1", "first_name": "Bob"},
    "dice": {"emoji": "🎲", "value": 3},
    "venue": {"location": {"latitude": 1, "longitude": 2}, "title": "t", "address": "a"},
    "poll": {
        "id": "1",
        "question": "q",
        "options": [{"text": "a", "voter_count": 0, "persistent_id": "1"}],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": False,
        "members_only": False,
    },
}

SERVICE: tuple[Json, ...] = (
    {"new_chat_members": [{"id": 9, "is_bot": False, "first_name": "Bob"}]},
    {"left_chat_member": {"id": 9, "is_bot": False, "first_name": "Bob"}},
    {"new_chat_title": "New"},
    {"group_chat_created": True},
    {"migrate_to_chat_id": -1009},
    {"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}},
    {"forum_topic_created": {"name": "t", "icon_color": 7322096}},
    {"video_chat_started": {}},
    {"boost_added": {"boost_count": 1}},
    {"something_new_added": {"count": 1}},
    {},
)


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(slots=True)
class Updates:
    """Makes updates for one bot. Everything that has an id has its own."""

    me: Json
    dice: random.Random
    number: int = 0

    def make(self) -> Event:
        """The next update, of any kind."""
        self.number += 1
        kind = self.dice.choices((self.message, self.button, self.other), (8, 2, 2))[0]
        event = kind()
        body = {"update_id": self.dice.choice((self.number, self.dice.randint(1, 2**31))), **event.body}
        return Event(body, event.name, event.wanted)

    def message(self) -> Event:
        """A message in a private chat, a group, or a topic."""
        body = self.bare(self.dice.choice((self.private, self.group, self.topic))())
        makers: tuple[Callable[[Json], bool], ...] = (
            *(self.talk, self.talk, self.mention, self.named, self.reply, self.command, self.foreign_command),
            *(self.thing, self.caption, self.album, self.service, self.from_a_bot, self.from_the_group),
        )
        wanted = self.dice.choice(makers)(body)
        return Event({"message": body}, self.name(body), wanted)

    def button(self) -> Event:
        """A button of ours, pressed: on a message that is there, or on one that is too old to be told."""
        body = {**self.bare(self.dice.choice((self.private, self.group))()), "from": self.me, "text": "…"}
        data, wanted = self.dice.choice((("stop:abc", True), ("regenerate:", True), ("dance:1", False), ("", False)))
        query = {"id": str(self.number), "from": self.person(), "chat_instance": "1", "message": body, "data": data}
        if not data:
            del query["data"]
        if self.dice.random() < 0.2:
            query["message"] = {"chat": body["chat"], "message_id": body["message_id"], "date": 0}
        return Event({"callback_query": query}, (self.room(body), f"c{query['id']}"), wanted)

    def other(self) -> Event:
        """What is not for us, whatever it says: no kind that we have asked for."""
        body = self.bare(self.dice.choice((self.private, self.group, self.channel))())
        body["text"] = f"@{self.me['username']} {say(self.dice)}"
        kinds: dict[str, Any] = {
            "edited_message": {**body, "edit_date": START},
            "channel_post": {key: value for key, value in body.items() if key != "from"},
            "business_message": {**body, "business_connection_id": "b"},
            "inline_query": {"id": "1", "from": self.person(), "query": "q", "offset": ""},
            "chosen_inline_result": {"result_id": "1", "from": self.person(), "query": "q"},
            "my_chat_member": self.membership(body["chat"]),
            "chat_member": self.membership(body["chat"]),
            "chat_join_request": {"chat": body["chat"], "from": self.person(), "user_chat_id": 1, "date": START},
            "message_reaction": {
                "chat": body["chat"],
                "message_id": 1,
                "user": self.person(),
                "date": START,
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            },
            "poll": THINGS["poll"],
            "poll_answer": {"poll_id": "1", "user": self.person(), "option_ids": [0], "option_persistent_ids": ["1"]},
            "an_update_of_tomorrow": {"chat": body["chat"], "text": body["text"]},
        }
        kind = self.dice.choice(list(kinds))
        return Event({kind: kinds[kind]})

    # Where, and who.

    def private(self) -> Json:
        return {"id": self.dice.randint(1, 50), "type": "private", "first_name": "Alice"}

    def group(self) -> Json:
        kind = self.dice.choice(("group", "supergroup"))
        return {"id": -self.dice.randint(1, 50) - (10**12 if kind == "supergroup" else 0), "type": kind, "title": "🦉"}

    def topic(self) -> Json:
        return {"id": -(10**12) - self.dice.randint(51, 60), "type": "supergroup", "title": "t", "is_forum": True}

    def channel(self) -> Json:
        return {"id": -(10**12) - self.dice.randint(61, 70), "type": "channel", "title": "c"}

    def person(self) -> Json:
        return {"id": self.dice.randint(1, 2**52), "is_bot": False, "first_name": say(self.dice)[:64]}

    def bare(self, chat: Json) -> Json:
        """A message without anything in it."""
        sender = {**self.person(), **({"id": chat["id"]} if chat["type"] == "private" else {})}
        body = {"message_id": 1_000 + self.number, "date": START + self.number, "chat": chat, "from": sender}
        return {**body, "message_thread_id": 7, "is_topic_message": True} if chat.get("is_forum") else body

    def membership(self, chat: Json) -> Json:
        member = {"user": self.me, "status": "member"}
        return {
            "chat": chat,
            "from": self.person(),
            "date": START,
            "old_chat_member": {**member, "status": "left"},
            "new_chat_member": member,
        }

    def room(self, body: Json) -> str:
        return f"telegram:{self.me['id']}:{body['chat']['id']}"

    def name(self, body: Json) -> tuple[str, str]:
        return self.room(body), f"m{body['message_id']}"

    # What is said. Each fills a message, and returns whether it is for us.

    def talk(self, body: Json) -> bool:
        body["text"] = f"so {say(self.dice)}"
        return self.is_private(body)

    def mention(self, body: Json) -> bool:
        """The bot's name somewhere in the text, or a name that only begins like it."""
        name = self.dice.choice((f"@{self.me['username']}", f"@{self.me['username'].upper()}", "@somebody_else"))
        before = self.dice.choice(("", "🦉 ", f"so {say(self.dice)} "))
        body["text"] = f"{before}{name} {say(self.dice)}"
        body["entities"] = [{"type": "mention", "offset": units(before), "length": units(name)}]
        return name != "@somebody_else" or self.is_private(body)

    def named(self, body: Json) -> bool:
        """A mention of somebody by a name of the sender's choice."""
        who = self.dice.choice((self.me, self.person()))
        body["text"] = f"🦉 owl {say(self.dice)}"
        body["entities"] = [{"type": "text_mention", "offset": 3, "length": 3, "user": who}]
        return who is self.me or self.is_private(body)

    def reply(self, body: Json) -> bool:
        answered = {**self.bare(body["chat"]), "message_id": self.dice.randint(8, 900), "text": "before"}
        who = self.dice.choice((self.me, self.person()))
        body["reply_to_message"] = {**answered, "from": who}
        body["text"] = f"so {say(self.dice)}"
        if self.dice.random() < 0.5:
            body["quote"] = {"text": "before", "position": 0}
        return who is self.me or self.is_private(body)

    def command(self, body: Json) -> bool:
        """A command of ours, bold or not, with our name behind it or without."""
        line = f"/{self.dice.choice((*KNOWN, 'ask'))}{self.dice.choice(('', '@' + self.me['username']))}"
        return self.commanded(body, line, wanted=True)

    def foreign_command(self, body: Json) -> bool:
        """A command that we do not know, or another bot's."""
        line, wanted = self.dice.choice((("/dance", False), (f"/dance@{self.me['username']}", True)))
        other = self.dice.random() < 0.3
        return self.commanded(body, "/ask@other_bot" if other else line, wanted=wanted and not other)

    def commanded(self, body: Json, line: str, *, wanted: bool) -> bool:
        body["text"] = f"{line} {say(self.dice)}"
        body["entities"] = [{"type": "bot_command", "offset": 0, "length": units(line)}]
        if self.dice.random() < 0.3:
            body["entities"].insert(0, {"type": "bold", "offset": 0, "length": units(body["text"].rstrip())})
        return wanted or self.is_private(body)

    def thing(self, body: Json) -> bool:
        kind = self.dice.choice(list(THINGS))
        body[kind] = THINGS[kind]
        return self.is_private(body)

    def caption(self, body: Json) -> bool:
        name = f"@{self.me['username']}"
        body.update(photo=THINGS["photo"], caption=f"{name} what is this?")
        body["caption_entities"] = [{"type": "mention", "offset": 0, "length": units(name)}]
        return True

    def album(self, body: Json) -> bool:
        """One more picture of an album, without words."""
        body.update(photo=THINGS["photo"], media_group_id="1")
        return False

    def service(self, body: Json) -> bool:
        body.update(self.dice.choice(SERVICE))
        return False

    def from_a_bot(self, body: Json) -> bool:
        self.mention(body)
        body["from"] = {**body["from"], "is_bot": True}
        return False

    def from_the_group(self, body: Json) -> bool:
        """An anonymous administrator, or a channel that speaks in its group."""
        wanted = self.mention(body)
        body["from"] = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        body["sender_chat"] = body["chat"]
        return wanted

    def is_private(self, body: Json) -> bool:
        return bool(body["chat"]["type"] == "private")
