"""Members' own keys with a provider, given, tried and forgotten on a running core."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from adapters.vault import Vault
from bot.chat import Origin
from bot.errors import PlatformDown
from bot.keys import Secret
from bot.own import OWN_KEYS, OwnKeyFails, SealBroken, forget_own, hidden, own_of, set_own
from bot.ports import Cipher, Ports
from tests.bot.core import Chat, Core, core
from tests.bot.test_shares import ADMIN, key_for, run_by
from tests.clock import virtual

ALICE, BOB = "1", "3"
KEY = "sk-proj-4f_0123456789abcdefghijABCDEFGHIJ0123456789abcdefWXYZ"
"""Of OpenAI's shape, with what keys of ours are told by: letters and digits in a row after an underscore."""

OLD, NEW = "an-old-long-text-of-the-operators", "a-new-long-text-of-the-operators"


@dataclass(slots=True)
class TidyChat(Chat):
    """A platform on which messages are taken away where we `may`, once what is next in `troubles_unsaying` is over."""

    may: bool = True
    unsaid: list[str] = field(default_factory=list)
    troubles_unsaying: list[PlatformDown] = field(default_factory=list)

    async def unsay(self, said: Origin) -> bool:
        if self.troubles_unsaying:
            raise self.troubles_unsaying.pop(0)
        self.unsaid += [said.event] if self.may else []
        return self.may


@dataclass(slots=True)
class Provider:
    """Takes every key but those that are `wrong`."""

    wrong: set[str] = field(default_factory=set)

    async def try_own(self, own: Secret) -> None:
        if own.reveal() in self.wrong:
            raise OwnKeyFails("401", "Your provider does not take your key.")


class Own:
    """A core on which members may use keys of their own."""

    def __init__(self, running: Core, cipher: Cipher | None, whispers: bool) -> None:
        self.running = running
        self.provider = Provider()
        self.chat = TidyChat(page=4_000, whispers=whispers)
        running.chat = self.chat
        self.use(cipher)

    @property
    def ports(self) -> Ports:
        return self.running.sessions._ports

    def use(self, cipher: Cipher | None) -> None:
        """Start again with another cipher."""
        ports = replace(self.ports, cipher=cipher, try_own=self.provider.try_own, platforms={"test": self.chat})
        self.running.sessions._ports = self.running.worker._ports = ports

    async def say(self, name: str, user: str = ALICE, private: bool = True, /, **arguments: str) -> str:
        return await self.running.say(name, user, private, **arguments)

    def kept(self) -> str:
        """Everything that was written down."""
        store = self.running.store
        return repr(vars(store.turns)) + repr(vars(store.history)) + repr(vars(store.records))


@contextlib.asynccontextmanager
async def owned(*secrets: str, whispers: bool = True) -> AsyncIterator[Own]:
    async with core() as running:
        yield Own(running, Vault(secrets) if secrets else None, whispers)


@virtual
async def test_a_key_is_given_tried_and_forgotten() -> None:
    """Of its text no more than the end is ever shown."""
    async with owned(NEW) as own:
        assert "“" not in (said := await own.say("mykey set", key=KEY))
        assert "…WXYZ" in said
        assert KEY[:12] not in said
        assert Secret(KEY) == await own_of(own.ports, "test:1")
        assert None is await own_of(own.ports, "test:3")
        assert "Your key …WXYZ works" in await own.say("mykey test")
        assert "no key of your own" in await own.say("mykey test", BOB)
        assert "forgotten" in await own.say("mykey remove")

        assert None is await own_of(own.ports, "test:1")
        assert "no key of your own" in await own.say("mykey remove")


@virtual
async def test_another_key_takes_the_place_of_the_first() -> None:
    async with owned(NEW) as own:
        await own.say("mykey set", key=KEY)
        await own.say("mykey set", key="sk-another-0123456789")

        assert Secret("sk-another-0123456789") == await own_of(own.ports, "test:1")


@virtual
async def test_what_is_wrong_with_a_key_is_said() -> None:
    async with owned(NEW) as own:
        own.provider.wrong = {KEY}
        await own.say("mykey set", key=f"`{KEY}`\n")

        assert "Your provider does not take your key." == await own.say("mykey test")


@virtual
@pytest.mark.parametrize("key", ["", "  ", "hunter2", "two words of some length", "schlüssel-0123456789", "x" * 513])
async def test_what_can_be_no_key_is_refused(key: str) -> None:
    """It would not fit into the header of a request."""
    async with owned(NEW) as own:
        assert "to me in private: /mykey set" in (await own.say("mykey set", key=key)).replace("`", "")
        assert None is await own_of(own.ports, "test:1")


