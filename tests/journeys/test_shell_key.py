"""Keys and the audit log from an operator's shell."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from typer.testing import CliRunner

from adapters import cli
from bot import keyring, keys
from bot.audit import AUDIT, newest
from bot.keyring import LASTS, SCOPES, KeyRecord, KeyScope, Tier
from storage.sqlite import open_sqlite
from storage.store import Store

PEPPER = "a-long-random-text-for-tests-alone"
KEY = re.compile(r"parley_\w{47}")


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder with a configuration, and the store that it names."""

    folder: Path
    store: Store

    async def says(self, *arguments: str) -> tuple[int, str]:
        """Run `parley` to its end. Returns the exit code and all that it said."""
        done = await asyncio.to_thread(CliRunner().invoke, cli.app, [*arguments, "-c", f"{self.folder}/config.yaml"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output_bytes.decode()

    async def issue(self, *options: str) -> tuple[str, str]:
        """Make a key. Returns its id and all that was said."""
        code, said = await self.says("key", "issue", *options)
        assert 0 == code, said
        return re.findall(r"Key (\w{8}):", said)[0], said


@pytest_asyncio.fixture
async def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shell]:
    monkeypatch.setattr("adapters.logs.configure", lambda _: None)
    config = {
        "storage": {"url": f"sqlite:///{tmp_path}/parley.db"},
        "upstreams": [{"name": "main", "base_url": "http://127.0.0.1:9/v1", "api_key": "sk-of-nobody"}],
        "models": {"demo": {"model": "parley-demo"}, "mini": {"model": "parley-demo-mini"}},
        "keys": {"pepper": PEPPER},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    store = await open_sqlite(tmp_path / "parley.db", datetime.now(UTC))
    try:
        yield Shell(tmp_path, store)
    finally:
        await store.close()


async def test_a_key_is_shown_once_to_the_operator_and_works(shell: Shell) -> None:
    """Whoever it is handed to can redeem it."""
    id, said = await shell.issue("--limit", "20k tokens per day", "--limit", "100 questions per hour")
    (text,) = KEY.findall(said)
    proof = keys.prove(PEPPER.encode(), keys.read(text))
    redeemed = await keyring.redeem(shell.store.records, proof, "discord:42", "", datetime.now(UTC))
    listed, shown = await shell.says("key", "list"), await shell.says("key", "show", id)

    assert f"Key {id}: 20,000 tokens a day, 100 questions an hour, until " in said
    assert id == redeemed.id
    assert not KEY.search(listed[1] + shown[1])
    assert "redeemed by: discord:42\n" in shown[1]
    assert "▱▱▱▱▱▱▱▱▱▱ 100 questions left of 100 questions an hour\n" in shown[1]


async def test_a_key_of_somebody_with_no_chat_is_shown_to_the_operator_when_it_is_replaced(shell: Shell) -> None:
    """Users made over HTTP cannot be told anywhere else."""
    now, records, pepper = datetime.now(UTC), shell.store.records, PEPPER.encode()
    wanted = KeyRecord("http:admin", now, now + LASTS, SCOPES, made_for="http:Ab3dEf7h")
    issued = await keyring.issue(records, shell.store.ledger, pepper, wanted)
    await keyring.claim(records, pepper, issued.claim.reveal(), "http:Ab3dEf7h", now)

    code, said = await shell.says("key", "rotate", issued.key.id)

    assert 0 == code
    (text,) = KEY.findall(said)
    held = await keyring.check(records, pepper, text, KeyScope.API, "", datetime.now(UTC))
    assert "http:Ab3dEf7h" == held.made_for


async def test_a_key_for_somebody_else_is_not_shown_to_the_operator(shell: Shell) -> None:
    """They are shown it in chat; so is the one that takes its place."""
    id, said = await shell.issue("--for", "discord:42")
    code, rotated = await shell.says("key", "rotate", id)

    assert 0 == code
    for text in (said, rotated):
        assert "It is shown to discord:42 alone: they give the bot /key show." in text
        assert not KEY.search(text)
    record = await keyring.find(shell.store.records, id)
    assert record is not None
    assert ("discord:42", "") == (record.made_for, record.digest)


async def test_terms_are_read_as_people_write_them(shell: Shell) -> None:
    options = ["--expires", "2 weeks", "--uses", "3", "--scopes", "chat, api", "--models", "MINI", "--tier", "plus"]
    id, _ = await shell.issue(*options, "--community", "telegram:-1001", "--name", "the [red]owls\x1b[31m")
    record = await keyring.find(shell.store.records, id)
    listed, shown = await shell.says("key", "list"), await shell.says("key", "show", id)

    assert record is not None
    assert (14, 3, ("mini",), Tier.PLUS, "telegram:-1001") == (
        (record.expires - record.created).days,
        record.uses,
        record.models,
        record.tier,
        record.community,
    )
    assert {KeyScope.CHAT, KeyScope.API} == record.scopes
    assert "may be used for: api, chat\n" in shown[1]
    assert "the [red]owls [31m" in listed[1]
    assert "\x1b" not in listed[1] + shown[1]


async def test_a_table_of_keys_has_its_columns_in_place(shell: Shell) -> None:
    first, _ = await shell.issue("--for", "telegram:5", "--limit", "10k", "--limit", "$5 per month")
    second, _ = await shell.issue("--name", "a longer name")
    head, *rows = (await shell.says("key", "list"))[1].splitlines()

    assert [second, first] == [row.split()[0] for row in rows]
    assert ["id", "name", "for", "state", "expires", "limits"] == head.split()
    assert head.index("for") == rows[0].index("whoever has it") == rows[1].index("telegram:5")
    assert rows[1].endswith("$5.00 a month, 10,000 tokens a day") or rows[1].endswith(
        "10,000 tokens a day, $5.00 a month"
    )


async def test_a_key_is_replaced_and_ended(shell: Shell) -> None:
    """The operator is shown the new one; a key that leaked can be given as it is."""
    id, _ = await shell.issue("--limit", "10k")
    _, rotated = await shell.says("key", "rotate", id)
    (text,) = KEY.findall(rotated)
    revoked = await shell.says("key", "revoke", text)
    listed = (await shell.says("key", "list"))[1]

    new = next(keys.found_in(text)).id
    assert (0, f"Key {new} is revoked. Nobody can use it any more.\n") == revoked
    assert "was revoked on" in listed
    assert "replaced, still works" in listed
    assert 2 == listed.count("10,000 tokens a day")
    assert [("operator", "key revoke", new), ("operator", "key show", new), ("operator", "key rotate", id)] == [
        (entry.actor, entry.action, entry.what) for entry in await newest(shell.store.records, 3)
    ]
    assert 2 == (await shell.says("key", "rotate", new))[0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("issue", "--limit", "-5"), "A limit cannot be below nothing."),
        (("issue", "--limit", "lots"), "“lots” is not a limit that I can read."),
        (("issue", "--for", "42"), "“42” is not a person. Write it like discord:42."),
        (("issue", "--community", "here"), "“here” is not a community. Write it like discord:100."),
        (("issue", "--expires", "soon"), "“soon” is not a stretch of time."),
        (("issue", "--scopes", "fun"), "“fun” is nothing that a key can be for. There is chat, images, audio"),
        (
            ("issue", "--scopes", "admin, chat"),
            "A key for administration, or for an agent, cannot be for anything",
        ),
        (("issue", "--models", "gpt-9"), "I know no model “gpt-9”. There is `demo`, `mini`."),
        (("issue", "--tier", "gold"), "'gold' is not one of"),
        (("issue", "--uses", "0"), "greater than or equal to 1"),
        (("show", "abcdefgh"), "There is no key abcdefgh. `parley key list` shows those that are."),
        (("revoke", "abcdefgh"), "There is no key abcdefgh."),
        (("rotate",), "Missing argument"),
    ],
)
async def test_what_cannot_be_done_is_told_in_a_sentence(
    shell: Shell, arguments: tuple[str, ...], sentence: str
) -> None:
    """And no key is made."""
    code, said = await shell.says("key", *arguments)

    assert 2 == code
    assert sentence in " ".join(said.replace("│", " ").split())
    assert [] == await keyring.listed(shell.store.records)


