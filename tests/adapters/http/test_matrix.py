"""Two people and every route: what one of them has said never reaches the other, nor a model on the other's behalf."""

import json
from typing import Any

from tests.adapters.http.api_stage import Stage

SECRET = "ALICES-OWL-IS-CALLED-ZEPHYR"


async def test_what_one_has_said_never_reaches_the_other(api_stage: Stage) -> None:
    """Each route of the document, asked by Bob with every name that only Alice's things have."""
    hers = await _said_by_alice(api_stage)
    document = (await api_stage.call("GET", "/openapi.json", key="")).body
    asked = 0

    for path, operations in document["paths"].items():
        for method in operations:
            for fields in (hers, {**hers, "parent_id": "root"}, {"prompt": "x", "content": "x", "msg": "x"}):
                answer = await _as_bob(api_stage, method.upper(), path, fields)
                asked += 1
                assert SECRET not in str(answer.body), (method, path)
                assert answer.status < 500, (method, path)

    assert asked > 60
    told = [json.dumps(request, default=str) for request in api_stage.provider.books.requests]
    assert [] == [each for each in told[hers["told"] :] if SECRET in each]
    assert [SECRET, "Hoo."] == await api_stage.said(hers["conversation_id"])


async def _said_by_alice(stage: Stage) -> dict[str, Any]:
    """What Alice has said in each format, by the names that it has."""
    answer = await stage.begin(SECRET)
    await stage.call("POST", "/api", {"sid": 7, "msg": SECRET})
    kept = await stage.call("POST", "/v1/responses", {"model": "demo", "input": SECRET})
    again = {"Idempotency-Key": "one"}
    chat = {"model": "demo", "messages": [{"role": "user", "content": SECRET}]}
    assert 200 == (await stage.call("POST", "/v1/chat/completions", chat, headers=again)).status
    return {
        "conversation_id": answer["conversation_id"],
        "parent_id": answer["parent_id"],
        "sid": 7,
        "previous_response_id": kept.body["id"],
        "told": len(stage.provider.books.requests),
    }


async def _as_bob(stage: Stage, method: str, path: str, fields: dict[str, Any]) -> Any:
    id = str(fields.get("conversation_id", "x"))
    body = {"model": "demo", "prompt": "And?", "content": "And?", "msg": "And?", "input": "And?", **fields}
    body["messages"] = [{"role": "user", "content": "And?"}]
    sent = {name: value for name, value in body.items() if name != "told"}
    query = {name: str(value) for name, value in sent.items() if isinstance(value, (str, int))}
    options: dict[str, Any] = {"headers": {"Idempotency-Key": "one"}, "key": stage.bob}
    if method == "GET":
        return await stage.call(method, path.replace("{id}", id).replace("{model}", "demo"), params=query, **options)
    return await stage.call(method, path.replace("{id}", id).replace("{model}", "demo"), sent, **options)
