"""adapters.config: what people write by mistake ends in a sentence, never in a traceback, and shows no secret."""

from pathlib import Path

import pytest

from adapters.config import BadConfig, Config, load

GOOD = """\
telegram: {token: "123456:ABC"}
discord: {token: a.b-c_d}
upstreams: [{name: main, api_key: sk-1}]
models: {small: {model: llama3.2}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def said(file: Path, text: str | bytes, environment: dict[str, str] | None = None) -> str:
    """What the report says of it."""
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(BadConfig) as bad:
        load(file, environment or {})
    return str(bad.value)


def read(file: Path, text: str | bytes) -> Config:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(file, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"name: caf\xe9\n", "is not UTF-8 text (see its line 1)"),
        ("name: a\nscope: \x07\n", "line 2: "),
        ("name: a\n\tscope: room\n", "line 2: "),
        ("name: " + "[" * 600, "nested too deeply"),
        ("name: &a [*a]\n" + GOOD, "line 1: "),
        ("a: &a {b: *a}\n" + GOOD, "in itself"),
        ("a: &a {<<: *a}\n" + GOOD, "in itself"),
        ("name: a\nname: b\n" + GOOD, "line 2: name: stands here again, after line 1. Keep one."),
        ("? [a, b]\n: c\n" + GOOD, "cannot be a key"),
        ("name: !!binary aGk=\n" + GOOD, "line 1: name: has a tag (a word that begins with !)"),
        ("name: !!python/object:os.system x\n" + GOOD, "line 1: name: has a tag"),
        ("http: {port: !!int x}\n" + GOOD, "line 1: http.port: is not a number"),
        ("http: {port: 0x_}\n" + GOOD, "line 1: http.port: expected a whole number"),
        ("http: {port: " + "9" * 5000 + "}\n" + GOOD, "line 1: http.port: is not a number"),
        ("limits: {drain: .inf}\n" + GOOD, "line 1: limits.drain: expected a finite number, found inf"),
        ("limits: {drain: .nan}\n" + GOOD, "line 1: limits.drain: expected a finite number, found nan"),
        ("limits: {lease: 1e300}\n" + GOOD, "line 1: limits.lease: expected less than or equal to 86400"),
        ("http: {host: a..b}\n" + GOOD, "line 1: http.host: is not the name or the number of a host"),
        ('http: {host: "a\\0"}\n' + GOOD, "line 1: http.host: is not the name or the number of a host"),
        ("--- {}\n--- {}\n", "line 2: "),
        ("- name: a\n", "is not a list of keys and values"),
    ],
)
def test_what_is_no_plain_yaml_is_told(file: Path, text: str | bytes, expected: str) -> None:
    """YAML can say much that a configuration cannot."""
    assert expected in said(file, text)


def test_aliases_that_multiply_are_told(file: Path) -> None:
    """Nine lines can stand for more values than there is memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]

    assert "repeats itself too often" in said(file, "\n".join(lines))


def test_sections_may_be_shared(file: Path) -> None:
    """Plain aliases and merges are a good use of YAML."""
    shared = "upstreams:\n- &main {name: main, api_key: sk-1, timeouts: {gap: 5}}\n- {<<: *main, name: other}\n"
    config = read(file, GOOD.replace("upstreams: [{name: main, api_key: sk-1}]\n", shared))

    assert ["main", "other"] == [upstream.name for upstream in config.upstreams]
    assert [5, 5] == [upstream.timeouts.gap for upstream in config.upstreams]


@pytest.mark.parametrize("text", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()])
def test_what_an_editor_adds_is_no_mistake(file: Path, text: bytes) -> None:
    """A byte order mark, and Windows' line ends."""
    assert "small" in read(file, text).models


def test_a_name_that_looks_like_a_number_stays_a_name(file: Path) -> None:
    """A key is text, whatever YAML would make of it."""
    assert ["4", "yes"] == list(read(file, GOOD.replace("small: ", "4: {model: x}, yes: ")).models)


