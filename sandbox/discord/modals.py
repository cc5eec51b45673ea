"""
Forms that pop up: what Discord accepts of them, and what it makes of a filled one.

Source: docs.discord.com/developers/components/reference and
docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.discord.components import LABEL, OTHER_SELECTS, ROW, SELECTS, STRING_SELECT, TEXT, TEXT_INPUT
from sandbox.discord.forms import Form, Json
from sandbox.discord.state import walk

Values = Mapping[str, str | list[str]]
"""What a person fills in, by custom id: text, or the values chosen."""


def modal(form: Form) -> Json:
    """Check the data of a callback that shows a modal."""
    parts = form.parts("components", least=1, most=5, required=True) or []
    shown = {
        "custom_id": form.text("custom_id", least=1, most=100, required=True) or "",
        "title": form.text("title", least=1, most=45, required=True) or "",
        "components": [each for each in (_part(part) for part in parts) if each is not None],
    }
    _check_unique(form, shown)
    return _numbered(shown)


def fields(shown: Json) -> Iterator[Json]:
    """Everything in a modal that can be filled in."""
    return (part for part in walk(shown["components"]) if part["type"] == TEXT_INPUT or part["type"] in SELECTS)


def filled(shown: Json, values: Values) -> Json:
    """The data of the interaction that a filled modal makes."""
    return {
        "custom_id": shown["custom_id"],
        "components": [_filled(part, values) for part in shown["components"]],
    }


def wrong(shown: Json, values: Values) -> str | None:
    """Why a client would not send this off, if so."""
    known = {field["custom_id"]: field for field in fields(shown)}
    for name in values.keys() - known.keys():
        return f"the modal has no field {name!r}"
    for name, field in known.items():
        value = values.get(name, "")
        least = max(field.get("min_length") or 0, 1 if field.get("required", True) else 0)
        if len(value) < least:
            return f"{name!r} needs at least {least}"
        if isinstance(value, str) and len(value) > (field.get("max_length") or 4000):
            return f"{name!r} takes at most {field.get('max_length') or 4000}"
    return None


def _part(part: Form) -> Json | None:
    kind = part.choice("type", (ROW, TEXT, LABEL), required=True)
    if kind is None:
        return None
    shown: Json = {"type": kind, "id": part.integer("id", least=0) or 0}
    if kind == TEXT:
        return {**shown, "content": part.text("content", least=1, most=4000, required=True) or ""}
    if kind == ROW:
        inner = part.parts("components", least=1, most=1, required=True) or []
        return {**shown, "components": [_text_input(each, labelled=False) for each in inner]}
    inside = part.part("component", required=True)
    return {
        **shown,
        "label": part.text("label", least=1, most=45, required=True) or "",
        **_optional({"description": part.text("description", least=1, most=100)}),
        "component": None if inside is None else _field(inside),
    }


def _field(part: Form) -> Json | None:
    kind = part.choice("type", (TEXT_INPUT, *SELECTS), required=True)
    if kind is None:
        return None
    if kind == TEXT_INPUT:
        return _text_input(part, labelled=True)
    options = [each.value for each in part.parts("options", most=25) or ()]
    return {
        "type": kind,
        "id": part.integer("id", least=0) or 0,
        "custom_id": part.text("custom_id", least=1, most=100, required=True) or "",
        "required": part.flag("required") is not False,
        **({"options": options} if kind == STRING_SELECT else {}),
    }


def _text_input(part: Form, *, labelled: bool) -> Json:
    """A text input has a label of its own unless a Label is around it."""
    part.choice("type", (TEXT_INPUT,), required=True)
    label = {} if labelled else {"label": part.text("label", least=1, most=45, required=True)}
    return {
        "type": TEXT_INPUT,
        "id": part.integer("id", least=0) or 0,
        "custom_id": part.text("custom_id", least=1, most=100, required=True) or "",
        "style": part.choice("style", (1, 2), required=True),
        "required": part.flag("required") is not False,
        **_optional(
            {
                "value": part.text("value", most=4000),
                "placeholder": part.text("placeholder", most=100),
                "min_length": part.integer("min_length", least=0, most=4000),
                "max_length": part.integer("max_length", least=1, most=4000),
                **label,
            }
        ),
    }


def _optional(given: Json) -> Json:
    return {name: value for name, value in given.items() if value is not None}


def _check_unique(form: Form, shown: Json) -> None:
    names = [field["custom_id"] for field in fields(shown)]
    if len(names) != len(set(names)):
        form.refuse("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")


def _numbered(shown: Json) -> Json:
    for number, part in enumerate(walk(shown["components"]), start=1):
        part["id"] = part["id"] or number
    return shown


def _filled(part: Json, values: Values) -> Json:
    """A row or a label with the values of what is in it; other parts come back as they were, without their text."""
    if part["type"] == ROW:
        return {"type": ROW, "id": part["id"], "components": [_value(each, values) for each in part["components"]]}
    if part["type"] == LABEL:
        return {"type": LABEL, "id": part["id"], "component": _value(part["component"], values)}
    return {"type": part["type"], "id": part["id"]}


def _value(field: Json, values: Values) -> Json:
    value = values.get(field["custom_id"], "" if field["type"] == TEXT_INPUT else [])
    name = "value" if field["type"] == TEXT_INPUT else "values"
    shown = {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"], name: value}
    return {**shown, "resolved": {}} if field["type"] in OTHER_SELECTS else shown
