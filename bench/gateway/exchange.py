"""What is asked, and what the answer to it has to be."""

import json
import re
from typing import Any

MODEL = "owl"
"""What a gateway's clients call it. The provider calls it the same."""

QUESTION = "Which owls live in the woods around the observatory, and which of them can be heard before midnight in May?"
WORDS = tuple(f" owl{number:02}" for number in range(20))
"""The answer: each word is a chunk of a stream."""

USAGE = {"prompt_tokens": 30, "completion_tokens": len(WORDS), "total_tokens": 30 + len(WORDS)}

PATH = "/v1/chat/completions"

_IN_ORDER = ".*".join(f'"{word}"' for word in WORDS)
_STREAM = re.compile(
    rf'{_IN_ORDER}.*"stop".*"total_tokens": ?{USAGE["total_tokens"]}\b.*\ndata: \[DONE\]\s*'.encode(), re.DOTALL
)


def question(stream: bool) -> bytes:
    """The body of a request. A stream's usage is asked for, as a client does who wants to know what it pays."""
    body: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}]}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps(body).encode()


def answer() -> bytes:
    """The whole answer, as the provider gives it."""
    message = {"role": "assistant", "content": "".join(WORDS), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return json.dumps({**_head("chat.completion"), "choices": [choice], "usage": USAGE}).encode()


def events(with_usage: bool) -> list[bytes]:
    """The same as a stream: 20 words, the end, what was used if it was asked for, and [DONE]."""
    chunks = [_chunk({"content": word}, None) for word in WORDS] + [_chunk({}, "stop")]
    if with_usage:
        chunks.append({**_head("chat.completion.chunk"), "choices": [], "usage": USAGE})
    return [*(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks), b"data: [DONE]\n\n"]


def is_right(stream: bool, body: bytes) -> bool:
    """Whether an answer has every word, in order, and what was used; and a stream its end."""
    return _STREAM.search(body) is not None if stream else _is_answer(body)


def _is_answer(body: bytes) -> bool:
    said = json.loads(body)
    content = said["choices"][0]["message"]["content"]
    return bool(content == "".join(WORDS) and said["usage"]["total_tokens"] == USAGE["total_tokens"])


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-owl", "object": kind, "created": 1_790_000_000, "model": MODEL}


def _chunk(delta: dict[str, str], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**_head("chat.completion.chunk"), "choices": [choice]}
