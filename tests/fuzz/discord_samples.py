"""Servers, threads, and what a message may carry, as Discord describes them."""

from datetime import UTC, datetime

from tests.fuzz.events import Json

AT = datetime(2026, 11, 21, tzinfo=UTC)

SNAPSHOT: Json = {
    "type": 0,
    "content": "c",
    "embeds": [],
    "attachments": [],
    "flags": 0,
    "mentions": [],
    "mention_roles": [],
    "timestamp": "2026-11-20T00:00:00+00:00",
    "edited_timestamp": None,
    "components": [],
}

THINGS: tuple[Json, ...] = (
    {"sticker_items": [{"id": "1", "name": "owl", "format_type": 1}]},
    {
        "attachments": [
            {"id": "1", "filename": "a.png", "size": 1, "url": "u", "proxy_url": "u", "content_type": "image/png"}
        ]
    },
    {"attachments": [{"id": "1", "filename": "a", "size": 1, "url": "u", "proxy_url": "u"}] * 2},
    {"embeds": [{"type": "rich", "title": "t", "description": "d", "fields": [{"name": "n", "value": "v"}]}]},
    {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "x", "label": "l"}]}]},
    {"components": [{"type": 99, "id": 1}]},
    {
        "poll": {
            "question": {"text": "q"},
            "answers": [],
            "allow_multiselect": False,
            "layout_type": 1,
            "expiry": "2026-12-01T00:00:00+00:00",
        }
    },
    {"message_snapshots": [{"message": SNAPSHOT}]},
    {"activity": {"type": 1}, "application": {"id": "1", "name": "n", "description": "d", "icon": None}},
)


def guild(number: int) -> Json:
    """A server with a text channel, a thread in it and a voice channel."""
    text = {"id": str(number * 10), "type": 0, "name": "general", "position": 0, "permission_overwrites": []}
    voice = {**text, "id": str(number * 10 + 2), "type": 2, "bitrate": 64_000, "user_limit": 0}
    everyone = {"id": str(number), "name": "@everyone", "permissions": "8", "position": 0, "color": 0, "hoist": False}
    return {
        "id": str(number),
        "name": "Owls",
        "owner_id": "1",
        "member_count": 3,
        "unavailable": False,
        "roles": [{**everyone, "colors": {}, "managed": False, "mentionable": False, "flags": 0}],
        "channels": [text, voice],
        "threads": [thread(number)],
        "members": [],
        "emojis": [],
        "stickers": [],
        "features": [],
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "afk_timeout": 300,
        "premium_tier": 0,
        "nsfw_level": 0,
        "system_channel_flags": 0,
        "preferred_locale": "en-US",
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "joined_at": at(0),
    }


def thread(number: int) -> Json:
    times = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": at(0), "locked": False}
    return {
        "id": str(number * 10 + 1),
        "type": 11,
        "name": "thread",
        "parent_id": str(number * 10),
        "owner_id": "1",
        "guild_id": str(number),
        "member_count": 1,
        "message_count": 1,
        "thread_metadata": times,
    }


def at(seconds: int) -> str:
    return datetime.fromtimestamp(AT.timestamp() + seconds, UTC).isoformat()
