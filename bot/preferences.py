"""What people chose in chat for a channel or a conversation: the scope, the model."""

from bot.catalogue import ModelSpec
from bot.chat import Key, Scope
from bot.ports import Ports


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


def _model_home(session: str) -> str:
    """Reply chains of one channel share their model; any other conversation has its own."""
    place, _, whose = session.rpartition("/")
    return f"{place}/*" if whose.startswith("re.") else session
