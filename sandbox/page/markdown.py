"""
Discord Markdown as a tree, read as Discord's desktop client reads it.

That client is built on simple-markdown (github.com/Khan/perseus, packages/simple-markdown): regular expressions, tried
in order at the place where the reader stands, the first that matches wins. What can be written is described in
support.discord.com/hc/en-us/articles/210298617; mentions, times and emoji in
docs.discord.com/developers/reference#message-formatting.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from sandbox.page.highlight import highlight
from sandbox.page.lists import ITEMS, nested
from sandbox.page.nodes import Mark, Node, Nodes, joined

DEEPEST = 40
"""Marks within marks. What is deeper stays plain: nobody writes it, but a model could."""


@dataclass(frozen=True, slots=True)
class _Where:
    """What is around the place where the reader stands."""

    line_start: bool = True
    quoted: bool = False
    linked: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    make: Callable[[re.Match[str], _Where], Node]
    fits: Callable[[re.Match[str], _Where], bool] = lambda _match, _where: True


@lru_cache(maxsize=256)
def tree(source: str) -> Nodes:
    """What a person sees of a message."""
    return _read(source, _Where())


def _read(source: str, where: _Where) -> Nodes:
    if where.depth > DEEPEST:
        return (source,)
    return joined(_parts(source, replace(where, depth=where.depth + 1)))


def _parts(source: str, where: _Where) -> Iterator[Node]:
    at, after_block = 0, False
    while at < len(source):
        here = where if at == 0 else replace(where, line_start=source[at - 1] == "\n")
        found = None if after_block and source[at] == "\n" else _found(source, at, here)
        if found is None:
            end = _plain_until(source, at)
            yield "" if after_block and source[at] == "\n" else source[at:end]
            at, after_block = end, False
            continue
        match, rule = found
        node = rule.make(match, here)
        yield node
        at = match.end()
        after_block = isinstance(node, Mark) and node.kind in _BLOCKS and source[at - 1] != "\n"


def _plain_until(source: str, at: int) -> int:
    plain = _PLAIN.match(source, at)
    return plain.end() if plain else at + 1


def _found(source: str, at: int, where: _Where) -> tuple[re.Match[str], _Rule] | None:
    """The rule to follow here: the first that fits, but of two emphases the one that reaches further."""
    if where.line_start and not where.linked:
        for match, rule in _fitting(_AT_LINE_START, source, at, where):
            return match, rule
    fitting = _fitting(_AT.get(source[at], ()), source, at, where)
    if source[at] in _EMPHASIS:
        return max(fitting, key=lambda found: found[0].end(), default=None)
    return next(fitting, None)


def _fitting(rules: Iterable[_Rule], source: str, at: int, where: _Where) -> Iterator[tuple[re.Match[str], _Rule]]:
    for rule in rules:
        match = rule.pattern.match(source, at)
        if match and rule.fits(match, where):
            yield match, rule


def _around(kind: str) -> Callable[[re.Match[str], _Where], Node]:
    """A mark around what one of the pattern's groups holds, which is read on."""

    def make(match: re.Match[str], where: _Where) -> Node:
        inside = next(group for group in match.groups() if group is not None)
        return Mark(kind, _read(inside, replace(where, line_start=False)))

    return make


def _quote(match: re.Match[str], where: _Where) -> Node:
    whole = match["rest"] is not None
    inside = match["rest"] if whole else re.sub(r"^ *> ?", "", match[0].removesuffix("\n"), flags=re.MULTILINE)
    return Mark("quote", _read(inside, replace(where, line_start=True, quoted=True)))


def _fence(match: re.Match[str], _: _Where) -> Node:
    language = match["language"] or ""
    return Mark("pre", highlight(match["code"], language), language)


def _heading(match: re.Match[str], where: _Where) -> Node:
    return Mark(f"h{len(match['level'])}", _read(match["title"], replace(where, line_start=False)))


def _list(match: re.Match[str], where: _Where) -> Node:
    return nested(match[0], lambda item: _read(item, replace(where, line_start=True)))


def _link(match: re.Match[str], where: _Where) -> Node:
    return Mark("link", _read(match["label"], replace(where, line_start=False, linked=True)), match["address"])


def _is_masked(match: re.Match[str], where: _Where) -> bool:
    """A label that looks like an address could lie about where it leads, so there Discord makes no link."""
    return not where.linked and "://" not in match["label"]


