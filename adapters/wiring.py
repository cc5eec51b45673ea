"""The one place where the parts meet: Config -> everything that the core reaches the world through."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from adapters.charts import Drawings
from adapters.config.shape import (
    AllowanceConfig,
    Config,
    ModelConfig,
    OwnKeysConfig,
    PriceConfig,
    QuotasConfig,
    ScheduleConfig,
    StorageConfig,
    UpstreamConfig,
    sqlite_path,
)
from adapters.own import OwnKeys
from adapters.planner import Almanac
from adapters.upstream.heard import Timeouts
from adapters.upstream.openai import OpenAIModel
from adapters.upstream.tokens import counter, tokenizer_of
from bot.access import Rank
from bot.account import Account, mark_of
from bot.amounts import parse_limit
from bot.catalogue import Catalogue, ModelSpec, Price
from bot.commands.book import BOOK
from bot.conditions import Tell
from bot.errors import StorageDown
from bot.keys import Secret
from bot.pool import Pool
from bot.ports import Cipher, Limits, Platform, Ports, Records
from bot.quota import Limit, Policy
from bot.records import change
from bot.schedule import Allowance, Allowances
from storage.memory import open_memory
from storage.redis import open_redis
from storage.sqlite import open_sqlite
from storage.store import Keep, Store

if TYPE_CHECKING:
    from adapters.discord.client import Discord
    from adapters.telegram.client import Telegram

PEPPER = "pepper"
"""Folder and name of the record of it."""

FRESH = timedelta(seconds=0.25)
"""How long what another process found out of an account may stay unknown here."""

PROMPT = (
    "You are a helpful assistant in a chat. Answer in the language of the question, in Markdown, and no longer than "
    "it takes. Where several people share the conversation, each message begins with its author's name."
)


async def open_store(config: Config, *, sole: bool = False) -> Store:
    """Open what the configuration names; `sole` is for the one process that serves from a file. Raises StorageDown."""
    store = await _open(config, sole=sole)
    try:
        return replace(store, pepper=await _pepper(config, store.records))
    except StorageDown:
        await store.close()
        raise


async def _open(config: Config, *, sole: bool) -> Store:
    url, zone, keep = config.storage.url, ZoneInfo(config.quotas.timezone), keep_for(config.storage)
    if url.startswith("memory:"):
        return open_memory(zone, keep=keep)
    if url.startswith("sqlite:"):
        return await open_sqlite(sqlite_path(url), utc_now(), sole=sole, zone=zone, keep=keep)
    return await open_redis(url, allow_volatile=config.storage.allow_volatile, zone=zone, keep=keep)


def keep_for(storage: StorageConfig) -> Keep:
    """How long what is kept."""
    history = timedelta(days=storage.history_days) if storage.history_days else None
    return Keep(history, timedelta(days=storage.letters_days))


async def _pepper(config: Config, records: Records) -> bytes:
    """What the configuration says, or what the first process to ask has made."""
    if config.keys.pepper is not None:
        return config.keys.pepper.get_secret_value().encode()
    made = await records.get(PEPPER, PEPPER)
    if made is None:
        made = await change(records, PEPPER, PEPPER, lambda kept: kept or secrets.token_hex(32))
    return made.encode()


def open_pool(config: Config, store: Store, tell: Tell = lambda _: None) -> Pool:
    """A pool that no account has joined yet."""
    strict = config.pool.strict_affinity
    return Pool(store.records, store.settings, store.slots, utc_now, tell, strict_affinity=strict, fresh=FRESH)


def join_accounts(config: Config, pool: Pool) -> list[OpenAIModel]:
    """Let the accounts of the configuration join. Returns them, to be closed."""
    models = [open_upstream(upstream) for upstream in config.upstreams]
    for upstream, model in zip(config.upstreams, models, strict=True):
        pool.join(account_of(upstream), model, model, model.probe)
    return models


def account_of(upstream: UpstreamConfig) -> Account:
    return Account(
        upstream.name,
        upstream.models,
        plus=upstream.tier == "plus",
        weight=upstream.weight,
        priority=upstream.priority,
        concurrency=upstream.max_concurrency,
        per_minute=upstream.per_minute,
        mark=mark_of(upstream.base_url, upstream.api_key.get_secret_value(), upstream.proxy or ""),
    )


def open_upstream(upstream: UpstreamConfig) -> OpenAIModel:
    timeouts = Timeouts(**upstream.timeouts.model_dump())
    return OpenAIModel(upstream.base_url, upstream.api_key.get_secret_value(), timeouts, upstream.proxy or "")


def catalogue(models: Mapping[str, ModelConfig]) -> Catalogue:
    return Catalogue({alias: _spec(alias, model) for alias, model in models.items()})


def _spec(alias: str, model: ModelConfig) -> ModelSpec:
    named = {"auto": tokenizer_of(model.model), "estimate": ""}
    tokenizer = named.get(model.tokenizer, model.tokenizer)
    return ModelSpec(
        alias,
        model.model,
        model.context,
        model.max_output,
        tokenizer,
        model.summary,
        _price(model.price),
        model.plus,
        frozenset(model.abilities),
    )


def _price(price: PriceConfig | None) -> Price:
    if price is None:
        return Price()
    cached = price.input if price.cached is None else price.cached
    return Price(price.input, cached, price.output, price.image, price.audio_second)


def policy(quotas: QuotasConfig) -> Policy:
    """The usual limits."""

    def limits(written: Sequence[str]) -> tuple[Limit, ...]:
        return tuple(parse_limit(words) for words in written)

    return Policy(
        user=limits(quotas.user),
        channel=limits(quotas.channel),
        community=limits(quotas.community),
        everyone=limits(quotas.everyone),
        key_needed=quotas.key_needed,
        welcome=limits(quotas.welcome),
        welcome_in_private=quotas.welcome_in_private,
        account_age=timedelta(days=quotas.account_age_days),
    )


def open_discord(config: Config) -> "Discord | None":
    if config.discord is None:
        return None
    # Imported only where it is needed: discord.py weighs 10 MB.
    from adapters.discord import client

    section = config.discord
    client.speak_with(section.api_base, section.gateway_url)
    return client.Discord(section.token.get_secret_value(), BOOK, section.test_guild, section.processes)


def open_telegram(config: Config) -> "Telegram | None":
    if config.telegram is None:
        return None
    # Imported only where it is needed: python-telegram-bot weighs 18 MB.
    from adapters.telegram import client

    return client.Telegram(config.telegram.token.get_secret_value(), BOOK, config.telegram.api_base)


def by_name(discord: "Discord | None", telegram: "Telegram | None") -> dict[str, Platform]:
    """The platforms that there are."""
    opened: dict[str, Platform | None] = {"discord": discord, "telegram": telegram}
    return {name: platform for name, platform in opened.items() if platform is not None}


def allowances(schedule: ScheduleConfig) -> Allowances:
    """What people may have at set times."""

    def allowance(section: AllowanceConfig) -> Allowance:
        return Allowance(section.own, section.here, section.shortest)

    by_rank = {
        Rank.GUEST: allowance(schedule.guest),
        Rank.USER: allowance(schedule.user),
        Rank.ADMIN: allowance(schedule.admin),
        Rank.OWNER: allowance(schedule.owner),
    }
    return Allowances(by_rank, timedelta(seconds=schedule.grace))


def secrets_of(config: Config) -> list[str]:
    """Every secret that the configuration holds, for the log to hide."""
    found = [upstream.api_key.get_secret_value() for upstream in config.upstreams]
    addresses = [
        config.storage.url,
        *(each for upstream in config.upstreams for each in (upstream.base_url, upstream.proxy or "")),
    ]
    found += [password for address in addresses if (password := urlsplit(address).password)]
    found += [secret.get_secret_value() for secret in config.own_keys.secrets]
    if config.keys.pepper:
        found.append(config.keys.pepper.get_secret_value())
    if config.discord:
        found.append(config.discord.token.get_secret_value())
    if config.telegram:
        found.append(config.telegram.token.get_secret_value())
        if config.telegram.webhook:
            found.append(config.telegram.webhook.secret.get_secret_value())
    return found


def open_vault(own_keys: OwnKeysConfig) -> Cipher | None:
    """What seals members' own keys; None where these are switched off."""
    if not own_keys.enabled or not own_keys.secrets:
        return None
    # Imported only where it is needed: cryptography weighs 8 MB.
    from adapters.vault import Vault

    return Vault([secret.get_secret_value() for secret in own_keys.secrets])


