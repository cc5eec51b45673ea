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


class QuotaExhausted(Refused):
    """
    A limit has too little left. `sentence` says which, and when there is more.

    Args:
        retry_after: Seconds until there is more; None for never.
        brief: Whether it is only about how many may be asked in a minute.
    """

    def __init__(self, detail: str, sentence: str, retry_after: float | None = None, *, brief: bool = False) -> None:
        super().__init__(detail)
        self.for_user = sentence
        self.retry_after = retry_after
        self.brief = brief


class BadTime(Refused):
    """When something shall be cannot be told from what they wrote; `sentence` asks, or gives an example."""

    def __init__(self, words: str, sentence: str) -> None:
        super().__init__(f"no time: {words!r}")
        self.for_user = sentence


class ZoneNeeded(Refused):
    for_user = (
        "I do not know yet where you are, so I cannot tell when that is. Tell me once, like `/timezone Europe/Oslo`, "
        "and give the command again."
    )


class Banned(Refused):
    for_user = "I was asked to give you no answers. Those who run this place can change that."


class KeyNeeded(Refused):
    """They have no key that works. `why` says what became of the last one, if there was one."""

    def __init__(self, person: str, why: str = "") -> None:
        super().__init__(f"{person} has no key")
        hint = "Use one with `/redeem`; ask those who run this place for one, or `/request` it."
        self.for_user = f"{why or 'You need a key to ask me.'} {hint}"


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


class KeyTypo(Refused):
    """The checksum of a key does not hold. Nothing was looked up."""

    for_user = "That key has a typo. Copy it once more, from its first letter to its last."


class NoKey(Refused):
    """Nothing like a key. Nothing was looked up."""

    for_user = "That is not a key of mine. Mine begin with `parley_`."


class UnknownKey(Refused):
    """
    No such key, or one that whoever gave it should learn nothing about. `id` is for the log.

    The sentence is the same for all of these, so that it tells a stranger nothing.
    """

    for_user = "That key does not work here. Ask whoever gave it to you for another one."

    def __init__(self, id: str) -> None:
        super().__init__(f"key {id}: unknown, or not theirs")


class KeyHeard(Refused):
    """There was a key in what somebody said, and it was dealt with. `sentence` says how."""

    def __init__(self, sentence: str) -> None:
        super().__init__("a key was said")
        self.for_user = sentence


class KeyRefused(Refused):
    """A key that does not work, said to its holder. `why` goes on after "That key": "expired on …"."""

    def __init__(self, id: str, why: str) -> None:
        super().__init__(f"key {id} {why}")
        self.for_user = f"That key {why}."


class KeyTooNarrow(KeyRefused):
    """The key works, for other things than this."""


class ClaimRefused(Refused):
    """There is no key to be shown, whatever the reason: a stranger learns nothing from it."""

    for_user = "There is no key for you here: it was shown before, a day has passed, or it is for somebody else."


class TooManyGuesses(Refused):
    """Too many wrong keys. `wait` is when the next may be tried: "in 12 min"."""

    def __init__(self, guesser: str, wait: str) -> None:
        super().__init__(f"{guesser}: too many wrong keys")
        self.for_user = f"Too many wrong keys. Try again {wait}."


class TooManyAtOnce(Refused):
    def __init__(self, person: str, most: int) -> None:
        super().__init__(f"{person}: {most} under way")
        self.for_user = f"{most} of your questions are being answered. Ask again when one of them is."


class PlusNeeded(Refused):
    for_user = "That model is for those with plus. A key of tier plus opens it: ask those who run this bot."


class NoPlusHere(Refused):
    for_user = "No account with plus answers for that model. `/plus any` lets the others answer you too."


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
    """The provider failed before the first word, or answered with an error of its own; `account` says whose it was."""

    account = ""

    for_user = "The model is not answering right now. Please try again in a minute."


class ModelBusy(ModelDown):
    """The provider asked us to wait. `retry_after` is in seconds, None when it did not say."""

    def __init__(self, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        when = f"in {_duration(retry_after)}" if retry_after else "in a minute"
        self.for_user = f"The model has too much to do right now. Please try again {when}."


class AllDown(ModelBusy):
    """No account can be asked now. `retry_after` is when the first of them can be."""

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail, retry_after)
        self.for_user = f"The model is not available right now. It should be back in about {_duration(retry_after)}."


class AllTaken(AllDown):
    """Every account has as many answers under way as it may."""

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail, retry_after)
        self.for_user = "Too many want an answer at this moment. Please try again in a minute."


class AccountGone(ModelDown):
    """A conversation's own account cannot be asked, and it may not move to another."""

    for_user = (
        "The account that this conversation began with is not available. Try again later, or start afresh with /new."
    )


class ModelMisconfigured(ModelDown):
    """A wrong key, a wrong address, an unknown model, no money on the account: the operator must act."""

    for_user = "The model is not set up correctly. The people who run this bot have been told."


class AccountLocked(ModelMisconfigured):
    """The provider turns an account away: a wrong key, no right, no money. It is asked no more until that is mended."""


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
    return f"{round(seconds / 60)} min" if seconds < 90 * 60 else f"{round(seconds / 3600)} h"
