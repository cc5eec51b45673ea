"""A request of a program's that was looked through, and what it may take."""

from dataclasses import dataclass
from typing import Any

from bot.billing import DOUBT, LEAST_ANSWER
from bot.catalogue import ModelSpec
from bot.quota import MILLION, Cost, Demand, Unit


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request that was looked through.

    Args:
        fields: What goes to the provider, but for the limit of the answer.
        prompt: Its tokens, as we count them.
        demand: What it may take.
        limits: The names by which the program limits the answer itself.
        stream: Whether it wants events.
        hides: Whether it does not want the usage among them.
        images: Pictures that are to be made, and `seconds` of sound that are made or heard.
        callback: Where the result is to be posted; None when the program waits for it.
    """

    fields: dict[str, Any]
    prompt: int
    demand: Demand
    limits: tuple[str, ...] = ()
    stream: bool = False
    hides: bool = False
    images: int = 0
    seconds: int = 0
    callback: Any = None

    def granted(self, output: int) -> tuple[dict[str, Any], int]:
        """The fields for an answer of so many tokens, and the limit that is still to be named; 0 for none."""
        if not self.limits:
            return self.fields, output
        return {**self.fields, **dict.fromkeys(self.limits, output)}, 0

    def longest(self, output: int) -> int:
        """Tokens of all answers together, when each may have so many."""
        tokens = self.demand.costs.get(Unit.TOKENS)
        return tokens.of(output) - tokens.fixed if tokens else 0


def of_tokens(spec: ModelSpec, prompt: int, output: int, choices: int = 1) -> Demand:
    """Of a prompt, and of so many answers of so many tokens each."""
    doubtful = _doubted(prompt)
    price = spec.price
    costs = {
        Unit.TOKENS: Cost(doubtful, MILLION * choices),
        Unit.REQUESTS: Cost(1),
        Unit.MICRO_USD: Cost(-(-doubtful * price.input // MILLION), price.output * choices),
    }
    return Demand(costs, output, min(LEAST_ANSWER, output))


def of_money(spec: ModelSpec, prompt: int, fixed: int) -> dict[Unit, Cost]:
    """Of a prompt, and what costs so many micro-USD beside it."""
    doubtful = _doubted(prompt)
    return {
        Unit.REQUESTS: Cost(1),
        Unit.MICRO_USD: Cost(-(-doubtful * spec.price.input // MILLION) + fixed),
    }


def of_sound(spec: ModelSpec, prompt: int, seconds: int) -> Demand:
    costs = of_money(spec, prompt, seconds * spec.price.audio_second) | {Unit.AUDIO_SECONDS: Cost(seconds)}
    return Demand(costs, 0, 0)


def _doubted(prompt: int) -> int:
    return -(-prompt * DOUBT // 100)
