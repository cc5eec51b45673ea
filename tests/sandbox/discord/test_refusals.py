"""What Discord refuses, with its own status, code and path, to a caller who sends it all the same."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from sandbox.discord.permissions import Permission
from sandbox.discord.server import Discord
from tests.sandbox.discord.conftest import Answer, Raw, only_error


def button(custom_id: str = "a", **changes: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": custom_id, **changes}


def row(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(parts)}


async def post(club: Discord, raw: Raw, body: Any) -> Answer:
    return await raw("POST", f"/channels/{club.channel('general').id}/messages", body)


TEXT = {"type": 10, "content": "x"}
OPTION = {"label": "x", "value": "x"}
V2 = 1 << 15


def with_button(**fields: Any) -> dict[str, Any]:
    """A message with one button."""
    return {"content": "x", "components": [{"type": 1, "components": [{"type": 2, "label": "Go", **fields}]}]}


@pytest.mark.parametrize(
    ("code", "path", "body"),
    [
        ("BASE_TYPE_MAX_LENGTH", "content", {"content": "x" * 2001}),
        ("STRING_TYPE_CONVERT", "content", {"content": ["x"]}),
        ("NONCE_TYPE_TOO_LONG", "nonce", {"content": "x", "nonce": "n" * 26}),
        ("REPLIES_UNKNOWN_MESSAGE", "message_reference", {"content": "x", "message_reference": {"message_id": "1"}}),
        ("BASE_TYPE_MAX_LENGTH", "components", {"components": [row(button(str(each))) for each in range(6)]}),
        ("BASE_TYPE_BAD_LENGTH", "components 0 components", {"components": [row(*[button(str(n)) for n in range(6)])]}),
        ("BASE_TYPE_BAD_LENGTH", "components 0 components", {"components": [row()]}),
        ("BASE_TYPE_BAD_LENGTH", "components 0 components 0 custom_id", {"components": [row(button("a" * 101))]}),
        ("BASE_TYPE_MAX_LENGTH", "components 0 components 0 label", {"components": [row(button(label="x" * 81))]}),
        ("BASE_TYPE_CHOICES", "components 0 components 0 style", {"components": [row(button(style=9))]}),
        (
            "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED",
            "components 0 components 0 custom_id",
            {"components": [row(button(custom_id=None))]},  # type: ignore[arg-type]
        ),
        (
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "components 1 components 0 custom_id",
            {"components": [row(button()), row(button(disabled=True))]},
        ),
        (
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "components 0",
            {"components": [row(button(), {"type": 3, "custom_id": "s", "options": [OPTION]})]},
        ),
        (
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            "components 0 components 0 options 1 value",
            {"components": [row({"type": 3, "custom_id": "s", "options": [OPTION, OPTION]})]},
        ),
        ("UNION_TYPE_CHOICES", "components 0", {"components": [TEXT]}),
        (
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            "components",
            {"flags": V2, "components": [{"type": 17, "components": [TEXT] * 20}] * 2},
        ),
        (
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            "components",
            {"flags": V2, "components": [{**TEXT, "content": "x" * 2001}] * 2},
        ),
        (
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "content",
            {"flags": V2, "content": "x", "components": [TEXT]},
        ),
        ("BASE_TYPE_MAX_LENGTH", "embeds", {"embeds": [{"title": "x"}] * 11}),
        ("BASE_TYPE_MAX_LENGTH", "embeds 0 title", {"embeds": [{"title": "x" * 257}]}),
        ("BASE_TYPE_REQUIRED", "embeds 0 fields 0 value", {"embeds": [{"fields": [{"name": "x"}]}]}),
        ("BASE_TYPE_REQUIRED", "embeds 0 description", {"embeds": [{"color": 1}]}),
        (
            "BUTTON_COMPONENT_CUSTOM_ID_AND_URL_MUTUALLY_EXCLUSIVE",
            "components 0 components 0",
            with_button(style=5, custom_id="x", url="https://example.com"),
        ),
        (
            "BUTTON_COMPONENT_CUSTOM_ID_AND_URL_MUTUALLY_EXCLUSIVE",
            "components 0 components 0",
            with_button(style=2, custom_id="x", url="https://example.com"),
        ),
        ("BASE_TYPE_REQUIRED", "components 0 components 0 url", with_button(style=5)),
        (
            "URL_TYPE_INVALID_SCHEME",
            "components 0 components 0 url",
            with_button(style=5, url="tg://resolve?domain=owl"),
        ),
        ("URL_TYPE_INVALID_SCHEME", "components 0 components 0 url", with_button(style=5, url="javascript:alert(1)")),
        ("URL_TYPE_INVALID_URL", "components 0 components 0 url", with_button(style=5, url="https:///rules")),
        ("BASE_TYPE_MAX_LENGTH", "components 0 components 0 url", with_button(style=5, url=f"https://a.b/{'x' * 512}")),
        ("MAX_EMBED_SIZE_EXCEEDED", "embeds", {"embeds": [{"description": "x" * 3001}] * 2}),
        (
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
            "allowed_mentions",
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        ),
    ],
)
async def test_a_form_is_refused_where_it_is_wrong(
    club: Discord, raw: Raw, code: str, path: str, body: dict[str, Any]
) -> None:
    """The error names the field by its path, as the vendor's own does."""
    answer = await post(club, raw, body)

    assert code == only_error(answer, *path.split())
    assert [] == club.messages("general")


