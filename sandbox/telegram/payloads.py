"""From our nouns to the objects of core.telegram.org/bots/api#available-types."""

from collections.abc import Iterable

from sandbox.telegram.state import ADMIN_RIGHTS, Chat, Json, Member, Message, Person, Topic


def user(person: Person) -> Json:
    body: Json = {"id": person.id, "is_bot": person.is_bot, "first_name": person.first_name}
    if person.username:
        body["username"] = person.username
    if not person.is_bot:
        body["language_code"] = person.language
    return body


def me(person: Person, *, reads_everything: bool) -> Json:
    return {
        **user(person),
        "can_join_groups": True,
        "can_read_all_group_messages": reads_everything,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
    }


def chat(place: Chat) -> Json:
    body: Json = {"id": place.id, "type": place.type}
    if place.private:
        owner = owner_of(place)
        body["first_name"] = owner.first_name
        if owner.username:
            body["username"] = owner.username
    else:
        body["title"] = place.title
    if place.is_forum:
        body["is_forum"] = True
    return body


def owner_of(place: Chat) -> Person:
    """The person of a private chat."""
    return place.members[place.id].person


def full_chat(place: Chat) -> Json:
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    body = {
        **chat(place),
        "accent_color_id": place.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    if not place.private:
        body["permissions"] = {"can_send_messages": True}
    if place.pinned in place.messages:
        body["pinned_message"] = message(place, place.messages[place.pinned])
    return body


def message(place: Chat, shown: Message, *, with_reply: bool = True) -> Json:
    """The whole message; the one that it replies to comes along, but not what that one replies to."""
    body: Json = {
        "message_id": shown.id,
        "from": user(shown.sender),
        "chat": chat(place),
        "date": shown.date,
        **_thread(shown),
        **_content(shown),
        **shown.service,
    }
    optional = {
        "edit_date": shown.edited,
        "forward_origin": shown.origin,
        "has_protected_content": shown.protected,
        "link_preview_options": shown.preview,
        "reply_markup": shown.keyboard,
    }
    body.update({name: value for name, value in optional.items() if value})
    if with_reply and (replied := _replied(place, shown)):
        body["reply_to_message"] = message(place, replied, with_reply=False)
        if shown.quote:
            body["quote"] = shown.quote
    return body


def _thread(shown: Message) -> Json:
    """Outside of a forum a reply has a thread as well: that of the first message of the chain. It is no topic."""
    if not shown.thread:
        return {}
    return {"message_thread_id": shown.thread, **({"is_topic_message": True} if shown.in_topic else {})}


def _content(shown: Message) -> Json:
    text, entities = ("caption", "caption_entities") if shown.media else ("text", "entities")
    body = dict(shown.media)
    if shown.text:
        body[text] = shown.text
    if shown.entities:
        body[entities] = list(shown.entities)
    return body


def _replied(place: Chat, shown: Message) -> Message | None:
    """In a topic, a message that replies to nothing comes as a reply to the message that opened the topic."""
    opening = shown.thread if shown.in_topic and shown.thread != shown.id else 0
    return place.messages.get(shown.reply_to or opening)


def member(found: Member) -> Json:
    body: Json = {"status": found.status, "user": user(found.person)}
    if found.status == "creator":
        body["is_anonymous"] = False
    elif found.status == "administrator":
        body |= {"can_be_edited": False, "is_anonymous": False}
        body |= {right: right in found.rights for right in ADMIN_RIGHTS}
    elif found.status == "kicked":
        body["until_date"] = 0
    return body


def membership(place: Chat, by: Person, date: int, old: Member, new: Member) -> Json:
    return {
        "chat": chat(place),
        "from": user(by),
        "date": date,
        "old_chat_member": member(old),
        "new_chat_member": member(new),
    }


def topic(found: Topic) -> Json:
    return {"message_thread_id": found.id, "name": found.name, "icon_color": found.color}


def callback_query(query_id: str, by: Person, place: Chat, message_id: int, data: str) -> Json:
    pressed = place.messages.get(message_id)
    gone = {"chat": chat(place), "message_id": message_id, "date": 0}
    return {
        "id": query_id,
        "from": user(by),
        "message": message(place, pressed) if pressed else gone,
        "chat_instance": str(place.id * 7919),
        "data": data,
    }


def commands(found: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"command": name, "description": description} for name, description in found]
