"""chat-gpt-rest-api's routes on a running service, called as its clients call them."""

import asyncio
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import FormData

from bot.amounts import parse_limit
from sandbox.openai.errors import out_of_quota, unprocessable, wrong_key
from sandbox.openai.script import Ending, say
from tests.adapters.http.api_stage import WRONG, Stage, on_api_stage

GONE = {"error": "There is no such conversation."}

MESSAGE = {
    *("author", "message", "conversation_id", "parent_id", "model"),
    *("finish_details", "end_turn", "recipient", "citations"),
}


async def test_a_new_conversation_is_answered_with_the_message(api_stage: Stage) -> None:
    """Field by field as the older system's clients read it."""
    begun = await api_stage.call("POST", "/conversations/new", {"prompt": "Why do owls hoot?"})

    response = begun.body["response"]
    assert 201 == begun.status
    assert {"response"} == set(begun.body)
    assert set(response) == MESSAGE
    assert {"role": "assistant", "name": None, "metadata": {}} == response["author"]
    assert ("Hoo.", "demo", "stop", True) == tuple(
        response[name] for name in ("message", "model", "finish_details", "end_turn")
    )
    assert ("all", []) == (response["recipient"], response["citations"])
    assert response["conversation_id"] == str(UUID(response["conversation_id"]))
    assert "no-store" == begun.headers["Cache-Control"]


async def test_the_list_has_the_newest_first(api_stage: Stage) -> None:
    first, second = await api_stage.begin("First?"), await api_stage.begin("Second?", title="Of owls")
    await api_stage.ask(first["conversation_id"], "And now?")

    listed = await api_stage.call("GET", "/conversations?limit=10&offset=0")
    assert 200 == listed.status
    assert [first["conversation_id"], second["conversation_id"]] == [each["id"] for each in listed.body]
    assert ["First?", "Of owls"] == [each["title"] for each in listed.body]
    assert (None, None) == (listed.body[0]["mapping"], listed.body[0]["current_node"])
    assert listed.body[0].keys() == {"id", "title", "create_time", "update_time", "mapping", "current_node"}
    created, updated = (datetime.fromisoformat(listed.body[0][name]) for name in ("create_time", "update_time"))
    assert created.tzinfo is not None
    assert created < updated


async def test_the_list_has_pages(api_stage: Stage) -> None:
    ids = [(await api_stage.begin(f"Question {number}?"))["conversation_id"] for number in range(3)]

    assert ids[1:2] == [each["id"] for each in (await api_stage.call("GET", "/conversations?limit=1&offset=1")).body]
    assert 422 == (await api_stage.call("GET", "/conversations?limit=0")).status
    assert {"error": "limit is not as it should be."} == (await api_stage.call("GET", "/conversations?limit=x")).body


async def test_a_question_follows_what_was_said(api_stage: Stage) -> None:
    id = (await api_stage.begin("My owl is called Minerva."))["conversation_id"]
    answered = await api_stage.ask(id, "What is it called?")

    assert (201, id) == (answered.status, answered.body["response"]["conversation_id"])
    assert ["My owl is called Minerva.", "Hoo.", "What is it called?"] == api_stage.read()[1:]
    assert ["My owl is called Minerva.", "Hoo.", "What is it called?", "Hoo."] == await api_stage.said(id)


async def test_messages_are_the_same_objects(api_stage: Stage) -> None:
    begun = await api_stage.begin()
    messages = await api_stage.call("GET", f"/conversations/{begun['conversation_id']}/messages")

    assert 200 == messages.status
    assert [MESSAGE] * 2 == [set(message) for message in messages.body]
    assert ["user", "assistant"] == [message["author"]["role"] for message in messages.body]
    assert begun["parent_id"] == messages.body[-1]["parent_id"]


async def test_a_parent_begins_a_branch(api_stage: Stage) -> None:
    """What was asked after that answer is not in it, and the conversation goes on from the branch."""
    begun = await api_stage.begin("First?")
    id = begun["conversation_id"]
    await api_stage.ask(id, "Second?")
    await api_stage.ask(id, "Another second?", parent_id=begun["parent_id"])

    assert ["First?", "Hoo.", "Another second?"] == api_stage.read()[1:]
    await api_stage.ask(id, "Third?")
    assert ["First?", "Hoo.", "Another second?", "Hoo.", "Third?", "Hoo."] == await api_stage.said(id)


