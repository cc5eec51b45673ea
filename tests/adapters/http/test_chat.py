"""chatgpt-api-server's question on a running service, sent as its clients send it."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.keyring import Tier
from bot.own import OwnKeysOff
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from tests.adapters.http.api_stage import SECRET, WRONG, Stage, on_api_stage


async def by_get(stage: Stage, **fields: Any) -> Any:
    query = "&".join(f"{name}={quote(str(value))}" for name, value in {"user": stage.alice, **fields}.items())
    return await stage.call("GET", f"/api/chat?{query}", key="")


async def by_post(stage: Stage, **fields: Any) -> Any:
    return await stage.call("POST", "/api/chat", {"user": stage.alice, **fields}, key="")


@pytest.mark.parametrize("send", [by_get, by_post])
async def test_the_key_comes_in_a_field(api_stage: Stage, send: Any) -> None:
    """By GET and by POST; the answer as JSON, as their clients read it."""
    answered = await send(api_stage, prompt="Why do owls hoot?")

    body = answered.body
    assert 200 == answered.status
    assert ("Hoo.", ["Hoo."]) == (body["reply"], body["message"]["content"]["parts"])
    assert ("success", "Why do owls hoot?", "Why do owls hoot?") == tuple(
        body[name] for name in ("status", "api_prompt", "conversation_title")
    )
    asked = datetime.fromisoformat(body["api_prompt_time_origin"])
    assert abs(datetime.now(UTC) - asked) < timedelta(minutes=5)
    assert (None, None) == (body["last_message_prompt"], body["last_message_reply"])


@pytest.mark.parametrize("send", [by_get, by_post])
async def test_a_follow_up_tells_what_was_before(api_stage: Stage, send: Any) -> None:
    first = await send(api_stage, prompt="First?")
    api_stage.provider.otherwise(say("Hu."))
    second = await send(api_stage, prompt="Second?", conversation_id=first.body["conversation_id"])

    assert ("First?", "Hoo.") == (second.body["last_message_prompt"], second.body["last_message_reply"])
    assert ("First?", "Hu.") == (second.body["conversation_title"], second.body["reply"])
    assert ["First?", "Hoo.", "Second?"] == list(api_stage.read()[1:])


async def test_forms_are_read_as_json_is(api_stage: Stage) -> None:
    fields = {"user": api_stage.alice, "prompt": "Why?", "reply_only": "true"}
    answered = await api_stage.call("POST", "/api/chat", data=fields, key="")

    assert (200, "Hoo.") == (answered.status, answered.body)


async def test_the_header_will_do(api_stage: Stage) -> None:
    bearer = await api_stage.call("GET", "/api/chat?prompt=Why")
    raw = await api_stage.call("GET", "/api/chat?prompt=Why", key="", headers={"Authorization": api_stage.alice})

    assert [200, 200] == [bearer.status, raw.status]


@pytest.mark.parametrize("send", [by_get, by_post])
@pytest.mark.parametrize("user", ["", WRONG, "owl"])
async def test_nobody_comes_in_without_a_key(api_stage: Stage, send: Any, user: str) -> None:
    answered = await send(api_stage, prompt="Why?", user=user)

    assert (401, {"error"}) == (answered.status, set(answered.body))


@pytest.mark.parametrize("send", [by_get, by_post])
async def test_without_a_prompt_nothing_is_asked(api_stage: Stage, send: Any) -> None:
    answered = await send(api_stage)

    assert (400, {"error": "prompt is required"}) == (answered.status, answered.body)


@pytest.mark.parametrize(
    ("fields", "kind", "expected"),
    [
        ({"reply_only": "true"}, "text/plain", "**Hoo** <b>hu</b>"),
        (
            {"reply_only": "true", "pretty": "true"},
            "text/html",
            "<p><strong>Hoo</strong> &lt;b&gt;hu&lt;/b&gt;</p>\n",
        ),
    ],
)
@pytest.mark.parametrize("send", [by_get, by_post])
async def test_the_reply_comes_alone(
    api_stage: Stage, send: Any, fields: dict[str, str], kind: str, expected: str
) -> None:
    """As Markdown or as HTML, in which a browser runs nothing."""
    api_stage.provider.otherwise(say("**Hoo** <b>hu</b>"))
    answered = await send(api_stage, prompt="Why?", **fields)

    assert (200, expected) == (answered.status, answered.body)
    assert answered.headers["Content-Type"].startswith(kind)
    assert "default-src 'none'; sandbox" == answered.headers["Content-Security-Policy"]
    assert "nosniff" == answered.headers["X-Content-Type-Options"]


async def test_json_may_hold_html(api_stage: Stage) -> None:
    """What the model wrote is beside it."""
    api_stage.provider.otherwise(say("**Hoo**"))
    body = (await by_post(api_stage, prompt="Why?", pretty=True)).body

    assert ("<p><strong>Hoo</strong></p>\n", ["**Hoo**"]) == (body["reply"], body["message"]["content"]["parts"])


@pytest.mark.parametrize("fields", [{"plus": "perhaps"}, {"reply_only": "maybe"}, {"access_token": "a b"}])
async def test_what_is_no_choice_is_told(api_stage: Stage, fields: dict[str, str]) -> None:
    answered = await by_get(api_stage, prompt="Why?", **fields)

    assert (422, {"error"}) == (answered.status, set(answered.body))


@pytest.mark.parametrize(
    ("tier", "plus", "expected"),
    [
        (Tier.FREE, "any", "Free."),
        (Tier.FREE, "false", "Free."),
        (Tier.FREE, "true", 403),
        (Tier.FREE, True, 403),
        (Tier.PLUS, "true", "Plus."),
        (Tier.PLUS, True, "Plus."),
        (Tier.PLUS, False, "Free."),
    ],
)
async def test_plus_is_a_permission(tmp_path: Path, tier: Tier, plus: object, expected: object) -> None:
    """Who has it chooses; who has not is told so when they ask for it."""
    async with OpenAI(otherwise=say("Plus.")) as dear:
        upstream = {"name": "plus", "base_url": dear.base_url, "api_key": dear.api_key, "tier": "plus"}
        async with on_api_stage(tmp_path, accounts=(upstream,)) as stage:
            stage.provider.otherwise(say("Free."))
            key = (await stage.key("discord:44", tier=tier)).reveal()
            answered = await stage.call("POST", "/api/chat", {"user": key, "prompt": "Why?", "plus": plus}, key="")

    assert expected == (answered.body["reply"] if answered.status == 200 else answered.status)


@pytest.mark.parametrize("send", [by_get, by_post])
async def test_an_own_key_is_asked_in_place_of_the_accounts(tmp_path: Path, send: Any) -> None:
    """It costs no money here. One that does not work is the asker's to mend, and is not quoted."""
    async with (
        OpenAI(api_key="sk-alices-own", otherwise=say("Yours.")) as own,
        on_api_stage(tmp_path, own_keys={"secrets": [SECRET], "base_url": own.base_url}) as stage,
    ):
        works = await send(stage, prompt="Why?", access_token="sk-alices-own", user_plus="true")
        fails = await send(stage, prompt="Why?", access_token="sk-another")
        (spending,) = await stage.spendings()

        assert 0 == stage.provider.books.calls
    assert (200, "Yours.", 0) == (works.status, works.body["reply"], spending.micro_usd)
    assert (400, {"error"}) == (fails.status, set(fails.body))
    assert "sk-another" not in fails.body["error"]


async def test_neither_keys_nor_words_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not even where they stand in the address."""
    caplog.set_level(logging.DEBUG)
    async with on_api_stage(tmp_path) as stage:
        await by_get(stage, prompt="A-secret-question")
        await by_get(stage, prompt="A-secret-question", user=WRONG, access_token="sk-own-secret")
        await by_get(stage, prompt="A-secret-question", plus="A-secret-choice")

    logged = [record for record in caplog.records if not record.name.startswith(("aiohttp.access", "asyncio"))]
    text = " ".join(record.getMessage() for record in logged)
    for secret in (stage.alice, WRONG, "sk-own-secret", "A-secret"):
        assert secret not in text


async def test_an_own_key_is_refused_where_these_are_switched_off(api_stage: Stage) -> None:
    """The operator decides to whom what members ask goes."""
    answer = await api_stage.call("POST", "/api/chat", {"prompt": "Why?", "access_token": "sk-alices-own"})

    assert (400, {"error": OwnKeysOff.for_user}) == (answer.status, answer.body)
