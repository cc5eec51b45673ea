"""Keys as people hold them."""

import copy
import json
import pickle

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError

from bot import keys
from bot.errors import ClaimRefused, KeyTypo, NoKey
from bot.keys import ApiKey, Secret

ids = st.text(keys.ALPHABET, min_size=keys.ID, max_size=keys.ID)
made = st.builds(ApiKey, ids, st.text(keys.ALPHABET, min_size=keys.SECRET, max_size=keys.SECRET).map(Secret))
words = st.text(st.characters(exclude_categories=["Cs"]))

KEY = ApiKey("Ab3dEf7h", Secret("0123456789abcdefghijklmnopqrstuv"))
TEXT = KEY.reveal()
"""Its checksum never changes: keys that were given out must be read by any later version."""


def test_a_key_reads_as_it_always_did() -> None:
    assert "parley_Ab3dEf7h_0123456789abcdefghijklmnopqrstuv0WDyBo" == TEXT
    assert keys.LENGTH == len(TEXT)


@given(made)
def test_what_is_written_is_read(key: ApiKey) -> None:
    assert key == keys.read(key.reveal())


def test_a_new_key_has_an_id_and_a_secret_of_its_own() -> None:
    one, other = keys.make(), keys.make()

    assert one.id != other.id
    assert one.secret != other.secret
    assert one == keys.read(one.reveal())
    assert "wantedId" == keys.make("wantedId").id


@given(made, st.integers(0, keys.LENGTH - 1), st.characters())
def test_any_character_that_is_changed_is_a_typo(key: ApiKey, at: int, character: str) -> None:
    """A CRC-32 finds every error within 32 bits, and so every wrong letter."""
    text = key.reveal()
    assume(text[at] != character)

    with pytest.raises(KeyTypo):
        keys.read(text[:at] + character + text[at + 1 :])


@given(made, st.integers(0, keys.LENGTH - 2))
def test_neighbours_that_are_swapped_are_a_typo(key: ApiKey, at: int) -> None:
    text = key.reveal()
    assume(text[at] != text[at + 1])

    with pytest.raises(KeyTypo):
        keys.read(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


@given(made, st.integers(0, keys.LENGTH - 1))
def test_a_letter_that_is_missing_is_a_typo(key: ApiKey, at: int) -> None:
    text = key.reveal()

    with pytest.raises(KeyTypo):
        keys.read(text[:at] + text[at + 1 :])


@pytest.mark.parametrize("around", ["{}", " {}\n", "`{}`", "||{}||", "<{}>", "“{}”", "**{}**"])
def test_what_chats_put_around_a_key_does_no_harm(around: str) -> None:
    assert KEY == keys.read(around.format(TEXT))


@pytest.mark.parametrize(
    "text", ["", "hello", "sk-" + "a" * 48, "Why is the sky blue, and why is it red at sunset?", "٣" * 54]
)
def test_what_is_no_key_is_not_called_a_typo(text: str) -> None:
    with pytest.raises(NoKey) as refusal:
        keys.read(text)

    assert "That is not a key of mine. Mine begin with `parley_`." == refusal.value.for_user


@pytest.mark.parametrize(
    "text", ["parley_", "PARLEY_ab", TEXT[:-1], TEXT + "x", TEXT.upper(), TEXT.replace("_", "-", 1)]
)
def test_what_was_meant_for_a_key_is_a_typo(text: str) -> None:
    with pytest.raises(KeyTypo) as refusal:
        keys.read(text)

    assert "That key has a typo. Copy it once more, from its first letter to its last." == refusal.value.for_user


@given(st.text())
def test_whatever_is_read_is_a_key_or_refused(text: str) -> None:
    """Half surrogate pairs, digits of other scripts and the like end here, and not in the store."""
    with pytest.raises((KeyTypo, NoKey)):
        keys.read(text)


def test_a_refusal_says_nothing_of_the_text() -> None:
    with pytest.raises(KeyTypo) as refusal:
        keys.read(TEXT[:-1] + "x")

    assert KEY.secret.reveal() not in str(refusal.value) + refusal.value.for_user


@given(st.lists(made, max_size=3), words)
def test_keys_are_found_wherever_they_stand(hidden: list[ApiKey], word: str) -> None:
    text = word + word.join(f"{key.reveal()} " for key in hidden) + word

    assert hidden == list(keys.found_in(text))


def test_a_key_with_a_wrong_checksum_is_not_found() -> None:
    """It opens nothing, and nobody has to be told of it."""
    assert [] == list(keys.found_in(TEXT[:-1] + "x"))


@given(made, words)
def test_of_a_key_only_the_id_stays(key: ApiKey, word: str) -> None:
    assume(key.secret.reveal() not in word)
    shown = keys.redacted(f"{word} {key.reveal()} {word}")

    assert key.secret.reveal() not in shown
    assert f"parley_{key.id}_***" in shown


@given(made, st.integers(0, keys.LENGTH - 1), st.sampled_from(keys.ALPHABET + "_-"))
def test_a_mistyped_key_is_hidden_as_well(key: ApiKey, at: int, character: str) -> None:
    """Of 32 characters 31 may still be right, and the rest is soon found."""
    text = key.reveal()
    shown = keys.redacted(text[:at] + character + text[at + 1 :])

    assert not any(key.secret.reveal()[start : start + 12] in shown for start in range(keys.SECRET - 12))


@pytest.mark.parametrize(
    "text",
    [
        TEXT.upper(),
        TEXT[:-3],
        TEXT + "abc",
        TEXT.replace("_", r"\_"),
        TEXT.replace("_", "%5F"),
        f"https://example.org/?key={TEXT}&a=1",
        TEXT.replace("h_0", "h0"),
    ],
)
def test_a_key_in_disguise_is_hidden(text: str) -> None:
    assert "abcdef" not in keys.redacted(text).casefold()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "parley_Ab3dEf7h_***",
        "the parley_bot says hello",
        "a" * 64,
        "https://example.org/parley_reports/2026_11.html",
    ],
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert text == keys.redacted(text)