async def test_a_parent_that_is_not_there_is_refused(api_stage: Stage) -> None:
    id = (await api_stage.begin())["conversation_id"]
    other = await api_stage.begin("Another conversation?")

    for parent in ("nowhere", other["parent_id"]):
        answered = await api_stage.ask(id, "And?", parent_id=parent)
        assert (400, {"error": "There is no such message in this conversation."}) == (answered.status, answered.body)


async def test_forms_are_read_as_json_is(api_stage: Stage) -> None:
    """curl sends the one kind with -d, the other with -F."""
    fields = {"prompt": "Why?", "title": "Owls & co", "autocontinue": "true"}
    coded = await api_stage.call("POST", "/conversations/new", data=fields)
    parts = FormData(default_to_multipart=True)
    for name, value in fields.items():
        parts.add_field(name, value)
    whole = await api_stage.call("POST", "/conversations/new", data=parts)

    assert [201, 201] == [coded.status, whole.status]
    assert ["Owls & co"] * 2 == [each["title"] for each in await api_stage.listed()]


@pytest.mark.parametrize("path", ["/conversations/new", "/conversations/{id}/ask"])
@pytest.mark.parametrize("fields", [{}, {"prompt": ""}, {"prompt": None}])
async def test_without_a_prompt_nothing_is_asked(api_stage: Stage, path: str, fields: dict[str, Any]) -> None:
    id = (await api_stage.begin())["conversation_id"]
    answered = await api_stage.call("POST", path.format(id=id), fields)

    assert (400, {"error": "prompt is required"}) == (answered.status, answered.body)
    assert 1 == api_stage.provider.books.calls


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"[1]", "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"<prompt/>", "headers": {"Content-Type": "text/xml"}}, 415),
        ({"data": BytesIO(b"x" * 1_100_000), "headers": {"Content-Type": "application/json"}}, 413),
        ({"data": b"prompt=x" + b"&a=1" * 100, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"data": b'{"prompt": "\\ud800"}', "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"[" * 5_000, "headers": {"Content-Type": "application/json"}}, 400),
        ({"data": b"prompt=\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"data": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"json": {"prompt": 7}}, 422),
        ({"json": {"prompt": "?", "autocontinue": "perhaps"}}, 422),
        ({"json": {"prompt": "?", "title": "x" * 300}}, 422),
        ({"json": {"prompt": "?", "model": "no-such"}}, 400),
    ],
)
async def test_what_cannot_be_read_is_told(api_stage: Stage, sent: dict[str, Any], status: int) -> None:
    """In a sentence, in the shape of these routes, and with nothing asked."""
    answered = await api_stage.call("POST", "/conversations/new", **sent)

    assert status == answered.status
    assert {"error"} == set(answered.body)
    assert [] == await api_stage.listed()
    assert 0 == api_stage.provider.books.calls


async def test_unknown_paths_and_methods_have_the_same_shape(api_stage: Stage) -> None:
    unknown = await api_stage.call("GET", "/conversations/1/2/3")
    method = await api_stage.call("PUT", "/conversations")

    assert [404, 405] == [unknown.status, method.status]
    assert [{"error"}, {"error"}] == [set(unknown.body), set(method.body)]


@pytest.mark.parametrize(("key", "scheme"), [("", ""), (WRONG, "Bearer "), ("sk-1234", "Bearer "), (WRONG, "")])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/conversations"),
        ("POST", "/conversations/new"),
        ("POST", "/conversations/x/ask"),
        ("GET", "/conversations/x/messages"),
        ("PATCH", "/conversations/x"),
        ("DELETE", "/conversations/x"),
        ("DELETE", "/conversations/all"),
    ],
)
async def test_nobody_comes_in_without_a_key(api_stage: Stage, method: str, path: str, key: str, scheme: str) -> None:
    headers = {"Authorization": f"{scheme}{key}"} if key else {}
    answered = await api_stage.call(method, path, key="", headers=headers)

    assert 401 == answered.status
    assert {"error"} == set(answered.body)


async def test_a_raw_key_will_do(api_stage: Stage) -> None:
    listed = await api_stage.call("GET", "/conversations", key="", headers={"Authorization": api_stage.alice})

    assert (200, []) == (listed.status, listed.body)


async def test_a_conversation_can_be_forgotten(api_stage: Stage) -> None:
    kept, gone = await api_stage.begin("Kept?"), await api_stage.begin("Gone?")
    deleted = await api_stage.call("DELETE", f"/conversations/{gone['conversation_id']}")

    assert (204, "") == (deleted.status, deleted.body)
    assert [kept["conversation_id"]] == [each["id"] for each in await api_stage.listed()]
    for method, path in (("GET", "/messages"), ("DELETE", ""), ("PATCH", "")):
        again = await api_stage.call(method, f"/conversations/{gone['conversation_id']}{path}")
        assert (404, GONE) == (again.status, again.body)


async def test_all_can_be_forgotten(api_stage: Stage) -> None:
    """One's own: others keep theirs."""
    for prompt in ("One?", "Two?"):
        await api_stage.begin(prompt)
    await api_stage.begin("Three?", key=api_stage.bob)

    assert 204 == (await api_stage.call("DELETE", "/conversations/all")).status
    assert [] == await api_stage.listed()
    assert ["Three?"] == [each["title"] for each in await api_stage.listed(api_stage.bob)]


async def test_a_conversation_can_be_renamed(api_stage: Stage) -> None:
    id = (await api_stage.begin())["conversation_id"]
    renamed = await api_stage.call("PATCH", f"/conversations/{id}", {"title": "Owls"})

    assert (200, "Owls") == (renamed.status, renamed.body["title"])
    assert ["Owls"] == [each["title"] for each in await api_stage.listed()]


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", "/conversations/{id}/ask", {"prompt": "Tell me."}),
        ("POST", "/conversations/{id}/ask", {"prompt": "Tell me.", "parent_id": "{parent}"}),
        ("GET", "/conversations/{id}/messages", None),
        ("PATCH", "/conversations/{id}", {"title": "Mine now"}),
        ("DELETE", "/conversations/{id}", None),
        ("POST", "/api", {"msg": "Tell me.", "sid": 7}),
        ("POST", "/api/ask", {"content": "Tell me.", "conversation_id": "{id}", "parent_id": "{parent}"}),
        ("POST", "/api/chat", {"prompt": "Tell me.", "conversation_id": "{id}"}),
    ],
)
async def test_nobody_sees_anothers_conversation(
    api_stage: Stage, method: str, path: str, fields: dict[str, Any] | None
) -> None:
    """For Bob there is nothing where Alice's conversation is, and it stays as it was."""
    assert 7 == (await api_stage.call("POST", "/create", {"sid": 7})).body
    begun = await api_stage.begin("A secret?", title="Secret")
    names = {"id": begun["conversation_id"], "parent": begun["parent_id"]}
    sent = {name: value.format(**names) if isinstance(value, str) else value for name, value in (fields or {}).items()}
    as_bob = await api_stage.call(method, path.format(**names), sent or None, key=api_stage.bob)

    assert (404, GONE) == (as_bob.status, as_bob.body)
    assert [] == await api_stage.listed(api_stage.bob)
    assert ["A secret?", "Hoo."] == await api_stage.said(names["id"])
    assert "Secret" in [each["title"] for each in await api_stage.listed()]


