"""Everything that somebody looking at the chats would see happen, as plain JSON-able events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from sandbox.telegram.state import Json

Listener = Callable[[Json], None]


class Feed:
    """
    Hands each event to whoever listens, and wakes whoever waits for something to have happened.

    Each event has the keys `event` and `chat` (an id) and, by `event`:
    `message` and `edited`: `message`, as core.telegram.org/bots/api#message;
    `deleted`: `message_id`; `reaction`: `message_id`, `emoji` (a list); `pinned`: `message_id`;
    `action`: `action`, `topic` (0 for none); `draft`: `draft_id`, `text`, `entities`, `topic`;
    `answer`: `person` (an id), `message_id`, `text`, `alert`, `url`;
    `member`: `person` (an id), `status`; `menu` (the commands changed): nothing, and `chat` is 0.
    """

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._changed = asyncio.Event()

    def publish(self, event: str, chat: int, **fields: object) -> None:
        for listener in self._listeners:
            listener({"event": event, "chat": chat, **fields})
        self.wake()

    def wake(self) -> None:
        """Something changed that no onlooker sees, but that a test may wait for."""
        self._changed.set()
        self._changed = asyncio.Event()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each event from now on, until what is returned here is called."""
        self._listeners.append(listener)

        def stop() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Json]]:
        """An endless iterator over the events from now on; none is lost between opening and reading."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        stop = self.listen(queue.put_nowait)

        async def iterate() -> AsyncIterator[Json]:
            while True:
                yield await queue.get()

        try:
            yield iterate()
        finally:
            stop()

    async def wait_until(self, predicate: Callable[[], object], timeout: float = 5.0) -> None:
        """
        Return as soon as `predicate` holds; it is asked again after every change.

        Raises:
            TimeoutError: It did not hold within `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            while not predicate():
                await self._changed.wait()
