"""
What programs may ask, route by route: checked, kept within what they may spend, and priced before it is passed on.

Fields that are not named here go on as they are: what a provider understands is between it and the program. All of
these raise Rejected.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.http import params
from adapters.http.asked import Asked, of_money, of_sound, of_tokens
from adapters.http.forms import Form
from adapters.http.prompts import PICTURE, embedded_tokens, item_tokens, message_tokens, rules_tokens
from adapters.http.refusals import Rejected
from adapters.http.sound import seconds_of
from bot.catalogue import ModelSpec
from bot.quota import MILLION, Cost, Demand, Unit
from bot.window import PER_MESSAGE, PRIMING, Count

MOST_CHOICES = 8
"""Answers to one question."""

MOST_PICTURES = 10
"""Of one request. Source: OpenAI's API reference, images, `n`."""

ELSEWHERE = {
    *("models", "fallbacks", "route", "provider", "plugins", "preset", "transforms"),
    *("api_base", "base_url", "api_key", "api_version", "api_type", "custom_llm_provider", "model_list", "extra_body"),
    *("extra_headers", "web_search", "mock_response"),
}
"""
Fields by which other gateways let a caller choose another model, another server or paid extras.

Sources: openrouter.ai/docs/api-reference/overview; docs.litellm.ai/docs/completion/input.
"""

SPOKEN = 10
"""Characters that are spoken in a second, rather too few than too many: it is about 15 in English."""

LONGEST_SPEECH = 4_096
"""Characters. Source: OpenAI's API reference, audio, speech, `input`."""

SPEEDS = (0.25, 4.0)
"""Times the usual one. Source: OpenAI's API reference, audio, speech, `speed`."""

FIELD = "callback_url"
"""Where the result of long work is to be posted: ours, and not passed on."""


def check_fields(fields: Mapping[str, Any]) -> None:
    """Raise Rejected for what would be answered by something else than the model that is priced."""
    params.refuse(fields, *(name for name in fields if name in ELSEWHERE))


def following(asked: Asked, spec: ModelSpec, tokens: int) -> Asked:
    """A request to a model that reads so many tokens of an earlier response again."""
    prompt = asked.prompt + tokens
    return replace(asked, prompt=prompt, demand=of_tokens(spec, prompt, asked.demand.most))


