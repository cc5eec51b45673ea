"""Rich to Telegram: plain text with entities beside it, so that there is nothing to escape and nothing to refuse."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from adapters.markup.addresses import is_web
from adapters.markup.pages import paginate
from adapters.markup.rich import Kind, Rich, Run, Span, Style, clean, runs
from bot.reply import Page, Reply

LONGEST = 4096
"""UTF-16 code units: the smaller reading of "1-4096 characters" (core.telegram.org/bots/api#sendmessage)."""

MOST_ENTITIES = 100
"""Those beyond are ignored (core.telegram.org/api/entities, "up to 100 entities")."""

LONGEST_LINK = 2048

LONGEST_NAME = 64
"""Characters of somebody's name before what calls for their attention."""

# Telegram makes a mention of any "@name", wherever it stands, and notifies who is meant: not on a model's word.
_MENTION = re.compile(r"(?<!\w)@(?=[A-Za-z]\w)", re.ASCII)

STYLE = Style(
    bullets=("• ", "◦ ", "▪ "),
    indent="    ",  # Telegram's font is narrow: two spaces can hardly be seen
    tab="    ",  # TDLib makes one space of a tab, and Python of it nonsense
    table_width=42,  # columns of a fixed-width block on a phone held upright
    linkable=lambda address: is_web(address, LONGEST_LINK),
    plain=lambda text: _MENTION.sub("@\u200b", text),
)

Type = Literal["blockquote", "pre", "code", "text_link", "bold", "italic", "strikethrough"]

# TDLib's order of entities with the same extent, outermost first (MessageEntity.cpp, get_type_priority).
_RANK: dict[Type, int] = {
    "blockquote": 0, "pre": 1, "code": 2, "text_link": 3, "bold": 4, "italic": 5, "strikethrough": 6,
}  # fmt: skip

_STYLES = ("bold", "italic", "strikethrough")

_LOOKS: dict[Kind, Type] = {
    Kind.BOLD: "bold",
    Kind.HEADING: "bold",
    Kind.ITALIC: "italic",
    Kind.NOTE: "italic",
    Kind.STRIKE: "strikethrough",
}


@dataclass(frozen=True, slots=True)
class Entity:
    """`core.telegram.org/bots/api#messageentity`; offset and length count UTF-16 code units."""

    type: Type
    offset: int
    length: int
    url: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Mark:
    """One entity before it is known how far it reaches. `anchor` keeps apart what Telegram would not join."""

    type: Type
    anchor: Span | None = None


def pages(reply: Reply, name: str = "") -> tuple[Page, ...]:
    """
    At least one message: what has not begun shows as "…". Each page's marks are Entities in Telegram's order.

    Args:
        name: What somebody is called whom the reply mentions.
    """
    if not reply.mention:
        return paginate(reply, STYLE, LONGEST, _draw, _size)
    call = _call(name)
    first, *others = paginate(reply, STYLE, LONGEST - units(call) - 1, _draw, _size)
    return _calling(first, call, reply.mention), *others


def _call(name: str) -> str:
    """What stands for somebody: a bell, since a name alone may show nothing, and their name."""
    return STYLE.plain(f"🔔 {clean(name)[:LONGEST_NAME]}").strip().replace("\n", " ")


def _calling(page: Page, call: str, user: str) -> Page:
    """
    A page below a line that is a link to somebody, which notifies them if the bot has met them.

    Source: core.telegram.org/bots/api#formatting-options, "These mentions are only guaranteed to work if ..."
    """
    link = Entity("text_link", 0, units(call), url=f"tg://user?id={user}")
    marks = [replace(mark, offset=mark.offset + link.length + 1) for mark in page.marks if isinstance(mark, Entity)]
    return replace(page, text=f"{call}\n{page.text}", marks=(link, *marks))


def _draw(piece: Rich) -> Page:
    return Page(piece.text, entities(piece))


def _size(page: Page) -> int:
    """Code units, or the share of the allowed entities when that is larger."""
    return max(units(page.text), len(page.marks) * LONGEST // MOST_ENTITIES)


def units(text: str) -> int:
    """UTF-16 code units, in which Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def entities(rich: Rich) -> tuple[Entity, ...]:
    """
    Just what TDLib would make of the spans, so that its count of entities is ours.

    Code holds nothing and joins no style; a link breaks bold into pieces, and so does italic that begins within it.
    Source: core.telegram.org/bots/api#formatting-options; `fix_entities` in TDLib's MessageEntity.cpp.
    """
    found: list[tuple[int, int, _Mark]] = []
    opened: dict[_Mark, int] = {}
    for run in (*runs(rich), Run(len(rich.text), len(rich.text), ())):
        marks = set(_marks(run))
        restyled = any(mark.type in _STYLES for mark in marks - opened.keys())
        ended = [mark for mark in opened if mark not in marks or (restyled and mark.type in _STYLES)]
        found.extend((opened.pop(mark), run.start, mark) for mark in ended)
        for mark in marks:
            opened.setdefault(mark, run.start)
    offsets = _Offsets(rich.text)
    drawn = [_entity(mark, offsets.at(start), offsets.at(end)) for start, end, mark in found]
    return tuple(sorted(drawn, key=lambda entity: (entity.offset, -entity.length, _RANK[entity.type])))


def _marks(run: Run) -> Iterator[_Mark]:
    by_kind = {span.kind: span for span in run.spans}
    if quote := by_kind.get(Kind.QUOTE):
        yield _Mark("blockquote", quote)
    if block := by_kind.get(Kind.PRE):
        yield _Mark("pre", block)
        return
    link = by_kind.get(Kind.LINK)
    if link:
        yield _Mark("text_link", link)
    elif code := by_kind.get(Kind.CODE):
        yield _Mark("code", code)
        return
    for kind in by_kind:
        if kind in _LOOKS:
            yield _Mark(_LOOKS[kind], link)


def _entity(mark: _Mark, start: int, end: int) -> Entity:
    detail = mark.anchor.detail if mark.anchor else ""
    return Entity(
        mark.type,
        start,
        end - start,
        url=detail if mark.type == "text_link" else "",
        language=detail if mark.type == "pre" else "",
    )


class _Offsets:
    """Code points to UTF-16 code units, without counting when there is no character that takes two."""

    def __init__(self, text: str) -> None:
        self._wide = [at for at, char in enumerate(text) if char > "\uffff"] if max(text, default="") > "\uffff" else []

    def at(self, index: int) -> int:
        return index + bisect_left(self._wide, index)