@pytest.mark.parametrize("path", ["", "/", "/dev/zero"])
def test_what_is_no_file_is_told(path: str) -> None:
    """A folder, a device without end."""
    with pytest.raises(BadConfig, match=r"cannot be read|is longer than"):
        load(Path(path), {})


@pytest.mark.parametrize("path", ["/", "/nowhere", "/dev/zero", "a\\0b"])
def test_a_secret_s_file_that_is_none_is_told_once(file: Path, path: str) -> None:
    """Not again as an empty secret."""
    report = said(file, GOOD.replace('token: "123456:ABC"', f'token_file: "{path}"'))

    assert "line 1: telegram.token_file: the file " in report
    assert 1 == len(report.splitlines())


def test_a_value_and_its_file_together_are_told(file: Path) -> None:
    """One of the two would be ignored."""
    assert "telegram.token_file: stands beside token" in said(
        file, GOOD.replace('token: "123456:ABC"', 'token: "1:A", token_file: /x')
    )


def test_the_environment_goes_over_a_secret_s_file(file: Path) -> None:
    """Whichever way the file gives it."""
    file.write_text(GOOD.replace('token: "123456:ABC"', "token_file: /nowhere"))
    config = load(file, {"PARLEY_TELEGRAM__TOKEN": "1:A"})

    assert "1:A" == (config.telegram and config.telegram.token.get_secret_value())


@pytest.mark.parametrize("given", ["[" * 600, "&a [*a]", "{a: 1, a: 2}", "0x_", "\x00", "a: b: c", ".inf", "\udcff"])
@pytest.mark.parametrize(
    "name", ["PARLEY_LIMITS__DRAIN", "PARLEY_UPSTREAMS", "PARLEY_", "PARLEY____", "PARLEY_STORAGE"]
)
def test_what_is_wrong_in_the_environment_is_told(file: Path, name: str, given: str) -> None:
    """It stands on no line."""
    assert "line" not in said(file, GOOD, {name: given}).split(":")[0]


def test_a_variable_with_too_many_levels_is_told(file: Path) -> None:
    """Each two underscores are one."""
    assert "there is no such key" in said(file, GOOD, {"PARLEY_" + "A__" * 2000: "x"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("1:A\nB", "has a space or a line break inside"),
        ("1:A B", "has a space or a line break inside"),
        ("1:Ä", "has a character that no such secret has"),
        ("1:A\0", "has a character that no such secret has"),
        ("Bot x", "has a space"),
    ],
)
@pytest.mark.parametrize("key", ["telegram.token", "discord.token", "upstreams[0].api_key"])
def test_a_secret_that_cannot_be_sent_is_told(file: Path, key: str, given: str, expected: str) -> None:
    """A library would take it for trouble with the network, and try for ever."""
    old = {"telegram.token": '"123456:ABC"', "discord.token": "a.b-c_d", "upstreams[0].api_key": "sk-1"}[key]
    line = GOOD.splitlines().index(next(each for each in GOOD.splitlines() if old in each)) + 1
    report = said(file, GOOD.replace(old, '"${SECRET}"'), {"SECRET": given})

    assert report.startswith(f"line {line}: {key}: {expected}")
    assert 1 == len(report.splitlines())


@pytest.mark.parametrize("token", ["123456", "abc:def", "123456:ABC!", "٣:A"])
def test_what_is_no_token_of_telegram_s_is_told(file: Path, token: str) -> None:
    """Half of it was copied."""
    report = said(file, GOOD.replace("123456:ABC", token))

    assert report.startswith("line 1: telegram.token: ")
    assert f"{token}'" not in report


