"""What people chose in chat for a channel or a conversation: the scope, the model."""

from bot.catalogue import ModelSpec, Plus
from bot.chat import Key, Scope
from bot.ports import ACCOUNT, Ports


async def scope_at(ports: Ports, key: Key) -> Scope:
    """Whose conversation is held there. A private chat is always personal."""
    if key.private:
        return Scope.PERSONAL
    chosen = await ports.settings.get(key.place)
    return Scope(chosen["scope"]) if "scope" in chosen else ports.scope


async def set_scope(ports: Ports, key: Key, scope: Scope) -> None:
    await ports.settings.put(key.place, {"scope": scope})


async def model_for(ports: Ports, session: str) -> ModelSpec:
    """The model that answers there: the one that was chosen, as long as it is on offer."""
    chosen = await ports.settings.get(_model_home(session))
    return ports.catalogue.get(chosen.get("model", ""))


async def set_model(ports: Ports, session: str, alias: str) -> None:
    await ports.settings.put(_model_home(session), {"model": alias})


async def leave_account(ports: Ports, session: str) -> None:
    """Let the pool choose an account anew for a conversation."""
    await ports.settings.put(session, {ACCOUNT: ""})


async def plus_for(ports: Ports, person: str) -> Plus:
    """Which accounts somebody wants to be answered by, where they may choose."""
    return Plus((await ports.settings.get(_home(person))).get("plus", Plus.ANY))


async def set_plus(ports: Ports, person: str, plus: Plus) -> None:
    await ports.settings.put(_home(person), {"plus": plus})


async def zone_of(ports: Ports, person: str) -> str:
    """Where somebody lives, as they have said: a name of the IANA database; "" when they have not."""
    return (await ports.settings.get(_home(person))).get("zone", "")


async def set_zone(ports: Ports, person: str, zone: str) -> None:
    await ports.settings.put(_home(person), {"zone": zone})


def _home(person: str) -> str:
    return f"person/{person}"


def _model_home(session: str) -> str:
    """Reply chains of one channel share their model; any other conversation has its own."""
    place, _, whose = session.rpartition("/")
    return f"{place}/*" if whose.startswith("re.") else session
