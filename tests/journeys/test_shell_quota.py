"""Limits and usage from an operator's shell."""

import asyncio
import csv
import io
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from typer.testing import CliRunner

from adapters import cli
from bot.audit import AuditEntry, newest, note
from bot.billing import spent_on
from bot.catalogue import ModelSpec, Price
from bot.chat import Key
from bot.names import remember_name
from bot.period import Window
from bot.quota import Charge, Limit, Share, Unit
from bot.turn import Usage
from storage.sqlite import open_sqlite
from storage.store import Store

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)

ALICE = Key("discord", "9", "100", "10", "", "42")
BOB = replace(ALICE, user="43", channel="11")
CAROL_ALONE = Key("telegram", "7", "", "5", "", "5")

DEMO = ModelSpec("demo", "parley-demo", 8_000, 1_000, price=Price(input=1_000_000, cached=0, output=2_000_000))


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder with a configuration, and a store in it in which something was used."""

    folder: Path
    store: Store

    def write(self, **changes: object) -> None:
        config = {
            "storage": {"url": f"sqlite:///{self.folder}/parley.db"},
            "upstreams": [{"name": "main", "base_url": "http://127.0.0.1:9/v1", "api_key": "sk-of-nobody"}],
            "models": {"demo": {"model": "parley-demo"}},
            "quotas": {"user": ["20k tokens per day", "$5 per month"]},
        }
        (self.folder / "config.yaml").write_text(yaml.safe_dump({**config, **changes}))

    async def says(self, *arguments: str) -> tuple[int, str]:
        """Run `parley` to its end. Returns the exit code and all that it said."""
        done = await asyncio.to_thread(CliRunner().invoke, cli.app, [*arguments, "-c", f"{self.folder}/config.yaml"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output_bytes.decode()

    async def process_says(self, *arguments: str) -> tuple[int, str]:
        """The same in a process of its own, as its users run it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "adapters.cli", *arguments),
            cwd=self.folder,
            env={**environment, "PYTHONPATH": os.getcwd(), "PYTHONIOENCODING": "ascii"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return process.returncode, said.decode()

    async def charge(self, id: str, who: Key, usage: Usage, at: datetime, model: str = "demo", key: str = "") -> None:
        spent, usual = spent_on(usage, DEMO), (Limit(Unit.TOKENS, Window.DAY, 20_000),)
        shares = (Share(f"user/{who.person}", usual), Share(f"user/{who.person}"))
        await self.store.ledger.settle(Charge(id, who, model, usage, at, spent, shares[:1], key), at)


@pytest_asyncio.fixture
async def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shell]:
    monkeypatch.setattr("adapters.logs.configure", lambda _: None)
    store = await open_sqlite(tmp_path / "parley.db", TODAY)
    try:
        used = Shell(tmp_path, store)
        used.write()
        await used.charge("t1", ALICE, Usage(1_000, 500), YESTERDAY)
        await used.charge("t2", ALICE, Usage(2_000, 1_000), TODAY, key="a1B2c3D4")
        await used.charge("t3", BOB, Usage(100, 20), TODAY)
        await used.charge("t4", CAROL_ALONE, Usage(7, 3), TODAY, model="=evil()")
        await remember_name(store.settings, ALICE, "=cmd|' /C calc'!A0")
        await remember_name(store.settings, BOB, 'Bob\n[red]\x1b[31m, the "first"')
        yield used
    finally:
        await store.close()


def rows_of(said: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(said, newline=""), strict=True))


async def test_usage_is_told_by_day(shell: Shell) -> None:
    """Without a word more, for thirty days that end today."""
    code, said = await shell.process_says("usage")

    assert 0 == code, said
    when, head, yesterday, today, total = said.splitlines()
    assert when == f"{TODAY - timedelta(days=29):%Y-%m-%d} to {TODAY:%Y-%m-%d}"
    assert ["day", "questions", "tokens", "cost"] == head.split()
    assert [f"{YESTERDAY:%Y-%m-%d}", "1", "1,500", "$0.002000"] == yesterday.split()
    assert [f"{TODAY:%Y-%m-%d}", "3", "3,130", "$0.004153"] == today.split()
    assert ["all", "4", "4,630", "$0.006153"] == total.split()


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("user", ["discord:42 (=cmd|' /C calc'!A0)", 'discord:43 (Bob [red] [31m, the "first")', "telegram:5"]),
        ("channel", ["discord:9:10", "discord:9:11", "telegram:7:5"]),
        ("community", ["discord:100", "-"]),
        ("model", ["demo", "=evil()"]),
        ("key", ["a1B2c3D4", "-"]),
    ],
)
async def test_usage_is_added_up_by(shell: Shell, by: str, names: list[str]) -> None:
    """Whoever took most comes first; a name does nothing to the terminal."""
    code, said = await shell.says("usage", "--by", by)

    assert 0 == code, said
    assert names == [line[: line.rindex("$")].rsplit(maxsplit=2)[0] for line in said.splitlines()[2:-1]]
    assert "\x1b" not in said


