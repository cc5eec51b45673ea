"""Members' own keys with a provider: sealed for the store, and tried out."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence

import openai
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters.upstream.openai import OpenAIModel
from bot.errors import BotError, ModelBusy, ModelMisconfigured
from bot.keys import Secret
from bot.own import OwnKeyFails, SealBroken

PURPOSE = b"parley: members' own keys"
"""What keeps the derived key apart from any other that is made of the same secret."""

PATIENCE = 15.0
"""Seconds for the provider's list of models."""

WRONG = "Your provider does not take your key: it is mistyped, or was revoked. `/mykey set` takes another one."
NO_MONEY = "Your provider takes your key, but there is no money left on its account."
FORBIDDEN = "Your provider takes your key, but does not allow it what I need: to see and use its models."
BUSY = "Your provider has too much to do right now, or your account there is used too much. Try again in a minute."
DOWN = "Your provider cannot be reached right now. Your key may be good; try again in a minute."
ODD = "Your provider answered with an error that I do not understand, so I cannot tell whether your key works."

NO_MODEL = "Your provider knows no such model, so your own key cannot be used for it: `/model` chooses another."

STATUSES: Mapping[int, str] = {401: WRONG, 402: NO_MONEY, 403: FORBIDDEN}
CODES: Mapping[str, str] = {
    "insufficient_quota": NO_MONEY,
    "billing_hard_limit_reached": NO_MONEY,
    "model_not_found": NO_MODEL,
}
"""What a provider's error code says, whatever the status."""


class Vault:
    """
    Seals with Fernet: AES-128-CBC and HMAC-SHA256. It is a bot.ports.Cipher.

    Args:
        secrets: Long random texts. The first one seals, and all of them open: a new one goes before the others.

    Source: cryptography.io/en/latest/fernet/#cryptography.fernet.MultiFernet
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        seals = [Fernet(_derived(secret)) for secret in secrets]
        self._newest = seals[0]
        self._all = MultiFernet(seals)

    def seal(self, text: str) -> str:
        return self._newest.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._all.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SealBroken("not sealed here, changed, or sealed with what is not configured any more") from error

    def is_fresh(self, sealed: str) -> bool:
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True


def _derived(secret: str) -> bytes:
    """A key of Fernet's out of a text that is random enough: HKDF makes it the right length, not stronger."""
    derived = HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return urlsafe_b64encode(derived)


async def try_out(base_url: str, own: Secret) -> None:
    """Ask a provider for its models with somebody's key. Raises OwnKeyFails."""
    model = OpenAIModel(base_url, own.reveal())
    try:
        async with asyncio.timeout(PATIENCE):
            await model.models()
    except TimeoutError:
        raise OwnKeyFails(f"nothing within {PATIENCE:.0f} s", DOWN) from None
    except BotError as error:
        raise refused(error) from None  # the provider's words may quote the key
    finally:
        await model.close()


def refused(error: BotError) -> OwnKeyFails:
    """A provider's error, said to the one whose key it was. The log gets none of the provider's words."""
    told = error.__cause__
    status = told.status_code if isinstance(told, openai.APIStatusError) else 0
    code = str(told.code) if isinstance(told, openai.APIStatusError) else ""
    sentence = CODES.get(code) or STATUSES.get(status) or _by_kind(error)
    return OwnKeyFails(f"{type(error).__name__}, status {status or 'none'}", sentence)


def _by_kind(error: BotError) -> str:
    if isinstance(error, ModelMisconfigured):
        return ODD
    return BUSY if isinstance(error, ModelBusy) else DOWN
