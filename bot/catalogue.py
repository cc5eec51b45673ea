"""What people may ask for: the models by the names that the config gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import BadArgument
from bot.reply import plain


class Plus(StrEnum):
    """Which accounts are meant, as an older system wrote it in its `plus`: those of tier plus, the others, or both."""

    YES = "true"
    NO = "false"
    ANY = "any"


class Ability(StrEnum):
    """What a model does. In chat people ask only those that chat."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    SPEECH = "speech"
    TRANSCRIPTION = "transcription"


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-USD for a million tokens read, read from the provider's cache, and written; for a picture; for a second."""

    input: int = 0
    cached: int = 0
    output: int = 0
    image: int = 0
    audio_second: int = 0


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """
    One model on offer.

    Args:
        alias: The name that people use.
        model: The name that the provider uses.
        context: The most tokens that question, history and answer may have together.
        max_output: The most tokens of one answer.
        plus: Which accounts may be asked for it.
        abilities: What it may be asked for.
        tokenizer: "o200k_base" or "cl100k_base" when the model's tokens can be counted exactly, "" for an estimate.
    """

    alias: str
    model: str
    context: int = 128_000
    max_output: int = 4_096
    tokenizer: str = ""
    summary: str = ""
    price: Price = Price()
    plus: Plus = Plus.ANY
    abilities: frozenset[Ability] = frozenset({Ability.CHAT})

    @property
    def room_for_prompt(self) -> int:
        """Tokens that are left for everything that is sent."""
        return self.context - self.max_output


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models on offer, the default first; at least one of them chats."""

    models: Mapping[str, ModelSpec]

    @property
    def default(self) -> ModelSpec:
        return self.able(Ability.CHAT)[0]

    def able(self, ability: Ability | None) -> Sequence[ModelSpec]:
        """Those that do that; None for any."""
        return [spec for spec in self.models.values() if ability is None or ability in spec.abilities]

    def find(self, alias: str, ability: Ability | None = None) -> ModelSpec:
        """
        Look a model up that does that, by its own name or else by the provider's, upper and lower case alike.

        Raises:
            BadArgument: There is none of that name.
        """
        spec = self.models.get(alias)
        if spec is not None and (ability is None or ability in spec.abilities):
            return spec
        wanted, able = alias.strip().casefold(), self.able(ability)
        by_model = {spec.model.casefold(): spec for spec in reversed(able)}
        by_name = by_model | {spec.alias.casefold(): spec for spec in reversed(able)}
        if wanted in by_name:
            return by_name[wanted]
        names = ", ".join(f"`{spec.alias}`" for spec in able) or "none"
        what = "model" if ability in (None, Ability.CHAT) else f"model for {ability}"
        raise BadArgument(f"I know no {what} “{plain(alias)}”. There is {names}.")

    def get(self, alias: str) -> ModelSpec:
        """Look a model up; one that is no longer on offer becomes the default."""
        return self.models.get(alias, self.default)


def serves(models: Sequence[str], model: str) -> bool:
    """Whether an account with these models has that one. "*" stands for any."""
    return "*" in models or model in models
