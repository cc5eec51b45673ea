"""What a call must get right before it may do anything. After Client.cpp: check_chat_access, check_message, others."""

from sandbox.telegram import payloads
from sandbox.telegram.errors import ApiError, bad_request, forbidden, not_simulated, upgraded
from sandbox.telegram.parameters import Call, to_integer
from sandbox.telegram.state import Chat, Json, Member, Message
from sandbox.telegram.text import units
from sandbox.telegram.world import World

_NOT_SIMULATED = (
    "business_connection_id",
    "direct_messages_topic_id",
    "inline_message_id",
    "message_effect_id",
    "parse_mode",
    "rich_message",
    "suggested_post_parameters",
)


def refuse_what_we_lack(call: Call) -> None:
    """
    Refuse parameters that would change what Telegram does, but that we do not know.

    Raises:
        ApiError: 501.
    """
    for name in _NOT_SIMULATED:
        if call.text(name):
            raise not_simulated(name)


def chat(world: World, call: Call, name: str = "chat_id") -> Chat:
    """
    Find a chat to read in.

    Raises:
        ApiError: There is none, it has become a supergroup, or the bot is not in it.
    """
    place = _known(world, call.text(name), name)
    if place.private:
        return place
    if place.upgraded_to:
        raise upgraded(place.upgraded_to)
    status = place.members[world.me.id].status if world.me.id in place.members else "left"
    if status == "kicked":
        raise forbidden(f"bot was kicked from the {place.type} chat")
    if status == "left":
        raise forbidden(f"bot is not a member of the {place.type} chat")
    return place


def _known(world: World, text: str, name: str) -> Chat:
    if not text:
        raise bad_request(f"{name} is empty")
    place = world.chats.get(to_integer(text))
    if place is None:
        raise bad_request("chat not found")
    return place


def writable(world: World, call: Call) -> Chat:
    """
    Find a chat to write in.

    Raises:
        ApiError: There is none, or the bot may not write there.
    """
    place = chat(world, call)
    if place.private:
        if payloads.owner_of(place).is_bot:
            raise forbidden("bots can't send messages to bots")
        if not place.opened:
            raise forbidden("bot can't initiate conversation with a user")
        if place.members[world.me.id].status == "kicked":
            raise forbidden("bot was blocked by the user")
    return place


def me_in(world: World, place: Chat) -> Member:
    return place.members[world.me.id]


def right(world: World, place: Chat, name: str, lacking: str) -> None:
    """
    Refuse what only an administrator with that right may do. In a private chat everything is allowed.

    Raises:
        ApiError: The bot lacks it.
    """
    if not place.private and not me_in(world, place).may(name):
        raise bad_request(lacking)


def message(place: Chat, message_id: int, called: str) -> Message:
    """
    Find a message; `called` is what the refusal calls it: "message to edit".

    Raises:
        ApiError: It is not there, or no longer.
    """
    found = place.messages.get(message_id)
    if found is None:
        raise bad_request(f"{called} not found")
    return found


def thread(world: World, place: Chat, call: Call) -> int:
    """
    Check the topic or thread to write in; 0 for none. The General topic is none: it has no id here.

    Raises:
        ApiError: It is not there, or it is closed.
    """
    thread_id = call.integer("message_thread_id")
    if thread_id <= 0:
        return 0
    topic = place.topics.get(thread_id)
    if topic is None and (place.private or thread_id not in place.messages):
        raise bad_request("message thread not found")
    if topic and topic.closed and not me_in(world, place).may("can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")
    return thread_id


def reply(place: Chat, call: Call) -> tuple[int, Json | None]:
    """
    Check what the new message replies to.

    Returns:
        The id of that message (0 for none) and the part of it that is quoted.

    Raises:
        ApiError: It is not there, and the bot did not allow to send without.
    """
    parameters = call.json("reply_parameters", "reply parameters")
    if parameters is None:
        parameters = {"message_id": call.integer("reply_to_message_id")}
        parameters["allow_sending_without_reply"] = call.flag("allow_sending_without_reply")
    if not isinstance(parameters, dict):
        raise bad_request("object expected as reply parameters")
    message_id = parameters.get("message_id")
    if not isinstance(message_id, int) or message_id <= 0:
        return 0, None
    if parameters.get("chat_id", place.id) not in (place.id, str(place.id)):
        raise not_simulated("replies across chats")
    if message_id not in place.messages:
        if parameters.get("allow_sending_without_reply"):
            return 0, None
        raise bad_request("message to be replied not found")
    return message_id, _quote(place.messages[message_id], parameters.get("quote"))


def _quote(replied: Message, quoted: object) -> Json | None:
    if not quoted:
        return None
    if not isinstance(quoted, str) or quoted not in replied.text:
        raise bad_request("QUOTE_TEXT_INVALID")
    return {"text": quoted, "position": units(replied.text[: replied.text.index(quoted)]), "is_manual": True}


def entities(call: Call, name: str) -> object:
    """Decode entities; the server takes those that are no JSON for none."""
    try:
        return call.json(name, "entities")
    except ApiError:
        return None


def preview(call: Call) -> Json | None:
    """
    Check the link preview options; they come back on the message.

    Raises:
        ApiError: They are no object.
    """
    options = call.json("link_preview_options", "link preview options")
    if options is None:
        return None
    if not isinstance(options, dict):
        raise bad_request("object expected as link preview options")
    return options
