"""The methods that change or remove a message."""

from dataclasses import replace

from telegram.constants import ReactionEmoji

from sandbox.telegram import checks, keyboard, payloads, text
from sandbox.telegram.errors import bad_request
from sandbox.telegram.mentioning import mentioned
from sandbox.telegram.parameters import Call
from sandbox.telegram.state import Chat, Json, Message
from sandbox.telegram.world import World, change, post, remove, wrote

DELETABLE_SECONDS = 48 * 60 * 60
"""core.telegram.org/bots/api#deletemessage: "A message can only be deleted if it was sent less than 48 hours ago"."""

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)


async def edit_message_text(world: World, call: Call) -> Json:
    checks.refuse_what_we_lack(call)
    if not call.text("text"):
        raise bad_request("message text is empty")
    # Unlike a new message, an edit is measured by the data centre, which has no sentence for it.
    too_long = bad_request("MESSAGE_TOO_LONG")
    fixed = text.fix(call.text("text"), checks.entities(call, "entities"), text.MESSAGE_LIMIT, too_long)
    preview = checks.preview(call)
    place, old, markup = _own(world, call)
    if old.media or old.service:
        raise bad_request("there is no text in the message to edit")
    entities = mentioned(world, place, fixed.entities)
    new = replace(old, text=fixed.text, entities=entities, keyboard=markup, preview=preview)
    return _edited(world, place, old, new, "editMessageText")


async def edit_message_caption(world: World, call: Call) -> Json:
    checks.refuse_what_we_lack(call)
    too_long = bad_request("MEDIA_CAPTION_TOO_LONG")
    entities = checks.entities(call, "caption_entities")
    fixed = text.fix(call.text("caption"), entities, text.CAPTION_LIMIT, too_long, may_be_empty=True)
    place, old, markup = _own(world, call)
    if not old.media:
        raise bad_request("there is no caption in the message to edit")
    new = replace(old, text=fixed.text, entities=mentioned(world, place, fixed.entities), keyboard=markup)
    return _edited(world, place, old, new, "editMessageCaption")


async def edit_message_reply_markup(world: World, call: Call) -> Json:
    checks.refuse_what_we_lack(call)
    place, old, markup = _own(world, call)
    return _edited(world, place, old, replace(old, keyboard=markup), "editMessageReplyMarkup")


def _own(world: World, call: Call) -> tuple[Chat, Message, Json | None]:
    """Find the message to edit, and its new keyboard: an edit that brings none takes the old one away."""
    markup = keyboard.read(call, only_inline=True)
    place = checks.writable(world, call)
    old = checks.message(place, call.integer("message_id"), "message to edit")
    if old.sender.id != world.me.id or old.service or old.origin:
        raise bad_request("message can't be edited")
    return place, old, markup


def _edited(world: World, place: Chat, old: Message, new: Message, method: str) -> Json:
    world.limits.spend(place, "edit")
    if (old.text, old.entities, old.keyboard) == (new.text, new.entities, new.keyboard):
        raise bad_request(NOT_MODIFIED)
    changed = change(world, place, replace(new, edited=world.now))
    wrote(world, method, changed)
    return payloads.message(place, changed)


async def delete_message(world: World, call: Call) -> bool:
    if not call.text("chat_id"):
        raise bad_request("chat identifier is not specified")
    if not call.integer("message_id"):
        raise bad_request("message identifier is not specified")
    place = checks.writable(world, call)
    doomed = checks.message(place, call.integer("message_id"), "message to delete")
    _check_deletable(world, place, doomed)
    remove(world, place, doomed.id)
    return True


async def delete_messages(world: World, call: Call) -> bool:
    """core.telegram.org/bots/api#deletemessages: those that "can't be found [...] are skipped"."""
    ids = call.json("message_ids", "message identifiers")
    if not isinstance(ids, list) or not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > 100:
        raise bad_request("too many message identifiers specified")
    place = checks.writable(world, call)
    found = [place.messages[message_id] for message_id in ids if message_id in place.messages]
    for doomed in found:
        _check_deletable(world, place, doomed)
    for doomed in found:
        remove(world, place, doomed.id)
    return True


def _check_deletable(world: World, place: Chat, doomed: Message) -> None:
    own = doomed.sender.id == world.me.id
    if not own and not place.private and not checks.me_in(world, place).may("can_delete_messages"):
        raise bad_request("message can't be deleted")
    if world.now - doomed.date >= DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")


async def pin_chat_message(world: World, call: Call) -> bool:
    place = checks.writable(world, call)
    pinned = checks.message(place, call.integer("message_id"), "message to pin")
    checks.right(world, place, "can_pin_messages", "not enough rights to manage pinned messages in the chat")
    if place.pinned == pinned.id:
        raise bad_request("CHAT_NOT_MODIFIED")
    place.pinned = pinned.id
    shown = payloads.message(place, pinned, with_reply=False)
    post(world, place, world.me, thread=pinned.thread if pinned.in_topic else 0, service={"pinned_message": shown})
    world.feed.publish("pinned", place.id, message_id=pinned.id)
    return True


async def set_message_reaction(world: World, call: Call) -> bool:
    reactions = call.json("reaction", "reaction types") or []
    if not isinstance(reactions, list):
        raise bad_request("expected an Array of ReactionType")
    place = checks.chat(world, call)
    target = checks.message(place, call.integer("message_id"), "message to react")
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    emoji = tuple(_emoji(reaction) for reaction in reactions)
    place.messages[target.id] = replace(target, reactions=emoji)
    world.feed.publish("reaction", place.id, message_id=target.id, emoji=list(emoji))
    return True


def _emoji(reaction: object) -> str:
    emoji = reaction.get("emoji") if isinstance(reaction, dict) else None
    if emoji not in set(ReactionEmoji):
        raise bad_request("REACTION_INVALID")
    return str(emoji)
