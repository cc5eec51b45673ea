"""
A reader of Discord Markdown, written from what is known of Discord's own and nothing of ours.

The expressions follow simple-markdown (github.com/Khan/perseus, packages/simple-markdown), on which Discord's desktop
client is built, with Discord's additions: quotes of whole lines, spoilers, three sizes of title, subtext, mentions.
A rule is tried wherever it could be, also inside words, which is stricter than Discord.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Seen:
    """One character on the screen, and how it looks there."""

    char: str
    looks: frozenset[str]


@dataclass(frozen=True)
class _State:
    looks: frozenset[str] = frozenset()
    line_start: bool = True
    quoted: bool = False
    linked: bool = False


Found = tuple[int, Iterator[Seen]]


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    show: Callable[[re.Match[str], _State], Iterator[Seen]]
    block: bool = False
    when: Callable[[re.Match[str], _State], bool] = field(default=lambda _match, _state: True)


def seen(source: str) -> list[Seen]:
    """What a person sees of a message, character by character."""
    return list(_read(source, _State()))


def text(source: str) -> str:
    return "".join(char.char for char in seen(source))


def _read(source: str, state: _State) -> Iterator[Seen]:
    while source:
        found = [(match, rule) for rule in _RULES if (match := _try(rule, source, state))]
        if not found:
            yield Seen(source[0], state.looks)
            state = replace(state, line_start=source[0] == "\n" or (state.line_start and source[0] == " "))
            source = source[1:]
            continue
        match, rule = found[0]
        if rule in _EMPHASIS:
            match, rule = max((pair for pair in found if pair[1] in _EMPHASIS), key=lambda pair: len(pair[0][0]))
        yield from rule.show(match, state)
        state = replace(state, line_start=match[0].endswith("\n"))
        source = source[match.end() :]


def _try(rule: _Rule, source: str, state: _State) -> re.Match[str] | None:
    if rule.block and (not state.line_start or state.linked):
        return None
    match = rule.pattern.match(source)
    return match if match and rule.when(match, state) else None


def _plainly(text: str, state: _State, *looks: str) -> Iterator[Seen]:
    return (Seen(char, state.looks | set(looks)) for char in text)


def _styled(look: str) -> Callable[[re.Match[str], _State], Iterator[Seen]]:
    def show(match: re.Match[str], state: _State) -> Iterator[Seen]:
        inside = next(group for group in match.groups() if group is not None)
        return _read(inside, replace(state, looks=state.looks | {look}))

    return show


def _verbatim(look: str, group: int) -> Callable[[re.Match[str], _State], Iterator[Seen]]:
    return lambda match, state: _plainly(match[group], state, look)


def _fence(match: re.Match[str], state: _State) -> Iterator[Seen]:
    return _plainly(match[2], state, "pre", f"language {match[1] or ''}")


def _quote(match: re.Match[str], state: _State) -> Iterator[Seen]:
    inside = re.sub(r"^ *> ", "", match[0], flags=re.MULTILINE)
    return _read(inside, replace(state, looks=state.looks | {"quote"}, quoted=True))


def _item(match: re.Match[str], state: _State) -> Iterator[Seen]:
    yield from _plainly(match[1] + match[2] + " ", state, "bullet")
    yield from _read(match[3], replace(state, line_start=True))


def _title(match: re.Match[str], state: _State) -> Iterator[Seen]:
    return _read(match[2] + "\n", replace(state, looks=state.looks | {f"title {len(match[1])}"}))


def _link(match: re.Match[str], state: _State) -> Iterator[Seen]:
    return _read(match[1], replace(state, looks=state.looks | {f"link {match[2]}"}, linked=True))


def _is_masked(match: re.Match[str], state: _State) -> bool:
    web = re.fullmatch(r"https?://[^\s<]+", match[2])
    return bool(web) and not state.linked and not re.search(r"https?://|```", match[1])


_STRONG = _Rule(re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)"), _styled("bold"))
_UNDERLINE = _Rule(re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)"), _styled("underline"))
_EM = _Rule(
    re.compile(
        r"_((?:__|\\[\s\S]|[^\\_])+?)_(?![0-9A-Za-z_])"
        r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
    ),
    _styled("italic"),
)
_EMPHASIS = (_STRONG, _UNDERLINE, _EM)
_RULES = (
    _Rule(
        re.compile(r"\\([^0-9A-Za-z\s])"),
        lambda match, state: _plainly(match[1], state),
        when=lambda match, state: match[1] != "]" or not state.linked,
    ),
    _Rule(
        re.compile(r" *>>> [\s\S]+| *>(?!>>) [^\n]*(?:\n *>(?!>>) [^\n]*)*\n?"),
        _quote,
        block=True,
        when=lambda _match, state: not state.quoted,
    ),
    _Rule(re.compile(r"```(?:([A-Za-z0-9_+\-.]+?)\n)?\n*([^\n][\s\S]*?)\n*```"), _fence),
    _Rule(re.compile(r" *(#{1,3}) +([^\n]+)(?:\n|$)"), _title, block=True),
    _Rule(re.compile(r"-# +([^\n]+(?:\n|$))"), _styled("subtext"), block=True),
    _Rule(re.compile(r"( *)([+*-]|\d+\.) +([^\n]+\n?)"), _item, block=True),
    _Rule(re.compile(r"<(https?://[^ >]+)>"), _verbatim("no preview", 1)),
    _Rule(
        re.compile(r"(https?://[^\s<]+[^<.,:;\"'\]\s])"),
        _verbatim("preview", 1),
        when=lambda _match, state: not state.linked,
    ),
    _Rule(
        re.compile(
            r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"][\s\S]*?['\"])?\s*\)"
        ),
        _link,
        when=_is_masked,
    ),
    _STRONG,
    _UNDERLINE,
    _EM,
    _Rule(re.compile(r"~~([\s\S]+?)~~(?!_)"), _styled("strike")),
    _Rule(re.compile(r"\|\|([\s\S]+?)\|\|"), _styled("spoiler")),
    _Rule(re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)"), _verbatim("code", 2)),
    _Rule(
        re.compile(r"<@[!&]?\d+>|<#\d+>|@everyone|@here|</[^>\n]+:\d+>|<t:-?\d+(?::\w)?>|<a?:\w+:\d+>|<id:\w+>"),
        _verbatim("alive", 0),
    ),
)