async def test_everything_wrong_is_said_at_once(club: Discord, raw: Raw) -> None:
    """One answer for all fields."""
    answer = await post(club, raw, {"content": "x" * 2001, "nonce": "n" * 26, "embeds": [{}]})

    assert {"content", "nonce", "embeds"} == answer.body["errors"].keys()


async def test_the_body_of_a_text_too_long_is_discords_own(club: Discord, raw: Raw) -> None:
    """Word for word, as bots that look for it expect."""
    answer = await post(club, raw, {"content": "x" * 2001})
    error = {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}

    assert {
        "message": "Invalid Form Body",
        "code": 50035,
        "errors": {"content": {"_errors": [error]}},
    } == answer.body


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": " \n "}, {"embeds": []}, {"unknown": "field"}])
async def test_a_message_must_show_something(club: Discord, raw: Raw, body: dict[str, Any]) -> None:
    """White space is nothing, and unknown fields are not looked at."""
    answer = await post(club, raw, body)

    assert (400, {"message": "Cannot send an empty message", "code": 50006}) == (answer.status, answer.body)


async def test_two_thousand_characters_are_taken(club: Discord, raw: Raw) -> None:
    """The limit counts characters, of which an emoji is one."""
    answer = await post(club, raw, {"content": "🦉" * 2000})

    assert (200, 2000) == (answer.status, len(answer.body["content"]))


async def test_ephemeral_is_for_interactions_only(club: Discord, raw: Raw) -> None:
    """In a channel the flag is dropped without a word: everybody reads the message."""
    answer = await post(club, raw, {"content": "for you only", "flags": 64})

    assert 0 == answer.body["flags"]
    assert ["for you only"] == club.texts("general", "bob")


async def test_a_reply_to_what_is_gone_can_become_an_ordinary_message(club: Discord, raw: Raw) -> None:
    """The bot says with `fail_if_not_exists` that it would rather speak than fail."""
    reference = {"message_id": "1", "fail_if_not_exists": False}
    answer = await post(club, raw, {"content": "x", "message_reference": reference})

    assert (200, 0) == (answer.status, answer.body["type"])


async def test_strangers_get_401(raw: Raw) -> None:
    """The body is Discord's: code 0."""
    answer = await raw("GET", "/users/@me", headers={"Authorization": "Bot wrong"})

    assert (401, {"message": "401: Unauthorized", "code": 0}) == (answer.status, answer.body)