async def try_own(base_url: str, own: Secret) -> None:
    """Ask whether a member's own key works. Raises OwnKeyFails."""
    from adapters.vault import try_out

    await try_out(base_url, own)


def utc_now() -> datetime:
    return datetime.now(UTC)


def make_ports(config: Config, store: Store, pool: Pool, platforms: Mapping[str, Platform]) -> Ports:
    """Everything that the core reaches the world through. Raises ValueError for a store without a pepper."""
    if not store.pepper:
        raise ValueError("this store has no pepper, so no key could be told from a forged one: use open_store")
    persona = config.personas.get("default")
    models = OwnKeys(config.own_keys.base_url, pool, pool)
    return Ports(
        turns=store.turns,
        history=store.history,
        settings=store.settings,
        ledger=store.ledger,
        records=store.records,
        results=store.results,
        letters=store.letters,
        schedules=store.schedules,
        planner=Almanac(),
        allowances=allowances(config.schedule),
        model=models,
        api=models,
        accounts=pool,
        platforms=platforms,
        catalogue=catalogue(config.models),
        counter=counter,
        now=utc_now,
        system=persona.prompt if persona else PROMPT,
        scope=config.scope,
        owners=frozenset(config.owners),
        policy=policy(config.quotas),
        zone=ZoneInfo(config.quotas.timezone),
        pepper=store.pepper,
        draw=Drawings(),
        cipher=open_vault(config.own_keys),
        try_own=partial(try_own, config.own_keys.base_url),
        limits=Limits(
            waiting=config.limits.waiting,
            lanes=config.limits.answers,
            drain=timedelta(seconds=config.limits.drain),
            lease=timedelta(seconds=config.limits.lease),
            renew=timedelta(seconds=config.limits.lease / 3),
        ),
    )
