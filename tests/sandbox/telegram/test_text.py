"""What becomes of a text before anybody sees it. The expectations are TDLib's own answers to the same texts."""

from typing import Any

import pytest

from sandbox.telegram import links, text
from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.marking import mark

TOO_LONG = bad_request("message is too long")


def fix(said: str, *entities: dict[str, Any], limit: int = text.MESSAGE_LIMIT) -> text.Text:
    return text.fix(said, list(entities), limit, TOO_LONG)


def bold(offset: int, length: int) -> dict[str, Any]:
    return {"type": "bold", "offset": offset, "length": length}


def test_white_space_at_the_ends_is_cut_and_entities_move_along() -> None:
    """A bot that counts offsets in what it sent would format the wrong letters in what is shown."""
    assert text.Text("hi there", (bold(3, 5),)) == fix("\n  hi there \n", bold(6, 5))


def test_an_entity_over_leading_white_space_keeps_it() -> None:
    """Telegram cuts the start only up to the first entity, the end always."""
    assert text.Text("  hi", (bold(0, 4),)) == fix("  hi  ", bold(0, 6))


def test_control_characters_go_and_entities_move_along() -> None:
    """A model's carriage returns must not shift the formatting behind them."""
    assert text.Text("a\nb c d", (bold(2, 1),)) == fix("a\r\nb\tc\x00d", bold(3, 1))


@pytest.mark.parametrize("blank", [" ", " \n\t", "\u200b", "\u2800"])
def test_a_text_of_nothing_visible_is_refused(blank: str) -> None:
    """A model's answer of nothing but line ends is no message."""
    with pytest.raises(ApiError, match="Bad Request: text must be non-empty"):
        fix(blank)


def test_length_is_counted_in_utf_16_after_the_cut() -> None:
    """4096 units fit, one more does not, and an emoji is two."""
    assert 2048 == len(fix(" " + "🦉" * 2048 + "\n").text)
    with pytest.raises(ApiError, match="message is too long"):
        fix("🦉" * 2048 + "x")


@pytest.mark.parametrize(
    ("said", "entity", "complaint"),
    [
        ("hello", bold(9, 1), "entity begins after the end of the text at UTF-16 offset 9"),
        ("hello", bold(3, 9), "entity beginning at UTF-16 offset 3 ends after the end of the text at UTF-16 offset 12"),
        ("🦉x", bold(1, 1), "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
        ("🦉x", bold(0, 1), "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4"),
        ("hello", bold(-1, 3), "receive an entity with incorrect offset -1"),
        ("hello", bold(0, -3), "receive an entity with incorrect length -3"),
        ("hello", {"type": "loud", "offset": 0, "length": 1}, "can't parse MessageEntity: Unsupported type specified"),
        ("hello", {"type": "bold", "length": 1}, "can't parse MessageEntity: Can't find field \"offset\""),
        (
            "hello",
            {"type": "text_link", "offset": 0, "length": 5, "url": "/docs"},
            "entity URL '/docs' is invalid: URL host is empty",
        ),
    ],
)
def test_wrong_entities_are_refused_in_telegrams_words(said: str, entity: dict[str, Any], complaint: str) -> None:
    """Each of these is a mistake that a renderer makes sooner or later."""
    with pytest.raises(ApiError) as refusal:
        fix(said, entity)

    assert f"Bad Request: {complaint}" == refusal.value.description


def test_beyond_100_entities_styles_are_dropped_first() -> None:
    """A long answer may lose its bold words, never its code blocks."""
    code = [{"type": "code", "offset": 2 * n + 1, "length": 1} for n in range(99)]
    late = {"type": "code", "offset": 290, "length": 1}

    kept = fix("x" * 300, bold(0, 1), *code, bold(250, 1), late).entities

    assert (*code, late) == kept


def test_what_telegram_finds_by_itself_is_not_taken_from_the_bot() -> None:
    """Mentions and links that a bot marks are ignored."""
    assert () == fix("hi @alice", {"type": "mention", "offset": 3, "length": 6}).entities


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("example.com", ""),
        ("https://user@example.com:80/a b?c#d", ""),
        ("tg://user?id=5", ""),
        ("http://localhost", "Wrong HTTP URL"),
        ("ftp://example.com", "Unsupported URL protocol"),
        ("https://exa mple.com", "Disallowed character in URL host"),
        ("http://a.b:99999/", "Wrong port number specified in the URL"),
        ("#top", "URL host is empty"),
    ],
)
def test_links_are_taken_or_refused_like_the_real_ones(url: str, complaint: str) -> None:
    """Models write relative links and links to localhost: one of them refuses the whole message."""
    assert complaint == links.complaint(url)


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        ("/ask@ParleyOwlBot what?", [("bot_command", 0, 17)]),
        ("🦉 /go @alice_w https://ex.io.", [("bot_command", 3, 3), ("mention", 7, 8), ("url", 16, 13)]),
        ("a/b //x /go@ab", []),
        ("mail a@b.com #tag #1", [("email", 5, 7), ("hashtag", 13, 4)]),
        ("see https://ex.com/(a).", [("url", 4, 18)]),
    ],
)
def test_a_client_marks_what_was_typed(said: str, marked: list[tuple[str, int, int]]) -> None:
    """Bots find commands and mentions by these marks, not by the text."""
    assert marked == [(entity["type"], entity["offset"], entity["length"]) for entity in mark(said)]
