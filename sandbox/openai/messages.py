"""
Whether the messages of a request are well formed.

Source: platform.openai.com/docs/api-reference/chat/create#chat-create-messages
"""

import base64
import re
from typing import Any

from sandbox.openai import fields, tools
from sandbox.openai.errors import ApiError, bad_request

NAME = r"^[^\s<|\\/>]+$"
"""What may stand in `name`: a person's name with a space may not."""

_role = fields.choice("system", "assistant", "user", "function", "tool", "developer")

_PARTS = {
    "system": ("text",),
    "developer": ("text",),
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
    "tool": ("text",),
}
"""What a message may be made of, by role. A function's is text and nothing else."""

_FIELDS = {
    "assistant": ("role", "content", "name", "refusal", "annotations", "tool_calls", "function_call", "audio"),
    "tool": ("role", "content", "name", "tool_call_id"),
}


def check_messages(path: str, value: Any) -> None:
    fields.array(path, value, of="objects")
    for index, message in enumerate(value):
        _check_message(f"{path}[{index}]", message)
    _check_tools(path, value)


def _check_message(path: str, message: Any) -> None:
    fields.mapping(path, message)
    fields.present(message, path, ["role"])
    _role(f"{path}.role", message["role"])
    fields.known(message, path, _FIELDS.get(message["role"], ("role", "content", "name")))
    if "name" in message:
        fields.pattern(f"{path}.name", message["name"], NAME)
    _check_content(path, message)


def _check_content(path: str, message: dict[str, Any]) -> None:
    content = message.get("content")
    if content is None:
        _check_may_be_empty(path, message)
    elif isinstance(content, list) and message["role"] in _PARTS:
        _check_parts(f"{path}.content", content, _PARTS[message["role"]])
    elif not isinstance(content, str):
        raise fields.wrong_type(f"{path}.content", "one of a string or array of objects", content)


def _check_may_be_empty(path: str, message: dict[str, Any]) -> None:
    """Only an assistant that did something else instead may have said nothing."""
    other = ("tool_calls", "function_call", "refusal", "audio")
    if message["role"] == "function" or any(message.get(name) for name in other):
        return
    raise ApiError(bad_request("Invalid value for 'content': expected a string, got null.", f"{path}.content"))


def _check_parts(path: str, parts: list[Any], allowed: tuple[str, ...]) -> None:
    fields.array(path, parts, of="objects")
    kind = fields.choice(*allowed)
    for index, part in enumerate(parts):
        here = f"{path}[{index}]"
        fields.mapping(here, part)
        fields.present(part, here, ["type"])
        kind(f"{here}.type", part["type"])
        _check_part(here, part)


def _check_part(path: str, part: dict[str, Any]) -> None:
    body = part["type"]
    fields.present(part, path, [body])
    if body in ("text", "refusal"):
        fields.string(f"{path}.{body}", part[body])
        return
    fields.mapping(f"{path}.{body}", part[body])
    if body == "image_url":
        _check_picture(f"{path}.{body}", part[body])
    if body == "input_audio":
        _check_sound(f"{path}.{body}", part[body])


def _check_picture(path: str, picture: dict[str, Any]) -> None:
    fields.present(picture, path, ["url"])
    check_picture_url(f"{path}.url", picture["url"])
    if picture.get("detail") is not None:
        fields.choice("low", "auto", "high")(f"{path}.detail", picture["detail"])


def check_picture_url(path: str, url: Any) -> None:
    """A link, or a picture itself in a data URL. Nothing is fetched here, so a link may lead nowhere."""
    fields.string(path, url)
    if url.startswith("data:"):
        _check_data_url(path, url)
    elif not re.match(r"https?://[^\s/]+", url):
        sentence = f"Invalid '{path}'. Expected a valid URL, but got a value with an invalid format."
        raise ApiError(bad_request(sentence, path, "invalid_value"))


def _check_data_url(path: str, url: str) -> None:
    found = re.match(r"data:image/(png|jpeg|jpg|gif|webp);base64,", url)
    if found is None:
        sentence = (  # "has of one the" is how OpenAI writes it
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
            "['png', 'jpeg', 'gif', 'webp']."
        )
        raise ApiError(bad_request(sentence, path, "invalid_image_format"))
    if not _is_base64(url[found.end() :]):
        raise ApiError(bad_request("Invalid base64 image_url.", path, "invalid_base64"))


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _check_sound(path: str, sound: dict[str, Any]) -> None:
    fields.present(sound, path, ["data", "format"])
    fields.string(f"{path}.data", sound["data"])
    fields.choice("wav", "mp3")(f"{path}.format", sound["format"])
    if not _is_base64(sound["data"]):
        raise ApiError(
            bad_request(f"Invalid value for '{path}.data': expected base64.", f"{path}.data", "invalid_value")
        )


def check_heard(messages: list[dict[str, Any]]) -> None:
    """
    For a model that does not hear.

    Raises:
        ApiError: There is a sound among well-formed messages.
    """
    for at, message in enumerate(messages):
        parts = message.get("content")
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            if part["type"] == "input_audio":
                sentence = "Invalid content type. input_audio is only supported by certain models."
                raise ApiError(bad_request(sentence, f"messages.[{at}].content.[{index}].type"))


def _check_tools(path: str, messages: list[dict[str, Any]]) -> None:
    """Each call of a tool is answered before anything else is said, and nothing is answered that was not called."""
    owed: list[str] = []
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            _check_answer(f"{path}[{index}]", message, owed)
            owed.remove(message["tool_call_id"])
        elif owed:
            raise _unanswered(f"{path}[{index}].role", owed)
        else:
            owed = _called(f"{path}[{index}]", message)
    if owed:
        raise _unanswered(f"{path}.[{len(messages)}].role", owed)


def _check_answer(path: str, message: dict[str, Any], owed: list[str]) -> None:
    fields.present(message, path, ["tool_call_id"])
    if message["tool_call_id"] not in owed:
        # "preceeding" is how OpenAI writes it.
        sentence = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
        raise ApiError(bad_request(f"Invalid parameter: {sentence}", f"{path}.role"))


def _called(path: str, message: dict[str, Any]) -> list[str]:
    calls = message.get("tool_calls")
    if calls is None:
        return []
    fields.array(f"{path}.tool_calls", calls, of="objects")
    for index, call in enumerate(calls):
        _check_call(f"{path}.tool_calls[{index}]", call)
    return [call["id"] for call in calls]


def _check_call(path: str, call: Any) -> None:
    fields.mapping(path, call)
    fields.present(call, path, ["id", "type", "function"])
    fields.string(f"{path}.id", call["id"])
    fields.choice("function")(f"{path}.type", call["type"])
    fields.mapping(f"{path}.function", call["function"])
    fields.present(call["function"], f"{path}.function", ["name", "arguments"])
    tools.check_name(f"{path}.function.name", call["function"]["name"])
    fields.string(f"{path}.function.arguments", call["function"]["arguments"])


def _unanswered(path: str, owed: list[str]) -> ApiError:
    return ApiError(
        bad_request(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(owed)}",
            path,
        )
    )