def _bare(match: re.Match[str], _: _Where) -> Node:
    return Mark("link", (match[1],), match[1])


def _code(match: re.Match[str], _: _Where) -> Node:
    """One space at each end stands off backticks and is not shown."""
    content = match["code"]
    if re.fullmatch(r" (`.*|.*`) ", content, re.DOTALL):
        content = content[1:-1]
    return Mark("code", (content.replace("\n", " "),))


def _named(kind: str) -> Callable[[re.Match[str], _Where], Node]:
    """Something that stands for a person, a channel, a time: the page knows what it is called."""
    return lambda match, _: Mark(kind, (), match[1])


_BLOCKS = frozenset({"quote", "pre", "h1", "h2", "h3", "subtext", "ul", "ol"})
_EMPHASIS = "*_"
_PLAIN = re.compile(r"\n|(?:[0-9A-Za-z\u00c0-\uffff]|[^\S\n])+?(?=\n|[^0-9A-Za-z\s\u00c0-\uffff]|https?://|\Z)")

_STRONG = _Rule(re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)"), _around("bold"))
_UNDERLINE = _Rule(re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)"), _around("underline"))
_EM_LINE = _Rule(re.compile(r"(?<![0-9A-Za-z_])_((?:__|\\[\s\S]|[^\\_])+?)_(?![0-9A-Za-z_])"), _around("italic"))
_EM_STAR = _Rule(
    re.compile(r"\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"), _around("italic")
)

_FENCE = _Rule(re.compile(r"```(?:(?P<language>[\w+.#-]+?)\n)?\n*(?P<code>[^\n][\s\S]*?)\n*```", re.ASCII), _fence)
_CODE = _Rule(re.compile(r"(?P<ticks>`+)(?P<code>[\s\S]*?[^`])(?P=ticks)(?!`)"), _code)
_ESCAPE = _Rule(re.compile(r"\\(?P<char>[^0-9A-Za-z\s])"), lambda match, _: match["char"])
_MASKED = _Rule(
    re.compile(
        r"\[(?P<label>(?:\[[^\]\n]*\]|[^\[\]\\]|\\.)+)\]"
        r"\(\s*<?(?P<address>https?://(?:\([^()\s]*\)|[^\s()<>\\])+)>?(?:\s+['\"][^\n]*?['\"])?\s*\)"
    ),
    _link,
    _is_masked,
)

_AT: dict[str, tuple[_Rule, ...]] = {
    "\\": (_ESCAPE,),
    "`": (_FENCE, _CODE),
    "*": (_STRONG, _EM_STAR),
    "_": (_UNDERLINE, _EM_LINE),
    "~": (_Rule(re.compile(r"~~([\s\S]+?)~~(?!_)"), _around("strike")),),
    "|": (_Rule(re.compile(r"\|\|([\s\S]+?)\|\|"), _around("spoiler")),),
    "[": (_MASKED,),
    "h": (_Rule(re.compile(r"(https?://[^\s<]+[^<.,:;\"'\]\s])"), _bare, lambda _match, where: not where.linked),),
    "@": (_Rule(re.compile(r"@(?:everyone|here)"), lambda match, _: Mark("mention", (match[0],))),),
    "<": (
        _Rule(re.compile(r"<(https?://[^ >]+)>"), _bare),
        _Rule(re.compile(r"<@!?(\d+)>"), _named("user")),
        _Rule(re.compile(r"<#(\d+)>"), _named("channel")),
        _Rule(re.compile(r"<t:(-?\d+(?::[tTdDfFR])?)>"), _named("time")),
        _Rule(re.compile(r"<(/[^\n<>]+?):\d+>"), lambda match, _: Mark("mention", (match[1],))),
        _Rule(re.compile(r"<a?(:\w+:)\d+>"), lambda match, _: match[1]),
    ),
}
"""Rules by the character at which they can begin."""

_AT_LINE_START = (
    _Rule(
        re.compile(r" *>>> *(?P<rest>[\s\S]+)| *>(?!>>) [^\n]*(?:\n *>(?!>>) [^\n]*)*(?:\n|\Z)"),
        _quote,
        lambda _match, where: not where.quoted,
    ),
    _Rule(re.compile(r" *(?P<level>#{1,3}) +(?P<title>[^\n]+?) *#*(?:\n|\Z)"), _heading),
    _Rule(re.compile(r"-# +([^\n]+)(?:\n|\Z)"), _around("subtext")),
    _Rule(ITEMS, _list),
)
