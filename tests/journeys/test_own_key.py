"""A member's own key with a provider: given in private, tried out, and written nowhere in clear."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from adapters import logs
from adapters.config.shape import Config
from adapters.wiring import secrets_of
from bot.own import own_of
from bot.ports import Ports
from sandbox.discord import interactions
from sandbox.discord.server import Where, Who
from sandbox.discord.state import Asking
from sandbox.faults import Fault
from sandbox.openai.errors import out_of_quota
from sandbox.telegram.server import Place
from tests.journeys.stage import PATIENCE, on_stage
from tests.journeys.test_overheard import written
from tests.journeys.test_pool import accounts, configured
from tests.journeys.town import Town

SECRET = "a-long-text-that-encrypts-what-members-give"
WRONG = "sk-proj-4f_0123456789abcdefghijABCDEFGHIJ0123456789abcdefWXYZ"


class OwnTown(Town):
    """A town whose members may use keys of their own, with the provider that the operator uses too."""

    def config(self) -> Config:
        own_keys = {"secrets": [SECRET], "base_url": self.openai.base_url}
        return Config.model_validate({**super().config().model_dump(), "own_keys": own_keys})

    async def fill_in(self, key: str, who: Who = "alice", where: Where = "general") -> str:
        """Give /mykey set in Discord, type a key into the form that pops up, and return what is answered."""
        asked = await self.discord.slash(where, who, "mykey set", {})
        await self.discord.wait_until(lambda: asked.modal, PATIENCE)
        sent = await self.discord.submit_modal(asked, {"key": key})

        def answer() -> str:
            found = self.discord.response(sent)
            return "" if found is None or found.loading else found.content

        await self.discord.wait_until(answer, PATIENCE)
        return answer()

    @property
    def ports(self) -> Ports:
        assert self._service is not None
        return self._service._ports

    def seen(self, who: str, place: Place | None = None) -> list[str]:
        """What somebody wrote that still stands there."""
        where, person = self.person(who) if place is None else place, self.person(who)
        return [message.text for message in self.telegram.messages(where) if message.sender == person]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, down to the libraries' least words."""
    root, kept = logging.getLogger(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    logs.configure([], level=logging.DEBUG, colours=False)
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(kept)
    yield kept
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[OwnTown]:
    async with on_stage(tmp_path, OwnTown) as stage:
        assert isinstance(stage, OwnTown)
        yield stage
    assert [] == stage.violations()


async def test_in_discord_a_key_is_typed_into_a_form(town: OwnTown) -> None:
    """Wherever it is opened, only its owner sees what is answered."""
    for where in ("general", town.discord.dm("alice")):
        assert f"your key …{town.openai.api_key[-4:]}" in await town.fill_in(town.openai.api_key, where=where)
        assert "works" in (await town.slash("mykey test", where=where)).content
        assert "forgotten" in (await town.slash("mykey remove", where=where)).content

    assert [] == town.discord.texts("general", "bob")
    assert "no key of your own" in (await town.slash("mykey test", "bob")).content


async def test_in_discord_no_option_takes_a_key(town: OwnTown) -> None:
    """What is typed there stays in sight of whoever looks over the shoulder."""
    (command,) = [each for each in town.discord.world.commands[None].values() if each["name"] == "mykey"]

    assert [[], [], []] == [below.get("options", []) for below in command["options"]]


async def test_no_other_command_is_given_by_a_form(town: OwnTown) -> None:
    """An app of one's own making can send any form, and would pass by what Discord lets its holder see."""
    world, general, bob = town.discord.world, town.discord.channel("general"), town.discord.people["bob"]
    forged = {"custom_id": "form:help", "components": []}
    asked = interactions.ask(world, Asking.MODAL, bob, general, forged)
    await town.slash("help", "bob")

    assert asked.answer is None


async def test_in_telegram_a_key_is_given_in_private_and_its_message_taken_away(town: OwnTown) -> None:
    said = await town.write(f"/mykey set {WRONG}")
    assert "your key …WXYZ" in said.text
    assert "does not take your key" in (await town.write("/mykey test")).text
    assert "works" not in (await town.write(f"/mykey {town.openai.api_key}")).text
    assert "works" in (await town.write("/mykey test")).text

    assert ["/mykey test", "/mykey test"] == town.seen("alice")


async def test_in_a_group_a_key_is_not_taken(town: OwnTown) -> None:
    """Its message is taken away where the bot may; and its owner is told that it has leaked."""
    club, bot = town.telegram.club, town.telegram.bot.username
    said = await town.write(f"/mykey@{bot} set {WRONG}", "bob", club)
    assert "Treat it as leaked" in said.text
    assert "could not delete your message" in said.text
    await town.telegram.promote_bot(club, town.person("alice"))
    said = await town.write(f"/mykey@{bot} set {WRONG}", "bob", club)
    assert "Treat it as leaked" in said.text
    assert "could not delete" not in said.text

    assert 1 == len(town.seen("bob", club))
    assert "no key of your own" in (await town.write("/mykey test", "bob")).text


async def test_a_key_is_written_nowhere_in_clear(town: OwnTown, log: io.StringIO, tmp_path: Path) -> None:
    """Not in a log, nor in any file of the store, whatever goes wrong with it; and it outlives a restart."""
    await town.fill_in(WRONG)
    await town.write(f"/mykey set {WRONG}")
    await town.write(f"/mykey@{town.telegram.bot.username} set {WRONG}", "bob", town.telegram.club)
    await town.write(f"/mykey sett {WRONG}")
    quoting = {"error": {"message": f"Incorrect API key provided: {WRONG}", "code": WRONG}}
    town.openai.faults.plan(Fault("models.list", status=401, body=quoting))
    await town.write("/mykey test")
    town.telegram.updates.inject({"message": {"message_id": 1, "date": None, "text": f"/mykey set {WRONG}", "chat": 7}})
    await town.write("Still there?")
    await town.stop()
    await town.start()

    own = await own_of(town.ports, f"discord:{town.discord.people['alice'].id}")
    assert own is not None
    assert WRONG == own.reveal()
    assert "could not be taken" in log.getvalue()
    assert WRONG[12:30] not in log.getvalue()
    kept = written(tmp_path)
    assert b"Still there?" in kept
    assert WRONG[12:30].encode() not in kept
    assert SECRET.encode() not in kept
    assert SECRET in secrets_of(town.config())


async def test_without_a_secret_nothing_is_asked_for(tmp_path: Path) -> None:
    """No form, and no key kept: the operator has not switched it on."""
    async with on_stage(tmp_path, Town) as town:
        assert isinstance(town, Town)
        assert "has not switched on" in (await town.slash("mykey set")).content
        assert "has not switched on" in (await town.write(f"/mykey set {WRONG}")).text
        await town.stop()

    assert WRONG[12:30].encode() not in written(tmp_path)


async def test_an_answer_by_ones_own_key_costs_no_money(tmp_path: Path) -> None:
    """The operator's account is not asked, and a limit in dollars does not hold its owner back."""
    async with accounts(1) as providers:
        changes = {"upstreams": configured(providers), "quotas": {"user": ["$0.00001 per day"]}}
        async with on_stage(tmp_path, type("Paying", (OwnTown,), {"changes": changes})) as town:
            assert isinstance(town, OwnTown)
            assert "of your $" in await town.ask()
            assert "I use your key" in await town.fill_in(town.openai.api_key)
            assert "Hoo." == await town.ask()
            assert "Hoo." == await town.ask()
            assert 0 == providers[0].books.calls
            await town.slash("mykey remove")
            assert "of your $" in await town.ask()


async def test_ones_own_key_that_stops_working_is_told_in_ones_own_words(tmp_path: Path) -> None:
    """Its owner can mend it: nobody else is told, and the operator's account does not step in."""
    async with accounts(1) as providers:
        changes = {"upstreams": configured(providers)}
        async with on_stage(tmp_path, type("Failing", (OwnTown,), {"changes": changes})) as town:
            assert isinstance(town, OwnTown)
            await town.fill_in(town.openai.api_key)
            town.openai.queue(out_of_quota())
            said = await town.ask()
            assert "the people who run this bot" not in said.lower()
            assert "key" in said
            assert 0 == providers[0].books.calls
