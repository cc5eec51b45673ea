"""
Whether a request for pictures can be followed: for new ones, as JSON, and for edited ones, as a form.

Source: platform.openai.com/docs/api-reference/images
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sandbox import pictures
from sandbox.openai import bodies, fields, models, tokens
from sandbox.openai.bodies import File, Form
from sandbox.openai.errors import ApiError, bad_request
from sandbox.openai.models import Model, Skill

MOST_SOURCES = 16

SIZES = ("1024x1024", "1024x1536", "1536x1024")
SKETCH_SIZES = ("256x256", "512x512", "1024x1024")

_OUTPUT: Mapping[tuple[str, str], int] = {
    ("low", "1024x1024"): 272,
    ("low", "1024x1536"): 408,
    ("low", "1536x1024"): 400,
    ("medium", "1024x1024"): 1056,
    ("medium", "1024x1536"): 1584,
    ("medium", "1536x1024"): 1568,
    ("high", "1024x1024"): 4160,
    ("high", "1024x1536"): 6240,
    ("high", "1536x1024"): 6208,
}
"""Tokens of one picture (platform.openai.com/docs/guides/image-generation#cost-and-latency)."""

PER_SOURCE = 323
"""
Tokens of a picture that is edited: one square of 1024 pixels.

Source: platform.openai.com/docs/guides/images-vision#calculating-costs
"""

_COMMON: Mapping[str, fields.Check] = {
    "model": fields.string,
    "n": fields.integer(1, 10),
    "user": fields.string,
}

_PICTURE: Mapping[str, fields.Check] = {
    **_COMMON,
    "prompt": fields.text(32_000, 1),
    "size": fields.choice(*SIZES, "auto"),
    "quality": fields.choice("low", "medium", "high", "auto"),
    "background": fields.choice("transparent", "opaque", "auto"),
    "moderation": fields.choice("low", "auto"),
    "output_format": fields.choice("png"),
    "input_fidelity": fields.choice("high", "low"),
}

_SKETCH: Mapping[str, fields.Check] = {
    **_COMMON,
    "prompt": fields.text(1_000, 1),
    "size": fields.choice(*SKETCH_SIZES),
    "quality": fields.choice("standard"),
    "response_format": fields.choice("url", "b64_json"),
}

_BEYOND = ("stream", "partial_images", "output_compression")

_ONLY_NEW = ("moderation",)
_ONLY_EDITED = ("input_fidelity",)


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A request that passed every check.

    Args:
        size: As the answer tells it, with an x.
        quality: low, medium or high; "standard" of a sketch.
        linked: Whether a link is wanted in place of the picture.
        sources: What is to be edited; none for a new picture.
    """

    model: Model
    prompt: str
    count: int
    size: str
    quality: str
    linked: bool
    background: str
    sources: Sequence[File]
    body: Mapping[str, Any]

    @property
    def pixels(self) -> pictures.Size:
        width, _, height = self.size.partition("x")
        return int(width), int(height)

    @property
    def text_tokens(self) -> int:
        return tokens.count(self.prompt)

    @property
    def source_tokens(self) -> int:
        return 0 if self.model.links else len(self.sources) * PER_SOURCE

    @property
    def prompt_tokens(self) -> int:
        """Of a model like DALL-E, which is paid by the picture, none."""
        return 0 if self.model.links else self.text_tokens + self.source_tokens

    @property
    def output_tokens(self) -> int:
        return 0 if self.model.links else self.count * _OUTPUT[self.quality, self.size]


def new(raw: bytes, offered: Mapping[str, Model]) -> Wanted:
    """
    Read a request for new pictures.

    Raises:
        ApiError: OpenAI would refuse it, too.
    """
    body = bodies.as_object(raw)
    return _wanted(body, _model(body.get("model"), offered), (), _ONLY_EDITED)


def edited(form: Form, offered: Mapping[str, Model]) -> Wanted:
    """
    Read a request to edit pictures.

    Raises:
        ApiError: OpenAI would refuse it, too.
    """
    fields.known(form.files, "", ["image", "mask"])
    sources = form.files.get("image", [])
    if not sources:
        raise ApiError(bad_request("Missing required parameter: 'image'.", "image", "missing_required_parameter"))
    body = {name: _number(name, values[0]) for name, values in form.texts.items()}
    wanted = _wanted(body, _model(body.get("model"), offered), sources, _ONLY_NEW)
    _check_sources(wanted.model, sources)
    for mask in form.files.get("mask", []):
        _check_mask(mask, sources[0])
    return replace(wanted, body=form.body)


def _number(name: str, text: str) -> str | int:
    """A form has only texts."""
    return int(text) if name == "n" and re.fullmatch(r"-?\d{1,9}", text) else text


def _model(name: Any, offered: Mapping[str, Model]) -> Model:
    """Who names none gets the first."""
    able = models.able(offered, Skill.PICTURES)
    if name is None and able:
        return able[0]
    fields.string("model", name)
    return models.skilled(offered, name, Skill.PICTURES)


def _wanted(body: Mapping[str, Any], model: Model, sources: Sequence[File], elsewhere: Sequence[str]) -> Wanted:
    known = _SKETCH if model.links else _PICTURE
    known = {name: check for name, check in known.items() if name not in elsewhere}
    bodies.check(body, known, required=["prompt"], beyond=_BEYOND)
    return Wanted(
        model=model,
        prompt=body["prompt"],
        count=body.get("n") or 1,
        size=_chosen(body, "size", "1024x1024"),
        quality=_chosen(body, "quality", "standard" if model.links else "medium"),
        linked=model.links and body.get("response_format") != "b64_json",
        background="transparent" if body.get("background") == "transparent" else "opaque",
        sources=sources,
        body=body,
    )


def _chosen(body: Mapping[str, Any], name: str, otherwise: str) -> str:
    """What a request says, unless it leaves that to the model."""
    return otherwise if body.get(name) in (None, "auto") else str(body[name])


def _check_sources(model: Model, sources: Sequence[File]) -> None:
    fields.array("image", list(sources), of="files", longest=1 if model.links else MOST_SOURCES)
    for number, source in enumerate(sources, 1):
        if not _is_picture(source.data):
            sentence = f"Invalid image file or mode for image {number}, please check your image file."
            raise ApiError(bad_request(sentence, "image", "invalid_image_file"))


def _is_picture(data: bytes) -> bool:
    """PNG and JPEG are looked through; of WebP, its first bytes."""
    return bool(pictures.kind_of(data)) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _check_mask(mask: File, source: File) -> None:
    """A PNG of the size of what it masks."""
    if pictures.kind_of(mask.data) != "image/png":
        raise ApiError(bad_request("Invalid mask image format - mask must be a PNG.", "mask", "invalid_image_format"))
    size = pictures.size_of(source.data)
    if size not in (pictures.NONE, pictures.size_of(mask.data)):
        sentence = "Invalid mask image - mask size does not match image size."
        raise ApiError(bad_request(sentence, "mask", "invalid_mask_image_size"))
