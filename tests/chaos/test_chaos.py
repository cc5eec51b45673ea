"""The short form of `make chaos`: real processes die, stall, and lose their Redis."""

from pathlib import Path

from chaos.plan import SHORT
from chaos.run import run


async def test_whatever_dies_everybody_is_answered_once(tmp_path: Path) -> None:
    """Every question has exactly one end on the screen, and no crash leaves more than one empty message behind."""
    result = await run(SHORT, tmp_path)
    assert [] == [(question.number, question.fate) for question in result.broken]
    assert result.kept
    assert SHORT.kills <= result.exits[-9]
    assert SHORT.outages == len(result.recovered)
