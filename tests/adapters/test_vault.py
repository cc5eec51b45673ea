"""adapters.vault: members' own keys are sealed, and tried out at a provider."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.config import BadConfig, load
from adapters.vault import DOWN, FORBIDDEN, NO_MONEY, ODD, WRONG, Vault, try_out
from bot.keys import Secret
from bot.own import OwnKeyFails, SealBroken
from sandbox.faults import Fault
from sandbox.openai.server import OpenAI

OLD, NEW = "an-old-long-text-of-the-operators", "a-new-long-text-of-the-operators"
KEY = "sk-canary-0123456789abcdef"


@pytest.fixture
async def openai() -> AsyncIterator[OpenAI]:
    async with OpenAI() as server:
        yield server


async def why(openai: OpenAI, key: str = "") -> str:
    """What somebody is told whose key does not work; the log learns none of it."""
    with pytest.raises(OwnKeyFails) as failed:
        await try_out(openai.base_url, Secret(key or openai.api_key))
    assert KEY not in str(failed.value)
    assert failed.value.__cause__ is None
    return failed.value.for_user


# Sealing.


def test_what_was_sealed_is_opened_and_cannot_be_read() -> None:
    """Nor can two seals be told to hold the same."""
    vault = Vault([NEW])
    one, other = vault.seal(KEY), vault.seal(KEY)

    assert KEY == vault.open(one) == vault.open(other)
    assert KEY not in one
    assert one != other


def test_a_new_secret_goes_first_and_the_old_one_still_opens() -> None:
    """What the old one sealed is known, so that it can be sealed anew."""
    sealed = Vault([OLD]).seal(KEY)
    both = Vault([NEW, OLD])

    assert KEY == both.open(sealed)
    assert not both.is_fresh(sealed)
    assert both.is_fresh(both.seal(KEY))
    assert KEY == Vault([NEW]).open(both.seal(KEY))


@pytest.mark.parametrize("place", [0, 20, -30, -1])
def test_a_seal_that_was_tampered_with_opens_nothing(place: int) -> None:
    vault = Vault([NEW])
    sealed = list(vault.seal(KEY).rstrip("="))
    sealed[place] = "A" if sealed[place] != "A" else "Q"

    with pytest.raises(SealBroken):
        vault.open("".join(sealed))


@pytest.mark.parametrize("sealed", ["", "withheld", KEY, "gAAAAA", "🦉"])
def test_what_was_never_sealed_opens_nothing(sealed: str) -> None:
    with pytest.raises(SealBroken):
        Vault([NEW]).open(sealed)


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        Vault([NEW]).open(Vault([OLD]).seal(KEY))


# Trying out.


async def test_a_key_that_works_is_let_pass(openai: OpenAI) -> None:
    await try_out(openai.base_url, Secret(openai.api_key))


async def test_a_wrong_key_is_told_from_one_without_money(openai: OpenAI) -> None:
    """Each has something else to mend. Providers quote keys in their errors."""
    assert WRONG == await why(openai, KEY)
    for status, code, sentence in (
        (401, f"Incorrect API key provided: {KEY}", WRONG),
        (402, "Payment required", NO_MONEY),
        (403, "Forbidden", FORBIDDEN),
        (404, "No such page", ODD),
        (500, "Oh no", DOWN),
    ):
        body = {"error": {"message": f"{code} {KEY}", "code": code}}
        openai.faults.plan(Fault("models.list", status=status, body=body))
        assert sentence == await why(openai)


async def test_an_account_without_money_is_told_by_its_code(openai: OpenAI) -> None:
    """With the status of one that asks too often."""
    body = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
    openai.faults.plan(Fault("models.list", status=429, body=body))

    assert NO_MONEY == await why(openai)


async def test_a_provider_that_is_away_says_nothing_of_the_key(openai: OpenAI) -> None:
    await openai.stop()

    assert DOWN == await why(openai)


# What the configuration says.


def mistake(file: Path, secrets: str) -> str:
    file.write_text(
        "telegram: {token: '123456:ABC'}\nupstreams: [{base_url: 'http://localhost/v1'}]\n"
        f"models: {{small: {{model: llama3.2}}}}\nown_keys: {{secrets: {secrets}}}\n"
    )
    with pytest.raises(BadConfig) as bad:
        load(file, {})
    (said,) = bad.value.mistakes
    return str(said)


@pytest.mark.parametrize("secrets", ["[hunter2]", f"[{OLD}, hunter2]", "['hunter2 and hunter3']", "hunter2"])
def test_a_secret_that_is_too_short_is_named_and_not_shown(tmp_path: Path, secrets: str) -> None:
    """Reports are pasted into chats."""
    said = mistake(tmp_path / "config.yaml", secrets)

    assert "own_keys.secrets" in said
    assert "hunter2" not in said
    assert "encrypted with" in said
