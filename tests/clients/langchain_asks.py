"""
What programs do with LangChain. Run where LangChain is installed, which is not where Parley is.

Reads {"url", "key"} from its input, writes what came of each call.
"""

import json
import sys
from typing import Any

from langchain_openai import ChatOpenAI, OpenAIEmbeddings  # type: ignore[import-not-found]

QUESTION = "What do owls eat?"


def weather(place: str) -> str:
    """The weather in a place."""
    return f"rain in {place}"


def said(message: Any) -> dict[str, Any]:
    calls = [(call["name"], call["args"]) for call in message.tool_calls]
    return {"text": message.text, "calls": calls, "usage": message.usage_metadata}


def streamed(model: Any) -> dict[str, Any]:
    chunks = list(model.stream(QUESTION))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return {**said(whole), "several": len(chunks) > 3}


def answers(url: str, key: str) -> dict[str, Any]:
    model = ChatOpenAI(model="parley-demo", base_url=url, api_key=key)
    with_usage = ChatOpenAI(model="parley-demo", base_url=url, api_key=key, stream_usage=True)
    responding = ChatOpenAI(model="parley-demo", base_url=url, api_key=key, use_responses_api=True)
    embeddings = OpenAIEmbeddings(
        model="parley-demo-embedding", base_url=url, api_key=key, check_embedding_ctx_length=False
    )
    return {
        "invoked": said(model.invoke([("system", "Be brief."), ("user", QUESTION)])),
        "streamed": streamed(model),
        "streamed with usage": streamed(with_usage),
        "with tools": said(model.bind_tools([weather]).invoke(QUESTION)),
        "responded": said(responding.invoke(QUESTION)),
        "responded in a stream": streamed(responding),
        "batched": [said(each) for each in model.batch([QUESTION, "And bats?"])],
        "embedded": embeddings.embed_documents(["a", "b"]),
        "embedded query": embeddings.embed_query("a"),
    }


if __name__ == "__main__":
    given = json.load(sys.stdin)
    json.dump(answers(given["url"], given["key"]), sys.stdout)
