"""A 10,000-character answer with fences and tables arrives whole, in order, readable."""

import re

from sandbox.openai.script import Ending, say
from tests.journeys.stage import DiscordSeat, Seat, Shown, Stage, TelegramSeat, answers

CODE = "\n".join(f"def owl_{number}(mice: int) -> int:\n    return mice - {number}\n" for number in range(60))
TABLE = "| Owl | Weight |\n|---|---:|\n" + "\n".join(
    f"| owl number {number} | {number * 10} g |" for number in range(30)
)
PROSE = "\n\n".join(f"Paragraph {number}: " + "the owl hears the mouse under the snow. " * 6 for number in range(14))
LONG = f"# Owls\n\n{PROSE}\n\n```python\n{CODE}```\n\n{TABLE}\n\n{PROSE}\n\nThe end."


def words(text: str) -> list[str]:
    """What a reader reads: the words, without the marks that either side writes around them."""
    return re.findall(r"\w+", text.replace("\\", ""))


def joined(shown: list[Shown]) -> str:
    return "\n".join(message.text for message in shown)


async def test_a_long_answer_arrives_whole(stage: Stage, seat: Seat) -> None:
    """Other bots cut at 2,000 or 4,096 characters, or break the code."""
    assert len(LONG) > 10_000
    stage.openai.queue(say(LONG))
    await seat.say("Tell me everything")
    await seat.until(lambda: "The end." in joined(seat.shown()) and seat.shown()[-1].final)
    shown = await answers(seat, 3)

    plain = LONG.replace("```python", "").replace("|---|---:|", "")
    fences = joined(shown).replace("```python", "")
    assert words(plain) == words(fences)
    assert [{}] * (len(shown) - 1) == [message.buttons for message in shown[:-1]]
    assert {"Regenerate"} == set(shown[-1].buttons)


async def test_fences_are_closed_and_opened_again_on_discord(stage: Stage, seat_discord: DiscordSeat) -> None:
    """Code that is cut goes on as code, in its language, in the next message."""
    stage.openai.queue(say(LONG))
    await seat_discord.say("Tell me everything")
    await seat_discord.until(lambda: "The end." in joined(seat_discord.shown()))
    code = [message.text for message in await answers(seat_discord, 3) if "def owl_" in message.text]

    assert len(code) >= 2
    assert all(text.count("```python\n") == 1 and text.count("```") % 2 == 0 for text in code)


async def test_code_goes_on_as_code_on_telegram(stage: Stage) -> None:
    """There the marks stand beside the text."""
    telegram = stage.telegram
    alice = telegram.people["alice"]
    stage.openai.queue(say(f"{PROSE}\n\n```python\n{CODE * 2}```"))
    await telegram.say(alice, alice, "Tell me everything")
    await TelegramSeat(telegram).until(lambda: "Regenerate" in str(telegram.messages(alice)[-1].keyboard))
    marks = [mark for message in telegram.messages(alice) for mark in message.entities if mark["type"] == "pre"]

    assert len(marks) >= 2
    assert {"python"} == {mark["language"] for mark in marks}


async def test_an_answer_that_shrinks_leaves_nothing_behind(stage: Stage, seat: Seat) -> None:
    """A stream that was cut after three messages may end, begun again, in one."""
    stage.openai.queue(say("owl " * 2500, Ending.CUT, rate=1500), say("Short.", rate=1))
    await seat.say("Tell me everything")
    await seat.until(lambda: len(seat.shown()) > 1)
    await seat.until(lambda: [message for message in seat.shown() if message.text == "Short."])
    await seat.until(lambda: len(seat.shown()) == 1)

    assert ["Short."] == [message.text for message in seat.shown()]
