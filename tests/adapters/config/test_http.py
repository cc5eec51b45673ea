"""adapters.config: where HTTP's routes are, and the names and titles that go with them."""

from pathlib import Path

import pytest

from adapters.config import BadConfig, Config, load

GOOD = """\
upstreams: [{name: main, api_key: sk-1}]
models: {small: {model: llama3.2}, art: {model: dall-e, abilities: [images]}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def read(file: Path, text: str) -> Config:
    file.write_text(text + GOOD)
    return load(file, {})


def test_a_path_can_be_another(file: Path) -> None:
    config = read(file, 'http: {paths: {/api: /sessions, "/conversations/{id}": "/talk/{id}"}}\n')

    assert {"/api": "/sessions", "/conversations/{id}": "/talk/{id}"} == config.http.paths


def test_paths_can_change_places(file: Path) -> None:
    assert read(file, "http: {paths: {/api: /create, /create: /api}}\n").http.paths


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ("{/api/v2: /x}", "is no path of ours; these are: /api, "),
        ("{/api: x}", "must begin with /"),
        ("{/api: /}", "must begin with /"),
        ("{/api: /a b}", "must begin with /"),
        ('{/api: "/a?b"}', "must begin with /"),
        ('{"/conversations/{id}": /talk}', "must have the same in { } as /conversations/{id}"),
        ('{"/conversations/{id}": "/talk/{name}"}', "must have the same in { }"),
        ('{/api: "/{id}"}', "must have the same in { }"),
        ('{/api: "/a{b"}', "must have the same in { }"),
        ("{/api: /create}", "/create is the path of something else too"),
        ("{/api: /x, /create: /x}", "/x is the path of something else too"),
        ("{/api: /v1/models}", "/v1/models is the path of something else"),
        ("{/api: /health}", "/health is the path of something else"),
        ("{/api: /openapi.json}", "/openapi.json is the path of something else"),
    ],
)
def test_a_path_that_cannot_be_is_told(file: Path, paths: str, expected: str) -> None:
    """With its line, and which of them it is."""
    with pytest.raises(BadConfig) as bad:
        read(file, f"http: {{paths: {paths}}}\n")

    assert "line 1: http.paths." in str(bad.value)
    assert expected in str(bad.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "http: {model_names: {GPT4: large}}\n",
            "http.model_names.GPT4: 'large' is none of the models that chat: small",
        ),
        ("http: {model_names: {GPT4: art}}\n", "http.model_names.GPT4: 'art' is none of the models that chat: small"),
        ("titles: {model: large}\n", "titles.model: 'large' is none of the models that chat: small"),
    ],
)
def test_a_model_that_cannot_answer_is_told(file: Path, text: str, expected: str) -> None:
    with pytest.raises(BadConfig) as bad:
        read(file, text)

    assert f"line 1: {expected}" in str(bad.value)


def test_models_that_chat_will_do(file: Path) -> None:
    config = read(file, "http: {model_names: {GPT4: small}}\ntitles: {model: small}\n")

    assert ({"GPT4": "small"}, "small") == (config.http.model_names, config.titles.model)
