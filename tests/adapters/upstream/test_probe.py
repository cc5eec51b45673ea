"""Whether an account is there, asked of the loopback provider at no cost."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adapters.upstream.heard import Timeouts
from adapters.upstream.openai import OpenAIModel
from bot.errors import AccountLocked, BotError, ModelBusy, ModelDown, ModelMisconfigured, ModelSilent
from sandbox.faults import Fault
from sandbox.openai.errors import error_body
from sandbox.openai.server import OpenAI

QUICK = Timeouts(connect=0.5)

UNSCOPED = (
    "You have insufficient permissions for this operation. Missing scopes: api.model.read. Check that you have the "
    "correct role in your organization (Reader, Writer, Owner) and project (Member, Owner), and if you're using a "
    "restricted API key, that it has the necessary scopes."
)


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI() as server:
        yield server


@pytest_asyncio.fixture
async def account(provider: OpenAI) -> AsyncIterator[OpenAIModel]:
    account = OpenAIModel(provider.base_url, provider.api_key, QUICK)
    yield account
    await account.close()


async def test_an_account_that_is_there_costs_nothing_to_ask(provider: OpenAI, account: OpenAIModel) -> None:
    await account.probe()
    assert 0 == provider.books.calls


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (401, AccountLocked),
        (402, AccountLocked),
        (403, AccountLocked),
        (404, ModelMisconfigured),
        (405, ModelMisconfigured),
        (429, ModelBusy),
        (500, ModelDown),
    ],
)
async def test_what_is_wrong_has_our_name(
    provider: OpenAI, account: OpenAIModel, status: int, meaning: type[BotError]
) -> None:
    """The pool tells by it whether the account is parked, rests, or only cannot be asked like that."""
    provider.faults.plan(Fault("models.list", status=status, body=error_body("No.", "error")))
    with pytest.raises(meaning) as refused:
        await account.probe()
    assert meaning is type(refused.value)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_may_not_list_the_models_is_not_turned_away(
    provider: OpenAI, account: OpenAIModel, status: int
) -> None:
    """Careful operators restrict their keys: one that answers every question would be parked."""
    provider.faults.plan(Fault("models.list", status=status, body=error_body(UNSCOPED, "invalid_request_error")))
    await account.probe()


async def test_one_that_does_not_answer_is_not_waited_for(provider: OpenAI, account: OpenAIModel) -> None:
    provider.faults.plan(Fault("models.list", delay=30.0))
    with pytest.raises(ModelSilent):
        await account.probe()


async def test_one_that_nobody_serves_is_down() -> None:
    nobody = OpenAIModel("http://127.0.0.1:9/v1", "key", QUICK)
    with pytest.raises(ModelDown):
        await nobody.probe()
    await nobody.close()