async def test_nobody_branches_from_anothers_message(api_stage: Stage) -> None:
    """A parent is looked for in one's own conversation, and what is not there is as unknown as anything."""
    secret = await api_stage.begin("A secret?")
    own = await api_stage.begin("Mine?", key=api_stage.bob)
    bob, id = api_stage.bob, own["conversation_id"]
    known = await api_stage.ask(id, "And?", bob, parent_id=secret["parent_id"])
    unknown = await api_stage.ask(id, "And?", bob, parent_id="nowhere")
    by_ask = await api_stage.call(
        "POST", "/api/ask", {"content": "And?", "conversation_id": id, "parent_id": secret["parent_id"]}, key=bob
    )

    assert [400] * 3 == [known.status, unknown.status, by_ask.status]
    assert known.body == unknown.body == by_ask.body


async def test_an_answer_that_was_too_long_is_gone_on_with(api_stage: Stage) -> None:
    """In one message, of which each part is charged."""
    api_stage.provider.queue(say("To wit,", Ending.LENGTH), say(" to", Ending.LENGTH), say(" woo."))
    begun = await api_stage.begin(autocontinue=True)

    assert ("To wit, to woo.", "stop") == (begun["message"], begun["finish_details"])
    assert ["Why do owls hoot?", "To wit, to woo."] == await api_stage.said(begun["conversation_id"])
    assert ["Why do owls hoot?", "To wit, to"] == list(api_stage.read()[1:3])
    (spending,) = await api_stage.spendings()
    assert (3, sum(bill.total for bill in api_stage.provider.books.invoice)) == (
        spending.requests,
        spending.input + spending.output,
    )
    assert await api_stage.nothing_held()