def test_a_secret_is_not_shown_by_accident() -> None:
    """Logs, tracebacks and f-strings show stars."""
    assert ["***"] * 4 == [repr(KEY.secret), str(KEY.secret), f"{KEY.secret}", "%s" % KEY.secret]  # noqa: UP031
    assert "ApiKey(id='Ab3dEf7h', secret=***)" == repr(KEY)
    assert not hasattr(KEY.secret, "__dict__")


def test_a_secret_is_not_written_down_by_accident() -> None:
    for write in (pickle.dumps, copy.deepcopy, json.dumps):
        for held in (KEY.secret, KEY):
            with pytest.raises(TypeError):
                write(held)
    with pytest.raises(PydanticSchemaGenerationError):
        TypeAdapter(ApiKey)
    with pytest.raises(TypeError):
        hash(KEY.secret)


def test_secrets_are_equal_by_what_they_say() -> None:
    assert Secret("é") == Secret("é")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_a_digest_needs_both_pepper_and_secret() -> None:
    """The figure is that of RFC 4231, test case 2: anybody's HMAC-SHA256 finds the same keys."""
    kept = keys.digest(b"Jefe", Secret("what do ya want for nothing?"))

    assert "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" == kept
    assert keys.matches(b"Jefe", Secret("what do ya want for nothing?"), kept)
    assert not keys.matches(b"Jefe", Secret("what do ya want for something?"), kept)
    assert not keys.matches(b"Another", Secret("what do ya want for nothing?"), kept)
    assert not keys.matches(b"Jefe", Secret("what do ya want for nothing?"), "")


def test_a_claim_names_its_key_and_fits_a_link() -> None:
    """core.telegram.org/bots/features#deep-linking: up to 64 of A-Z, a-z, 0-9, _ and -."""
    claim = keys.make_claim("Ab3dEf7h").reveal()

    assert "Ab3dEf7h" == keys.claimed_id(claim)
    assert 30 == len(claim)
    assert claim.isalnum()
    assert claim.isascii()


@pytest.mark.parametrize("text", ["", "x", "a" * 29, "a" * 31, "\ud800" * 30, "é" * 30])
def test_what_can_be_no_claim_is_refused(text: str) -> None:
    with pytest.raises(ClaimRefused):
        keys.claimed_id(text)
