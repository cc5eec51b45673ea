"""What can be configured. Each description is what a mistake's report tells the reader, and what the reference says."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from adapters.config.kinds import (
    DAY,
    SQLITE,
    Alias,
    DiscordToken,
    Host,
    HttpUrl,
    Owner,
    PublicUrl,
    Seconds,
    Secret,
    StoreUrl,
    TelegramToken,
    UrlPath,
    WebhookSecret,
    WebsocketUrl,
)
from bot.catalogue import serves
from bot.chat import Scope

MANY = 1_000_000_000

ELSEWHERE = "elsewhere"
"""The kind of error whose context has the `path` from where it arose to the key that is to blame."""


class Section(BaseModel):
    """One part of the file. Keys that are not known here are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StorageConfig(Section):
    """Where everything is kept."""

    url: StoreUrl = Field(
        "sqlite:///data/parley.db",
        description="`sqlite:///path/to/file.db` for one process, `redis://host:6379/0` for several, "
        "`redis+cluster://host:6379,other:6379` for a cluster; `rediss` in place of `redis` is encrypted",
    )
    allow_volatile: bool = Field(False, description="take a Redis that forgets when it restarts")


class DiscordConfig(Section):
    """The Discord bot."""

    token: DiscordToken = Field(description="the bot token from the developer portal, page Bot")
    api_base: HttpUrl | None = Field(None, description="another server that speaks Discord's REST API")
    gateway_url: WebsocketUrl | None = Field(
        None, description="another server that speaks Discord's gateway, ws:// or wss://"
    )
    test_guild: int | None = Field(
        None, description="a server id: commands are made there only, and appear at once", gt=0, lt=2**63
    )
    processes: int = Field(
        1, description="processes that share the shards of a large bot; more of them stand by", ge=1, le=64
    )


class WebhookConfig(Section):
    """How Telegram calls us."""

    url: PublicUrl = Field(description="the public https:// address of this service")
    secret: WebhookSecret = Field(
        description="1-256 characters A-Z a-z 0-9 _ -, which Telegram sends along so that nobody else can call"
    )
    path: UrlPath = Field("/telegram", description="the path below that address")


class TelegramConfig(Section):
    """The Telegram bot."""

    token: TelegramToken = Field(description="the token from @BotFather, like 123456:ABC-DEF")
    api_base: HttpUrl | None = Field(None, description="another Bot API server, such as a local one")
    mode: Literal["polling", "webhook"] = Field("polling", description="`polling`, or `webhook` with a webhook section")
    webhook: WebhookConfig | None = Field(None, description="needed for `mode: webhook`")

    @model_validator(mode="after")
    def _webhook_is_complete(self) -> Self:
        if self.mode == "webhook" and self.webhook is None:
            raise _at(("mode",), "webhook needs a section webhook with url and secret")
        return self


class HttpConfig(Section):
    """Our own HTTP server, which takes Telegram's webhook calls."""

    host: Host = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8080, description="the port to listen on", ge=0, le=65535)


class TimeoutConfig(Section):
    """How long a provider is waited for, in seconds."""

    connect: Seconds = Field(10, description="to connect")
    first_token: Seconds = Field(90, description="for the first word")
    gap: Seconds = Field(45, description="between two words")
    total: Seconds = Field(900, description="for a whole answer")


class UpstreamConfig(Section):
    """One account with a model provider: any server that speaks OpenAI's API."""

    name: str = Field("main", description="a name for it in the log", min_length=1)
    base_url: HttpUrl = Field("https://api.openai.com/v1", description="the address, usually ending in /v1")
    api_key: Secret = Field(SecretStr("none"), description="the provider's key; a local server may need none")
    models: tuple[str, ...] = Field(("*",), description='the models that it serves, "*" for any')
    timeouts: TimeoutConfig = Field(default_factory=TimeoutConfig, description="how long it is waited for")


class ModelConfig(Section):
    """One model on offer."""

    model: str = Field(description="the name that the provider uses", min_length=1)
    context: int = Field(128_000, description="tokens of question, history and answer together", ge=512, le=MANY)
    max_output: int = Field(4_096, description="the most tokens of one answer", ge=16, le=MANY)
    tokenizer: Literal["o200k_base", "cl100k_base", "estimate", "auto"] = Field(
        "auto", description="how tokens are counted; `auto` knows OpenAI's models and estimates for others"
    )
    summary: str = Field("", description="what people read about it in /model", max_length=200)

    @model_validator(mode="after")
    def _answer_leaves_room(self) -> Self:
        if self.max_output > self.context // 2:
            raise _at(("max_output",), "may be at most half of context, so that a question fits")
        return self


class PersonaConfig(Section):
    """Who the model is."""

    prompt: str = Field(description="what the model is told before every conversation", max_length=20_000)


class LimitsConfig(Section):
    """How much at once."""

    waiting: int = Field(5, description="messages that may wait in one conversation", ge=1, le=100)
    answers: int = Field(500, description="answers that one process works on at once", ge=1, le=MANY)
    drain: float = Field(
        20, description="seconds that answers in progress get when the service is stopped", ge=0, le=DAY
    )
    lease: float = Field(
        30,
        description="seconds after which another process takes over what a dead or frozen one worked on",
        ge=3,
        le=DAY,
    )


class Config(Section):
    """The whole file."""

    name: str = Field("parley", description="what the service calls itself in the log", min_length=1)
    storage: StorageConfig = Field(default_factory=StorageConfig, description="where everything is kept")
    owners: tuple[Owner, ...] = Field((), description='who runs the service: "discord:ID", "telegram:ID"')
    discord: DiscordConfig | None = Field(None, description="the Discord bot; leave it out for none")
    telegram: TelegramConfig | None = Field(None, description="the Telegram bot; leave it out for none")
    http: HttpConfig = Field(default_factory=HttpConfig, description="our own HTTP server")
    upstreams: tuple[UpstreamConfig, ...] = Field(
        description="accounts with model providers, at least one", min_length=1
    )
    models: dict[Alias, ModelConfig] = Field(description="what people may ask for, the default first", min_length=1)
    personas: dict[Literal["default"], PersonaConfig] = Field(
        default_factory=dict, description="`default: {prompt: ...}`: what the model is told"
    )
    scope: Scope = Field(
        Scope.ROOM, description="whose conversation a channel is, unless /scope says otherwise: room, personal or reply"
    )
    limits: LimitsConfig = Field(default_factory=LimitsConfig, description="how much at once")

    @model_validator(mode="after")
    def _every_model_is_served(self) -> Self:
        served = [name for upstream in self.upstreams for name in upstream.models]
        alone = [alias for alias, model in self.models.items() if not serves(served, model.model)]
        if alone:
            more = f"; the same with {', '.join(alone[1:])}" if alone[1:] else ""
            raise _at(("models", alone[0], "model"), f"no upstream serves {self.models[alone[0]].model!r}{more}")
        return self


def _at(path: tuple[str, ...], wrong: str) -> PydanticCustomError:
    """What is wrong further in: pydantic would blame the whole section."""
    return PydanticCustomError(ELSEWHERE, "{wrong}", {"wrong": wrong, "path": path})


def sqlite_path(url: str) -> Path:
    """The file that a sqlite:/// address names."""
    return Path(url.removeprefix(SQLITE))