async def test_there_is_an_end_to_going_on(api_stage: Stage) -> None:
    api_stage.provider.otherwise(say("Hoo", Ending.LENGTH))
    begun = await api_stage.begin(autocontinue=True)
    without = await api_stage.begin()

    assert ("Hoo" * 5, "max_tokens", False) == (begun["message"], begun["finish_details"], begun["end_turn"])
    assert ("Hoo", "max_tokens") == (without["message"], without["finish_details"])


async def test_what_a_model_broke_off_is_kept_and_told(api_stage: Stage) -> None:
    """It is begun once more, as in chat; what came the second time is not all either."""
    api_stage.provider.queue(say("To", Ending.CUT), say("To wit", Ending.CUT))
    begun = await api_stage.begin()

    assert ("To wit", "interrupted", False) == (begun["message"], begun["finish_details"], begun["end_turn"])
    assert ["Why do owls hoot?", "To wit"] == await api_stage.said(begun["conversation_id"])


@pytest.mark.parametrize("trouble", [wrong_key("sk-1"), out_of_quota()])
async def test_trouble_of_an_account_is_503(api_stage: Stage, trouble: Any) -> None:
    """Never a mirrored 401 or 429; no conversation is left behind, and nothing is charged."""
    api_stage.provider.otherwise(trouble)
    answered = await api_stage.call("POST", "/conversations/new", {"prompt": "Why?"})

    assert 503 == answered.status
    assert {"error"} == set(answered.body)
    assert [] == await api_stage.listed()
    assert await api_stage.nothing_held()
    assert [] == list(await api_stage.spendings())


async def test_whoever_leaves_ends_the_answer(api_stage: Stage) -> None:
    """At the provider as well; what had come is paid for, and not remembered."""
    api_stage.provider.otherwise(say("To wit,", Ending.HANG))
    asking = asyncio.ensure_future(api_stage.begin())
    await api_stage.until(lambda: api_stage.provider.books.open)
    asking.cancel()

    await api_stage.until(lambda: api_stage.provider.books.cancelled)
    await api_stage.until_async(api_stage.spendings)
    assert await api_stage.nothing_held()
    assert [] == await api_stage.listed()


async def test_a_quota_that_is_used_up_is_429(tmp_path: Path) -> None:
    """With words that say when there is more, and a header that stops clients from trying again."""
    async with on_api_stage(tmp_path) as stage:
        key = (await stage.key("discord:44", [parse_limit("1 question per day")])).reveal()
        await stage.begin(key=key)
        answered = await stage.call("POST", "/conversations/new", {"prompt": "Why?"}, key=key)

        assert (429, "false") == (answered.status, answered.headers["x-should-retry"])
        assert "More comes" in answered.body["error"]
        assert 1 == len(await stage.listed(key))


async def test_a_key_is_asked_for_its_models_only(api_stage: Stage) -> None:
    """Where nothing is chosen, by the first that it is for."""
    key = (await api_stage.key("discord:44", models=("mini",))).reveal()
    begun = await api_stage.begin(key=key)
    other = await api_stage.call("POST", "/conversations/new", {"prompt": "Why?", "model": "demo"}, key=key)

    assert "mini" == begun["model"]
    assert (403, {"error"}) == (other.status, set(other.body))