def chat(fields: dict[str, Any], spec: ModelSpec, count: Count) -> Asked:
    """chat/completions. Raises Rejected."""
    messages = params.listed(fields, "messages")
    params.refuse(fields, "audio", "prediction", "web_search_options")
    modalities = fields.get("modalities")
    if isinstance(modalities, list) and "audio" in modalities:
        raise Rejected("Spoken answers are not offered here.", param="modalities")
    _check_common(fields)
    choices = params.whole(fields, "n", 1, MOST_CHOICES) or 1
    named = tuple(name for name in ("max_completion_tokens", "max_tokens") if fields.get(name) is not None)
    wanted = [params.whole(fields, name, 1) or 0 for name in named]
    prompt = PRIMING + sum(PER_MESSAGE + message_tokens(message, count) for message in messages)
    prompt += rules_tokens(fields, ("tools", "functions", "response_format"), count)
    stream = params.flag(fields, "stream")
    sent = {**fields, "model": spec.model}
    options = fields.get("stream_options")
    shown = isinstance(options, dict) and options.get("include_usage") is True
    if stream:
        sent["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    output = min([*wanted, spec.max_output])
    return Asked(sent, prompt, of_tokens(spec, prompt, output, choices), named, stream, hides=stream and not shown)


def responses(fields: dict[str, Any], spec: ModelSpec, count: Count) -> Asked:
    """responses. Raises Rejected."""
    given = fields.get("input")
    if not isinstance(given, (str, list)) or not given:
        raise Rejected("`input` must be a text, or a list of items.", param="input")
    params.refuse(fields, "background", "conversation", "prompt", "include")
    _check_common(fields)
    prompt = PRIMING + rules_tokens(fields, ("tools", "text"), count) + count(params.text(fields, "instructions"))
    if isinstance(given, str):
        prompt += PER_MESSAGE + count(given)
    else:
        prompt += sum(PER_MESSAGE + item_tokens(item, count) for item in given)
    named = ("max_output_tokens",) if fields.get("max_output_tokens") is not None else ()
    output = min([*(params.whole(fields, name, 1) or 0 for name in named), spec.max_output])
    sent = {**fields, "model": spec.model}
    return Asked(sent, prompt, of_tokens(spec, prompt, output), named, params.flag(fields, "stream"))


def embeddings(fields: dict[str, Any], spec: ModelSpec, count: Count) -> Asked:
    """embeddings. Raises Rejected."""
    given = fields.get("input")
    prompt = embedded_tokens(given, count)
    if prompt is None:
        raise Rejected("`input` must be a text, a list of texts, or tokens.", param="input")
    return Asked({**fields, "model": spec.model}, prompt, of_tokens(spec, prompt, 0))


def pictures(fields: dict[str, Any], spec: ModelSpec, count: Count, looked_at: int = 0) -> Asked:
    """
    images/generations, and images/edits of so many pictures. Raises Rejected.

    A picture has its own price, or that of its tokens. It counts as a picture, and its tokens as none.
    """
    prompt = count(params.text(fields, "prompt", needed=True)) + looked_at * PICTURE
    number = params.whole(fields, "n", 1, MOST_PICTURES) or 1
    each = spec.price.image or -(-spec.max_output * spec.price.output // MILLION)
    demand = Demand(of_money(spec, prompt, number * each) | {Unit.IMAGES: Cost(number)}, 0, 0)
    stream, callback = params.flag(fields, "stream"), fields.get(FIELD)
    if stream and callback is not None:
        raise Rejected(f"A stream cannot be posted: give `stream` or `{FIELD}`.", param=FIELD)
    sent = {name: value for name, value in fields.items() if name != FIELD} | {"model": spec.model}
    return Asked(sent, prompt, demand, stream=stream, images=number, callback=callback)


def speech(fields: dict[str, Any], spec: ModelSpec, count: Count) -> Asked:
    """audio/speech. Raises Rejected."""
    text = params.text(fields, "input", needed=True)
    if len(text) > LONGEST_SPEECH:
        raise Rejected(f"`input` may have {LONGEST_SPEECH:,} characters at most.", param="input")
    speed = params.number(fields, "speed", *SPEEDS) or 1
    prompt, seconds = count(text), math.ceil(len(text) / SPOKEN / speed)
    return Asked({**fields, "model": spec.model}, prompt, of_sound(spec, prompt, seconds), seconds=seconds)


def transcription(fields: dict[str, Any], spec: ModelSpec, seconds: int, *, stream: bool = False) -> Asked:
    """audio/transcriptions of so many seconds."""
    return Asked({**fields, "model": spec.model}, 0, of_sound(spec, 0, seconds), stream=stream, seconds=seconds)


def edited(form: Form, spec: ModelSpec, count: Count) -> Asked:
    """images/edits. Raises Rejected."""
    _check_files(form, "image", "image[]", "mask")
    if not form.files:
        raise Rejected("There is no picture in this form.", param="image")
    numbers = {name: _number(form.texts[name], name) for name in ("n",) if name in form.texts}
    flags = {"stream": form.texts.get("stream", "").lower() == "true"}
    return pictures({**form.texts, **numbers, **flags}, spec, count, looked_at=len(form.files))


def transcribed(form: Form, spec: ModelSpec, count: Count) -> Asked:
    """audio/transcriptions. Raises Rejected."""
    del count
    _check_files(form, "file")
    if len(form.files) != 1:
        raise Rejected("There must be one recording in this form.", param="file")
    recording = form.files[0]
    stream = form.texts.get("stream", "").lower() == "true"
    return transcription(dict(form.texts), spec, seconds_of(recording.data, recording.name), stream=stream)


def _check_common(fields: Mapping[str, Any]) -> None:
    """Raise Rejected for what would cost what nobody can tell before."""
    if fields.get("service_tier") not in (None, "auto", "default"):
        raise Rejected("Only the usual service tier is offered here.", param="service_tier")
    tools = fields.get("tools")
    if tools is not None and (
        not isinstance(tools, list)
        or not all(isinstance(tool, dict) and tool.get("type") in ("function", "custom") for tool in tools)
    ):
        raise Rejected("Only tools of your own (of type function or custom) can be used here.", param="tools")


def _check_files(form: Form, *names: str) -> None:
    """Raise Rejected for a form in which a field is there twice, or a file in place of a text: which one counts?"""
    texts = [name for name, part in form.parts if isinstance(part, str) and not name.endswith("[]")]
    if twice := [name for name in texts if texts.count(name) > 1]:
        raise Rejected(f"`{twice[0]}` is there twice.", param=twice[0])
    if wrong := [name for name, part in form.parts if not isinstance(part, str) and name not in names]:
        raise Rejected(f"`{wrong[0]}` must not be a file.", param=wrong[0])


def _number(text: str, name: str) -> int:
    """Raises Rejected."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Rejected(f"`{name}` must be a whole number.", param=name)
    return int(text)
