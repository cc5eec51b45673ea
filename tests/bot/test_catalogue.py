"""A model is found by the name that the operator gave it, or else by the provider's."""

import pytest

from bot.catalogue import Ability, Catalogue, ModelSpec
from bot.errors import BadArgument

OWL = ModelSpec("owl", "bat")
BAT = ModelSpec("bat", "noctule-2")
BRUSH = ModelSpec("brush", "paints-1", abilities=frozenset({Ability.IMAGES}))
CATALOGUE = Catalogue({spec.alias: spec for spec in (OWL, BAT, BRUSH)})


@pytest.mark.parametrize(
    ("name", "spec"), [("owl", OWL), (" OWL ", OWL), ("noctule-2", BAT), ("Paints-1", BRUSH), ("brush", BRUSH)]
)
def test_by_whose_name_a_model_is_found(name: str, spec: ModelSpec) -> None:
    assert spec is CATALOGUE.find(name)


@pytest.mark.parametrize("name", ["bat", "Bat"])
def test_a_name_that_was_given_here_goes_before_a_providers(name: str) -> None:
    assert BAT is CATALOGUE.find(name)


def test_a_model_that_cannot_do_it_is_not_found() -> None:
    with pytest.raises(BadArgument, match="`owl`, `bat`"):
        CATALOGUE.find("brush", Ability.CHAT)
