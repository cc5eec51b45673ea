"""Answers by members' own keys with a provider."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager

from adapters.upstream.api import ApiAccount
from adapters.upstream.openai import OpenAIModel
from adapters.vault import refused
from bot.errors import ModelCut, ModelDown
from bot.ports import Api, ApiRequest, ApiResponse, Chunk, Model, Request


class OwnKeys:
    """A Model that asks with the asker's own key where there is one, and else has another Model answer."""

    def __init__(self, base_url: str, otherwise: Model, api: Api) -> None:
        """`otherwise` and `api` are the pool, as people and as programs use it."""
        self._base_url = base_url
        self._otherwise = otherwise
        self._api = api

    def carries(self, path: str) -> bool:
        return self._api.carries(path)

    def call(self, request: ApiRequest) -> AbstractAsyncContextManager[ApiResponse]:
        """Pass a program's call on, as `bot.ports.Api.call` says. Raises OwnKeyFails as well."""
        return self._api.call(request) if request.own is None else self._called(request)

    @asynccontextmanager
    async def _called(self, request: ApiRequest) -> AsyncIterator[ApiResponse]:
        assert request.own is not None
        account = ApiAccount(self._base_url, request.own.reveal())
        request.sent()
        try:
            async with account.call(request) as response:
                yield response
        except ModelCut:
            raise
        except ModelDown as error:
            raise refused(error) from None  # the provider's words may quote the key
        finally:
            await account.close()

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Speak, as `bot.ports.Model.stream` says. Raises OwnKeyFails where a key of the asker's does not work."""
        return self._otherwise.stream(request) if request.own is None else self._by_own_key(request)

    async def _by_own_key(self, request: Request) -> AsyncGenerator[Chunk, None]:
        assert request.own is not None
        model = OpenAIModel(self._base_url, request.own.reveal())
        try:
            async with aclosing(model.stream(request)) as spoken:
                async for chunk in spoken:
                    yield chunk
        except ModelCut:
            raise
        except ModelDown as error:
            raise refused(error) from None  # the provider's words may quote the key
        finally:
            await model.close()
