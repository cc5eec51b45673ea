"""The picture of usage shows what the report says, whatever the names and however many the days."""

import asyncio
import io
import logging
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from adapters import charts
from adapters.charts import Drawings, draw_usage, in_words
from adapters.charts.usage import TOP_USERS, WIDTH, figure, png, short
from bot.usage import Report, Sum

LAST = date(2026, 11, 21)


def reported(days: Mapping[int, Sum], users: Mapping[str, Sum], span: int = 30) -> Report:
    """A report of so many days; `days` are those with anything, by how long ago they were."""
    dates = {LAST - timedelta(days=ago): days.get(ago, Sum()) for ago in reversed(range(span))}
    sums = list(users.values())
    total = Sum(
        sum(each.requests for each in sums), sum(each.tokens for each in sums), sum(each.micro_usd for each in sums)
    )
    return Report(total, dates, users, {}, {})


BUSY = reported(
    {0: Sum(2, 500, 20_000), 3: Sum(1, 1_500, 0), 29: Sum(7, 200, 4_000)},
    {"Alice": Sum(8, 1_400, 24_000), "Bob": Sum(2, 800, 0)},
)


def axes_of(drawn: Figure, label: str) -> Axes:
    return next(axes for axes in drawn.axes if axes.get_label() == label)


def bars(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def words(drawn: Figure) -> list[str]:
    """Everything that is written in a picture."""
    return [text.get_text() for text in texts(drawn)]


def texts(drawn: Figure) -> list[Text]:
    drawn.canvas.draw()
    return [text for text in drawn.findobj(Text) if isinstance(text, Text) and text.get_text() and text.get_visible()]


def is_outside(drawn: Figure, text: Text) -> bool:
    box, height = text.get_window_extent(), drawn.get_figheight() * drawn.dpi
    return bool(box.x0 < 0 or box.x1 > WIDTH or box.y0 < 0 or box.y1 > height)


def test_each_day_is_a_bar_as_high_as_its_tokens() -> None:
    """Also a day on which nothing was asked."""
    drawn = figure(BUSY)

    assert [each.tokens for each in BUSY.days.values()] == [bar.get_height() for bar in bars(axes_of(drawn, "days"))]
    assert {"Usage, 23 Oct to 21 Nov 2026", "10 questions, 2,200 tokens, $0.02", "21 Nov"} <= set(words(drawn))


def test_cost_is_a_line_where_there_is_any() -> None:
    line = axes_of(figure(BUSY), "cost").lines[0]

    assert [each.micro_usd for each in BUSY.days.values()] == np.asarray(line.get_ydata()).tolist()
    free = figure(reported({0: Sum(1, 5)}, {"Alice": Sum(1, 5)}))
    assert ["days", "users"] == [axes.get_label() for axes in free.axes]
    assert not any("$" in text or "cost" in text for text in words(free))


def test_users_are_bars_with_their_numbers() -> None:
    drawn = figure(BUSY)

    assert [1_400, 800] == [bar.get_width() for bar in bars(axes_of(drawn, "users"))]
    assert {"Alice", "Bob", "1.4k  $0.02", "800"} <= set(words(drawn))


def test_those_who_took_most_tokens_are_first_and_the_rest_is_summed_up() -> None:
    """A report has those first who cost most."""
    users = {f"user {number}": Sum(1, number * 1_000, 50 - number) for number in range(1, 13)}
    drawn = figure(reported({}, users))

    assert [number * 1_000 for number in range(12, 12 - TOP_USERS, -1)] == [
        bar.get_width() for bar in bars(axes_of(drawn, "users"))
    ]
    assert "and 4 others: 10k tokens" in words(drawn)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("$x$", "$x$"),
        ("$\\frac{", "$\\frac{"),
        ("_a_^b{", "_a_^b{"),
        ("  two\n\twords ", "two words"),
        ("\u202eevil\u202c", "evil"),
        ("🦉 Owl", "Owl"),
        ("🦉🦉", "no. 1"),
        ("", "no. 1"),
        ("שלום", "שלום"),
        ("مرحبا", "مرحبا"),
        ("e\u0301", "é"),
        ("z\u0336\u0338\u0322\u031b\u0330\u032c", "z\u0336\u0338"),
    ],
)
def test_a_name_is_written_and_not_interpreted(name: str, shown: str) -> None:
    """What cannot be drawn is left out; the list beside the picture has the same order."""
    drawn = figure(reported({}, {name: Sum(1, 5)}))

    assert shown in words(drawn)
    assert not any(text.get_parse_math() for text in texts(drawn))


def test_a_long_name_is_cut() -> None:
    written = words(figure(reported({}, {"W" * 64: Sum(1, 5), "Fyodor Mikhailovich Dostoevsky": Sum(1, 4)})))

    assert any(text.startswith("WWWW") and text.endswith("…") for text in written)
    assert any(text.startswith("Fyodor Mikh") and text.endswith("…") for text in written)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=64), st.integers(0, 10**12), st.integers(0, 10**12))
