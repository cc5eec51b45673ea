"""
What programs may ask, route by route: checked, kept within what they may spend, and priced before it is passed on.

Fields that are not named here go on as they are: what a provider understands is between it and the program.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import to_json

from adapters.http.refusals import Rejected
from bot.billing import DOUBT, LEAST_ANSWER
from bot.catalogue import ModelSpec
from bot.quota import MILLION, Cost, Demand, Unit
from bot.window import PER_MESSAGE, PRIMING, Count

MOST_CHOICES = 8
"""Answers to one question."""

MOST_PICTURES = 10
"""Of one request. Source: OpenAI's API reference, images, `n`."""

PICTURE = 8_500
"""
Tokens of a picture that a model looks at: those of one square with gpt-4o-mini, which counts them dearest. Others take
less of what is held; a large picture there takes more.

Source: platform.openai.com/docs/guides/images-vision#calculating-costs
"""

LONGEST_TOKEN = 16
"""Characters of a token, more than in any language: with more of them than a context has, nothing is counted."""

ELSEWHERE = (
    *("models", "fallbacks", "route", "provider", "plugins", "preset", "transforms"),
    *("api_base", "base_url", "api_key", "api_version", "api_type", "custom_llm_provider", "model_list", "extra_body"),
    *("extra_headers", "web_search", "mock_response"),
)
"""
Fields by which other gateways let a caller choose another model, another server or paid extras.

Sources: openrouter.ai/docs/api-reference/overview; docs.litellm.ai/docs/completion/input.
"""

SPOKEN = 10
"""Characters that are spoken in a second, rather too few than too many: it is about 15 in English."""

LONGEST_SPEECH = 4_096
"""Characters. Source: OpenAI's API reference, audio, speech, `input`."""

FIELD = "callback_url"
"""Where the result of long work is to be posted: ours, and not passed on."""

CALLED = ("function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning")
"""Items of a response's input that are no messages."""