def test_a_secret_may_have_space_around_it(file: Path) -> None:
    """A file ends in a line break, and so may a variable that was read from one."""
    file.write_text(GOOD.replace('"123456:ABC"', "${TOKEN}").replace("{token: ${TOKEN}}", '{token: "${TOKEN}"}'))
    config = load(file, {"TOKEN": " 1:A\r\n"})

    assert "1:A" == (config.telegram and config.telegram.token.get_secret_value())


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://user:p%40ss@my_redis",
        "rediss://h:1/2?ssl_cert_reqs=none",
        "redis://[::1]:6379/",
        "redis+cluster://a:1,b:2/",
        "rediss+cluster://u:p@a,b",
        "sqlite:////var/lib/parley.db",
        " sqlite:///a.db\n",
        "memory:",
    ],
)
def test_addresses_of_stores(file: Path, url: str) -> None:
    """One process, several, a cluster."""
    assert url.strip() == read(file, f"storage: {{url: {url.strip()!r}}}\n{GOOD}").storage.url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h:notaport/0", "is not an address: it must be like redis://host:6379/0"),
        ("redis://h:70000/0", "is not an address"),
        ("redis://", "must name a host"),
        ("redis://[::1", "is not an address"),
        ("redis://a..b/0", "is not the name or the number of a host"),
        ("redis://h/name", "must end with the number of a database"),
        ("redis://a:1,b:2/", "must name one host"),
        ("redis+cluster://a:1,,b:2/", "is not an address"),
        ("redis+cluster://a:1/3", "must end after the hosts: a cluster has no numbered databases"),
        ("redis://h?foo=1", "may have only these options"),
        ("redis://h?ssl_cert_reqs=none", "may have only these options"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///data/", "must name a file"),
        ("redis:h", "must begin with"),
        ("", "must begin with"),
    ],
)
def test_what_is_no_address_of_a_store_is_told(file: Path, url: str, expected: str) -> None:
    """Before a library fails on it."""
    report = said(file, f"storage: {{url: {url!r}}}\n{GOOD}")

    assert report.startswith(f"line 1: storage.url: {expected}")


@pytest.mark.parametrize(
    "address",
    [
        "storage: {url: 'postgres://user:hunter2@h/db'}",
        "storage: {url: 'redis://user:hun/ter2@h:x'}",
        "storage: {url: 'redis://:hunter2@h:x'}",
        "storage: {url: 'redis://h?password=hunter2'}",
        "discord: {token: a, api_base: 'ftp://user:hunter2@h'}",
        "telegram: {token: '1:A', api_base: 'https://user:hunter2@h:x'}",
        "owners: ['https://user:hunter2@h']",
        "keys: {pepper: 'hunter2 hunter2'}",
        "telegram: 123456789:hunter2-hunter2-hunter2-hunter2-hunter2",
        "name: *hunter2",
        "name: !hunter2",
        "name: ${hunter2",
    ],
)
def test_no_secret_of_an_address_is_shown(file: Path, address: str) -> None:
    """Reports are pasted into chats."""
    kept = [line for line in GOOD.splitlines() if line.split(":")[0] != address.split(":")[0]]
    if "${" in address:
        kept.append("scope: hidden")
    report = said(file, "\n".join([address, *kept]))

    assert "hunter2" not in report
    assert "ter2" not in report


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://chat.example.org", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://[::1]:8080", True),
        ("http://chat.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("https://", False),
        ("https:///telegram", False),
        ("https://a:b", False),
        ("https://a b", False),
    ],
)
def test_telegram_calls_https_only(file: Path, url: str, fine: bool) -> None:
    """Except for a simulator on this machine."""
    webhook = f'{{token: "1:A", mode: webhook, webhook: {{url: "{url}", secret: s}}}}'
    text = GOOD.replace('{token: "123456:ABC"}', webhook)
    if fine:
        assert url == getattr(getattr(read(file, text).telegram, "webhook", None), "url", None)
    else:
        assert said(file, text).startswith("line 1: telegram.webhook.url: ")


def test_mistakes_between_keys_have_their_line(file: Path) -> None:
    """Not only those within one."""
    assert "line 2: telegram.mode: webhook needs a section webhook" in said(
        file, GOOD.replace('telegram: {token: "123456:ABC"}', 'telegram: {token: "1:A",\n  mode: webhook}')
    )
    assert "line 4: models.small.max_output: may be at most half" in said(
        file, GOOD.replace("llama3.2", "llama3.2, context: 1000, max_output: 900")
    )
    assert "line 4: models.a b: must be a name of 1 to 64" in said(file, GOOD.replace("small", "a b"))