@virtual
async def test_a_key_of_ours_is_told_from_a_providers() -> None:
    async with owned(NEW) as own:
        for key in ("parley_aaaaaaaa_" + "b" * 38, "parley_aaaaaaaa_bbb"):
            assert "That is a key of mine" in await own.say("mykey set", key=key)


@virtual
@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("secrets", [(NEW,), ()])
@pytest.mark.parametrize("whispers", [True, False])
async def test_no_key_is_kept_in_clear(private: bool, secrets: tuple[str, ...], whispers: bool) -> None:
    """Neither in a turn nor in a record, whoever reads along, and whether or not it can be used."""
    async with owned(*secrets, whispers=whispers) as own:
        await own.say("mykey set", ALICE, private, key=KEY)

        assert "0123456789" not in own.kept()


@virtual
async def test_where_others_read_along_a_key_is_refused_and_its_message_taken_away() -> None:
    async with owned(NEW, whispers=False) as own:
        said = await own.say("mykey set", ALICE, False, key=KEY)
        assert "Treat it as leaked" in said
        assert "please do" not in said
        assert 1 == len(own.chat.unsaid)
        own.chat.may = False

        assert "could not delete your message" in await own.say("mykey set", ALICE, False, key=KEY)
        assert None is await own_of(own.ports, "test:1")


@virtual
async def test_a_key_of_ours_that_is_shown_that_way_is_revoked_all_the_same() -> None:
    """Whatever command it stands behind, others have read it."""
    async with owned(NEW) as own:
        run_by(own.running, ADMIN)
        _, text = await key_for(own.running, ALICE)
        own.chat.whispers = False

        assert "works no longer" in await own.say("mykey set", ALICE, False, key=text)


@virtual
async def test_in_private_the_message_with_the_key_is_taken_away_too() -> None:
    """Also where its key cannot be used; and later, when the platform is down for now."""
    async with owned(NEW) as own:
        own.chat.troubles_unsaying = [PlatformDown("oh")]
        said = await own.say("mykey set", key=KEY)
        assert "could not delete" not in said
        assert 1 == len(own.chat.unsaid)
        own.use(None)
        await own.say("mykey set", key=KEY)
        assert 2 == len(own.chat.unsaid)
        await own.say("mykey set")
        await own.say("mykey test")

        assert 2 == len(own.chat.unsaid)


@virtual
@pytest.mark.parametrize("command", ["set", "test", "remove"])
async def test_without_a_secret_it_is_said_that_this_is_not_switched_on(command: str) -> None:
    async with owned() as own:
        assert "has not switched on" in await own.say(f"mykey {command}")
        assert "has not switched on" in await own.say("mykey set", key=KEY)


@virtual
async def test_once_it_is_switched_off_no_key_is_used_but_any_can_be_forgotten() -> None:
    async with owned(NEW) as own:
        await own.say("mykey set", key=KEY)
        own.use(None)

        assert None is await own_of(own.ports, "test:1")
        assert "forgotten" in await own.say("mykey remove")


@virtual
async def test_a_key_is_sealed_anew_when_it_was_sealed_with_an_older_secret() -> None:
    """So that the older one can be dropped one day."""
    async with owned(OLD) as own:
        await own.say("mykey set", key=KEY)
        own.use(Vault([NEW, OLD]))
        assert Secret(KEY) == await own_of(own.ports, "test:1")
        own.use(Vault([NEW]))

        assert Secret(KEY) == await own_of(own.ports, "test:1")


@virtual
async def test_a_fresh_seal_is_left_as_it_is() -> None:
    """A question does not cost a write."""
    async with owned(NEW) as own:
        await set_own(own.ports, "test:1", Secret(KEY))
        before = await own.ports.records.get(OWN_KEYS, "test:1")
        await own_of(own.ports, "test:1")

        assert before == await own.ports.records.get(OWN_KEYS, "test:1")


@virtual
async def test_a_key_that_cannot_be_opened_is_not_silently_left_aside() -> None:
    """Its holder would pay for answers that they think they pay for elsewhere."""
    async with owned(OLD) as own:
        await own.say("mykey set", key=KEY)
        own.use(Vault([NEW]))
        with pytest.raises(SealBroken):
            await own_of(own.ports, "test:1")

        assert "cannot read your own key" in await own.say("mykey test")
        assert await forget_own(own.ports, "test:1")


@pytest.mark.parametrize("command", ["/mykey set", "/mykey", "/MyKey@parley_bot set"])
def test_of_an_update_that_cannot_be_read_no_key_is_kept(command: str) -> None:
    r"""An escaped quote does not end it."""
    text = rf'{{"text": "{command} \"{KEY}\" and {KEY}", "date": null}}'

    assert KEY not in hidden(text)
    assert '", "date": null}' in hidden(text)
