"""Markdown of a model as HTML that can be shown: nothing in it runs, and nothing is fetched before somebody clicks."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

SCHEMES = ("http", "https", "mailto")
"""Where links may lead."""

REL = "noopener noreferrer nofollow"


def to_html(text: str) -> str:
    """Markdown as HTML. Tags in it are shown as they are written; pictures become links."""
    html: str = _markdown().render(text)
    return html


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable("image")
    markdown.validateLink = _leads_out  # type: ignore[method-assign]
    markdown.add_render_rule("link_open", _link)
    return markdown


def _leads_out(url: str) -> bool:
    """Whether a link leads to another page, or to somebody's mailbox, and nowhere else."""
    try:
        return urlsplit(url.strip()).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _link(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Mapping[str, Any], env: Mapping[str, Any]
) -> str:
    del env
    tokens[index].attrSet("rel", REL)
    html: str = renderer.renderToken(tokens, index, options, {})  # type: ignore[arg-type]
    return html