async def test_unknown_routes_and_methods_say_so(raw: Raw) -> None:
    """404 and 405 have code 0 as well."""
    nowhere = await raw("GET", "/nowhere")
    method = await raw("DELETE", "/gateway/bot")

    assert (404, {"message": "404: Not Found", "code": 0}) == (nowhere.status, nowhere.body)
    assert (405, {"message": "405: Method Not Allowed", "code": 0}) == (method.status, method.body)


async def test_what_is_not_there_has_its_own_code(club: Discord, raw: Raw) -> None:
    """Channel, message, guild, member, user, command, webhook and interaction."""
    channel, guild, own = club.channel("general").id, club.guild.id, club.application.id
    stranger = club.add_person("Eve", club.add_guild("The Hawk Club")).id
    codes = [
        (await raw(method, path, body)).body["code"]
        for method, path, body in (
            ("GET", "/channels/1", None),
            ("GET", f"/channels/{channel}/messages/1", None),
            ("PATCH", f"/channels/{channel}/messages/1", {"content": "x"}),
            ("GET", "/guilds/1", None),
            ("GET", f"/guilds/{guild}/members/{stranger}", None),
            ("GET", f"/guilds/{guild}/members/1", None),
            ("GET", "/guilds/1/members/1", None),
            ("GET", "/users/1", None),
            ("GET", f"/applications/{own}/commands/1", None),
            ("POST", "/webhooks/1/token", {"content": "x"}),
            ("POST", f"/webhooks/{own}/token", {"content": "x"}),
            ("POST", "/interactions/1/token/callback", {"type": 5}),
        )
    ]

    assert [10003, 10008, 10008, 10004, 10007, 10013, 10004, 10013, 10063, 10015, 50027, 10062] == codes


async def test_a_guild_without_the_bot_is_closed(club: Discord, raw: Raw) -> None:
    """It seems not to exist; what is in it is said to be out of reach."""
    guild, alice = club.guild.id, club.people["alice"].id
    club.kick_bot()
    paths = ("", f"/members/{alice}", "/members/1", "/roles", "/channels", "/threads/active")
    answers = [await raw("GET", f"/guilds/{guild}{path}") for path in paths]

    assert (404, {"message": "Unknown Guild", "code": 10004}) == (answers[0].status, answers[0].body)
    assert [(403, {"message": "Missing Access", "code": 50001})] * 5 == [
        (each.status, each.body) for each in answers[1:]
    ]


async def test_a_path_needs_numbers(raw: Raw) -> None:
    """ "@me" is no user here, though it is elsewhere."""
    assert "NUMBER_TYPE_COERCE" == only_error(await raw("GET", "/channels/general"), "channel_id")


async def test_messages_of_others_are_not_edited(club: Discord, raw: Raw) -> None:
    """Not even by a bot that may delete them."""
    said = await club.say("general", "alice", "mine")
    path = f"/channels/{said.channel_id}/messages/{said.id}"
    edited = await raw("PATCH", path, {"content": "yours"})
    deleted = await raw("DELETE", path)
    club.allow("general", Permission.MANAGE_MESSAGES)
    allowed = await raw("DELETE", path)

    assert (403, 50005) == (edited.status, edited.body["code"])
    assert (403, 50013) == (deleted.status, deleted.body["code"])
    assert 204 == allowed.status


@pytest.mark.parametrize(
    ("permission", "body", "code"),
    [
        (Permission.EMBED_LINKS, {"embeds": [{"title": "x"}]}, 50013),
        (Permission.SEND_TTS_MESSAGES, {"content": "x", "tts": True}, 50013),
        (Permission.READ_MESSAGE_HISTORY, {"content": "x", "message_reference": {"message_id": "1"}}, 160002),
    ],
)
async def test_parts_of_a_message_need_their_own_permission(
    club: Discord, raw: Raw, permission: Permission, body: dict[str, Any], code: int
) -> None:
    """Writing alone is not enough for embeds, speech and replies."""
    club.deny("general", permission)

    assert code == (await post(club, raw, body)).body["code"]


