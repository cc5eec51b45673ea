"""What can be configured. Each description is what a mistake's report tells the reader, and what the reference says."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from adapters.config.kinds import (
    DAY,
    SQLITE,
    Alias,
    AnyPlus,
    DiscordToken,
    Host,
    HttpUrl,
    LongSecret,
    MicroUsd,
    Owner,
    ProxyUrl,
    PublicUrl,
    Quota,
    Seconds,
    Secret,
    StoreUrl,
    TelegramToken,
    UrlPath,
    WebhookSecret,
    WebsocketUrl,
    Zone,
)
from adapters.http.paths import PATHS
from bot.catalogue import Ability, Plus, serves
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
    history_days: int = Field(
        90, description="days that a conversation is kept after its last message; 0 for ever", ge=0, le=36_500
    )
    letters_days: int = Field(30, description="days that what was given up is kept for `parley dead`", ge=1, le=36_500)


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
    """Our own HTTP server, which listens when something needs it: programs, Telegram's webhook, agents, metrics."""

    host: Host = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8080, description="the port to listen on", ge=0, le=65535)
    api: bool = Field(
        False,
        description="let programs ask with the keys that /key issues: OpenAI's API at /v1, older formats beside it, "
        "documentation at /docs",
    )
    origins: tuple[str, ...] = Field(
        (), description='web pages whose scripts may call us, as "https://club.example"; by default none may'
    )
    proxies: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description="addresses or networks of proxies before us, as `10.0.0.0/8`: who calls is whom their "
        "`X-Forwarded-For` names; proxies on the same machine are believed without",
    )
    metrics: bool = Field(
        False, description="tell Prometheus at /metrics how the accounts do; whoever can reach the port can read it"
    )
    paths: dict[str, str] = Field(
        default_factory=dict,
        description="other paths for ours, as `/api/ask: /gpt/ask`; what stands in { } must stand in both",
    )
    model_names: dict[str, str] = Field(
        default_factory=dict,
        description="what /api takes for one of our models, beside their names, as `GPT4: gpt`",
    )

    @model_validator(mode="after")
    def _paths_are_free(self) -> Self:
        for path, other in self.paths.items():
            if path not in PATHS:
                raise _at(("paths", path), f"is no path of ours; these are: {', '.join(PATHS)}")
            if wrong := _wrong_path(path, other):
                raise _at(("paths", path), wrong)
        now = [self.paths.get(path, path) for path in PATHS]
        for path, other in self.paths.items():
            if now.count(other) > 1:
                raise _at(("paths", path), f"{other} is the path of something else too")
        return self


class AllowanceConfig(Section):
    """What somebody may have at set times."""

    own: int = Field(description="schedules of one person", ge=0, le=10_000)
    here: int = Field(description="schedules in one channel, whoever made them", ge=0, le=10_000)
    shortest: int = Field(description="seconds between two times of one", ge=10, le=400 * DAY)


class ScheduleConfig(Section):
    """Reminders, and questions at set times: /remind, /schedule."""

    grace: int = Field(
        3_600,
        description="seconds: what was missed while nothing ran is still answered when it is no later",
        ge=0,
        le=7 * DAY,
    )
    guest: AllowanceConfig = Field(AllowanceConfig(own=3, here=10, shortest=86_400), description="for guests")
    user: AllowanceConfig = Field(AllowanceConfig(own=10, here=20, shortest=3_600), description="for members")
    admin: AllowanceConfig = Field(
        AllowanceConfig(own=50, here=100, shortest=300), description="for those who run a community"
    )
    owner: AllowanceConfig = Field(AllowanceConfig(own=1_000, here=1_000, shortest=60), description="for owners")


class TitlesConfig(Section):
    """How conversations that were begun over HTTP get their titles."""

    model: str = Field(
        "",
        description="which of the models makes them, a cheap one; that counts for nobody's quota, and is written down "
        "as `system:titles`. Without it a title is the question's first words",
    )


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
    tier: Literal["free", "plus"] = Field("free", description="`plus`: only for those whose key is of tier plus")
    weight: int = Field(1, description="its part of the questions, among accounts of its priority", ge=1, le=1000)
    priority: int = Field(0, description="accounts of a lower one are asked when no higher one can be", ge=0, le=1000)
    max_concurrency: int = Field(
        0, description="answers at once, of all processes together; 0 for any number", ge=0, le=MANY
    )
    per_minute: int = Field(0, description="questions in a minute, of all processes; 0 for any number", ge=0, le=MANY)
    proxy: ProxyUrl | None = Field(
        None, description="http://host:port or socks5://user:password@host:port, for this account's traffic alone"
    )
    timeouts: TimeoutConfig = Field(default_factory=TimeoutConfig, description="how long it is waited for")


