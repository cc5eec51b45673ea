"""What stands within a line: emphasis, code, links, pictures."""

from collections import Counter
from collections.abc import Sequence
from urllib.parse import unquote

from markdown_it.token import Token

from adapters.markup.addresses import all_bare
from adapters.markup.draft import Draft
from adapters.markup.rich import Kind

_LOOKS = {"em": Kind.ITALIC, "strong": Kind.BOLD, "s": Kind.STRIKE}


def write_inline(draft: Draft, tokens: Sequence[Token]) -> None:
    opened: list[tuple[int, Token]] = []
    within: Counter[str] = Counter()
    for token in tokens:
        if token.nesting > 0:
            if _only_bracketed(token):
                draft.write("<")
            opened.append((draft.length, token))
            within[token.tag] += 1
        elif token.nesting < 0:
            within[token.tag] -= 1
            _close(draft, *opened.pop(), within)
        elif token.type in ("softbreak", "hardbreak"):
            draft.new_line()
        elif token.type == "code_inline":
            with draft.spanned(Kind.CODE):
                draft.write(token.content)
        elif token.type == "image":
            _picture(draft, token, linked=within["a"] > 0)
        else:
            _words(draft, token.content)


def _words(draft: Draft, text: str) -> None:
    """The model's words as the platform needs them; the addresses among them as they are."""
    at = 0
    for start, address in all_bare(text):
        draft.write(draft.style.plain(text[at:start]) + address)
        at = start + len(address)
    draft.write(draft.style.plain(text[at:]))


def _close(draft: Draft, start: int, opening: Token, within: Counter[str]) -> None:
    """Bold inside bold is just bold: no depth of marks makes a depth of spans."""
    if opening.tag in _LOOKS:
        if not within[opening.tag]:
            draft.span(_LOOKS[opening.tag], start)
    elif _only_bracketed(opening):
        draft.write(">")
    elif opening.markup != "autolink":
        _link(draft, start, opening, linked=within["a"] > 0)


def _only_bracketed(token: Token) -> bool:
    """`<https://x>` is an address; `<std::string>` looks like one to CommonMark, and keeps its brackets here."""
    web = ("http:", "https:", "mailto:")
    return token.markup == "autolink" and not str(token.attrs["href"]).lower().startswith(web)


def _link(draft: Draft, start: int, opening: Token, *, linked: bool) -> None:
    """Hide the address behind the label where the platform can; write it out where it cannot."""
    address, title = str(opening.attrs["href"]), str(opening.attrs.get("title", ""))
    label = draft.since(start)
    readable = address.removeprefix("mailto:")
    if not label.strip():
        draft.write(readable)
    elif draft.style.linkable(address) and not linked:
        if label.strip() not in (address, unquote(address)):
            draft.span(Kind.LINK, start, address)
    elif label.strip() != readable:
        draft.write(f" ({readable})")
    if title:
        draft.write(f" ({title})")


def _picture(draft: Draft, token: Token, *, linked: bool) -> None:
    """Its description, leading to it."""
    start = draft.length
    write_inline(draft, token.children or [])
    opening = Token("link_open", "a", 1, attrs={"href": token.attrs["src"], "title": token.attrs.get("title", "")})
    _link(draft, start, opening, linked=linked)
