"""What is seen of the simulated Telegram, as the page draws it."""

from collections.abc import Iterator
from typing import Any

from sandbox.page.entities import tree
from sandbox.page.nodes import as_json
from sandbox.telegram.server import Telegram
from sandbox.telegram.state import Chat, Json, Person

GLIMPSE = 80
"""Characters that are shown of the message to which another one replies."""

CONTENT = {
    "photo": "a picture",
    "document": "a file",
    "voice": "a voice message",
    "sticker": "a sticker",
}
"""What a message may be besides text."""


def screen(telegram: Telegram) -> Json:
    """Everything that there is; the events go on from there."""
    return {
        "event": "screen",
        "bot": _person(telegram.bot),
        "people": {str(each.id): _person(each) for each in (*telegram.people.values(), telegram.bot)},
        "chats": [_chat(each) for each in telegram.world.chats.values()],
        "messages": [message(telegram, each) for place in telegram.world.chats for each in telegram.shown(place)],
    }


def _person(who: Person) -> Json:
    return {"id": str(who.id), "name": who.first_name, "username": who.username, "bot": who.is_bot}


def _chat(chat: Chat) -> Json:
    return {
        "id": str(chat.id),
        "private": chat.private,
        "title": chat.title,
        "members": [str(each.person.id) for each in chat.members.values() if each.inside],
        "topics": [{"id": topic.id, "name": topic.name} for topic in chat.topics.values()],
    }


def message(telegram: Telegram, shown: Json) -> Json:
    text, entities = ("caption", "caption_entities") if "caption" in shown else ("text", "entities")
    said = telegram.world.chats[shown["chat"]["id"]].messages.get(shown["message_id"])
    return {
        "id": shown["message_id"],
        "chat": str(shown["chat"]["id"]),
        "topic": shown["message_thread_id"] if shown.get("is_topic_message") else 0,
        "author": str(shown["from"]["id"]),
        "at": shown["date"],
        "edited": "edit_date" in shown,
        "text": as_json(tree(shown.get(text, ""), shown.get(entities, ()))),
        "pictures": [_picture(each) for each in shown.get("photo", ())[-1:]],
        "sticker": shown.get("sticker", {}).get("emoji", ""),
        "service": _service(shown),
        "reply": _reply(shown),
        "buttons": list(_rows(shown.get("reply_markup", {}))),
        "unheard": bool(telegram.world.privacy and said and not said.meant_for_bot and not said.sender.is_bot),
    }


def _service(shown: Json) -> str:
    """What a message without content of its own says happened."""
    if "forum_topic_created" in shown:
        return f"The topic “{shown['forum_topic_created']['name']}” was opened"
    if "pinned_message" in shown:
        return "A message was pinned"
    return ""


def _reply(shown: Json) -> Json | None:
    answered = shown.get("reply_to_message")
    if answered is None or "forum_topic_created" in answered:
        return None
    glimpse = " ".join(_words(answered).split())[:GLIMPSE]
    return {"id": answered["message_id"], "author": str(answered["from"]["id"]), "glimpse": glimpse}


def _words(shown: Json) -> str:
    """A message in plain words."""
    content = next((words for kind, words in CONTENT.items() if kind in shown), "")
    return str(shown.get("text") or shown.get("caption") or content)


def _rows(keyboard: dict[str, Any]) -> Iterator[list[Json]]:
    for row in keyboard.get("inline_keyboard", ()):
        yield [_button(button) for button in row if "callback_data" in button or "url" in button]


def _button(shown: Json) -> Json:
    return {"label": shown["text"], "id": shown.get("callback_data", ""), "url": shown.get("url", "")}


def _picture(shown: Json) -> Json:
    """Telegram keeps no words on what is to be seen."""
    return {
        "src": f"/picture/telegram/{shown['file_id']}",
        "alt": "A picture",
        "width": shown["width"],
        "height": shown["height"],
    }


def picture(telegram: Telegram, id: str) -> bytes:
    """The file of a photo. Raises LookupError."""
    return telegram.world.files.by_id[id].data


def event(telegram: Telegram, happened: Json) -> Json | None:
    """One event of the feed; None for what the page does not show, or asks for when it needs it."""
    chat = str(happened["chat"])
    match happened["event"]:
        case "message" | "edited":
            return {"event": "message", "message": message(telegram, happened["message"])}
        case "menu":
            return {"event": "commands"}
        case "deleted":
            return {"event": "removed", "chat": chat, "id": happened["message_id"]}
    return None


def commands(telegram: Telegram, where: int, who: str) -> list[Json]:
    """What the "/" menu offers somebody in a chat."""
    offered = telegram.commands_for(where, telegram.people[who])
    return [{"name": name, "description": description} for name, description in offered]
