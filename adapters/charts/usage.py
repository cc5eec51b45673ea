"""The picture of a report: tokens for each day, and who took most. Made to be read on a phone."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from adapters.charts.names import drawable, families
from bot.amounts import dollars
from bot.quota import MILLION
from bot.usage import Report, Sum

DPI = 200
WIDTH = 1200
"""Pixels. The letters are 28 of them high: a phone shows all of it about a third as large."""

TOP_USERS = 8

FEW_DAYS = 8
"""Days that fit beside each other with a date below each."""

DENSE = 62
"""From so many days on, bars stand without gaps: a gap would be thinner than a pixel."""

MONTHS_FROM = 100
"""From so many days on, months are named instead of days."""

# Blue and orange are told apart in every kind of colour blindness. On white, shapes have a contrast of 3, words of 4.5.
PAPER, INK, QUIET, RULE = "#FFFFFF", "#1F2933", "#52606D", "#DDE1E6"
BLUE, ORANGE = "#3B82C4", "#B93C06"
BLUE_WORDS = "#1F5F99"

# Pixels from the left, or from the top.
LEFT, MARGIN = 150, 40
TITLE, SUBTITLE = 62, 110
TOKENS, TOKENS_TOP, TOKENS_BOTTOM_WITH_COST = 166, 184, 364
COST, COST_TOP, DAYS_BOTTOM = 408, 428, 482
HEADING, ROWS_TOP, ROW, FOOT = 572, 594, 42, 26
NAMES_RIGHT, BARS_RIGHT = 344, 900

SMALL, BODY, LARGE = 9.5, 10, 15.5
"""Sizes of letters, in points."""


def png(report: Report) -> bytes:
    """The picture as a PNG file."""
    file = io.BytesIO()
    with _style():
        figure(report).savefig(file, format="png")
    return file.getvalue()


def figure(report: Report) -> Figure:
    """The picture, before it becomes pixels. Its axes are labelled `days`, `cost` and `users`."""
    with _style():
        users = _most_tokens(report)
        sheet = _Sheet.for_users(len(users), len(report.users))
        _write_title(sheet, report)
        _draw_days(sheet, report)
        if users:
            _draw_users(sheet, report, users)
        return sheet.figure


def short(number: int) -> str:
    """A number in three digits: "950", "1.2k", "812k", "1.5B"."""
    for size, letter in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if number * 2000 >= size * 1999:
            return f"{number / size:.3g}{letter}" if number < 999 * size else f"{number // size:,}{letter}"
    return str(number)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A figure on which everything has its place in pixels, from the upper left."""

    figure: Figure
    height: int

    @classmethod
    def for_users(cls, shown: int, there: int) -> "_Sheet":
        rows = shown + (there > shown)
        height = ROWS_TOP + rows * ROW + FOOT if rows else HEADING
        return cls(Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=PAPER), height)

    def write(self, words: str, x: float, baseline: float, **look: Any) -> Text:
        text: Text = self.figure.text(x / WIDTH, 1 - baseline / self.height, words, va="baseline", **look)
        return text

    def axes(self, label: str, left: int, right: int, top: int, bottom: int) -> Axes:
        place = (left / WIDTH, 1 - bottom / self.height, (right - left) / WIDTH, (bottom - top) / self.height)
        axes: Axes = self.figure.add_axes(place, label=label)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, labelsize=SMALL, labelcolor=QUIET)
        axes.set_axisbelow(True)
        return axes


@contextmanager
def _style() -> Iterator[None]:
    """However the machine is set up, and with every name taken as it is: "$x$" is a name, no formula."""
    with mpl.rc_context(
        {
            "font.family": list(families()),
            "font.size": BODY,
            "text.color": INK,
            "text.parse_math": False,
            "text.usetex": False,
            "axes.facecolor": "none",
            "axes.unicode_minus": False,
        }
    ):
        yield


def _write_title(sheet: _Sheet, report: Report) -> None:
    sheet.write(f"Usage, {_period(list(report.days))}", MARGIN, TITLE, size=LARGE, weight="bold")
    sheet.write(_total(report.total), MARGIN, SUBTITLE, color=QUIET)


def _draw_days(sheet: _Sheet, report: Report) -> None:
    days, tokens = list(report.days), [each.tokens for each in report.days.values()]
    costs = [each.micro_usd for each in report.days.values()]
    bottom = TOKENS_BOTTOM_WITH_COST if any(costs) else DAYS_BOTTOM
    axes = sheet.axes("days", LEFT, WIDTH - MARGIN, TOKENS_TOP, bottom)
    dense = len(days) >= DENSE
    axes.bar(range(len(days)), tokens, width=1 if dense else 0.74, color=BLUE, linewidth=0, antialiased=not dense)
    _scale(axes, tokens, short, parts=4)
    sheet.write("tokens a day", MARGIN, TOKENS, size=SMALL, weight="bold", color=BLUE_WORDS)
    if len(days) <= FEW_DAYS:
        for place, count in enumerate(tokens):
            _write_above(axes, place, count)
    if any(costs):
        axes.set_xticks([])
        axes = _draw_cost(sheet, costs)
    _name_days(axes, days)


def _write_above(axes: Axes, place: int, count: int) -> None:
    axes.annotate(short(count), (place, count), (0, 4), textcoords="offset points", ha="center", size=SMALL)


