"""The short form of the run in which time is kept."""

from pathlib import Path

from chaos.punctual import SHORT, keep_time


async def test_whoever_keeps_time_may_die(tmp_path: Path) -> None:
    """What is due is done once, and another process goes on."""
    result = await keep_time(SHORT, tmp_path)
    assert SHORT.schedules == len(result.dues)
    assert ([], []) == (result.lost, result.doubled)
    assert SHORT.kills == len(result.takeovers)