async def test_no_key_is_in_the_store_in_clear(shell: Shell) -> None:
    _, said = await shell.issue()
    (text,) = KEY.findall(said)
    await shell.says("key", "revoke", text)

    kept = b"".join(file.read_bytes() for file in shell.folder.glob("parley.db*"))
    assert text.split("_")[2].encode() not in kept
    assert text.split("_")[1].encode() in kept


async def test_what_was_done_is_listed(shell: Shell) -> None:
    assert (0, "Nothing was done yet to keys, quotas or people.\n") == await shell.says("audit", "list")
    await shell.says("quota", "set", "user/discord:42", "10k")
    id, _ = await shell.issue("--for", "discord:42", "--limit", "10k")
    code, said = await shell.says("audit", "list")

    assert 0 == code
    newest_first = said.splitlines()
    assert newest_first[0].startswith("2  ")
    assert newest_first[0].endswith(f"UTC  operator: key issue {id}: for discord:42: 10,000 tokens a day")
    assert newest_first[1].endswith("operator: quota set user/discord:42: usual -> 10,000 tokens a day")
    assert 1 == len((await shell.says("audit", "list", "-n", "1"))[1].splitlines())
    assert "Nothing was done" in (await shell.says("audit", "list", "--community", "discord:100"))[1]


async def test_a_log_that_was_tampered_with_is_found_out(shell: Shell) -> None:
    """An entry that was changed by the log itself, a log that was written anew by the digest that was kept."""
    assert (0, "0 entries, each as it was written.\n") == await shell.says("audit", "verify")
    await shell.issue("--for", "discord:42")
    code, said = await shell.says("audit", "verify")
    digest = said.split()[-1]
    await shell.issue("--for", "discord:43")

    assert (0, "1 entry, each as it was written.") == (code, said.splitlines()[0])
    assert 0 == (await shell.says("audit", "verify", "--expect", digest))[0]
    assert 1 == (await shell.says("audit", "verify", "--expect", "0" * 64))[0]

    entry = await shell.store.records.get(AUDIT, "1") or ""
    await shell.store.records.swap(AUDIT, "1", entry, entry.replace("discord:42", "discord:44"))
    code, said = await shell.says("audit", "verify", "--expect", digest)
    assert (1, "Entry 1 of 2 is not as it was written: it was changed.\n") == (code, said)
