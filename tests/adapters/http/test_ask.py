"""ChatGPT-API-server's question on a running service, sent as its clients send it."""

from uuid import UUID

import pytest

from sandbox.openai.errors import out_of_quota
from sandbox.openai.script import Ending, say
from tests.adapters.http.api_stage import WRONG, Stage


async def test_a_question_is_answered(api_stage: Stage) -> None:
    answered = await api_stage.call("POST", "/api/ask", {"content": "Why do owls hoot?"})

    assert 200 == answered.status
    assert ["id", "response_id", "conversation_id", "content", "error"] == list(answered.body)
    assert ("Hoo.", "") == (answered.body["content"], answered.body["error"])
    for name in ("id", "response_id", "conversation_id"):
        assert answered.body[name] == str(UUID(answered.body[name]))


async def test_a_question_follows_an_answer(api_stage: Stage) -> None:
    """Whichever of the conversation it names."""
    first = (await api_stage.call("POST", "/api/ask", {"content": "First?"})).body
    place = {"conversation_id": first["conversation_id"], "parent_id": first["response_id"]}
    for content in ("Second?", "Another second?"):
        answered = await api_stage.call("POST", "/api/ask", {"content": content, **place})
        assert (200, first["conversation_id"]) == (answered.status, answered.body["conversation_id"])
        assert ["First?", "Hoo.", content] == list(api_stage.read()[1:])


@pytest.mark.parametrize("alone", ["conversation_id", "parent_id"])
async def test_a_conversation_and_a_parent_come_together(api_stage: Stage, alone: str) -> None:
    answered = await api_stage.call("POST", "/api/ask", {"content": "Why?", alone: "x"})

    assert 400 == answered.status
    assert {"error": "Send conversation_id and parent_id together, or neither of them."} == answered.body
    assert 0 == api_stage.provider.books.calls


async def test_a_conversation_that_is_not_there_is_404(api_stage: Stage) -> None:
    place = {"conversation_id": "x", "parent_id": "y"}
    answered = await api_stage.call("POST", "/api/ask", {"content": "Why?", **place})

    assert (404, {"error": "There is no such conversation."}) == (answered.status, answered.body)


async def test_without_content_nothing_is_asked(api_stage: Stage) -> None:
    answered = await api_stage.call("POST", "/api/ask", {})

    assert (400, {"error": "content is required"}) == (answered.status, answered.body)


async def test_a_cut_answer_is_told_as_one(api_stage: Stage) -> None:
    api_stage.provider.queue(say("To wit", Ending.CUT), say("To", Ending.CUT))
    answered = await api_stage.call("POST", "/api/ask", {"content": "Why?"})

    assert ("To wit", "The model was cut off here.") == (answered.body["content"], answered.body["error"])


async def test_no_account_is_503(api_stage: Stage) -> None:
    api_stage.provider.otherwise(out_of_quota())
    answered = await api_stage.call("POST", "/api/ask", {"content": "Why?"})

    assert (503, {"error"}) == (answered.status, set(answered.body))


@pytest.mark.parametrize("key", ["", WRONG])
async def test_nobody_comes_in_without_a_key(api_stage: Stage, key: str) -> None:
    without = await api_stage.call("POST", "/api/ask", {"content": "Why?"}, key=key)
    raw = await api_stage.call(
        "POST", "/api/ask", {"content": "Why?"}, key="", headers={"Authorization": api_stage.alice}
    )

    assert (401, {"error"}) == (without.status, set(without.body))
    assert 200 == raw.status
