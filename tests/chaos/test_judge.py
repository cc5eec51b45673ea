"""The judge of the chats finds what must not be."""

import pytest

from chaos.judge import Fate, Shown, fate
from chaos.words import answer

ASKED = 7
"""The message that asks question 1."""

SORRY = "Something broke on our side."


def said(first: int, last: int, *, question: int = 1, call: int = 1, length: int = 20) -> str:
    """The words of one call's answer from one place to another."""
    return "".join(answer(question, call, length)[first - 1 : last])


WHOLE = said(1, 20)


def reply(id: int, text: str, *, open: bool = False) -> Shown:
    return Shown(id, text, ASKED, open)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param([reply(8, WHOLE)], Fate.ANSWERED, id="one message"),
        pytest.param([reply(8, said(1, 12)), Shown(9, said(13, 20))], Fate.ANSWERED, id="two messages"),
        pytest.param([reply(8, "…", open=True), reply(9, WHOLE)], Fate.ANSWERED, id="beside a stray"),
        pytest.param([Shown(6, said(1, 20, question=2), 5), reply(8, WHOLE)], Fate.ANSWERED, id="after another answer"),
        pytest.param([reply(8, f"{said(1, 9)}\n\nThe model was cut off here.")], Fate.CUT, id="cut, and said so"),
        pytest.param([reply(8, said(1, 9)), Shown(9, "The model was cut off here.")], Fate.CUT, id="said so below"),
        pytest.param([reply(8, said(1, 9)), Shown(9, "…")], Fate.MIXED, id="cut, and nothing said"),
        pytest.param([reply(8, SORRY)], Fate.REFUSED, id="an error"),
        pytest.param([], Fate.LOST, id="nothing"),
        pytest.param([reply(8, "…", open=True)], Fate.LOST, id="never filled"),
        pytest.param([reply(8, said(1, 9), open=True)], Fate.UNFINISHED, id="never finished"),
        pytest.param([reply(8, WHOLE), reply(9, WHOLE)], Fate.DOUBLED, id="the same twice"),
        pytest.param([reply(8, WHOLE), reply(9, said(1, 20, call=2))], Fate.DOUBLED, id="two attempts"),
        pytest.param([reply(8, WHOLE), Shown(9, said(1, 20, call=2))], Fate.DOUBLED, id="the second is no reply"),
        pytest.param([reply(8, WHOLE), reply(9, SORRY)], Fate.DOUBLED, id="an answer and an error"),
        pytest.param([reply(8, SORRY), reply(9, SORRY)], Fate.DOUBLED, id="two errors"),
        pytest.param([reply(8, said(1, 9) + said(10, 20, call=2))], Fate.MIXED, id="two attempts in one message"),
        pytest.param([reply(8, said(1, 9)), Shown(9, said(10, 20, call=2))], Fate.MIXED, id="an attempt each"),
        pytest.param([reply(8, said(1, 9) + said(10, 20, question=2))], Fate.MIXED, id="another question's words"),
        pytest.param([reply(8, said(1, 9))], Fate.MIXED, id="cut without a word"),
        pytest.param([reply(8, said(1, 9) + said(11, 20))], Fate.MIXED, id="a gap"),
        pytest.param([Shown(8, said(10, 20)), reply(9, said(1, 9))], Fate.MIXED, id="in the wrong order"),
    ],
)
def test_each_end_is_told_from_the_others(shown: list[Shown], expected: Fate) -> None:
    """What is lost, doubled or mixed is never taken for an answer, and no answer for something broken."""
    assert expected == fate(1, ASKED, shown)
