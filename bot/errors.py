"""
What can go wrong, said to two readers.

`str(error)` is for the operator's log; `error.for_user` is what the asker reads. A library's own errors are renamed
into these at the edge where they arise, so that nothing of a library's wording ever reaches a chat.
"""


class BotError(Exception):
    """The root of every error that Parley raises on purpose."""

    for_user = "Something broke on our side. Please try again in a minute."


class Refused(BotError):
    """We understood, and the answer is no: the asker can mend it. Logged at INFO."""


class Broken(BotError):
    """We failed; the asker learns that, never how. Logged at ERROR, with its cause."""


# What an asker can mend.


class EmptyQuestion(Refused):
    for_user = "There was no text in that message. Write me a question and I will answer it."


class Unreadable(Refused):
    """Only things that we cannot read: a sticker, a picture, a voice message, a file."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        super().__init__(f"nothing readable: {', '.join(kinds)}")
        self.for_user = f"I can only read text so far, and this was {_listed(kinds)}. Tell me in words?"


class TooLong(Refused):
    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(f"{tokens} tokens asked, {limit} allowed")
        self.for_user = (
            f"That message is about {tokens:,} tokens long and this model can take {limit:,} from one message. "
            "Please send a shorter part."
        )


class Busy(Refused):
    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} turns waiting")
        self.for_user = (
            f"I am still working through the last {waiting} messages here. "
            "Please send this one again when I have caught up."
        )


class NotAllowed(Refused):
    def __init__(self, command: str, needed: str) -> None:
        super().__init__(f"/{command} needs {needed}")
        self.for_user = f"/{command} is for {needed} only."


class NoSuchCommand(Refused):
    def __init__(self, name: str) -> None:
        super().__init__(f"no command {name!r}")
        self.for_user = f"I know no command /{name}. /help lists what I can do."


class BadArgument(Refused):
    """An argument that cannot be used as it was written."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.for_user = sentence


class NothingToRepeat(Refused):
    for_user = "There is no answer here yet that I could give again. Ask me something first."


class Gone(Refused):
    """A button on a message whose turn we no longer keep, or that belongs to another chat."""

    for_user = "That message is too old for its buttons. Ask again and I will answer anew."


class ContextFull(Refused):
    """The provider says that the conversation is longer than the model can take."""

    for_user = (
        "This conversation has grown longer than the model can take. Start afresh with /new, or ask something shorter."
    )


class Filtered(Refused):
    for_user = "The model's provider declined to answer that. Try putting it differently."


# What we failed at.


class StorageDown(Broken):
    for_user = "I cannot reach my memory right now. Please try again in a minute."


class LeaseLost(Broken):
    """Another worker took the session over; whoever sees this stops writing at once. No asker ever reads it."""


class ModelDown(Broken):
    """The provider failed before the first word, or answered with an error of its own."""

    for_user = "The model is not answering right now. Please try again in a minute."


class ModelBusy(ModelDown):
    """The provider asked us to wait. `retry_after` is in seconds, None when it did not say."""

    def __init__(self, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        when = f"in {_duration(retry_after)}" if retry_after else "in a minute"
        self.for_user = f"The model has too much to do right now. Please try again {when}."


class ModelMisconfigured(ModelDown):
    """A wrong key, a wrong address, an unknown model, no money on the account: the operator must act."""

    for_user = "The model is not set up correctly. The people who run this bot have been told."


class ModelCut(ModelDown):
    """The stream ended before the answer did."""

    for_user = "The model stopped in the middle of its answer."


class ModelSilent(ModelDown):
    """Nothing came within the time that we wait: to connect, for the first word, between words, or in all."""

    for_user = "The model took too long to answer. Please try again in a minute."


class EmptyAnswer(ModelDown):
    for_user = "The model gave an empty answer. Please try again, or put it differently."


class PlatformDown(Broken):
    """The chat platform did not take a call for now. Worth trying again later."""


class PlatformBusy(PlatformDown):
    """The chat platform told us to wait. `retry_after` is in seconds."""

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unsure(PlatformDown):
    """A call timed out and may or may not have had its effect."""


class Undeliverable(Broken):
    """Nobody can be answered there any more: blocked, deleted, no permission."""


class PartGone(Broken):
    """One message of an answer was deleted by somebody; the rest can still be shown."""


def _listed(kinds: tuple[str, ...]) -> str:
    return kinds[0] if len(kinds) == 1 else ", ".join(kinds[:-1]) + " and " + kinds[-1]


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