async def test_a_conversation_keeps_its_model(api_stage: Stage) -> None:
    """Unless another is named for one answer."""
    id = (await api_stage.begin(model="mini"))["conversation_id"]
    same = await api_stage.ask(id, "And now?")
    other = await api_stage.ask(id, "And you?", model="demo")

    assert ["mini", "demo"] == [each.body["response"]["model"] for each in (same, other)]


async def test_conversations_outlive_the_service(api_stage: Stage) -> None:
    id = (await api_stage.begin())["conversation_id"]
    await api_stage.stop()
    await api_stage.start()

    assert ["Why do owls hoot?", "Hoo."] == await api_stage.said(id)


async def test_a_key_in_a_question_is_hidden(api_stage: Stage) -> None:
    """From the provider as from whoever reads the store."""
    begun = await api_stage.begin(f"What is {api_stage.alice}?")

    assert api_stage.alice not in api_stage.read()[1]
    assert api_stage.alice not in " ".join(await api_stage.said(begun["conversation_id"]))
    assert api_stage.alice not in (await api_stage.listed())[0]["title"]


async def test_routes_can_be_elsewhere(tmp_path: Path) -> None:
    """Without a line of code; the old place is empty."""
    paths = {"/conversations/{id}/ask": "/gpt/{id}/more", "/conversations/new": "/gpt"}
    async with on_api_stage(tmp_path, {"paths": paths}) as stage:
        begun = await stage.call("POST", "/gpt", {"prompt": "Why?"})
        id = begun.body["response"]["conversation_id"]
        more = await stage.call("POST", f"/gpt/{id}/more", {"prompt": "And?"})
        old = await stage.call("POST", f"/conversations/{id}/ask", {"prompt": "And?"})

        assert [201, 201, 404] == [begun.status, more.status, old.status]


async def test_the_documentation_tells_of_every_route(api_stage: Stage) -> None:
    described = (await api_stage.call("GET", "/openapi.json")).body["paths"]

    for path in ("/conversations/new", "/conversations/{id}/ask", "/api", "/create", "/api/ask", "/api/chat"):
        schema = described[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["properties"], path
    assert "prompt" in [each["name"] for each in described["/api/chat"]["get"]["parameters"]]


# Titles.


@pytest.mark.parametrize("says", ["Owls at night", '"Owls at night"\n'])
async def test_a_model_can_make_titles(tmp_path: Path, says: str) -> None:
    """After the answer was sent; at nobody's cost but the service's."""
    async with on_api_stage(tmp_path, titles={"model": "mini"}) as stage:
        stage.provider.when(lambda asked: asked.model == "parley-demo-mini", say(says))
        await stage.begin()

        async def named() -> bool:
            return ["Owls at night"] == [each["title"] for each in await stage.listed()]

        await stage.until_async(named)
        spent = {(spending.user, spending.model) for spending in await stage.spendings()}
        assert {("discord:42", "demo"), ("system:titles", "mini")} == spent


async def test_a_title_that_was_given_is_kept(tmp_path: Path) -> None:
    async with on_api_stage(tmp_path, titles={"model": "mini"}) as stage:
        id = (await stage.begin(title="Mine"))["conversation_id"]
        await stage.ask(id, "And?")

        assert ["Mine"] == [each["title"] for each in await stage.listed()]
        assert 2 == stage.provider.books.calls


@pytest.mark.parametrize("trouble", [say("Ow", Ending.CUT), say(""), unprocessable()])
async def test_titles_that_fail_harm_nothing(tmp_path: Path, trouble: Any) -> None:
    async with on_api_stage(tmp_path, titles={"model": "mini"}) as stage:
        stage.provider.when(lambda asked: asked.model == "parley-demo-mini", trouble)
        id = (await stage.begin())["conversation_id"]
        await stage.until(lambda: stage.provider.books.calls >= 2)

        assert 201 == (await stage.ask(id, "And?")).status
        assert ["Why do owls hoot?"] == [each["title"] for each in await stage.listed()]