async def test_without_the_history_there_is_none(club: Discord, raw: Raw) -> None:
    """The list is empty rather than refused."""
    await club.say("general", "alice", "hello")
    club.deny("general", Permission.READ_MESSAGE_HISTORY)
    answer = await raw("GET", f"/channels/{club.channel('general').id}/messages")

    assert (200, []) == (answer.status, answer.body)


async def test_a_limit_of_messages_is_one_to_a_hundred(club: Discord, raw: Raw) -> None:
    """A bot that asks for more gets nothing."""
    answer = await raw("GET", f"/channels/{club.channel('general').id}/messages?limit=101")

    assert "NUMBER_TYPE_MAX" == only_error(answer, "limit")


async def test_bodies_must_be_json(club: Discord, raw: Raw) -> None:
    """Broken JSON, another type, and a list where an object belongs."""
    path = f"/channels/{club.channel('general').id}/messages"
    broken = await raw("POST", path, data=b"{", headers={"Content-Type": "application/json"})
    other = await raw("POST", path, data=b"hello", headers={"Content-Type": "text/plain"})
    listed = await raw("POST", path, ["hello"])

    assert (400, 50109) == (broken.status, broken.body["code"])
    assert (400, ["_misc"]) == (other.status, list(other.body))
    assert "MODEL_TYPE_CONVERT" == only_error(listed)


async def test_files_have_a_size(club: Discord, raw: Raw) -> None:
    """413, for one file as for a whole request."""
    club.rules.file_bytes = 10
    form = aiohttp.FormData()
    form.add_field("payload_json", "{}")
    form.add_field("files[0]", b"x" * 11, filename="big.txt")
    answer = await raw("POST", f"/channels/{club.channel('general').id}/messages", data=form)

    assert (413, 40005) == (answer.status, answer.body["code"])


async def test_threads_need_a_name_a_place_and_a_message_without_one(club: Discord, raw: Raw) -> None:
    """No name, a thread in a thread, a second one at the same message."""
    said = await club.say("general", "alice", "hello")
    path = f"/channels/{said.channel_id}/messages/{said.id}/threads"
    nameless = await raw("POST", path, {})
    thread = await raw("POST", path, {"name": "Owls"})
    again = await raw("POST", path, {"name": "Owls"})
    inside = await raw("POST", f"/channels/{thread.body['id']}/threads", {"name": "Owls", "type": 11})
    private = await raw("POST", f"/channels/{said.channel_id}/threads", {"name": "Owls"})

    assert "BASE_TYPE_REQUIRED" == only_error(nameless, "name")
    assert (201, 160004, 50024) == (thread.status, again.body["code"], inside.body["code"])
    assert 12 == private.body["type"]


async def test_custom_emoji_are_unknown(club: Discord, raw: Raw) -> None:
    """There are none in this guild."""
    said = await club.say("general", "alice", "hello")
    answer = await raw("PUT", f"/channels/{said.channel_id}/messages/{said.id}/reactions/owl:1/@me")

    assert (400, 10014) == (answer.status, answer.body["code"])


async def test_a_dm_needs_somebody(club: Discord, raw: Raw) -> None:
    """Nobody, an unknown user, and the bot itself."""
    nobody = await raw("POST", "/users/@me/channels", {})
    unknown = await raw("POST", "/users/@me/channels", {"recipient_id": "1"})
    itself = await raw("POST", "/users/@me/channels", {"recipient_id": str(club.bot.id)})

    assert "BASE_TYPE_REQUIRED" == only_error(nobody, "recipient_id")
    assert (400, 50033) == (unknown.status, unknown.body["code"])
    assert (403, 50007) == (itself.status, itself.body["code"])
