"""The methods about chats, their members and their topics."""

from sandbox.telegram import checks, payloads
from sandbox.telegram.errors import bad_request
from sandbox.telegram.parameters import Call
from sandbox.telegram.state import Chat, Json, Member, Person
from sandbox.telegram.world import TOPIC_COLOR, World, add_topic, post, set_status

TOPIC_COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)
"""core.telegram.org/bots/api#createforumtopic."""
TOPIC_NAME_LIMIT = 128


async def get_me(world: World, _: Call) -> Json:
    return payloads.me(world.me, reads_everything=not world.privacy)


async def get_chat(world: World, call: Call) -> Json:
    return payloads.full_chat(checks.chat(world, call))


async def get_chat_member(world: World, call: Call) -> Json:
    place = checks.chat(world, call)
    user_id = call.integer("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    return payloads.member(_member(world, place, user_id))


def _member(world: World, place: Chat, user_id: int) -> Member:
    """Somebody who is known but was never here has left; of somebody unknown, nothing can be said."""
    if user_id in place.members:
        return place.members[user_id]
    found: Person | None = next((person for person in world.people.values() if person.id == user_id), None)
    if found is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return Member(found, "left")


async def get_chat_administrators(world: World, call: Call) -> list[Json]:
    """core.telegram.org/bots/api#getchatadministrators: all of them "which aren't bots", but the bot itself."""
    place = _group(checks.chat(world, call))
    leading = (each for each in place.members.values() if each.leads)
    return [payloads.member(each) for each in leading if not each.person.is_bot or each.person.id == world.me.id]


async def get_chat_member_count(world: World, call: Call) -> int:
    return sum(1 for each in checks.chat(world, call).members.values() if each.inside)


async def leave_chat(world: World, call: Call) -> bool:
    place = checks.chat(world, call)
    if place.private:
        raise bad_request("chat member status can't be changed in private chats")
    set_status(world, place, world.me, "left", by=world.me)
    return True


async def create_forum_topic(world: World, call: Call) -> Json:
    place = _forum(world, call)
    name, color = call.text("name").strip(), call.integer("icon_color", TOPIC_COLOR)
    if not name:
        raise bad_request("topic name must be non-empty")
    if len(name) > TOPIC_NAME_LIMIT:
        raise bad_request("TOPIC_TITLE_INVALID")
    if color not in TOPIC_COLORS:
        raise bad_request("wrong icon color specified")
    return payloads.topic(add_topic(world, place, world.me, name, color))


async def close_forum_topic(world: World, call: Call) -> bool:
    return _switch_topic(world, call, closed=True)


async def reopen_forum_topic(world: World, call: Call) -> bool:
    return _switch_topic(world, call, closed=False)


def _switch_topic(world: World, call: Call, *, closed: bool) -> bool:
    place = _forum(world, call)
    topic = place.topics.get(call.integer("message_thread_id"))
    if topic is None:
        raise bad_request("message thread not found")
    if topic.closed is closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    said = "forum_topic_closed" if closed else "forum_topic_reopened"
    post(world, place, world.me, thread=topic.id, service={said: {}})
    return True


def _forum(world: World, call: Call) -> Chat:
    place = _group(checks.writable(world, call))
    if not place.is_forum:
        raise bad_request("the chat is not a forum")
    checks.right(world, place, "can_manage_topics", "not enough rights to create a topic")
    return place


def _group(place: Chat) -> Chat:
    if place.private:
        raise bad_request("there are no administrators in the private chat")
    return place
