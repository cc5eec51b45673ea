"""The one place where the parts meet: Config -> everything that the core reaches the world through."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from adapters.config.shape import Config, ModelConfig, UpstreamConfig, sqlite_path
from adapters.discord.client import Discord, speak_with
from adapters.telegram.client import Telegram
from adapters.upstream.openai import OpenAIModel, Timeouts
from adapters.upstream.routes import Routes
from adapters.upstream.tokens import counter, tokenizer_of
from bot.catalogue import Catalogue, ModelSpec
from bot.commands.book import BOOK
from bot.ports import Limits, Model, Platform, Ports
from storage.memory import open_memory
from storage.redis import open_redis
from storage.sqlite import open_sqlite
from storage.store import Store

PROMPT = (
    "You are a helpful assistant in a chat. Answer in the language of the question, in Markdown, and no longer than "
    "it takes. Where several people share the conversation, each message begins with its author's name."
)


async def open_store(config: Config, *, sole: bool = False) -> Store:
    """Open what the configuration names; `sole` is for the one process that serves from a file. Raises StorageDown."""
    url = config.storage.url
    if url.startswith("memory:"):
        return open_memory()
    if url.startswith("sqlite:"):
        return await open_sqlite(sqlite_path(url), utc_now(), sole=sole)
    return await open_redis(url, allow_volatile=config.storage.allow_volatile)


def open_models(config: Config) -> Routes:
    """The provider accounts, each for the models that it serves."""
    return Routes([(upstream.models, open_upstream(upstream)) for upstream in config.upstreams])


def open_upstream(upstream: UpstreamConfig) -> OpenAIModel:
    timeouts = Timeouts(**upstream.timeouts.model_dump())
    return OpenAIModel(upstream.base_url, upstream.api_key.get_secret_value(), timeouts)


def catalogue(models: Mapping[str, ModelConfig]) -> Catalogue:
    return Catalogue({alias: _spec(alias, model) for alias, model in models.items()})


def _spec(alias: str, model: ModelConfig) -> ModelSpec:
    named = {"auto": tokenizer_of(model.model), "estimate": ""}
    tokenizer = named.get(model.tokenizer, model.tokenizer)
    return ModelSpec(alias, model.model, model.context, model.max_output, tokenizer, model.summary)


def open_platforms(config: Config) -> dict[str, Discord | Telegram]:
    platforms: dict[str, Discord | Telegram] = {}
    if config.discord:
        speak_with(config.discord.api_base, config.discord.gateway_url)
        section = config.discord
        platforms["discord"] = Discord(section.token.get_secret_value(), BOOK, section.test_guild, section.processes)
    if config.telegram:
        platforms["telegram"] = Telegram(config.telegram.token.get_secret_value(), BOOK, config.telegram.api_base)
    return platforms


def secrets_of(config: Config) -> list[str]:
    """Every secret that the configuration holds, for the log to hide."""
    found = [upstream.api_key.get_secret_value() for upstream in config.upstreams]
    addresses = [config.storage.url, *(str(upstream.base_url) for upstream in config.upstreams)]
    found += [password for address in addresses if (password := urlsplit(address).password)]
    if config.discord:
        found.append(config.discord.token.get_secret_value())
    if config.telegram:
        found.append(config.telegram.token.get_secret_value())
        if config.telegram.webhook:
            found.append(config.telegram.webhook.secret.get_secret_value())
    return found


def utc_now() -> datetime:
    return datetime.now(UTC)


def make_ports(config: Config, store: Store, models: Model, platforms: Mapping[str, Platform]) -> Ports:
    """Everything that the core reaches the world through."""
    persona = config.personas.get("default")
    return Ports(
        turns=store.turns,
        history=store.history,
        settings=store.settings,
        ledger=store.ledger,
        letters=store.letters,
        model=models,
        platforms=platforms,
        catalogue=catalogue(config.models),
        counter=counter,
        now=utc_now,
        system=persona.prompt if persona else PROMPT,
        scope=config.scope,
        owners=frozenset(config.owners),
        limits=Limits(
            waiting=config.limits.waiting,
            lanes=config.limits.answers,
            drain=timedelta(seconds=config.limits.drain),
            lease=timedelta(seconds=config.limits.lease),
            renew=timedelta(seconds=config.limits.lease / 3),
        ),
    )
