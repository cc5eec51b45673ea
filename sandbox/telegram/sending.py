"""The methods that create a message."""

from collections.abc import Callable
from typing import Any

from sandbox.telegram import checks, files, keyboard, payloads, text
from sandbox.telegram.errors import bad_request
from sandbox.telegram.mentioning import mentioned
from sandbox.telegram.parameters import Call, Upload
from sandbox.telegram.state import Json, Message, StoredFile
from sandbox.telegram.world import Draft, World, post, wrote

DRAFT_SECONDS = 30
"""core.telegram.org/bots/api#sendmessagedraft: "a temporary 30-second preview"."""

ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
"""core.telegram.org/bots/api#sendchataction."""


async def send_message(world: World, call: Call) -> Json:
    checks.refuse_what_we_lack(call)
    raw = call.text("text")
    if not raw:
        raise bad_request("message text is empty")
    fixed = text.fix(raw, checks.entities(call, "entities"), text.MESSAGE_LIMIT, bad_request("message is too long"))
    return _send(world, call, "sendMessage", text=fixed.text, entities=fixed.entities, preview=checks.preview(call))


async def send_photo(world: World, call: Call) -> Json:
    return _send_file(world, call, "sendPhoto", "photo", files.photo)


async def send_document(world: World, call: Call) -> Json:
    return _send_file(world, call, "sendDocument", "document", files.document)


def _send_file(world: World, call: Call, method: str, kind: str, shape: Callable[[StoredFile], Json]) -> Json:
    checks.refuse_what_we_lack(call)
    media = shape(_file(world, call, kind))
    too_long = bad_request("message caption is too long")
    entities = checks.entities(call, "caption_entities")
    caption = text.fix(call.text("caption"), entities, text.CAPTION_LIMIT, too_long, may_be_empty=True)
    return _send(world, call, method, text=caption.text, entities=caption.entities, media=media)


def _file(world: World, call: Call, kind: str) -> StoredFile:
    """The file that came along, or the one that is meant by its id."""
    upload: Upload | None = call.upload(kind)
    if upload:
        return world.files.keep(f"{kind}s", upload)
    named = call.text(kind)
    if not named:
        raise bad_request(f"there is no {kind} in the request")
    if "://" in named:
        raise bad_request("failed to get HTTP URL content")
    if named not in world.files.by_id:
        raise bad_request("wrong remote file identifier specified: Wrong string length")
    return world.files.by_id[named]


def _send(world: World, call: Call, method: str, **content: Any) -> Json:
    """What all of these have in common; the order of the checks is the server's."""
    markup = keyboard.read(call)
    place = checks.writable(world, call)
    reply_to, quote = checks.reply(place, call)
    thread = checks.thread(world, place, call)
    world.limits.spend(place, "send")
    protected = call.flag("protect_content")
    content["entities"] = mentioned(world, place, content["entities"])
    made = post(
        world,
        place,
        world.me,
        thread=thread,
        reply_to=reply_to,
        quote=quote,
        keyboard=markup,
        protected=protected,
        **content,
    )
    wrote(world, method, made)
    return payloads.message(place, made)


async def send_message_draft(world: World, call: Call) -> bool:
    checks.refuse_what_we_lack(call)
    too_long = bad_request("message is too long")
    raw = call.text("text")
    fixed = text.fix(raw, checks.entities(call, "entities"), text.MESSAGE_LIMIT, too_long) if raw else text.Text("")
    place = checks.writable(world, call)
    if not place.private:
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    if not call.integer("draft_id"):
        raise bad_request("RANDOM_ID_INVALID")
    thread = checks.thread(world, place, call)
    world.limits.spend(place, "hint")
    expires = world.clock() + DRAFT_SECONDS
    draft = Draft(call.integer("draft_id"), fixed.text, mentioned(world, place, fixed.entities), thread, expires)
    world.drafts[place.id] = draft
    shown = {"draft_id": draft.id, "text": draft.text, "entities": list(draft.entities), "topic": thread}
    world.feed.publish("draft", place.id, **shown)
    return True


async def send_chat_action(world: World, call: Call) -> bool:
    checks.refuse_what_we_lack(call)
    if call.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    place = checks.writable(world, call)
    thread = checks.thread(world, place, call)
    world.limits.spend(place, "hint")
    world.feed.publish("action", place.id, action=call.text("action"), topic=thread)
    return True


async def forward_message(world: World, call: Call) -> Json:
    source = _source(world, call, "forward", "forwarded")
    origin = {"type": "user", "sender_user": payloads.user(source.sender), "date": source.date}
    return _send(world, call, "forwardMessage", **_copied(source), origin=source.origin or origin)


async def copy_message(world: World, call: Call) -> Json:
    checks.refuse_what_we_lack(call)
    source = _source(world, call, "copy", "copied")
    sent = _send(world, call, "copyMessage", **_copied(source))
    return {"message_id": sent["message_id"]}


def _source(world: World, call: Call, verb: str, participle: str) -> Message:
    place = checks.chat(world, call, "from_chat_id")
    source = checks.message(place, call.integer("message_id"), f"message to {verb}")
    if source.service or source.protected:
        raise bad_request(f"message can't be {participle}")
    return source


def _copied(source: Message) -> dict[str, Any]:
    return {"text": source.text, "entities": source.entities, "media": source.media}
