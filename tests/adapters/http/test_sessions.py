"""OpenAISession's routes on a running service, called as its clients call them."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.openai.script import say
from tests.adapters.http.api_stage import Stage, on_api_stage

USUAL = "You are a helpful assistant."


async def test_a_hinted_number_is_given_when_it_is_free(api_stage: Stage) -> None:
    """And else another one."""
    first = await api_stage.call("POST", "/create", {"sid": 7})
    second = await api_stage.call("POST", "/create", {"sid": 7})
    third = await api_stage.call("POST", "/create")

    assert [(200, 7), (200, 8), (200, 9)] == [(each.status, each.body) for each in (first, second, third)]


async def test_numbers_are_ones_own(api_stage: Stage) -> None:
    assert [7, 7] == [
        (await api_stage.call("POST", "/create", {"sid": 7}, key=key)).body for key in (api_stage.alice, api_stage.bob)
    ]


async def test_a_session_answers_with_its_tokens(api_stage: Stage) -> None:
    """As the provider counted them."""
    sid = (await api_stage.call("POST", "/create", {})).body
    answered = await api_stage.call("POST", "/api", {"sid": sid, "msg": "Why do owls hoot?"})

    (bill,) = api_stage.provider.books.invoice
    assert 200 == answered.status
    assert ("Hoo.", bill.prompt, bill.completion, sid) == tuple(
        answered.body[name] for name in ("text", "token_in", "token_out", "new_session_id")
    )
    assert [USUAL, "Why do owls hoot?"] == list(api_stage.read())


@pytest.mark.parametrize("fields", [{}, {"sid": 0}, {"sid": ""}, {"sid": None}])
async def test_without_a_number_a_session_begins(api_stage: Stage, fields: dict[str, Any]) -> None:
    first = await api_stage.call("POST", "/api", {"msg": "First?", **fields})
    sid = first.body["new_session_id"]
    second = await api_stage.call("POST", "/api", {"msg": "Second?", "sid": sid})

    assert (1, 1) == (sid, second.body["new_session_id"])
    assert [USUAL, "First?", "Hoo.", "Second?"] == list(api_stage.read())


async def test_a_number_may_be_written_as_text(api_stage: Stage) -> None:
    """Their server took whatever looks like a number."""
    sid = (await api_stage.call("POST", "/create", {"sid": "12"})).body

    assert 12 == sid
    assert 200 == (await api_stage.call("POST", "/api", {"sid": "12", "msg": "Why?"})).status


async def test_a_system_message_holds_from_then_on(api_stage: Stage) -> None:
    sid = (await api_stage.call("POST", "/create", {"system_msg": "You are an owl."})).body
    told = []
    for fields in ({}, {"system_msg": "You are a bat."}, {}):
        await api_stage.call("POST", "/api", {"sid": sid, "msg": "Who are you?", **fields})
        told.append(api_stage.read()[0])

    assert ["You are an owl.", "You are a bat.", "You are a bat."] == told


async def test_every_answer_can_be_gone_on_from(api_stage: Stage) -> None:
    first = (await api_stage.call("POST", "/api", {"msg": "First?"})).body
    sid = first["new_session_id"]
    await api_stage.call("POST", "/api", {"sid": sid, "msg": "Second?"})
    await api_stage.call("POST", "/api", {"sid": sid, "msg": "Another second?", "parent_id": first["id"]})

    assert ["First?", "Hoo.", "Another second?"] == list(api_stage.read()[1:])


async def test_a_session_is_one_of_the_conversations(api_stage: Stage) -> None:
    """Forgotten there, its number is free again."""
    sid = (await api_stage.call("POST", "/api", {"msg": "Why?"})).body["new_session_id"]
    (listed,) = await api_stage.listed()
    await api_stage.call("DELETE", f"/conversations/{listed['id']}")
    gone = await api_stage.call("POST", "/api", {"sid": sid, "msg": "And?"})

    assert "Why?" == listed["title"]
    assert (404, {"error": "There is no such conversation."}) == (gone.status, gone.body)
    assert sid == (await api_stage.call("POST", "/create", {"sid": sid})).body


@pytest.mark.parametrize("fields", [{}, {"sid": 1}, {"sid": 1, "msg": ""}])
async def test_without_a_message_nothing_is_asked(api_stage: Stage, fields: dict[str, Any]) -> None:
    answered = await api_stage.call("POST", "/api", fields)

    assert (400, {"error": "msg is required"}) == (answered.status, answered.body)
    assert 0 == api_stage.provider.books.calls


@pytest.mark.parametrize("fields", [{"sid": "owl"}, {"sid": -1}, {"sid": 1.5}, {"sid": 10**20}, {"sid": [1]}])
@pytest.mark.parametrize("path", ["/create", "/api"])
async def test_what_is_no_number_is_told(api_stage: Stage, path: str, fields: dict[str, Any]) -> None:
    answered = await api_stage.call("POST", path, {"msg": "Why?", **fields})

    assert answered.status in ((422, 404) if path == "/api" else (422,))
    assert {"error"} == set(answered.body)


async def test_their_names_of_models_are_aliases_of_ours(tmp_path: Path) -> None:
    """As the configuration says."""
    async with on_api_stage(tmp_path, {"model_names": {"GPT4": "mini", "GPT3_5": "demo"}}) as stage:
        for model in ("GPT4", "mini", "GPT4_32K"):
            stage.provider.when(lambda asked: asked.model == "parley-demo-mini", say("Mini."))
            answered = await stage.call("POST", "/api", {"msg": "Why?", "model": model})
            expected = {"GPT4": (200, "Mini."), "mini": (200, "Mini.")}.get(model, (400, None))
            assert expected == (answered.status, answered.body.get("text"))
        listed = await stage.call("GET", "/list_models")
        assert (200, ["demo", "mini", "GPT4", "GPT3_5"]) == (listed.status, listed.body)
        mini = (await stage.key("discord:44", models=("mini",))).reveal()
        assert ["mini", "GPT4"] == (await stage.call("GET", "/list_models", key=mini)).body


@pytest.mark.parametrize(("method", "path"), [("POST", "/create"), ("POST", "/api"), ("GET", "/list_models")])
async def test_nobody_comes_in_without_a_key(api_stage: Stage, method: str, path: str) -> None:
    without = await api_stage.call(method, path, key="")
    raw = await api_stage.call(method, path, {"msg": "Why?"}, key="", headers={"Authorization": api_stage.alice})

    assert (401, {"error"}) == (without.status, set(without.body))
    assert 200 == raw.status
