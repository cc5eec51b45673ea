"""adapters.config: the example, broken in hundreds of ways."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.config import BadConfig, Mistake, load

SEED = 20_240_601
ROUNDS = 600

ENVIRONMENT = {
    "OPENAI_API_KEY": "sk-1",
    "DISCORD_TOKEN": "a.b.c",
    "TELEGRAM_TOKEN": "1:A",
    "TELEGRAM_SECRET": "s",
    "KEY_PEPPER": "p",
}

VALUES = [
    *("", "~", "true", "-1", "0", "1e999", ".nan", "-.inf", "9" * 50, "9" * 5000, "0x" + "f" * 5000, "1:2:3", "0b_"),
    *(
        "[]",
        "{}",
        "[1, [2]]",
        "{a: {b: c}}",
        "[" * 600,
        "&a [*a]",
        "*a",
        "!!binary a",
        "!!set {a, b}",
        "!x y",
        "2024-13-45",
    ),
    *(
        "http://",
        "http://[",
        "redis://h:x",
        "redis://u:hunter2@h:x",
        "sqlite:///",
        "memory:",
        "ws://a..b",
        "x://u:hunter2@h",
    ),
    *(
        '"\\ud800"',
        '"\\0"',
        "'",
        '"',
        "@",
        "`",
        "%",
        "|",
        "> x",
        "? ",
        "- ",
        "${",
        "${X}",
        "${OPENAI_API_KEY}",
        "\t",
        "\ufeff",
    ),
    *("x" * 3_000, "<<", "=", "/dev/zero", "/", "🦉", "\x85", "\u2028"),
]

Mutation = Callable[[random.Random, str], str | bytes]


def other_value(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.choice([index for index, line in enumerate(lines) if re.match(r"[\s-]*\w+:", line)])
    lines[at] = re.sub(r"^([\s-]*\w+:).*", lambda match: f"{match[1]} {chance.choice(VALUES)}", lines[at])
    return "\n".join(lines)


def other_key(chance: random.Random, text: str) -> str:
    keys = list(re.finditer(r"\b\w+(?=:)", text))
    key = chance.choice(keys)
    near: str = (
        key[0][:-1] if chance.random() < 0.5 else chance.choice([*VALUES, f"{key[0]}_file", chance.choice(keys)[0]])
    )
    return text[: key.start()] + near + text[key.end() :]


def lost_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def doubled_line(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return "\n".join(lines)


def indented(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice(["\t", " ", "  ", "- "]) + lines[at]
    return "\n".join(lines)


def dropped_in(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    sign: str = chance.choice([*"{}[]:,&*!|>'\"%@`#?-\t\0\r", "\ufeff", "${", "<<: "])
    return text[:at] + sign + text[at:]


def wrong_byte(chance: random.Random, text: str) -> bytes:
    content = bytearray(text.encode(errors="surrogatepass"))
    content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


MUTATIONS: list[Mutation] = [other_value, other_value, other_key, lost_line, doubled_line, indented, dropped_in]


def uncommented(text: str) -> str:
    """The example with all that it shows in use."""
    _, _, keys = text.partition("\n\n")
    return re.sub(r"^( *)# ", r"\1", keys, flags=re.M).replace("  url: redis", "  # url: redis")


def broken(chance: random.Random, text: str) -> bytes:
    content: str | bytes = text
    for mutation in chance.choices(MUTATIONS, k=chance.randint(1, 3)):
        content = mutation(chance, str(content))
    if chance.random() < 0.1:
        content = wrong_byte(chance, str(content))
    return content if isinstance(content, bytes) else content.encode(errors="surrogatepass")


def test_the_whole_example_is_a_good_file(tmp_path: Path) -> None:
    """Also what stands in it as a comment."""
    file = tmp_path / "config.yaml"
    file.write_text(uncommented(Path("config.example.yaml").read_text()))
    config = load(file, ENVIRONMENT)

    assert config.discord
    assert config.telegram
    assert config.telegram.webhook
    assert config.personas


def mistakes(file: Path) -> tuple[Mistake, ...]:
    """None for a configuration that was read."""
    try:
        load(file, ENVIRONMENT)
    except BadConfig as bad:
        return bad.mistakes or (Mistake("", 0, "", ""),)
    return ()


@pytest.mark.parametrize("start", range(0, ROUNDS, 100))
def test_whatever_is_written_is_read_or_told(tmp_path: Path, start: int) -> None:
    """A configuration, or mistakes that each are a sentence: nothing else, and never a password."""
    example = Path("config.example.yaml").read_text()
    file = tmp_path / "config.yaml"
    for number in range(start, start + 100):
        chance = random.Random(SEED + number)
        file.write_bytes(broken(chance, chance.choice([example, uncommented(example)])))
        for told in mistakes(file):
            assert told.key, number
            assert told.wrong, number
            assert str(told).isprintable(), (number, told)
            assert "hunter2" not in str(told), (number, told)