class PoolConfig(Section):
    """How accounts are chosen."""

    strict_affinity: bool = Field(
        False, description="a conversation whose account cannot be asked gets an error, in place of another account"
    )
    agents: bool = Field(
        False, description="models at home may join over our HTTP server, with `parley agent` and a key for agents"
    )


class PriceConfig(Section):
    """What the provider takes for a model: "$0.15", or millionths of a dollar."""

    input: MicroUsd = Field(0, description="for a million tokens that are read")
    cached: MicroUsd | None = Field(
        None, description="for a million tokens that it had read before; as `input` where left out"
    )
    output: MicroUsd = Field(0, description="for a million tokens that are written")
    image: MicroUsd = Field(0, description="for a picture")
    audio_second: MicroUsd = Field(0, description="for a second of sound")


class ModelConfig(Section):
    """One model on offer."""

    model: str = Field(description="the name that the provider uses", min_length=1)
    context: int = Field(128_000, description="tokens of question, history and answer together", ge=512, le=MANY)
    max_output: int = Field(4_096, description="the most tokens of one answer", ge=16, le=MANY)
    tokenizer: Literal["o200k_base", "cl100k_base", "estimate", "auto"] = Field(
        "auto", description="how tokens are counted; `auto` knows OpenAI's models and estimates for others"
    )
    summary: str = Field("", description="what people read about it in /model", max_length=200)
    abilities: tuple[Ability, ...] = Field(
        (Ability.CHAT,),
        description="what it does: chat, embeddings, images, speech, transcription; programs can ask it for just that",
        min_length=1,
    )
    plus: AnyPlus = Field(Plus.ANY, description="which accounts answer for it: those of tier plus, the others, or both")
    price: PriceConfig | None = Field(
        None, description="what it costs, for quotas in dollars and for /usage; without it, it counts as free"
    )

    @model_validator(mode="after")
    def _answer_leaves_room(self) -> Self:
        if self.max_output > self.context // 2:
            raise _at(("max_output",), "may be at most half of context, so that a question fits")
        return self


class PersonaConfig(Section):
    """Who the model is."""

    prompt: str = Field(description="what the model is told before every conversation", max_length=20_000)


class QuotasConfig(Section):
    """
    The usual limits: "20k tokens per day", "$5 per month", "100 questions per hour". /quota sets others in chat.
    """

    user: tuple[Quota, ...] = Field((), description="for each user")
    channel: tuple[Quota, ...] = Field((), description="for each channel or group, all its people together")
    community: tuple[Quota, ...] = Field((), description="for each server or group, all its people together")
    everyone: tuple[Quota, ...] = Field((), description="for the whole service")
    key_needed: bool = Field(
        False, description="only those with a key may ask, and newcomers as far as `welcome` lets them"
    )
    welcome: tuple[Quota, ...] = Field(
        (), description="where a key is needed: for each newcomer; better with a limit for the community above it"
    )
    welcome_in_private: bool = Field(False, description="newcomers may ask in private chats too")
    account_age_days: int = Field(
        0, description="how old a newcomer's account must be, where the platform tells (Discord)", ge=0, le=3650
    )
    timezone: Zone = Field("UTC", description="where days and months begin at midnight, as Europe/Berlin")


class KeysConfig(Section):
    """Keys that members redeem and programs send."""

    pepper: Secret | None = Field(
        None,
        description="a long random text that the digests of keys are made with; made and kept beside them where left "
        "out. No key works any more when it changes",
    )


