"""The main job: somebody asks in a room, and sees the answer grow and finish."""

from sandbox.openai.script import say
from tests.journeys.stage import Seat, Stage, answers


async def test_a_question_is_answered(stage: Stage, seat: Seat) -> None:
    """Everything else stands on this."""
    stage.openai.queue(say("Because of **Rayleigh** scattering."))
    await seat.say("Why is the sky blue?")
    (answer,) = await answers(seat, 1)

    assert "Rayleigh" in answer.text
    assert {"Regenerate"} == set(answer.buttons)
    assert ["Alice: Why is the sky blue?"] == stage.prompt()


async def test_the_answer_is_seen_growing(stage: Stage, seat: Seat) -> None:
    """A slow model must not leave people before an empty screen."""
    stage.openai.queue(say("one two three four five six seven eight nine ten", rate=4))
    seen: list[str] = []

    def watch() -> bool:
        shown = seat.shown()
        if shown and (not seen or seen[-1] != shown[0].text):
            seen.append(shown[0].text)
        return bool(shown) and shown[0].final

    await seat.say("Count to ten")
    await seat.until(watch)

    assert "…" == seen[0]
    assert len(seen) >= 3
    assert all("one two three four five six seven eight nine ten".startswith(text.strip("…")) for text in seen)


async def test_a_follow_up_remembers(stage: Stage, seat: Seat) -> None:
    """A conversation, not a row of single questions."""
    await seat.say("My cat is called Tom.")
    await answers(seat, 1)
    await seat.say("What is my cat called?")
    await answers(seat, 2)

    assert "Alice: My cat is called Tom." in stage.prompt()


async def test_two_people_share_a_room(stage: Stage, seat: Seat) -> None:
    """In a room everybody hears what was said, and by whom."""
    await seat.say("I like owls.", "alice")
    await answers(seat, 1)
    await seat.say("And I like bats.", "bob")
    await answers(seat, 2)

    assert "Alice: I like owls." == stage.prompt()[0]
    assert "Bob: And I like bats." == stage.prompt()[-1]