TEXTS = ("text", "input_text", "output_text", "refusal", "summary_text", "reasoning_text")
PICTURES = {"messages": "image_url", "input": "input_image"}
"""The part of a message that is a picture, by the field. What other parts cost, nobody knows before."""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request that was looked through.

    Args:
        fields: What goes to the provider, but for the limit of the answer.
        prompt: Its tokens, as we count them.
        demand: What it may take.
        limits: The names by which the program limits the answer itself.
        stream: Whether it wants events.
        hides: Whether it does not want the usage among them.
        images: Pictures that are to be made, and `seconds` of sound that are made or heard.
        callback: Where the result is to be posted; None when the program waits for it.
    """

    fields: dict[str, Any]
    prompt: int
    demand: Demand
    limits: tuple[str, ...] = ()
    stream: bool = False
    hides: bool = False
    images: int = 0
    seconds: int = 0
    callback: Any = None

    def granted(self, output: int) -> tuple[dict[str, Any], int]:
        """The fields for an answer of so many tokens, and the limit that is still to be named; 0 for none."""
        if not self.limits:
            return self.fields, output
        return {**self.fields, **dict.fromkeys(self.limits, output)}, 0

    def longest(self, output: int) -> int:
        """Tokens of all answers together, when each may have so many."""
        tokens = self.demand.costs.get(Unit.TOKENS)
        return tokens.of(output) - tokens.fixed if tokens else 0


def check_fields(fields: Mapping[str, Any]) -> None:
    """Raise Rejected for what would be answered by something else than the model that is priced."""
    for name in ELSEWHERE:
        _refuse(fields, name)


def bounded(count: Count, spec: ModelSpec) -> Count:
    """How to count the tokens of one request: what cannot be for that model is not counted. Raises Rejected."""
    left = spec.context * LONGEST_TOKEN

    def counted(text: str) -> int:
        nonlocal left
        left -= len(text)
        if left < 0:
            raise Rejected(
                f"That is more than this model takes: {spec.context:,} tokens.", 400, "context_length_exceeded"
            )
        return count(text)

    return counted


def following(asked: Asked, spec: ModelSpec, tokens: int) -> Asked:
    """A request to a model that reads so many tokens of an earlier response again."""
    prompt = asked.prompt + tokens
    return replace(asked, prompt=prompt, demand=_tokens(spec, prompt, asked.demand.most))


def chat(fields: dict[str, Any], spec: ModelSpec, count: Count) -> Asked:
    """chat/completions. Raises Rejected."""
    messages = _listed(fields, "messages")
    for name in ("audio", "prediction", "web_search_options"):
        _refuse(fields, name)
    modalities = fields.get("modalities")
    if isinstance(modalities, list) and "audio" in modalities:
        raise Rejected("Spoken answers are not offered here.", param="modalities")
    _check_common(fields)
    choices = _whole(fields, "n", 1, MOST_CHOICES) or 1
    named = tuple(name for name in ("max_completion_tokens", "max_tokens") if fields.get(name) is not None)
    wanted = [_whole(fields, name, 1) or 0 for name in named]
    prompt = PRIMING + sum(PER_MESSAGE + _message(message, count) for message in messages)
    prompt += _rules(fields, ("tools", "functions", "response_format"), count)
    stream = _flag(fields, "stream")
    sent = {**fields, "model": spec.model}
    options = fields.get("stream_options")
    shown = isinstance(options, dict) and options.get("include_usage") is True
    if stream:
        sent["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    output = min([*wanted, spec.max_output])
    return Asked(sent, prompt, _tokens(spec, prompt, output, choices), named, stream, hides=stream and not shown)


def responses(fields: dict[str, Any], spec: ModelSpec, count: Count) -> Asked:
    """responses. Raises Rejected."""
    given = fields.get("input")
    if not isinstance(given, (str, list)) or not given:
        raise Rejected("`input` must be a text, or a list of items.", param="input")
    for name in ("background", "conversation", "prompt", "include"):
        _refuse(fields, name)
    _check_common(fields)
    prompt = PRIMING + _rules(fields, ("tools", "text"), count) + count(_text(fields, "instructions"))
    if isinstance(given, str):
        prompt += PER_MESSAGE + count(given)
    else:
        prompt += sum(PER_MESSAGE + _item(item, count) for item in given)
    named = ("max_output_tokens",) if fields.get("max_output_tokens") is not None else ()
    output = min([*(_whole(fields, name, 1) or 0 for name in named), spec.max_output])
    sent = {**fields, "model": spec.model}
    return Asked(sent, prompt, _tokens(spec, prompt, output), named, _flag(fields, "stream"))


def embeddings(fields: dict[str, Any], spec: ModelSpec, count: Count) -> Asked:
    """embeddings. Raises Rejected."""
    given = fields.get("input")
    prompt = _embedded(given, count)
    if prompt is None:
        raise Rejected("`input` must be a text, a list of texts, or tokens.", param="input")
    return Asked({**fields, "model": spec.model}, prompt, _tokens(spec, prompt, 0))


def pictures(fields: dict[str, Any], spec: ModelSpec, count: Count, looked_at: int = 0) -> Asked:
    """
    images/generations, and images/edits of so many pictures. Raises Rejected.

    A picture has its own price, or that of its tokens. It counts as a picture, and its tokens as none.
    """
    prompt = count(_text(fields, "prompt", needed=True)) + looked_at * PICTURE
    number = _whole(fields, "n", 1, MOST_PICTURES) or 1
    each = spec.price.image or -(-spec.max_output * spec.price.output // MILLION)
    demand = Demand(_money(spec, prompt, number * each) | {Unit.IMAGES: Cost(number)}, 0, 0)
    stream, callback = _flag(fields, "stream"), fields.get(FIELD)
    if stream and callback is not None:
        raise Rejected(f"A stream cannot be posted: give `stream` or `{FIELD}`.", param=FIELD)
    sent = {name: value for name, value in fields.items() if name != FIELD} | {"model": spec.model}
    return Asked(sent, prompt, demand, stream=stream, images=number, callback=callback)


def speech(fields: dict[str, Any], spec: ModelSpec, count: Count) -> Asked:
    """audio/speech. Raises Rejected."""
    text = _text(fields, "input", needed=True)
    if len(text) > LONGEST_SPEECH:
        raise Rejected(f"`input` may have {LONGEST_SPEECH:,} characters at most.", param="input")
    prompt, seconds = count(text), -(-len(text) // SPOKEN)
    return Asked({**fields, "model": spec.model}, prompt, _audio(spec, prompt, seconds), seconds=seconds)


def transcription(fields: dict[str, Any], spec: ModelSpec, seconds: int, *, stream: bool = False) -> Asked:
    """audio/transcriptions of so many seconds."""
    return Asked({**fields, "model": spec.model}, 0, _audio(spec, 0, seconds), stream=stream, seconds=seconds)


# What it may take.


def _tokens(spec: ModelSpec, prompt: int, output: int, choices: int = 1) -> Demand:
    """Of a prompt, and of so many answers of so many tokens each."""
    doubtful = _doubted(prompt)
    price = spec.price
    costs = {
        Unit.TOKENS: Cost(doubtful, MILLION * choices),
        Unit.REQUESTS: Cost(1),
        Unit.MICRO_USD: Cost(-(-doubtful * price.input // MILLION), price.output * choices),
    }
    return Demand(costs, output, min(LEAST_ANSWER, output))


def _money(spec: ModelSpec, prompt: int, fixed: int) -> dict[Unit, Cost]:
    """Of a prompt, and what costs so many micro-USD beside it."""
    doubtful = _doubted(prompt)
    return {
        Unit.REQUESTS: Cost(1),
        Unit.MICRO_USD: Cost(-(-doubtful * spec.price.input // MILLION) + fixed),
    }


def _audio(spec: ModelSpec, prompt: int, seconds: int) -> Demand:
    costs = _money(spec, prompt, seconds * spec.price.audio_second) | {Unit.AUDIO_SECONDS: Cost(seconds)}
    return Demand(costs, 0, 0)


def _doubted(prompt: int) -> int:
    return -(-prompt * DOUBT // 100)


# What is in it.


def _message(message: object, count: Count) -> int:
    """Tokens of a message of a chat. Raises Rejected."""
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise Rejected("Each of `messages` must have a role.", param="messages")
    content = message.get("content")
    beside = {name: value for name, value in message.items() if name not in ("role", "content") and value}
    size = count(_json(beside)) if beside else 0
    return size + (0 if content is None else _content(content, count, "messages"))


def _item(item: object, count: Count) -> int:
    """Tokens of an item of a response's input. Raises Rejected."""
    if not isinstance(item, dict):
        raise Rejected("Each item of `input` must be an object.", param="input")
    if "content" in item and item.get("type", "message") == "message":
        return _content(item["content"], count, "input")
    if item.get("type") in CALLED:
        output = item.get("output")
        beside = {name: value for name, value in item.items() if name != "output"}
        return count(_json(beside)) + (0 if output is None else _content(output, count, "input"))
    raise Rejected("That kind of item is not taken here.", param="input")


