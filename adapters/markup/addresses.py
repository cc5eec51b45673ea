"""Web addresses as they stand in running text."""

import re
from collections.abc import Iterator

# A host ends where Chinese or Japanese goes on without a space; a path may hold letters of any script.
_BARE = re.compile(
    r"""https?://(?:(?![\u2e80-\uffef])[\w.:%\[\]-]){1,255} (?:[/?\#][\w!\#-;=?-_a-~]{0,2000})?""",
    re.IGNORECASE | re.VERBOSE,
)
_SCHEME = re.compile("https?://", re.IGNORECASE)
_TRAILING = "?!.,:;*_~'\"|\\"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def bare(text: str, at: int, end: int) -> str:
    """
    The address that begins at `at` and goes no further than `end`, "" when there is none.

    Without what belongs to the sentence around it: punctuation at the end, brackets opened elsewhere. Source:
    github.github.com/gfm/#extended-autolink-path-validation.
    """
    match = _BARE.match(text, at, end)
    address = match[0][: _balanced(match[0])].rstrip(_TRAILING) if match else ""
    return address if not address.endswith("://") else ""


def all_bare(text: str) -> Iterator[tuple[int, str]]:
    """Every address in `text` and where it begins."""
    end = 0
    for scheme in _SCHEME.finditer(text):
        if scheme.start() >= end and (address := bare(text, scheme.start(), len(text))):
            end = scheme.start() + len(address)
            yield scheme.start(), address


def _balanced(address: str) -> int:
    """Where the first closing bracket without a partner stands, else the end."""
    depth = {"(": 0, "[": 0, "{": 0}
    for at, char in enumerate(address):
        if char in depth:
            depth[char] += 1
        elif char in _PAIRS:
            depth[_PAIRS[char]] -= 1
            if depth[_PAIRS[char]] < 0:
                return at
    return len(address)


_WEB = re.compile(
    r"https?://(?:[\w-]+\.)+[\w-]+ (?: :(?:[1-9]\d{0,3}|[1-5]\d{4}) )? (?:[/?\#]\S*)?", re.IGNORECASE | re.VERBOSE
)


def is_web(address: str, longest: int) -> bool:
    """
    Whether a chat may hide this address behind a label: http or https, a host with a dot, no name or password.

    Telegram refuses a whole message with a link to `http://localhost` ("Wrong HTTP URL", TDLib's LinkManager) and
    turns `mailto:a@b.c` into `http://mailto:a@b.c/`; Discord masks http and https only
    (support.discord.com/hc/en-us/articles/210298617).

    Args:
        longest: In code points.
    """
    return len(address) <= longest and _WEB.fullmatch(address) is not None
