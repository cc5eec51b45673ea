"""What people may ask for: the models by the names that the config gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.errors import BadArgument
from bot.reply import plain


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """
    One model on offer.

    Args:
        alias: The name that people use.
        model: The name that the provider uses.
        context: The most tokens that question, history and answer may have together.
        max_output: The most tokens of one answer.
        tokenizer: "o200k_base" or "cl100k_base" when the model's tokens can be counted exactly, "" for an estimate.
    """

    alias: str
    model: str
    context: int = 128_000
    max_output: int = 4_096
    tokenizer: str = ""
    summary: str = ""

    @property
    def room_for_prompt(self) -> int:
        """Tokens that are left for everything that is sent."""
        return self.context - self.max_output


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models on offer, the default first."""

    models: Mapping[str, ModelSpec]

    @property
    def default(self) -> ModelSpec:
        return next(iter(self.models.values()))

    def find(self, alias: str) -> ModelSpec:
        """
        Look a model up, upper and lower case alike.

        Raises:
            BadArgument: There is none of that name.
        """
        wanted = alias.strip().casefold()
        for spec in self.models.values():
            if wanted in (spec.alias.casefold(), spec.model.casefold()):
                return spec
        names = ", ".join(f"`{name}`" for name in self.models)
        raise BadArgument(f"I know no model “{plain(alias)}”. There is {names}.")

    def get(self, alias: str) -> ModelSpec:
        """Look a model up; one that is no longer on offer becomes the default."""
        return self.models.get(alias, self.default)


def serves(models: Sequence[str], model: str) -> bool:
    """Whether an account with these models has that one. "*" stands for any."""
    return "*" in models or model in models