async def test_usage_of_other_days(shell: Shell) -> None:
    day = f"{YESTERDAY:%Y-%m-%d}"
    _, one = await shell.says("usage", "--from", day, "--to", day)
    _, last = await shell.says("usage", "--days", "1", "--by", "user")
    code, none = await shell.says("usage", "--to", "2020-02-29", "--days", "2")

    assert [day, "1,500"] == [one.splitlines()[0], one.split()[-2]]
    assert "3,130" in last
    assert (0, "2020-02-28 to 2020-02-29: nothing was asked.\n") == (code, none)


async def test_a_spreadsheet_gets_every_figure(shell: Shell) -> None:
    """In UTF-8, whatever the terminal can show; a name that would be taken for a formula is none there."""
    code, said = await shell.process_says("usage", "--csv")
    rows = rows_of(said)

    assert 0 == code, said
    assert said.startswith(
        "date,community,channel,user,name,model,key,requests,input_tokens,output_tokens,images,audio_seconds,usd\r\n"
    )
    assert 4 == len(rows)
    bought = next(row for row in rows if row["key"])
    assert {
        "date": f"{TODAY:%Y-%m-%d}",
        "community": "discord:100",
        "channel": "discord:9:10",
        "user": "discord:42",
        "name": "'=cmd|' /C calc'!A0",
        "model": "demo",
        "key": "a1B2c3D4",
        "requests": "1",
        "input_tokens": "2000",
        "output_tokens": "1000",
        "images": "0",
        "audio_seconds": "0",
        "usd": "0.004000",
    } == bought
    assert [("", "telegram:7:5")] == [(row["community"], row["channel"]) for row in rows if row["model"] == "'=evil()"]
    assert 'Bob\n[red]\x1b[31m, the "first"' in {row["name"] for row in rows}


async def test_a_spreadsheet_can_be_added_up_too(shell: Shell) -> None:
    _, said = await shell.says("usage", "--csv", "--by", "user")

    assert [("discord:42", "3000"), ("discord:43", "100"), ("telegram:5", "7")] == [
        (row["user"], row["input_tokens"]) for row in rows_of(said)
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--days", "3", "--from", "2026-01-01"), "Say either --days or --from."),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "2026-02-01 is after 2026-01-01."),
        (("--from", "yesterday"), "'yesterday' does not match the format"),
        (("--days", "0"), "greater than or equal to 1"),
        (("--days", "99999999999"), "less than or equal to 3660"),
        (("--by", "colour"), "'colour' is not one of"),
    ],
)
async def test_days_that_cannot_be_are_told(shell: Shell, arguments: tuple[str, ...], sentence: str) -> None:
    code, said = await shell.says("usage", *arguments)

    assert 2 == code
    assert sentence in " ".join(said.replace("│", " ").split())


async def test_a_limit_is_set_seen_and_dropped(shell: Shell) -> None:
    """It is written as people write it, without quotes, and in the audit log."""
    scope = "user/discord:42"
    usual = await shell.says("quota", "show", scope)
    was_set = await shell.process_says("quota", "set", scope, "50k", "tokens", "per", "day")
    changed = await shell.says("quota", "show", scope)
    listed = await shell.says("quota", "list")
    dropped = await shell.says("quota", "set", scope, "usual")
    again = await shell.says("quota", "show", scope)

    assert "17,000 tokens left of 20,000 tokens a day, more in " in usual[1]
    assert "$5.00 left of $5.00 a month (usual)" in usual[1]
    assert (0, f"{scope} may use 50,000 tokens a day from now on.\n") == was_set
    assert "47,000 tokens left of 50,000 tokens a day" in changed[1]
    assert "(set)" in changed[1]
    assert (0, f"{scope}: 50,000 tokens a day\n") == listed
    assert (0, f"{scope} may use what is usual again.\n") == dropped
    assert usual[1].splitlines()[0].partition(", more")[0] == again[1].splitlines()[0].partition(", more")[0]
    assert (0, "Nothing was set: what is usual holds for all.\n") == await shell.says("quota", "list")
    assert [
        ("operator", "quota set", scope, "50,000 tokens a day", "usual"),
        ("operator", "quota set", scope, "usual", "50,000 tokens a day"),
    ] == [
        (entry.actor, entry.action, entry.what, entry.old, entry.new) for entry in await newest(shell.store.records, 9)
    ]


