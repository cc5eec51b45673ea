"""Forms that pop up: what Discord refuses of them, and when they may be shown."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.discord.clients import Impossible
from sandbox.discord.server import Discord
from sandbox.discord.state import Interaction
from tests.sandbox.discord.conftest import Answer, Raw, only_error

FIELD = {"type": 4, "custom_id": "words", "style": 1}
LABELLED = {"type": 18, "label": "Words", "component": FIELD}


@pytest.fixture
async def asked(club: Discord, raw: Raw) -> Interaction:
    command = {"name": "form", "description": "Shows a form", "type": 1}
    await raw("PUT", f"/applications/{club.application.id}/commands", [command])
    return await club.slash("general", "bob", "form")


async def show(raw: Raw, asked: Interaction, **changes: Any) -> Answer:
    """Answer with a form that differs from a good one."""
    data = {"custom_id": "form", "title": "A form", "components": [LABELLED], **changes}
    return await raw("POST", f"/interactions/{asked.id}/{asked.token}/callback", {"type": 9, "data": data})


async def test_a_label_or_a_row_holds_what_is_typed(club: Discord, raw: Raw, asked: Interaction) -> None:
    """Rows are the older way; in a label the input has no label of its own."""
    row = {"type": 1, "components": [{**FIELD, "custom_id": "more", "label": "More", "required": False}]}
    assert 204 == (await show(raw, asked, components=[LABELLED, row])).status
    sent = await club.submit_modal(asked, {"words": "Hoo"})

    assert "form" == sent.data["custom_id"]
    label, row = sent.data["components"]
    assert ("words", "Hoo") == (label["component"]["custom_id"], label["component"]["value"])
    assert ("more", "") == (row["components"][0]["custom_id"], row["components"][0]["value"])


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"title": "x" * 46}, ["title"], "BASE_TYPE_BAD_LENGTH"),
        ({"title": None}, ["title"], "BASE_TYPE_REQUIRED"),
        ({"custom_id": "x" * 101}, ["custom_id"], "BASE_TYPE_BAD_LENGTH"),
        ({"components": []}, ["components"], "BASE_TYPE_BAD_LENGTH"),
        (
            {"components": [{**LABELLED, "component": {**FIELD, "custom_id": str(n)}} for n in range(6)]},
            ["components"],
            "BASE_TYPE_BAD_LENGTH",
        ),
        ({"components": [{**LABELLED, "label": "x" * 46}]}, ["components", "0", "label"], "BASE_TYPE_BAD_LENGTH"),
        (
            {"components": [{**LABELLED, "component": {**FIELD, "style": 3}}]},
            ["components", "0", "component", "style"],
            "BASE_TYPE_CHOICES",
        ),
        (
            {"components": [{**LABELLED, "component": {**FIELD, "custom_id": "x" * 101}}]},
            ["components", "0", "component", "custom_id"],
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"components": [{"type": 1, "components": [FIELD]}]},
            ["components", "0", "components", "0", "label"],
            "BASE_TYPE_REQUIRED",
        ),
    ],
)
async def test_a_form_beyond_the_limits_is_refused(
    raw: Raw, asked: Interaction, changes: dict[str, Any], path: list[str], code: str
) -> None:
    """Source: docs.discord.com/developers/interactions/receiving-and-responding, modal; components/reference."""
    answer = await show(raw, asked, **changes)

    assert code == only_error(answer, *path)
    assert asked.answer is None


async def test_a_form_is_no_answer_to_a_form(club: Discord, raw: Raw, asked: Interaction) -> None:
    await show(raw, asked)
    sent = await club.submit_modal(asked, {"words": "Hoo"})

    assert "BASE_TYPE_CHOICES" == only_error(await show(raw, sent), "type")


async def test_a_form_is_shown_once_and_at_first_only(club: Discord, raw: Raw, asked: Interaction) -> None:
    """Not after an answer was promised: there is nothing to type into then."""
    await raw("POST", f"/interactions/{asked.id}/{asked.token}/callback", {"type": 5})

    assert 40060 == (await show(raw, asked)).body["code"]
    with pytest.raises(Impossible):
        await club.submit_modal(asked, {"words": "Hoo"})


async def test_what_a_field_does_not_take_is_not_sent(club: Discord, raw: Raw, asked: Interaction) -> None:
    field = {**FIELD, "min_length": 2, "max_length": 3}
    await show(raw, asked, components=[{**LABELLED, "component": field}])

    for values in ({}, {"words": "x"}, {"words": "long"}, {"words": "fit", "more": "x"}):
        with pytest.raises(Impossible):
            await club.submit_modal(asked, values)
    assert {"words": "fit"} == _typed(await club.submit_modal(asked, {"words": "fit"}))


def _typed(sent: Interaction) -> dict[str, str]:
    return {label["component"]["custom_id"]: label["component"]["value"] for label in sent.data["components"]}
