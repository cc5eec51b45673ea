"""
Whether a request for a chat completion can be followed.

Source of the fields and their ranges: platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.openai import bodies, errors, fields, models, tokens, tools
from sandbox.openai.asked import Asked, said
from sandbox.openai.errors import ApiError, bad_request
from sandbox.openai.formats import check_format, check_json_is_named
from sandbox.openai.messages import check_heard, check_messages
from sandbox.openai.models import Model, Skill


def _stop(path: str, value: Any) -> None:
    if isinstance(value, str):
        return
    fields.array(path, value, of="strings", longest=4)
    for index, one in enumerate(value):
        fields.string(f"{path}[{index}]", one)


def _stream_options(path: str, value: Any) -> None:
    fields.mapping(path, value)
    fields.known(value, path, ["include_usage", "include_obfuscation"])
    for name, switch in value.items():
        fields.boolean(f"{path}.{name}", switch)


KNOWN: Mapping[str, fields.Check] = {
    "model": fields.string,
    "messages": check_messages,
    "stream": fields.boolean,
    "stream_options": _stream_options,
    "max_tokens": fields.integer(1),
    "max_completion_tokens": fields.integer(1),
    "n": fields.integer(1, 128),
    "stop": _stop,
    "temperature": fields.number(0, 2),
    "top_p": fields.number(0, 1),
    "frequency_penalty": fields.number(-2, 2),
    "presence_penalty": fields.number(-2, 2),
    "seed": fields.integer(),
    "reasoning_effort": fields.choice("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "verbosity": fields.choice("low", "medium", "high"),
    "service_tier": fields.choice("auto", "default", "flex", "scale", "priority", "fast"),
    "store": fields.boolean,
    "metadata": fields.metadata,
    "user": fields.string,
    "safety_identifier": fields.string,
    "prompt_cache_key": fields.string,
    "tools": tools.check_tools,
    "tool_choice": tools.check_choice,
    "parallel_tool_calls": fields.boolean,
    "response_format": check_format,
    "logprobs": fields.boolean,
    "top_logprobs": fields.integer(0, 20),
    "logit_bias": fields.mapping,
}

_BEYOND = frozenset(
    {
        *("audio", "function_call", "functions", "modalities", "moderation", "prediction"),
        *("prompt_cache_options", "prompt_cache_retention", "web_search_options"),
    }
)


def parse(raw: bytes, offered: Mapping[str, Model]) -> Asked:
    """
    Read the body of a request.

    Raises:
        ApiError: OpenAI would refuse it, too.
    """
    body = bodies.as_object(raw)
    if "model" not in body:
        raise ApiError(bad_request("you must provide a model parameter"))
    bodies.check(body, KNOWN, required=["model", "messages"], beyond=_BEYOND)
    _check_together(body)
    model = models.named(offered, body["model"])
    if model.skill is not Skill.CHAT:
        raise ApiError(errors.not_a_chat_model())
    if not model.hears:
        check_heard(body["messages"])
    return _within(_asked(body), model)


def _check_together(body: dict[str, Any]) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        sentence = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise ApiError(bad_request(sentence, "stream_options"))
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        sentence = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
        raise ApiError(bad_request(sentence, "max_tokens", "invalid_parameter_combination"))
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        sentence = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
        raise ApiError(bad_request(sentence, "top_logprobs"))
    tools.check_together(body, tools.names(body.get("tools") or []))
    check_json_is_named(body.get("response_format"), body["messages"])


def _asked(body: dict[str, Any]) -> Asked:
    stop = body.get("stop") or ()
    return Asked(
        model=body["model"],
        messages=tuple(said(message) for message in body["messages"]),
        stream=bool(body.get("stream")),
        include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        choices=body.get("n") or 1,
        most=body.get("max_completion_tokens") or body.get("max_tokens") or 0,
        stops=(stop,) if isinstance(stop, str) else tuple(one for one in stop if one),
        prompt_tokens=tokens.prompt_tokens(body["messages"]) + tokens.of_tools(body.get("tools")),
        body=body,
    )


def _within(asked: Asked, model: Model) -> Asked:
    """The request with the limit that the model sets where the request sets none."""
    if asked.most > model.output:
        name = "max_tokens" if asked.body.get("max_tokens") else "max_completion_tokens"
        sentence = (
            f"{name} is too large: {asked.most}. This model supports at most {model.output} completion tokens, "
            f"whereas you provided {asked.most}."
        )
        raise ApiError(bad_request(sentence, name, "invalid_value"))
    if asked.prompt_tokens + asked.most > model.context:
        raise ApiError(errors.context_exceeded(model.context, asked.prompt_tokens, asked.most))
    return replace(asked, most=asked.most or min(model.output, model.context - asked.prompt_tokens))