def _draw_cost(sheet: _Sheet, costs: Sequence[int]) -> Axes:
    """A thin line below the bars, on a scale of its own."""
    axes = sheet.axes("cost", LEFT, WIDTH - MARGIN, COST_TOP, DAYS_BOTTOM)
    dots = "o" if len(costs) <= 31 else None
    axes.plot(range(len(costs)), costs, color=ORANGE, linewidth=1.1, marker=dots, markersize=2.6, clip_on=False)
    _scale(axes, costs, _price, parts=1)
    sheet.write("cost a day", MARGIN, COST, size=SMALL, weight="bold", color=ORANGE)
    return axes


def _scale(axes: Axes, amounts: Sequence[int], words: Callable[[int], str], parts: int) -> None:
    """Begin at nothing, end a little above the most, and name about so many amounts between."""
    most, days = max(amounts), len(amounts)
    spare = max(0.0, (7 - days) / 2)
    axes.set_xlim(-0.6 - spare, days - 0.4 + spare)
    axes.set_ylim(0, most * 1.15 or 1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=parts, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: words(round(amount))))
    if not most:
        axes.set_yticks([0])
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.axhline(0, color=QUIET, linewidth=1.2)


def _name_days(axes: Axes, days: Sequence[date]) -> None:
    named = _named(days)
    axes.set_xticks(list(named), list(named.values()))


def _named(days: Sequence[date]) -> dict[int, str]:
    """What is written below the days, by their place."""
    if len(days) >= MONTHS_FROM:
        firsts = [place for place, day in enumerate(days) if day.day == 1]
        return {place: f"{days[place]:%b}" for place in firsts[:: -(-len(firsts) // 7)]}
    step = 1 if len(days) <= FEW_DAYS else -(-len(days) // 6)
    return {place: _day(days[place]) for place in range((len(days) - 1) % step, len(days), step)}


def _draw_users(sheet: _Sheet, report: Report, users: dict[str, Sum]) -> None:
    sheet.write("Who used most tokens", MARGIN, HEADING, weight="bold")
    axes = sheet.axes("users", NAMES_RIGHT + 16, BARS_RIGHT, ROWS_TOP, ROWS_TOP + len(users) * ROW)
    tokens = [each.tokens for each in users.values()]
    axes.barh(range(len(users)), tokens, height=0.62, color=BLUE, linewidth=0)
    axes.set_xlim(0, max(tokens) or 1)
    axes.set_ylim(len(users) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    places = {name: place for place, name in enumerate(report.users, start=1)}
    for row, (name, each) in enumerate(users.items()):
        baseline = ROWS_TOP + row * ROW + 31
        words = sheet.write(drawable(name, f"no. {places[name]}"), NAMES_RIGHT, baseline, ha="right")
        _cut(words, NAMES_RIGHT - MARGIN)
        axes.annotate(_figures(each), (each.tokens, row), (6, 0), textcoords="offset points", va="center_baseline")
    _write_rest(sheet, report, users)


def _write_rest(sheet: _Sheet, report: Report, users: dict[str, Sum]) -> None:
    others = len(report.users) - len(users)
    if others:
        tokens = report.total.tokens - sum(each.tokens for each in users.values())
        words = f"and {others:,} {'others' if others > 1 else 'other'}: {short(tokens)} tokens"
        sheet.write(words, NAMES_RIGHT + 16, ROWS_TOP + len(users) * ROW + 33, size=SMALL, color=QUIET)


def _cut(text: Text, width: float) -> None:
    """Shorten words that are wider than so many pixels."""
    kept = text.get_text()
    while kept and text.get_window_extent().width > width:
        kept = kept[:-1].rstrip()
        text.set_text(f"{kept}…")


def _most_tokens(report: Report) -> dict[str, Sum]:
    """Those who took most tokens: a report has those first who cost most, but the bars are tokens."""
    by_tokens = sorted(report.users.items(), key=lambda item: -item[1].tokens)
    return dict(by_tokens[:TOP_USERS])


def _figures(each: Sum) -> str:
    return f"{short(each.tokens)}  {_price(each.micro_usd)}" if each.micro_usd else short(each.tokens)


def _total(total: Sum) -> str:
    if not total.requests:
        return "Nothing was asked."
    questions = "1 question" if total.requests == 1 else f"{total.requests:,} questions"
    cost = [dollars(total.micro_usd)] if total.micro_usd else []
    return ", ".join((questions, f"{total.tokens:,} tokens", *cost))


def _price(micro_usd: int) -> str:
    """Dollars in few letters: "$1.2k", "$250", "$12.30", "$0.004", "$0"."""
    if micro_usd >= 100 * MILLION:
        return f"${short(round(micro_usd / MILLION))}"
    if micro_usd >= 10_000:
        return dollars(micro_usd)
    return f"${float(f'{micro_usd / MILLION:.1g}'):.6f}".rstrip("0").rstrip(".")


def _period(days: Sequence[date]) -> str:
    """ "21 Nov 2026", "23 Oct to 21 Nov 2026"."""
    first, last = days[0], days[-1]
    if first == last:
        return f"{_day(last)} {last.year}"
    return f"{_day(first)}{f' {first.year}' if first.year != last.year else ''} to {_day(last)} {last.year}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
