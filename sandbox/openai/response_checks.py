"""
Whether a request for a response can be followed.

Source of the fields and their ranges: platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.openai import bodies, errors, fields, models, routes, tokens, tools
from sandbox.openai.asked import Asked, said
from sandbox.openai.errors import ApiError, bad_request
from sandbox.openai.formats import check_flat_format, check_json_is_named
from sandbox.openai.models import Model, Skill
from sandbox.openai.response_items import Message, check_calls, check_input, messages


def _stream_options(path: str, value: Any) -> None:
    fields.mapping(path, value)
    fields.known(value, path, ["include_obfuscation"])
    for name, switch in value.items():
        fields.boolean(f"{path}.{name}", switch)


def _text(path: str, value: Any) -> None:
    fields.mapping(path, value)
    fields.known(value, path, ["format", "verbosity"])
    if value.get("format") is not None:
        check_flat_format(f"{path}.format", value["format"])
    if value.get("verbosity") is not None:
        fields.choice("low", "medium", "high")(f"{path}.verbosity", value["verbosity"])


def _reasoning(path: str, value: Any) -> None:
    fields.mapping(path, value)
    fields.known(value, path, ["effort", "summary"])
    if value.get("effort") is not None:
        efforts = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
        fields.choice(*efforts)(f"{path}.effort", value["effort"])
    if value.get("summary") is not None:
        fields.choice("auto", "concise", "detailed")(f"{path}.summary", value["summary"])


def _include(path: str, value: Any) -> None:
    if not isinstance(value, list):
        raise fields.wrong_type(path, "an array of strings", value)
    for index, one in enumerate(value):
        fields.choice("reasoning.encrypted_content", "message.input_image.image_url")(f"{path}[{index}]", one)


KNOWN: Mapping[str, fields.Check] = {
    "model": fields.string,
    "input": check_input,
    "instructions": fields.string,
    "max_output_tokens": fields.integer(16),
    "previous_response_id": fields.string,
    "store": fields.boolean,
    "stream": fields.boolean,
    "stream_options": _stream_options,
    "tools": tools.check_flat_tools,
    "tool_choice": tools.check_choice,
    "parallel_tool_calls": fields.boolean,
    "temperature": fields.number(0, 2),
    "top_p": fields.number(0, 1),
    "text": _text,
    "reasoning": _reasoning,
    "include": _include,
    "truncation": fields.choice("auto", "disabled"),
    "service_tier": fields.choice("auto", "default", "flex", "scale", "priority", "fast"),
    "metadata": fields.metadata,
    "user": fields.string,
    "safety_identifier": fields.text(64),
    "prompt_cache_key": fields.string,
}

_BEYOND = frozenset(
    {
        *("background", "context_management", "conversation", "max_tool_calls", "moderation", "prompt"),
        *("prompt_cache_options", "prompt_cache_retention", "top_logprobs"),
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    """A request that passed every check. `talk` is all that was said up to it; instructions are not carried on."""

    asked: Asked
    talk: Sequence[Message]


def parse(raw: bytes, offered: Mapping[str, Model], earlier: Callable[[str], Sequence[Message] | None]) -> Question:
    """
    Read the body of a request.

    Args:
        earlier: What was said up to a stored response, its own output too; None when there is none.

    Raises:
        ApiError: OpenAI would refuse it, too.
    """
    body = bodies.as_object(raw)
    bodies.check(body, KNOWN, required=["model", "input"], beyond=_BEYOND)
    model = models.named(offered, body["model"])
    if model.skill is not Skill.CHAT:
        raise ApiError(errors.not_for_responses(model.id))
    talk = [*_before(body.get("previous_response_id"), earlier), *messages(body["input"])]
    _check_together(body, talk)
    return Question(_asked(body, model, talk), talk)


def _before(response: str | None, earlier: Callable[[str], Sequence[Message] | None]) -> Sequence[Message]:
    if response is None:
        return ()
    talk = earlier(response)
    if talk is None:
        raise ApiError(errors.no_previous_response(response))
    return talk


def _check_together(body: Mapping[str, Any], talk: Sequence[Message]) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        sentence = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise ApiError(bad_request(sentence, "stream_options"))
    check_calls(talk)
    tools.check_chosen(body, tools.names(body.get("tools") or []))
    check_json_is_named((body.get("text") or {}).get("format"), talk, "input")


def _asked(body: Mapping[str, Any], model: Model, talk: Sequence[Message]) -> Asked:
    instructions = body.get("instructions")
    read = [{"role": "system", "content": instructions}, *talk] if instructions else talk
    prompt = tokens.prompt_tokens(read) + tokens.of_tools(body.get("tools"))
    if prompt >= model.context:
        raise ApiError(errors.input_exceeds_context())
    return Asked(
        model=model.id,
        messages=tuple(said(message) for message in read),
        stream=bool(body.get("stream")),
        include_usage=True,
        choices=1,
        most=min(body.get("max_output_tokens") or model.output, model.output, model.context - prompt),
        stops=(),
        prompt_tokens=prompt,
        body=body,
        route=routes.RESPONSES,
    )
