"""adapters.upstream.completion: pieces become one answer, whatever way they were cut."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.upstream.completion import Completion
from adapters.upstream.events import BadEvents
from bot.turn import Usage

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("\ud83e"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)

CUTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=6)


def _shaped(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Events that are right to some depth, and anything below."""
    delta = st.fixed_dictionaries({}, optional={"content": JSON, "tool_calls": JSON | st.lists(JSON), "role": JSON})
    choice = st.fixed_dictionaries(
        {}, optional={"index": JSON | st.integers(0, 1), "delta": JSON | delta, "finish_reason": JSON, "logprobs": JSON}
    )
    return st.fixed_dictionaries({name: JSON | st.lists(JSON | choice, max_size=3)})


@given(st.lists(JSON.filter(lambda value: isinstance(value, dict)) | _shaped("choices"), max_size=4))
def test_whatever_comes_is_a_completion_or_bad_events(events: list[Any]) -> None:
    completion = Completion("owl", 2)
    for event in events:
        try:
            json.loads(completion.chunk(completion.take(event)).removeprefix(b"data: "))
        except BadEvents:
            return
    assert 2 == len(json.loads(completion.whole())["choices"])


@given(st.tuples(CUTS, CUTS), CUTS, st.randoms(use_true_random=False))
def test_pieces_in_any_order_of_the_answers_are_put_together(
    texts: tuple[list[str], list[str]], arguments: list[str], random: Any
) -> None:
    """Each answer's own pieces come in their order, those of different answers as they like."""
    waiting = [[_text(index, piece) for piece in texts[index]] for index in (0, 1)]
    waiting.append([_call(piece, number) for number, piece in enumerate(arguments)])
    completion = Completion("owl", 2)
    while any(waiting):
        completion.take(random.choice([queue for queue in waiting if queue]).pop(0))
    assert not completion.finished
    completion.take({"choices": [{"index": index, "finish_reason": "stop"} for index in (0, 1)]})
    completion.usage = Usage(7, 5, cached=2)

    assert completion.finished
    whole = json.loads(completion.whole())
    first, second = whole["choices"]
    assert ["".join(texts[0]), "".join(texts[1]) or (None if arguments else "")] == [
        choice["message"]["content"] for choice in (first, second)
    ]
    if arguments:
        (call,) = second["message"]["tool_calls"]
        assert ("call_7", "weather", "".join(arguments)) == (
            call["id"],
            call["function"]["name"],
            call["function"]["arguments"],
        )
    assert 12 == whole["usage"]["total_tokens"]


def _text(index: int, piece: str) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": {"content": piece}}]}


def _call(piece: str, number: int) -> dict[str, Any]:
    """The first piece of a call says which it is."""
    begun = {} if number else {"id": "call_7", "type": "function"}
    function = {"arguments": piece} | ({} if number else {"name": "weather"})
    return {"choices": [{"index": 1, "delta": {"tool_calls": [{"index": 3, **begun, "function": function}]}}]}


def test_a_refusal_and_thoughts_stand_in_fields_of_their_own() -> None:
    completion = Completion("owl", 1)
    for delta in ({"reasoning": "Hm"}, {"reasoning": "m."}, {"refusal": "I "}, {"refusal": "won't."}):
        completion.take({"choices": [{"delta": delta}]})

    message = json.loads(completion.whole())["choices"][0]["message"]
    assert {"role": "assistant", "content": None, "refusal": "I won't.", "reasoning": "Hmm."} == message


def test_probabilities_follow_one_another() -> None:
    completion = Completion("owl", 1)
    for token in ("Hoo", "."):
        logs: dict[str, Any] = {
            "content": [{"token": token, "logprob": -0.5, "bytes": None, "top_logprobs": []}],
            "refusal": None,
        }
        completion.take({"choices": [{"delta": {"content": token}, "logprobs": logs}]})

    logprobs = json.loads(completion.whole())["choices"][0]["logprobs"]
    assert ["Hoo", "."] == [each["token"] for each in logprobs["content"]]
    assert None is logprobs["refusal"]
