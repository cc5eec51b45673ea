"""
Why something was not fetched.

One sentence serves an address inside our network, a name that nobody has and a port that is closed: told apart, they
would be a map of what stands behind us.
"""

from bot.errors import Refused


class NotFetched(Refused):
    for_user = "That address cannot be fetched."


class BadAddress(NotFetched):
    """An address that is refused as it is written. `why` goes on after a colon."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.for_user = f"That address cannot be fetched: {why}."


class NotPublic(NotFetched):
    """It leads somewhere that is not on the public internet."""


class Unreachable(NotFetched):
    """No such name, no connection, no trust in the certificate, or no HTTP. Another try may fare better."""


class TooSlow(NotFetched):
    for_user = "That address took too long to answer."


class TooManyRedirects(NotFetched):
    for_user = "That address keeps sending me on to others."


class BadStatus(NotFetched):
    def __init__(self, host: str, status: int) -> None:
        super().__init__(f"{host}: status {status}")
        self.for_user = f"That address answered with status {status} instead of the file."


class WrongType(NotFetched):
    for_user = "What is at that address is not of a kind that I can use."


class TooBig(NotFetched):
    def __init__(self, host: str, most: int) -> None:
        super().__init__(f"{host}: more than {most} bytes")
        self.for_user = f"What is at that address is too big: I take {most:,} bytes at most."
