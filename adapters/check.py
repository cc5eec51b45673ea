"""What `parley check` finds: each account reached once, nothing changed anywhere."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from adapters.config.shape import Config, UpstreamConfig
from adapters.discord import client as discord
from adapters.telegram import client as telegram
from adapters.wiring import open_store, open_upstream
from bot.catalogue import serves
from bot.commands.book import BOOK
from bot.errors import ModelDown, ModelMisconfigured, PlatformDown, StorageDown

PRIVACY = "In groups it hears commands and replies only. To have it hear mentions: @BotFather, /setprivacy, Disable."
"""Telegram's privacy mode, which is on unless its owner says otherwise. Source: core.telegram.org/bots/features."""


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
    if config.discord:
        yield await _discord(config)
    if config.telegram:
        yield await _telegram(config)
    if config.discord is None and config.telegram is None:
        yield Finding("platforms", False, "none is configured", "Give discord.token or telegram.token.")


async def _storage(config: Config) -> Finding:
    try:
        store = await open_store(config)
    except StorageDown as trouble:
        return Finding("storage", False, str(trouble), "Check storage.url.")
    await store.close()
    return Finding("storage", True, config.storage.url)


async def _upstream(config: Config, upstream: UpstreamConfig) -> Finding:
    what = f"upstream {upstream.name}"
    account = open_upstream(upstream)
    try:
        offered = await account.models()
    except ModelMisconfigured as trouble:
        return Finding(what, False, str(trouble), "Check its api_key and base_url.")
    except ModelDown as trouble:
        return Finding(what, False, f"{upstream.base_url} does not answer: {trouble}", "Check its base_url; is it up?")
    finally:
        await account.close()
    wanted = [model.model for model in config.models.values() if serves(upstream.models, model.model)]
    unknown = [model for model in wanted if model not in offered]
    if unknown:
        near = f"It offers {', '.join(sorted(offered)[:10])}."
        return Finding(what, False, f"it does not offer {', '.join(unknown)}", near)
    return Finding(what, True, f"{len(offered)} models")


async def _discord(config: Config) -> Finding:
    assert config.discord is not None
    discord.speak_with(config.discord.api_base, config.discord.gateway_url)
    try:
        name = await discord.introduce(config.discord.token.get_secret_value())
    except discord.WrongToken:
        return Finding("discord", False, "it does not know the token", "Copy discord.token anew from the page Bot.")
    except PlatformDown as trouble:
        return Finding("discord", False, f"it cannot be reached: {trouble}", "Is the network up?")
    return Finding("discord", True, name)


async def _telegram(config: Config) -> Finding:
    assert config.telegram is not None
    platform = telegram.Telegram(config.telegram.token.get_secret_value(), BOOK, config.telegram.api_base)
    try:
        name = await platform.introduce()
    except telegram.WrongToken:
        return Finding("telegram", False, "it does not know the token", "Copy telegram.token anew from @BotFather.")
    except PlatformDown as trouble:
        return Finding("telegram", False, f"it cannot be reached: {trouble}", "Is the network up?")
    finally:
        await platform.close()
    return Finding("telegram", True, name, "" if platform.hears_mentions else PRIVACY)
