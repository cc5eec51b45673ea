"""
Arguments out of one line of text, where a platform has no named ones: `/key issue @bob 10k tokens note="for the owls"`.

`name=value` and `name:value` may stand anywhere. A user (@bob) or a channel (here) may stand first or last. The other
words go to the parameters in their order, and quoted words stay together. A command's only parameter takes the line as
it is.
"""

import re
from collections.abc import Sequence

from bot.commands.spec import Kind, Param

Word = re.Match[str]

_WORD = re.compile(r'(?:(?P<name>[\w-]+)[=:])?(?:["“”„«](?P<quoted>[^"“”»]*)["“”»](?!\S)|(?P<bare>\S+))')
"""A word with the name before it, if it has one. A phone makes curly quotes of straight ones."""

_SURELY: dict[Kind, re.Pattern[str]] = {"user": re.compile(r"@\w+"), "channel": re.compile(r"here", re.IGNORECASE)}
"""What can only be a user or a channel. A role, like a text, may look like anything."""

_NUMBER = re.compile(r"-?\d+")


def arguments(params: Sequence[Param], line: str, *, replied: bool = False) -> dict[str, str]:
    """
    Read a line.

    Args:
        replied: It answers somebody's message, so that a user who is left out is known all the same.
    """
    if len(params) == 1:
        return {params[0].name: line} if line else {}
    names = {param.name for param in params}
    words = list(_WORD.finditer(line))
    named = {word["name"].casefold(): word for word in words if (word["name"] or "").casefold() in names}
    words = [word for word in words if word not in named.values()]
    sure = _at_the_ends([param for param in params if param.name not in named], words)
    left = [param for param in params if param.name not in {*named, *sure}]
    taken = {*named.values(), *sure.values()}
    found = _in_order(left, [word for word in words if word not in taken], line, taken, replied)
    return {name: _bare(word) for name, word in named.items()} | {name: word[0] for name, word in sure.items()} | found


def _at_the_ends(params: Sequence[Param], words: Sequence[Word]) -> dict[str, Word]:
    """What is surely a user or a channel, first or last in the line."""
    words = list(words)
    found: dict[str, Word] = {}
    for param in params:
        looks = _SURELY.get(param.kind)
        for end in (0, -1):
            if looks and words and param.name not in found and looks.fullmatch(words[end][0]):
                found[param.name] = words.pop(end)
    return found


def _in_order(params: Sequence[Param], words: list[Word], line: str, taken: set[Word], replied: bool) -> dict[str, str]:
    """Give words to parameters in turn; the last text, or one that wants it, takes what is left of the line."""
    found: dict[str, str] = {}
    texts = [param for param in params if param.kind == "text"]
    last = (texts or params)[-1:]
    for place, param in enumerate(params):
        if words and (param in last or param.left):
            found[param.name] = _rest(words, line, taken)
            break
        needed = sum(1 for later in params[place + 1 :] if later.required)
        if words and _fits(param, words[0][0], replied, enough=len(words) > needed):
            length = param.words([word[0] for word in words]) if param.words else 1
            found[param.name] = " ".join(_whole(words.pop(0)) for _ in range(max(1, length)))
    return found


def _fits(param: Param, word: str, replied: bool, *, enough: bool) -> bool:
    """
    Whether a word is meant for a parameter, rather than for a later one.

    What must be there is taken whatever it looks like, to be refused by its name.
    """
    if param.kind not in _SURELY:
        return True
    may_be_left_out = not param.required or (param.kind == "user" and replied)
    return not may_be_left_out or (enough and _NUMBER.fullmatch(word) is not None)


def _bare(word: Word) -> str:
    """What a word says without its name and its quotes."""
    return str(word["bare"] if word["quoted"] is None else word["quoted"])


def _whole(word: Word) -> str:
    """The same, with what looks like a name but is none: "10:30"."""
    return word[0] if word["name"] else _bare(word)


def _rest(words: Sequence[Word], line: str, taken: set[Word]) -> str:
    """The line from the first of these words on, as it is, without what is taken; one quoted word is unwrapped."""
    if len(words) == 1:
        return _whole(words[0])
    rest, at = "", words[0].start()
    for word in sorted(taken, key=lambda word: word.start()):
        if word.start() >= at:
            rest, at = rest + line[at : word.start()], word.end()
    return (rest + line[at:]).strip()
