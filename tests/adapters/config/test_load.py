"""adapters.config: one file and the environment, and every mistake at once."""

from pathlib import Path

import pytest

from adapters.config import BadConfig, Config, load
from adapters.config.reference import reference

GOOD = """
telegram:
  token: "123456:ABC"
upstreams:
  - {name: main, base_url: "http://localhost:11434/v1", models: ["*"]}
models:
  small: {model: llama3.2, context: 8000, max_output: 1000}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def mistakes(file: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    file.write_text(text)
    with pytest.raises(BadConfig) as bad:
        load(file, environment or {})
    return [str(mistake) for mistake in bad.value.mistakes]


def test_a_good_file_is_read(file: Path) -> None:
    """Defaults fill in what is not said."""
    file.write_text(GOOD)
    config = load(file, {})

    assert "123456:ABC" == (config.telegram and config.telegram.token.get_secret_value())
    assert "sqlite:///data/parley.db" == config.storage.url
    assert 1000 == config.models["small"].max_output


def test_the_example_is_a_good_file() -> None:
    """People copy it."""
    config = load(Path("config.example.yaml"), {"OPENAI_API_KEY": "sk-1"})

    assert "sk-1" == config.upstreams[0].api_key.get_secret_value()


def test_the_environment_goes_over_the_file(file: Path) -> None:
    """A container is configured without writing a file."""
    file.write_text(GOOD)
    config = load(file, {"PARLEY_TELEGRAM__TOKEN": "654321:XYZ", "PARLEY_HTTP__PORT": "9000", "HOME": "/root"})

    assert "654321:XYZ" == (config.telegram and config.telegram.token.get_secret_value())
    assert 9000 == config.http.port


def test_the_environment_is_enough() -> None:
    """Lists and sections are written as YAML."""
    config = load(
        None,
        {
            "PARLEY_DISCORD__TOKEN": "1234567890",
            "PARLEY_UPSTREAMS": "[{base_url: 'http://localhost/v1'}]",
            "PARLEY_MODELS": "{small: {model: llama3.2}}",
        },
    )

    assert "1234567890" == (config.discord and config.discord.token.get_secret_value())
    assert "llama3.2" == config.models["small"].model


def test_a_secret_may_stand_in_a_file_or_a_variable(file: Path, tmp_path: Path) -> None:
    """Secrets do not belong into a file that is shown around."""
    (tmp_path / "token").write_text("123456:SECRET\n")
    text = GOOD.replace('token: "123456:ABC"', f"token_file: {tmp_path}/token")
    file.write_text(text.replace("models: [", 'api_key: "${KEY}", models: ['))
    config = load(file, {"KEY": "sk-1"})

    assert "123456:SECRET" == (config.telegram and config.telegram.token.get_secret_value())
    assert "sk-1" == config.upstreams[0].api_key.get_secret_value()


def test_every_mistake_is_reported_with_its_line_and_a_mend(file: Path) -> None:
    """Nobody wants to mend one at a time."""
    said = mistakes(
        file,
        "discrd: {token: x}\n"
        "telegram:\n"
        "  tokn: abc\n"
        "  mode: webhok\n"
        "storage: {url: foo://x}\n"
        "upstreams:\n"
        '  - {name: main, api_key: "${NOPE}", models: 7}\n'
        "models:\n"
        "  main: {model: gpt-4o, context: big}\n"
        "limits: 5\n"
        "owners: [bob]\n",
    )

    assert any("line 1: discrd: there is no such key. Did you mean `discord`?" in each for each in said)
    assert any("line 2: telegram.token: is missing. It is the token from @BotFather" in each for each in said)
    assert any("line 3: telegram.tokn: there is no such key. Did you mean `token`?" in each for each in said)
    assert any("line 4: telegram.mode: expected 'polling' or 'webhook', found 'webhok'" in each for each in said)
    assert any("line 5: storage.url: must begin with sqlite:///" in each for each in said)
    assert any("line 7: upstreams[0].api_key: NOPE is not in the environment" in each for each in said)
    assert any("line 7: upstreams[0].models: expected a list" in each for each in said)
    assert any("line 9: models.main.context: expected a whole number, found 'big'" in each for each in said)
    assert any("line 10: limits: expected a section" in each for each in said)
    assert any("line 11: owners[0]: must look like" in each for each in said)
    assert 10 == len(said)


def test_a_secret_is_never_quoted_in_a_report(file: Path) -> None:
    """Reports are pasted into chats."""
    said = mistakes(file, GOOD.replace('"123456:ABC"', "[123456, SECRET]"))

    assert "SECRET" not in " ".join(said)


def test_a_model_that_nobody_serves_is_a_mistake(file: Path) -> None:
    """It would fail at the first question."""
    said = mistakes(file, GOOD.replace('["*"]', '["other"]'))

    assert ["line 7: models.small.model: no upstream serves 'llama3.2'. It is the name that the provider uses."] == said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\nb: 2", "line 2"),
        ("telegram: {token: ${TOKEN}}", "needs quotes"),
        ("just words", "not a list of keys"),
    ],
)
def test_what_is_not_yaml_is_told_where(file: Path, text: str, expected: str) -> None:
    """The commonest mistake of all."""
    assert expected in " ".join(mistakes(file, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A typo in --config."""
    with pytest.raises(BadConfig, match="cannot be read"):
        load(tmp_path / "nothing.yaml", {})


def test_every_key_says_what_it_is() -> None:
    """The reports and the reference are made of these sentences."""

    def undescribed(section: type, path: str) -> list[str]:
        fields = getattr(section, "model_fields", {})
        return [f"{path}.{name}" for name, field in fields.items() if not field.description]

    assert [] == undescribed(Config, "config")


def test_the_reference_is_up_to_date() -> None:
    """It is made from the shape: `python -m adapters.config.reference > docs/configuration.md`."""
    assert Path("docs/configuration.md").read_text() == reference() + "\n"


def test_limits_and_prices_are_written_as_people_write_them(file: Path) -> None:
    quotas = 'quotas: {user: ["20k tokens per day", "$1 per month"], timezone: Europe/Berlin}'
    file.write_text(GOOD.replace("1000}", '1000, price: {input: "$0.15", output: 600_000}}') + quotas)
    config = load(file, {})

    price = config.models["small"].price
    assert ("20k tokens per day", "$1 per month") == config.quotas.user
    assert (150_000, None, 600_000) == (price and (price.input, price.cached, price.output))


@pytest.mark.parametrize(
    ("quotas", "said"),
    [
        ("{user: [10k per week]}", "20k tokens per day"),
        ('{user: ["-5"]}', "must be"),
        ("{everyone: 20k tokens per day}", "list"),
        ("{timezone: Mars}", "Europe/Berlin"),
    ],
)
def test_a_limit_that_cannot_be_read_is_a_mistake(file: Path, quotas: str, said: str) -> None:
    (found,) = mistakes(file, f"{GOOD}\nquotas: {quotas}")

    assert said in found
