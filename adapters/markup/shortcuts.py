"""What the parser need not try, since it would come to nothing."""

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token


def extend(parser: MarkdownIt) -> None:
    parser.core.ruler.at("inline", _inline)
    parser.inline.ruler.at("link", _link)
    parser.inline.ruler.at("image", _image)


def _inline(state: StateCore) -> None:
    """The library's rule; words without any mark among them need no rules at all."""
    marked = state.md.inline.terminator_re.search
    for token in state.tokens:
        if token.type != "inline":
            continue
        if marked(token.content):
            token.children = state.md.inline.parse(token.content, state.md, state.env, [])
        elif token.content:
            token.children = [Token("text", "", 0, content=token.content)]


def _link(state: StateInline, silent: bool) -> bool:
    return state.pos < _last_label(state.src) and link(state, silent)


def _image(state: StateInline, silent: bool) -> bool:
    return state.pos < _last_label(state.src) and image(state, silent)


@lru_cache(maxsize=1)
def _last_label(source: str) -> int:
    """Where the last label ends, -1 when none does. Without references, no bracket behind it opens a link."""
    return source.rfind("](")
