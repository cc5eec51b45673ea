"""
The front door: takes what comes in and writes it down in its lane.

`ask` and `call` return once the turn is stored. Only then may a platform be told that we have it.
"""

from dataclasses import replace

from bot import keys, own, owner
from bot.chat import HEAD, Call, Inbound, Key, Scope, sendable
from bot.errors import Busy
from bot.ports import Commands, Ingested, Ports
from bot.preferences import scope_at
from bot.reply import Reply
from bot.spoken import OVERHEARD
from bot.turn import Ending, State, Turn, afresh, turn_id
from bot.worker import Worker

ANY = 0
"""Any number of turns may wait before this one."""


class Sessions:
    """The session core, as the platforms see it."""

    def __init__(self, ports: Ports, commands: Commands, worker: Worker) -> None:
        self._ports = ports
        self._commands = commands
        self._worker = worker

    async def ask(self, asked: Inbound) -> Ingested:
        """
        Write a question down, to be answered soon. What has a key in it waits behind nothing.

        Raises StorageDown: then it was not taken.
        """
        asked = _sendable(asked, self._ports.pepper)
        session, parent = await self._conversation(asked)
        if parent != HEAD:
            asked = replace(asked, quote="")
        turn = Turn(turn_id(asked.origin), session, session, asked, parent=parent)
        if any(keys.sealed_in(asked.text)):
            return await self._ingest(replace(turn, lane=express(asked.origin.key)), ANY)
        return await self._ingest(turn, self._ports.limits.waiting)

    async def call(self, call: Call) -> Ingested:
        """Write a command down, to be done soon. Raises StorageDown: then it was not taken."""
        call = replace(call, arguments=self._arguments(call))
        session = await self._subject(call)
        lane = express(call.origin.key) if self._commands.urgent(call.command) else session
        waiting = ANY if call.command == OVERHEARD else self._ports.limits.waiting
        return await self._ingest(Turn(turn_id(call.origin), session, lane, call), waiting)

    async def do(self, asked: Inbound, said: Reply | None = None) -> None:
        """
        Write down what is due at a set time, behind nothing: a question, or what is `said` in place of an answer.

        What was written down before stays as it is. Raises StorageDown: then it was not taken.
        """
        asked = _sendable(asked, self._ports.pepper)
        session, parent = await self._conversation(asked)
        turn = Turn(turn_id(asked.origin), session, session, asked, parent=parent)
        if said is not None:
            lane = express(asked.origin.key)
            turn = replace(turn, lane=lane, state=State.REMEMBERED, reply=said, ending=Ending.REFUSED)
        await self._ingest(turn, ANY)

    def _arguments(self, call: Call) -> dict[str, str]:
        """What was given with a command, with nothing in it that opens anything for whoever reads the store."""
        arguments = {name: _sealed(self._ports.pepper, value) for name, value in call.arguments.items()}
        if call.command == own.SET:
            return {name: own.sealed(self._ports, call.origin.key, value) for name, value in arguments.items()}
        if self._commands.secret(call.command):
            return {name: keys.redacted(value) for name, value in arguments.items()}
        return arguments

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

    async def _ingest(self, turn: Turn, waiting: int) -> Ingested:
        """Write a turn down. Where `waiting` are there before it, or more, it is refused instead."""
        now = self._ports.now()
        result = await self._ports.turns.ingest(turn, waiting, now)
        if result is Ingested.BUSY:
            turn = turn if await self._has_room(turn, waiting) else self._excuse(turn)
            result = await self._ports.turns.ingest(turn, ANY, now)
        if result is Ingested.NEW:
            self._worker.wake(turn.lane)
        return result

    async def _has_room(self, turn: Turn, waiting: int) -> bool:
        """Whether fewer wait that somebody has asked just now: what schedules ask keeps nobody out."""
        ids = await self._ports.turns.waiting(turn.lane)
        found = [await self._ports.turns.get(turn.origin.key.room, id) for id in ids]
        return sum(1 for each in found if each and not _is_scheduled(each)) < waiting

    def _excuse(self, turn: Turn) -> Turn:
        """In place of a turn for which there is no room: its refusal, told at once."""
        reply = Reply(Busy(self._ports.limits.waiting).for_user)
        lane = express(turn.origin.key)
        return replace(turn, lane=lane, state=State.REMEMBERED, reply=reply, ending=Ending.REFUSED)


def _is_scheduled(turn: Turn) -> bool:
    return isinstance(turn.task, Inbound) and bool(turn.task.schedule)


def _sendable(asked: Inbound, pepper: bytes) -> Inbound:
    """A question that can be sent on, whatever characters somebody's client let through, and in which no key is."""
    origin = replace(asked.origin, author=sendable(asked.origin.author))
    quote = keys.redacted(owner.sealed(pepper, sendable(asked.quote)))
    return replace(asked, origin=origin, text=_sealed(pepper, asked.text), quote=quote)


def _sealed(pepper: bytes, text: str) -> str:
    """What somebody said, with a proof in place of each key and of the owner's code."""
    return owner.sealed(pepper, keys.sealed(pepper, sendable(text)))


def express(key: Key) -> str:
    """The lane of what must not wait behind an answer: one for each user and place."""
    return f"{key.place}/!{key.user}"
