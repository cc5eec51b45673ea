"""
The front door: takes what comes in and writes it down in its lane.

`ask` and `call` return once the turn is stored. Only then may a platform be told that we have it.
"""

from dataclasses import replace

from bot.chat import HEAD, Call, Inbound, Key, Scope, sendable
from bot.errors import Busy
from bot.ports import Commands, Ingested, Ports
from bot.preferences import scope_at
from bot.reply import Reply
from bot.turn import Ending, State, Turn, afresh, turn_id
from bot.worker import Worker


class Sessions:
    """The session core, as the platforms see it."""

    def __init__(self, ports: Ports, commands: Commands, worker: Worker) -> None:
        self._ports = ports
        self._commands = commands
        self._worker = worker

    async def ask(self, asked: Inbound) -> Ingested:
        """Write a question down, to be answered soon. Raises StorageDown: then it was not taken."""
        asked = _sendable(asked)
        session, parent = await self._conversation(asked)
        if parent != HEAD:
            asked = replace(asked, quote="")
        return await self._ingest(Turn(turn_id(asked.origin), session, session, asked, parent=parent))

    async def call(self, call: Call) -> Ingested:
        """Write a command down, to be done soon. Raises StorageDown: then it was not taken."""
        arguments = {name: sendable(value) for name, value in call.arguments.items()}
        call = replace(call, arguments=arguments)
        session = await self._subject(call)
        lane = express(call.origin.key) if self._commands.urgent(call.command) else session
        return await self._ingest(Turn(turn_id(call.origin), session, lane, call))

    async def revive(self, room: str, turn: str) -> bool:
        """Have a turn that was given up done after all. Returns whether it was one. Raises StorageDown."""
        given_up = await self._ports.turns.get(room, turn)
        if given_up is None or given_up.state is not State.FAILED:
            return False
        anew = afresh(given_up)
        revived = await self._ports.turns.revive(anew, self._ports.now())
        self._worker.wake(anew.lane)
        return revived

    async def _conversation(self, asked: Inbound) -> tuple[str, str]:
        """The session that a message belongs to, and the message of it that it follows."""
        key = asked.origin.key
        scope = await scope_at(self._ports, key)
        found = await self._ports.history.find(key.room, asked.reply_to) if asked.reply_to else None
        if found and scope is Scope.REPLY:
            return found
        session = key.session(scope, chain=turn_id(asked.origin))
        return (session, found[1]) if found and found[0] == session else (session, HEAD)

    async def _subject(self, call: Call) -> str:
        """The session that a command is about: its button's, that of the message replied to, or where it was given."""
        key = call.origin.key
        if call.pressed and (turn := await self._ports.turns.get(key.room, call.arguments["turn"])):
            return turn.session
        if call.reply_to and (found := await self._ports.history.find(key.room, call.reply_to)):
            return found[0]
        return key.session(await scope_at(self._ports, key))

    async def _ingest(self, turn: Turn) -> Ingested:
        now = self._ports.now()
        result = await self._ports.turns.ingest(turn, self._ports.limits.waiting, now)
        if result is Ingested.BUSY:
            turn = self._excuse(turn)
            result = await self._ports.turns.ingest(turn, 0, now)
        if result is Ingested.NEW:
            self._worker.wake(turn.lane)
        return result

    def _excuse(self, turn: Turn) -> Turn:
        """In place of a turn for which there is no room: its refusal, told at once."""
        reply = Reply(Busy(self._ports.limits.waiting).for_user)
        lane = express(turn.origin.key)
        return replace(turn, lane=lane, state=State.REMEMBERED, reply=reply, ending=Ending.REFUSED)


def _sendable(asked: Inbound) -> Inbound:
    """A question that can be sent on, whatever characters somebody's client let through."""
    origin = replace(asked.origin, author=sendable(asked.origin.author))
    return replace(asked, origin=origin, text=sendable(asked.text), quote=sendable(asked.quote))


def express(key: Key) -> str:
    """The lane of what must not wait behind an answer: one for each user and place."""
    return f"{key.place}/!{key.user}"
