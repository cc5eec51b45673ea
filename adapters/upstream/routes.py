"""Which account answers for which model."""

from collections.abc import AsyncGenerator, Sequence

from adapters.upstream.openai import OpenAIModel
from bot.catalogue import serves
from bot.errors import ModelMisconfigured
from bot.ports import Chunk, Request


class Routes:
    """Several accounts, each with its models, as one Model: the first that serves a model answers for it."""

    def __init__(self, accounts: Sequence[tuple[Sequence[str], OpenAIModel]]) -> None:
        self._accounts = accounts

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Speak, as `bot.ports.Model.stream` says."""
        for models, account in self._accounts:
            if serves(models, request.spec.model):
                return account.stream(request)
        raise ModelMisconfigured(f"no account serves {request.spec.model}")

    async def close(self) -> None:
        for _, account in self._accounts:
            await account.close()
