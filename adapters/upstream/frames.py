"""What a server and an agent say to each other on a socket: JSON, a frame a message."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

HELLO, WORK = "Connection id", "ChatGptRequest"
"""The first frame in either direction, and a request. Older agents know both by these names."""

VERSION = 1
"""Of what is said on the socket."""

LARGEST_FRAME = 1 << 20
"""Bytes of a frame from an agent."""

LARGEST_WORK = 16 << 20
"""Bytes of a frame to an agent: a whole conversation."""

BROKE_RULES, SILENT, REPLACED = 1008, 4408, 4409
"""Why an agent is cut off, as the code that closes its socket: the second may try again, the others need somebody."""


class Frame(BaseModel):
    """What is sent, in either direction, as JSON. `id` is that of the request, or of the connection."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: str = Field(default="", max_length=64)
    message: str = Field(max_length=32)
    data: str | dict[str, Any] = ""


class Hello(BaseModel):
    """What an agent says of itself in its first frame. It names its models: "*" would make it answer for any."""

    model_config = ConfigDict(strict=True, frozen=True)

    name: str = Field(pattern=r"^[\w.-]{1,64}$")
    models: list[Annotated[str, Field(pattern=r"^[^*\s]+$", max_length=200)]] = Field(min_length=1, max_length=200)
    capacity: int = Field(ge=1, le=1_000)
    version: Literal[1]


class Trouble(BaseModel):
    """Why there is no answer, as an agent tells it: an HTTP status, and OpenAI's code for it if there is one."""

    model_config = ConfigDict(strict=True, frozen=True)

    status: int = 500
    message: str = ""
    code: str = ""
    retry_after: Annotated[float, Field(ge=0, le=86_400)] | None = None


class CutOff(Exception):
    """An agent broke a rule. It reads which; there is nothing in it of what anybody said."""

    def __init__(self, rule: str, code: int = BROKE_RULES) -> None:
        super().__init__(rule)
        self.code = code


def parsed(text: str | bytes) -> Frame:
    """Raises CutOff."""
    if isinstance(text, bytes):
        raise CutOff("frames must be text")
    try:
        return Frame.model_validate_json(text)
    except ValidationError:
        raise CutOff("a frame is not as it should be") from None


def introduced(data: str | dict[str, Any]) -> Hello:
    """Raises CutOff."""
    try:
        return Hello.model_validate_json(data) if isinstance(data, str) else Hello.model_validate(data)
    except ValidationError as error:
        wrong = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]} & set(Hello.model_fields)
        raise CutOff(f"wrong in its introduction: {', '.join(sorted(wrong)) or 'all of it'}") from None


def trouble(data: str | dict[str, Any]) -> Trouble:
    """What went wrong, as far as it can be read."""
    try:
        return Trouble.model_validate_json(data) if isinstance(data, str) else Trouble.model_validate(data)
    except ValidationError:
        return Trouble()