class OwnKeysConfig(Section):
    """
    Keys that members have with a provider themselves, and give with /mykey. What they ask is asked on their accounts.
    """

    enabled: bool = Field(True, description="whether they are used, once there are secrets")
    secrets: tuple[LongSecret, ...] = Field(
        (),
        description="long random texts of 16 characters or more that these keys are encrypted with; the first one "
        "encrypts and all of them decrypt, so put a new one first. Without any, nobody can use a key of their own",
    )
    base_url: HttpUrl = Field(
        "https://api.openai.com/v1", description="the provider that they are for: its address, usually ending in /v1"
    )


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
    pool: PoolConfig = Field(default_factory=PoolConfig, description="how accounts are chosen")
    models: dict[Alias, ModelConfig] = Field(description="what people may ask for, the default first", min_length=1)
    personas: dict[Literal["default"], PersonaConfig] = Field(
        default_factory=dict, description="`default: {prompt: ...}`: what the model is told"
    )
    scope: Scope = Field(
        Scope.ROOM, description="whose conversation a channel is, unless /scope says otherwise: room, personal or reply"
    )
    quotas: QuotasConfig = Field(default_factory=QuotasConfig, description="how much in a day, a month, in all")
    keys: KeysConfig = Field(default_factory=KeysConfig, description="keys that members redeem and programs send")
    own_keys: OwnKeysConfig = Field(
        default_factory=OwnKeysConfig, description="members' own keys with a provider, given with /mykey"
    )
    limits: LimitsConfig = Field(default_factory=LimitsConfig, description="how much at once")
    titles: TitlesConfig = Field(default_factory=TitlesConfig, description="how conversations get their titles")
    schedule: ScheduleConfig = Field(default_factory=ScheduleConfig, description="what is done at set times")

    @model_validator(mode="after")
    def _accounts_have_names(self) -> Self:
        names = [upstream.name for upstream in self.upstreams]
        twice = next((place for place, name in enumerate(names) if name in names[:place]), None)
        if twice is not None:
            raise _at(("upstreams", str(twice), "name"), f"another account is called {names[twice]!r} too")
        return self

    @model_validator(mode="after")
    def _one_chats(self) -> Self:
        if not any(Ability.CHAT in model.abilities for model in self.models.values()):
            raise _at(("models",), "has no model with the ability chat, so nobody could ask anything")
        return self

    @model_validator(mode="after")
    def _names_are_of_models_that_chat(self) -> Self:
        chats = [alias for alias, model in self.models.items() if Ability.CHAT in model.abilities]
        named: dict[tuple[str, ...], str] = {
            ("http", "model_names", name): alias for name, alias in self.http.model_names.items()
        }
        if self.titles.model:
            named["titles", "model"] = self.titles.model
        for path, alias in named.items():
            if alias not in chats:
                raise _at(path, f"{alias!r} is none of the models that chat: {', '.join(chats)}")
        return self

    @model_validator(mode="after")
    def _plus_is_there(self) -> Self:
        for alias, model in self.models.items():
            serving = [each for each in self.upstreams if serves(each.models, model.model)]
            tiers = {Plus.YES if each.tier == "plus" else Plus.NO for each in serving}
            if serving and model.plus not in (Plus.ANY, *tiers):
                tier = "plus" if model.plus is Plus.YES else "free"
                raise _at(("models", alias, "plus"), f"no account of tier {tier} serves {model.model!r}")
        return self

    @model_validator(mode="after")
    def _every_model_is_served(self) -> Self:
        served = [name for upstream in self.upstreams for name in upstream.models]
        alone = [alias for alias, model in self.models.items() if not serves(served, model.model)]
        if alone and not self.pool.agents:
            more = f"; the same with {', '.join(alone[1:])}" if alone[1:] else ""
            raise _at(("models", alone[0], "model"), f"no upstream serves {self.models[alone[0]].model!r}{more}")
        return self


def _at(path: tuple[str, ...], wrong: str) -> PydanticCustomError:
    """What is wrong further in: pydantic would blame the whole section."""
    return PydanticCustomError(ELSEWHERE, "{wrong}", {"wrong": wrong, "path": path})


TAKEN = ("/v1", "/openai", "/health", "/ready", "/docs", "/redoc", "/openapi.json")
"""Where nothing of ours can be put, nor below: other things are there."""


def _wrong_path(path: str, other: str) -> str:
    """What is wrong with putting that path elsewhere; "" for nothing."""
    if not re.fullmatch(r"(/[A-Za-z0-9_.{}-]+)+", other):
        return "must begin with / and may have only A-Z a-z 0-9 _ . - and / in it"
    if re.findall(r"{.*?}", path) != re.findall(r"[{].*?[}]|[{}]", other):
        return f"must have the same in {{ }} as {path}"
    if any(other == taken or other.startswith(f"{taken}/") for taken in TAKEN):
        return f"{other} is the path of something else"
    return ""


def sqlite_path(url: str) -> Path:
    """The file that a sqlite:/// address names."""
    return Path(url.removeprefix(SQLITE))