def _content(content: object, count: Count, param: str) -> int:
    """Tokens of a text, or of parts. Raises Rejected."""
    if isinstance(content, str):
        return count(content)
    if not isinstance(content, list):
        raise Rejected("A message's content must be a text, or a list of parts.", param=param)
    return sum(_part(part, count, param) for part in content)


def _part(part: object, count: Count, param: str) -> int:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(part, dict) and kind in TEXTS:
        text = part.get("text", part.get("refusal"))
        return count(text) if isinstance(text, str) else 0
    if isinstance(part, dict) and kind == PICTURES.get(param):
        _check_picture(part, param)
        return PICTURE
    raise Rejected(f"Parts of type {str(kind)[:40]!r} are not taken here: texts and pictures are.", param=param)


def _check_picture(part: Mapping[str, Any], param: str) -> None:
    """Raise Rejected for a picture that is named in any other way than by its address, or by itself."""
    given = part.get("image_url")
    address = given.get("url") if param == "messages" and isinstance(given, dict) else given
    if (param == "messages") != isinstance(given, dict) or not isinstance(address, str) or part.get("file_id"):
        raise Rejected("A picture must come as `image_url`, in the shape of this route.", param=param)


def _rules(fields: Mapping[str, Any], names: Iterable[str], count: Count) -> int:
    """Tokens of what goes along with the messages."""
    given = [fields[name] for name in names if fields.get(name)]
    return sum(count(_json(each)) for each in given)


def _embedded(given: object, count: Count) -> int | None:
    """Tokens of what is to be embedded; None for what cannot be."""
    if isinstance(given, str):
        return count(given)
    if not isinstance(given, list) or not given:
        return None
    if all(isinstance(each, int) for each in given):
        return len(given)
    sizes = [_embedded(each, count) if isinstance(each, (str, list)) else None for each in given]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None


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


def _refuse(fields: Mapping[str, Any], name: str) -> None:
    if fields.get(name):
        raise Rejected(f"`{name}` is not offered here.", param=name)


def _listed(fields: Mapping[str, Any], name: str) -> Sequence[Any]:
    given = fields.get(name)
    if not isinstance(given, list) or not given:
        raise Rejected(f"`{name}` must be a list, and not an empty one.", param=name)
    return given


def _text(fields: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    given = fields.get(name)
    if given is None and not needed:
        return ""
    if not isinstance(given, str) or (needed and not given):
        raise Rejected(f"`{name}` must be a text.", param=name)
    return given


def _whole(fields: Mapping[str, Any], name: str, least: int, most: int | None = None) -> int | None:
    given = fields.get(name)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or given < least or (most is not None and given > most):
        between = f"from {least} to {most}" if most is not None else f"of {least} or more"
        raise Rejected(f"`{name}` must be a whole number {between}.", param=name)
    return given


def _flag(fields: Mapping[str, Any], name: str) -> bool:
    given = fields.get(name)
    if given is not None and not isinstance(given, bool):
        raise Rejected(f"`{name}` must be true or false.", param=name)
    return bool(given)


def _json(value: object) -> str:
    return to_json(value).decode()
