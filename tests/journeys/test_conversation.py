"""What makes it a conversation: branches, Stop, Regenerate, Continue, a new beginning, a restart."""

from sandbox.openai.script import Ending, say
from tests.journeys.stage import Seat, Stage, answers


async def test_a_reply_to_an_older_answer_branches(stage: Stage, seat: Seat) -> None:
    """People go back to where they left off, and the model must not hear what came in between."""
    stage.openai.queue(say("Owls."), say("Bats."), say("More on owls."))
    await seat.say("What flies at night?")
    (first, *_) = await answers(seat, 1)
    await seat.say("What else?")
    await answers(seat, 2)
    await seat.say("Tell me more.", "bob", reply_to=first.id)
    await answers(seat, 3)

    assert ["Alice: What flies at night?", "Owls.", "Bob: Tell me more."] == stage.prompt()


async def test_stop_ends_an_answer_and_keeps_what_was_said(stage: Stage, seat: Seat) -> None:
    """A long answer that goes astray should not be paid to its end."""
    stage.openai.queue(say("owl " * 400, rate=40))
    await seat.say("Say owl for ten seconds")
    await seat.until(lambda: "owl" in "".join(shown.text for shown in seat.shown()))
    await seat.press(seat.shown()[0].id, "Stop")
    (stopped,) = await answers(seat, 1)

    assert stopped.text.startswith("owl")
    assert "Stopped." in stopped.text
    assert {"Continue", "Regenerate"} == set(stopped.buttons)
    assert 1 == stage.openai.books.cancelled


async def test_only_who_asked_can_stop(stage: Stage, seat: Seat) -> None:
    """In a shared room nobody takes another's answer away."""
    stage.openai.queue(say("owl " * 60, rate=30))
    await seat.say("Say owl for two seconds", "alice")
    await seat.until(lambda: seat.shown())
    await seat.press(seat.shown()[0].id, "Stop", "bob")
    shown = await answers(seat, 1)

    assert "owl " * 59 + "owl" == shown[0].text.strip()


async def test_regenerate_answers_the_same_question_once_more(stage: Stage, seat: Seat) -> None:
    """The second answer is a branch: what follows goes on from it, and has not heard the first."""
    stage.openai.queue(say("First try."), say("Second try."), say("Good."))
    await seat.say("Name an owl")
    (first,) = await answers(seat, 1)
    await seat.press(first.id, "Regenerate", "bob")
    _, second = await answers(seat, 2)
    await seat.say("Thanks")
    await answers(seat, 3)

    assert "Second try." in second.text
    assert ["Alice: Name an owl", "Second try.", "Alice: Thanks"] == stage.prompt()


async def test_continue_goes_on_where_the_answer_ended(stage: Stage, seat: Seat) -> None:
    """A model's length limit is no reason to lose the rest."""
    stage.openai.queue(say("One, two,", Ending.LENGTH), say("three."))
    await seat.say("Count to three")
    (first,) = await answers(seat, 1)
    await seat.press(first.id, "Continue")
    await answers(seat, 2)

    assert "length limit" in first.text
    assert "One, two," == stage.prompt()[1]
    assert "Go on exactly where you stopped" in stage.prompt()[2]


async def test_new_begins_a_new_conversation(stage: Stage, seat: Seat) -> None:
    """Old talk costs tokens and leads the model astray."""
    await seat.say("My cat is called Tom.")
    await answers(seat, 1)
    await seat.command("new")
    await answers(seat, 2)
    await seat.say("What is my cat called?")
    await answers(seat, 3)

    assert ["Alice: What is my cat called?"] == stage.prompt()


async def test_the_command_regenerates_too(stage: Stage, seat: Seat) -> None:
    """For an answer whose buttons have scrolled away."""
    stage.openai.queue(say("First try."), say("Second try."))
    await seat.say("Name an owl")
    await answers(seat, 1)
    await seat.command("regenerate")
    _, second = await answers(seat, 2)

    assert "Second try." in second.text
    assert ["Alice: Name an owl"] == stage.prompt()


async def test_a_chosen_model_answers(stage: Stage, seat: Seat) -> None:
    """Each conversation has the model that its people chose."""
    await seat.command("model", name="mini")
    await answers(seat, 1)
    await seat.say("Hello")
    await answers(seat, 2)

    assert "parley-demo-mini" == stage.openai.books.requests[-1]["model"]


async def test_a_restart_forgets_nothing(stage: Stage, seat: Seat) -> None:
    """History is stored before it is shown; buttons of old messages go on working."""
    await seat.say("My cat is called Tom.")
    (first,) = await answers(seat, 1)
    await stage.stop()
    await stage.start()
    await seat.say("What is my cat called?")
    await answers(seat, 2)
    assert "Alice: My cat is called Tom." == stage.prompt()[0]

    await seat.press(first.id, "Regenerate")
    await answers(seat, 3)
    assert ["Alice: My cat is called Tom."] == stage.prompt()


async def test_what_was_asked_before_a_restart_is_answered_after_it(stage: Stage, seat: Seat) -> None:
    """The message was taken, so it gets its answer, in the place that was already made for it."""
    stage.openai.queue(say("owl " * 400, rate=40), say("All of it."))
    await seat.say("Say owl for ten seconds")
    await seat.until(lambda: "owl" in "".join(shown.text for shown in seat.shown()))
    await stage.stop()
    await stage.start()
    (answer,) = await answers(seat, 1)

    assert "All of it." == answer.text


async def test_reply_chains_are_conversations_where_the_scope_says_so(stage: Stage, seat: Seat) -> None:
    """In a busy channel two topics must not be mixed up."""
    await seat.command("scope", "alice", kind="reply")
    await answers(seat, 1)
    await seat.say("Owls?", "alice")
    owls = (await answers(seat, 2))[1]
    await seat.say("Bats?", "bob")
    await answers(seat, 3)
    await seat.say("And at night?", "bob", reply_to=owls.id)
    await answers(seat, 4)

    assert ["Alice: Owls?", "Hoo.", "Bob: And at night?"] == stage.prompt()


async def test_personal_scope_keeps_people_apart(stage: Stage, seat: Seat) -> None:
    """Everybody has a conversation of their own in the same channel."""
    await seat.command("scope", "alice", kind="personal")
    await answers(seat, 1)
    await seat.say("I am Alice.", "alice")
    await answers(seat, 2)
    await seat.say("Who am I?", "bob")
    await answers(seat, 3)

    assert ["Who am I?"] == stage.prompt()