async def test_one_who_never_asked_can_have_a_limit_and_is_listed(shell: Shell) -> None:
    for scope in (
        "everyone",
        "member/discord:100/77",
        "channel/telegram:7:-1001",
        "community/telegram:-1001",
        "key/a1",
    ):
        assert 0 == (await shell.says("quota", "set", scope, "100 questions per hour"))[0]
    await shell.says("quota", "set", "user/telegram:5", "unlimited", "tokens")

    _, listed = await shell.says("quota", "list")
    assert 6 == len(listed.splitlines())
    assert "user/telegram:5: any number of tokens a day" in listed
    assert "any number of tokens a day (set)" in (await shell.says("quota", "show", "user/telegram:5"))[1]


async def test_limits_that_were_given_in_chat_are_listed(shell: Shell) -> None:
    """Those of a key that nobody has used yet, and what all keys of a client may use together."""
    records, ledger, limit = shell.store.records, shell.store.ledger, Limit(Unit.REQUESTS, Window.DAY, 5)
    for scope in ("key/a1B2c3D4", "client/discord:100/discord:43"):
        await ledger.set_limit(scope, limit, TODAY)
    await note(records, AuditEntry(TODAY, ALICE.person, ALICE.club, "key issue", "a1B2c3D4"))
    await note(records, AuditEntry(TODAY, ALICE.person, ALICE.club, "client add", BOB.person))

    assert (0, "client/discord:100/discord:43: 5 questions a day\nkey/a1B2c3D4: 5 questions a day\n") == (
        await shell.says("quota", "list")
    )


async def test_more_is_granted_and_begun_anew(shell: Shell) -> None:
    granted = await shell.says("quota", "grant", "user/discord:42", "5k")
    _, more = await shell.says("quota", "show", "user/discord:42")
    reset = await shell.says("quota", "reset", "user/discord:42")
    _, anew = await shell.says("quota", "show", "user/discord:42")

    assert (0, "user/discord:42 may use 5,000 tokens more today.\n") == granted
    assert "22,000 tokens left of 25,000 tokens a day" in more
    assert (0, "user/discord:42 begins anew, with nothing used.\n") == reset
    assert "25,000 tokens left of 25,000 tokens a day (usual)" in anew


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("set", "user/discord:42", "-5"), "A limit cannot be below nothing."),
        (("set", "user/discord:42", "lots"), "“lots” is not a limit that I can read. Write it like `20k tokens"),
        (("set", "user/discord:42", "5_x*"), "“5_x*” is not a limit"),
        (("set", "users/discord:42", "5k"), "There is no such scope as users/discord:42. Write it like everyone"),
        (("set", "user/42", "5k"), "There is no such scope as user/42."),
        (("show", "user/discord:42\n"), "There is no such scope"),
        (("show", "everyone"), "Nothing is limited for everyone."),
        (("grant", "user/discord:42", "unlimited"), "How much more?"),
        (("grant", "user/discord:42", "5 questions per hour"), "has no limit of that kind"),
        (("set", "user/discord:42"), "Missing argument"),
    ],
)
async def test_what_cannot_be_done_is_told_in_a_sentence(
    shell: Shell, arguments: tuple[str, ...], sentence: str
) -> None:
    code, said = await shell.says("quota", *arguments)

    assert (0 if arguments == ("show", "everyone") else 2) == code
    assert sentence in said.replace("\n", " ")


@pytest.mark.parametrize(
    ("storage", "sentence"),
    [("memory:", "only the running service"), ("redis://127.0.0.1:9/0", "cannot reach Redis")],
)
async def test_a_store_that_cannot_be_had_is_told(shell: Shell, storage: str, sentence: str) -> None:
    shell.write(storage={"url": storage})

    for command in (("quota", "list"), ("usage",)):
        code, said = await shell.says(*command)
        assert 2 == code
        assert sentence in said.replace("\n", " ")
