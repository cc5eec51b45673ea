"""What an account did on a day: questions, failures, tokens, money, how soon it spoke."""

from dataclasses import dataclass

from bot.catalogue import ModelSpec
from bot.turn import Usage
from bot.usage import cost


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Figures of a day, that can be added up.

    Args:
        day: The date, as 2026-11-21; "" for none.
        questions: That were begun.
        failures: That ended in an error of the account's.
        spoken: That came to a first word, and `silence`, the milliseconds until then of all of them together.
        micro_usd: What the provider takes for it, by the configured prices.
    """

    day: str = ""
    questions: int = 0
    failures: int = 0
    spoken: int = 0
    silence: int = 0
    input: int = 0
    output: int = 0
    micro_usd: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Of the later day; figures of an earlier one are left behind."""
        if self.day != other.day:
            return max(self, other, key=lambda each: each.day)
        return Tally(
            self.day,
            self.questions + other.questions,
            self.failures + other.failures,
            self.spoken + other.spoken,
            self.silence + other.silence,
            self.input + other.input,
            self.output + other.output,
            self.micro_usd + other.micro_usd,
        )

    @property
    def first_word(self) -> int:
        """Milliseconds until the first word, in the mean; 0 when nothing was said yet."""
        return self.silence // self.spoken if self.spoken else 0


NOTHING = Tally()


def of_usage(day: str, usage: Usage, spec: ModelSpec, **others: int) -> Tally:
    """What an answer took, and `others` of its figures."""
    return Tally(day, input=usage.input, output=usage.output, micro_usd=cost(usage, spec.price), **others)
