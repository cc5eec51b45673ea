"""
The answers with which OpenAI refuses.

Statuses and codes: platform.openai.com/docs/guides/error-codes. The sentences are those that OpenAI's users quote in
their reports; a client that reads them at all (none should) reads the same here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HELP = "You can retry your request, or contact us through our help center at help.openai.com if the error persists."


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status, a body and headers instead of an answer."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class ApiError(Exception):
    """A request that goes no further, and what its sender is told."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.status}: {refusal.body}")
        self.refusal = refusal


def error_body(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def refusal(
    status: int,
    message: str,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """A refusal with OpenAI's error body, for those that have no name below."""
    return Refusal(status, json.dumps(error_body(message, kind, param, code), indent=2), headers or {})


def bad_request(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    return refusal(400, message, param=param, code=code)


def not_json() -> Refusal:
    return bad_request(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
        "figuring out how to fix this, please contact us through our help center at help.openai.com.)"
    )


def not_a_form(content_type: str) -> Refusal:
    sentence = (
        f"Unsupported content type '{content_type}'. This API method only accepts 'multipart/form-data' requests."
    )
    return bad_request(f"{sentence} Please check your Content-Type header.", code="unsupported_content_type")


def broken_form() -> Refusal:
    return bad_request("Could not parse multipart form")


def unsupported_parameter(name: str) -> Refusal:
    sentence = f"Unsupported parameter: '{name}' is not supported with this model."
    return bad_request(sentence, name, "unsupported_parameter")


def not_a_chat_model() -> Refusal:
    sentence = (
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
        "Did you mean to use v1/completions?"
    )
    return refusal(404, sentence, param="model")


def not_for_responses(model: str) -> Refusal:
    sentence = f"The requested model '{model}' cannot be used with the Responses API."
    return bad_request(sentence, "model", "unsupported_model")


def not_for_embeddings() -> Refusal:
    return refusal(403, "You are not allowed to generate embeddings from this model")


def no_such_response(response: str) -> Refusal:
    return refusal(404, f"Response with id '{response}' not found.")


def no_previous_response(response: str) -> Refusal:
    sentence = f"Previous response with id '{response}' not found."
    return bad_request(sentence, "previous_response_id", "previous_response_not_found")


def input_too_long(limit: int, prompt: int) -> Refusal:
    """A text to embed; both in tokens."""
    return bad_request(
        f"This model's maximum context length is {limit} tokens, however you requested {prompt} tokens ({prompt} in "
        "your prompt; 0 for the completion). Please reduce your prompt; or completion length."
    )


def too_many_tokens(limit: int, asked: int) -> Refusal:
    """All texts of one request for embeddings; both in tokens."""
    kind = "max_tokens_per_request"
    return refusal(400, f"Requested {asked} tokens, max {limit} tokens per request", kind, code=kind)


def context_exceeded(limit: int, prompt: int, completion: int) -> Refusal:
    """All in tokens; `completion` is what was asked for, 0 when the request did not say."""
    if completion:
        asked = f"you requested {prompt + completion} tokens ({prompt} in the messages, {completion} in the completion)"
        advice = "Please reduce the length of the messages or completion."
    else:
        asked = f"your messages resulted in {prompt} tokens"
        advice = "Please reduce the length of the messages."
    sentence = f"This model's maximum context length is {limit} tokens. However, {asked}. {advice}"
    return bad_request(sentence, "messages", "context_length_exceeded")


def input_exceeds_context() -> Refusal:
    """The same, as the route of responses puts it."""
    sentence = "Your input exceeds the context window of this model. Please adjust your input and try again."
    return bad_request(sentence, "input", "context_length_exceeded")


def no_key() -> Refusal:
    return refusal(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the "
        "API from your browser and are prompted for a username and password. You can obtain an API key from "
        "https://platform.openai.com/account/api-keys.",
    )


def wrong_key(key: str) -> Refusal:
    where = "You can find your API key at https://platform.openai.com/account/api-keys."
    return refusal(401, f"Incorrect API key provided: {_masked(key)}. {where}", code="invalid_api_key")


def _masked(key: str) -> str:
    shown = (8, 4) if len(key) > 16 else (2, 0)
    return key[: shown[0]] + "*" * max(0, len(key) - sum(shown)) + key[len(key) - shown[1] :]


def forbidden() -> Refusal:
    sentence = "Country, region, or territory not supported"
    return refusal(403, sentence, "request_forbidden", code="unsupported_country_region_territory")


def no_such_model(model: str) -> Refusal:
    return refusal(404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found")


def no_such_model_page(model: str) -> Refusal:
    """The same, as the models' own route puts it."""
    return refusal(404, f"The model '{model}' does not exist", param="model", code="model_not_found")


def no_such_route(method: str, path: str) -> Refusal:
    return refusal(404, f"Invalid URL ({method} {path})")


def no_such_method(method: str, path: str) -> Refusal:
    hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
    return refusal(405, f"Not allowed to {method} on {path}. {hint}", code="method_not_supported")


def conflict() -> Refusal:
    sentence = "The resource was updated by another request. Please try again."
    return refusal(409, sentence, code="resource_conflict")


def too_large(limit: int) -> Refusal:
    """`limit` is in bytes."""
    return refusal(413, f"Maximum content size limit ({limit}) exceeded", "server_error")


def unprocessable() -> Refusal:
    return refusal(422, "The request was well formed but could not be followed.", code="unprocessable_entity")


def rate_limited(seconds: float, *, in_milliseconds: bool = False) -> Refusal:
    """
    Too many requests, come back in `seconds`.

    Args:
        in_milliseconds: Say it in `retry-after-ms` alone; otherwise in `retry-after`, whole seconds as HTTP has it.
    """
    wait = {"retry-after-ms": f"{seconds * 1000:.0f}"} if in_milliseconds else {"retry-after": f"{seconds:.0f}"}
    sentence = (
        "Rate limit reached for parley-demo in organization org-sandbox on requests per min (RPM): Limit 500, "
        f"Used 500, Requested 1. Please try again in {seconds:g}s. "
        "Visit https://platform.openai.com/account/rate-limits to learn more."
    )
    headers = {**wait, "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": f"{seconds:g}s"}
    return refusal(429, sentence, "requests", code="rate_limit_exceeded", headers=headers)


def out_of_quota() -> Refusal:
    return refusal(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
        code="insufficient_quota",
    )


def server_error() -> Refusal:
    return refusal(
        500, f"The server had an error while processing your request. Sorry about that! {HELP}", "server_error"
    )


def bad_gateway() -> Refusal:
    """What stands before OpenAI answers with a page of its own, not with JSON."""
    page = (
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
        "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
    )
    return Refusal(502, page, content_type="text/html")


def overloaded() -> Refusal:
    return refusal(503, f"That model is currently overloaded with other requests. {HELP}", "server_error")
