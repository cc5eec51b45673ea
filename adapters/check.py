"""What `parley check` finds: each account reached once, nothing said anywhere, the store made when there is none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from adapters.config.shape import Config, UpstreamConfig
from adapters.wiring import open_store, open_upstream
from adapters.wrong_token import WrongToken
from bot.catalogue import serves
from bot.commands.book import BOOK
from bot.errors import ModelDown, ModelMisconfigured, PlatformDown, StorageDown

PRIVACY = "In groups it hears commands and replies only. To have it hear mentions: @BotFather, /setprivacy, Disable."
"""Telegram's privacy mode, which is on unless its owner says otherwise. Source: core.telegram.org/bots/features."""


NO_SHARE = (
    "Give quotas.community, or each community a share with /quota set there: keys are taken from it, so that those who "
    "run the community can give some out."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, what it said, and what its reader may want to change."""

    what: str
    good: bool
    said: str
    mend: str = ""


async def findings(config: Config) -> AsyncIterator[Finding]:
    """Look at everything that the configuration names, in turn."""
    yield await _storage(config)
    for upstream in config.upstreams:
        yield await _upstream(config, upstream)
    yield _prices(config)
    if (config.quotas.user or config.quotas.key_needed) and not config.quotas.community:
        yield Finding("quotas", True, "none for a community, so only the owner can issue keys", NO_SHARE)
    if config.discord:
        yield await _discord(config)
    if config.telegram:
        yield await _telegram(config)
    if config.discord is None and config.telegram is None and not config.http.api:
        yield Finding("platforms", False, "none is configured", "Give discord.token or telegram.token, or http.api.")


async def _storage(config: Config) -> Finding:
    try:
        store = await open_store(config)
    except StorageDown as trouble:
        return Finding("storage", False, str(trouble), "Check storage.url.")
    await store.close()
    return Finding("storage", True, config.storage.url)


def _prices(config: Config) -> Finding:
    free = [alias for alias, model in config.models.items() if model.price is None]
    if not free:
        return Finding("prices", True, "every model has one")
    said = f"{', '.join(free)}: none, so a question to it costs nothing"
    mend = "Give models.NAME.price, or limits in dollars hold nobody back."
    return Finding("prices", not any("$" in words for words in _quotas(config)), said, mend)


def _quotas(config: Config) -> tuple[str, ...]:
    quotas = config.quotas
    return (*quotas.user, *quotas.channel, *quotas.community, *quotas.everyone)


async def _upstream(config: Config, upstream: UpstreamConfig) -> Finding:
    what = f"upstream {upstream.name}"
    account = open_upstream(upstream)
    try:
        offered = await account.models()
    except ModelMisconfigured as trouble:
        return Finding(what, False, str(trouble), "Check its api_key and base_url.")
    except ModelDown as trouble:
        way, mend = ("", "Check its base_url; is it up?")
        if upstream.proxy:
            way, mend = (" through its proxy", "Check its proxy and its base_url; are both up?")
        return Finding(what, False, f"{upstream.base_url} does not answer{way}: {trouble}", mend)
    finally:
        await account.close()
    wanted = [model.model for model in config.models.values() if serves(upstream.models, model.model)]
    unknown = [model for model in wanted if model not in offered]
    if unknown:
        near = f"It offers {', '.join(sorted(offered)[:10])}."
        return Finding(what, False, f"it does not offer {', '.join(unknown)}", near)
    return Finding(what, True, f"{len(offered)} models")


async def _discord(config: Config) -> Finding:
    from adapters.discord import client as discord

    assert config.discord is not None
    discord.speak_with(config.discord.api_base, config.discord.gateway_url)
    try:
        name = await discord.introduce(config.discord.token.get_secret_value())
    except WrongToken:
        return Finding("discord", False, "it does not know the token", "Copy discord.token anew from the page Bot.")
    except PlatformDown as trouble:
        return Finding("discord", False, f"it cannot be reached: {trouble}", "Is the network up?")
    return Finding("discord", True, name)


async def _telegram(config: Config) -> Finding:
    from adapters.telegram import client as telegram

    assert config.telegram is not None
    platform = telegram.Telegram(config.telegram.token.get_secret_value(), BOOK, config.telegram.api_base)
    try:
        name = await platform.introduce()
    except WrongToken:
        return Finding("telegram", False, "it does not know the token", "Copy telegram.token anew from @BotFather.")
    except PlatformDown as trouble:
        return Finding("telegram", False, f"it cannot be reached: {trouble}", "Is the network up?")
    finally:
        await platform.close()
    return Finding("telegram", True, name, "" if platform.hears_mentions else PRIVACY)
