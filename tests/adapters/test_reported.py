"""adapters.reported: what a provider says it took, where that is a figure."""

from typing import Any

import pytest

from adapters.reported import usage_in
from bot.turn import Usage


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        "12",
        {},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": 1, "completion_tokens": 1 << 41},
        {"prompt_tokens": 1, "completion_tokens": None},
        {"input_tokens": 1, "output_tokens": -1},
    ],
)
def test_what_is_no_figure_is_no_usage(told: Any) -> None:
    assert None is usage_in(told)


def test_nothing_was_read_from_a_cache_beyond_what_was_read() -> None:
    told = {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 99}}
    assert Usage(5, 1, cached=5) == usage_in(told)
    assert Usage(5, 0) == usage_in({"prompt_tokens": 5, "total_tokens": 5})