def test_any_name_and_number_stays_inside_the_picture(name: str, tokens: int, micro_usd: int) -> None:
    """A name is whatever somebody calls themselves."""
    drawn = figure(reported({0: Sum(1, tokens, micro_usd)}, {name: Sum(1, tokens, micro_usd)}))

    assert [] == [text.get_text() for text in texts(drawn) if is_outside(drawn, text)]


@pytest.mark.parametrize("span", [1, 2, 7, 8, 9, 31, 61, 62, 99, 100, 366])
def test_dates_do_not_touch_each_other(span: int) -> None:
    """From a day to a year."""
    drawn = figure(reported({0: Sum(1, 10**9, 10**9)}, {"Alice": Sum(1, 10**9, 10**9)}, span))
    drawn.canvas.draw()
    labels = [label.get_window_extent() for label in axes_of(drawn, "cost").get_xticklabels()]

    assert span == len(bars(axes_of(drawn, "days")))
    assert labels
    assert all(one.x1 < other.x0 for one, other in pairwise(labels))
    assert [] == [text.get_text() for text in texts(drawn) if is_outside(drawn, text)]


@pytest.mark.parametrize(
    ("span", "title"),
    [(1, "Usage, 21 Nov 2026"), (366, "Usage, 21 Nov 2025 to 21 Nov 2026"), (2, "Usage, 20 Nov to 21 Nov 2026")],
)
def test_the_title_says_when(span: int, title: str) -> None:
    assert title in words(figure(reported({}, {}, span)))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_234, "1.23k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (10**9, "1B"),
        (10**16, "10,000T"),
    ],
)
def test_numbers_are_short(number: int, said: str) -> None:
    assert said == short(number)


@pytest.mark.parametrize("report", [BUSY, reported({}, {}), reported({}, {"Alice": Sum(1)}, 1)])
def test_it_is_a_picture(report: Report) -> None:
    """Not blank, as wide as promised, and far within what both platforms take."""
    file = png(report)
    with Image.open(io.BytesIO(file)) as picture:
        picture.load()
        colours = picture.convert("RGB").getcolors(1 << 20) or []

    assert WIDTH == picture.width
    assert 500 < picture.height < 1_200
    assert len(file) < 500_000
    assert len(colours) > 10


async def test_a_process_of_its_own_draws() -> None:
    """The service itself never loads what draws."""
    picture = await Drawings().usage(BUSY)

    assert picture is not None
    assert png(BUSY) == picture.png
    assert in_words(BUSY) == picture.alt
    assert "2,200 tokens, $0.02 in all" in picture.alt


@pytest.mark.parametrize(
    "program",
    [
        (sys.executable, "-c", "raise SystemExit('no fonts at all')"),
        (sys.executable, "-c", "import sys; sys.stdin.read(); print('no fonts at all', file=sys.stderr)"),
    ],
)
async def test_a_picture_that_fails_is_left_out(
    program: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer goes out as text; the log says why."""
    monkeypatch.setattr(charts, "DRAW", program)

    assert await draw_usage(BUSY) is None
    assert "no fonts at all" in caplog.text


async def test_no_program_to_draw_is_no_reason_to_fail(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(charts, "DRAW", ("/nowhere/python",))

    assert await draw_usage(BUSY) is None
    assert logging.WARNING == caplog.records[0].levelno


async def test_a_drawing_that_takes_too_long_is_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(charts, "DRAW", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(charts, "PATIENCE", 0.0)

    assert await draw_usage(BUSY) is None
    assert "not drawn within" in caplog.text


async def test_one_picture_is_drawn_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many who ask at once take no more memory than one."""
    alone = (
        "import os, sys; os.mkdir(sys.argv[1]); import adapters.charts.usage; os.rmdir(sys.argv[1]);"
        "sys.stdout.buffer.write(b'\\x89PNG')"
    )
    monkeypatch.setattr(charts, "DRAW", (sys.executable, "-c", alone, str(tmp_path / "drawing")))
    drawings = Drawings()

    assert all(await asyncio.gather(*(drawings.usage(BUSY) for _ in range(3))))


async def test_a_drawing_ends_with_whoever_wanted_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left behind when the service stops."""
    started = asyncio.Queue[asyncio.subprocess.Process]()
    begin = asyncio.create_subprocess_exec

    async def noted(*arguments: str, **pipes: Any) -> asyncio.subprocess.Process:
        process = await begin(*arguments, **pipes)
        started.put_nowait(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    monkeypatch.setattr(charts, "DRAW", (sys.executable, "-c", "import time; time.sleep(60)"))
    drawing = asyncio.ensure_future(draw_usage(BUSY))
    process = await started.get()
    drawing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await drawing
    assert process.returncode is not None


def test_the_service_does_not_load_what_draws() -> None:
    """It would carry it all day."""
    script = "import sys, adapters.cli; sys.exit('matplotlib' in sys.modules or 'numpy' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", script], check=False).returncode
