"""Kinds of value. Each validator's words finish the sentence that begins with the key."""

import ipaddress
import re
from decimal import Decimal
from typing import Annotated
from urllib.parse import parse_qsl, unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import MultiHostUrl, Url

from adapters.upstream.proxy import require_login
from bot.amounts import parse_limit
from bot.catalogue import Plus
from bot.errors import BadArgument

DAY = 86_400
"""Seconds."""

LONG = 16
"""Characters of a text that encrypts."""

SQLITE = "sqlite:///"

NO_HOST = "is not the name or the number of a host"

REDIS = {"redis": False, "rediss": False, "redis+cluster": True, "rediss+cluster": True}
"""The schemes of Redis, and whether each is for a cluster by some of its nodes."""

OPTIONS = {"client_name", "db", "protocol"}
SSL_OPTIONS = {
    *("ssl_ca_certs", "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname"),
    *("ssl_include_verify_flags", "ssl_exclude_verify_flags", "ssl_keyfile", "ssl_min_version"),
}
"""What may stand behind the `?` of Redis's address. The client fails late, and without a sentence, on any other."""


def _host(name: str) -> str:
    """A name that the resolver can be asked for: it encodes it so, and fails without a sentence."""
    try:
        name.encode("idna")
    except UnicodeError:
        raise ValueError(NO_HOST) from None
    if not re.fullmatch(r"[\w.:%\[\]-]+", name):
        raise ValueError(NO_HOST)
    return name


def _web(url: str, *schemes: str) -> Url:
    beginnings = " or ".join(f"{scheme}://" for scheme in schemes)
    if not re.match(rf"({'|'.join(schemes)})://[^/]", url.strip(), re.IGNORECASE):
        raise ValueError(f"must begin with {beginnings} and a host")
    try:
        parsed = Url(url.strip())
    except ValueError:
        raise ValueError(f"is not an address: it must be like {schemes[-1]}://host:port/path") from None
    _host(parsed.host or "")
    return parsed


def _http(url: str) -> str:
    return str(_web(url, "http", "https")).rstrip("/")


def _proxy(url: str) -> str:
    parsed = _web(url, "http", "https", "socks5", "socks5h")
    name, password = (unquote(part or "") for part in (parsed.username, parsed.password))
    require_login(name, password)
    return str(parsed).rstrip("/")


def _plus(value: object) -> object:
    """`true` in YAML is no text."""
    return str(value).lower() if isinstance(value, bool) else value


def _websocket(url: str) -> str:
    return str(_web(url, "ws", "wss")).rstrip("/")


def _public(url: str) -> str:
    """Telegram calls https only; a simulator on this machine may be called without."""
    parsed = _web(url, "http", "https")
    if parsed.scheme != "https" and not _is_loopback(parsed.host or ""):
        raise ValueError("must begin with https://")
    return str(parsed).rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _store(url: str) -> str:
    url = url.strip()
    scheme = url.partition(":")[0]
    if scheme == "memory":
        return url
    if url.startswith(SQLITE):
        return _sqlite(url)
    if scheme in REDIS and url.startswith(f"{scheme}://"):
        return _redis(url, scheme)
    raise ValueError(f"must begin with {SQLITE}, redis://, rediss://, redis+cluster:// or rediss+cluster://")


def _sqlite(url: str) -> str:
    path = url.removeprefix(SQLITE)
    if not path or path.endswith("/") or "\0" in path:
        raise ValueError("must name a file, as in sqlite:///data/parley.db")
    return url


def _redis(url: str, scheme: str) -> str:
    try:
        parsed = MultiHostUrl(url)
    except ValueError:
        raise ValueError(f"is not an address: it must be like {scheme}://host:6379/0") from None
    hosts = parsed.hosts()
    if not hosts:
        raise ValueError("must name a host")
    for each in hosts:
        _host(each["host"] or "")
    if not REDIS[scheme]:
        _single(parsed)
    elif (parsed.path or "/") not in ("/", "/0"):
        raise ValueError("must end after the hosts: a cluster has no numbered databases")
    _options(parsed.query or "", scheme)
    return url


def _single(parsed: MultiHostUrl) -> None:
    if len(parsed.hosts()) > 1:
        raise ValueError("must name one host; for the nodes of a cluster begin with redis+cluster://")
    if not re.fullmatch(r"(/\d{0,9})?", parsed.path or "", re.ASCII):
        raise ValueError("must end with the number of a database, as in redis://host:6379/0")


def _options(query: str, scheme: str) -> None:
    known = OPTIONS | SSL_OPTIONS if scheme.startswith("rediss") else OPTIONS
    unknown = [name for name, _ in parse_qsl(query, keep_blank_values=True) if name not in known]
    if unknown:
        raise ValueError(f"may have only these options behind the ?: {', '.join(sorted(known))}")


def _owner(who: str) -> str:
    if not re.fullmatch(r"(discord|telegram):\d+", who, re.ASCII):
        raise ValueError('must look like "discord:80351110224678912" or "telegram:5551234"')
    return who


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError('is not a time zone: it must be like "Europe/Berlin"') from None
    return name


def _quota(words: str) -> str:
    try:
        parse_limit(words)
    except BadArgument:
        raise ValueError('is not a limit: it must be like "20k tokens per day" or "$5 per month"') from None
    return words


def _money(given: object) -> object:
    """Dollars as they are written, "$0.15", as millionths; a number is taken for millionths."""
    if not isinstance(given, str):
        return given
    found = re.fullmatch(r"\$\s?(\d{1,6}(\.\d{1,6})?)", given.strip(), re.ASCII)
    if not found:
        raise ValueError('must be like "$0.15", or a whole number of millionths of a dollar')
    return int(Decimal(found[1]) * 1_000_000)


def _path(path: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9_./-]*", path):
        raise ValueError("must begin with / and may have only A-Z a-z 0-9 _ . - and /")
    return path


def _alias(name: str) -> str:
    if not re.fullmatch(r"\S{1,64}", name):
        raise ValueError("must be a name of 1 to 64 characters without spaces")
    return name


def _secret(given: SecretStr) -> SecretStr:
    """What is sent in the header of a request, without what a file or a variable may have around it."""
    secret = given.get_secret_value().strip()
    if not secret:
        raise ValueError("is empty")
    if re.search(r"\s", secret):
        raise ValueError("has a space or a line break inside: copy it again, and nothing else")
    if not re.fullmatch(r"[!-~]+", secret):
        raise ValueError("has a character that no such secret has: copy it again, and nothing else")
    return SecretStr(secret)


def _long(given: SecretStr) -> SecretStr:
    if len(given.get_secret_value()) < LONG:
        raise ValueError(f"must have at least {LONG} characters, which nobody can guess")
    return given


def _discord(given: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", given.get_secret_value()):
        raise ValueError("may have only A-Z a-z 0-9 _ . and -")
    return given


def _telegram(given: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", given.get_secret_value()):
        raise ValueError("must be digits, a colon, and then only A-Z a-z 0-9 _ and -")
    return given


def _webhook(given: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", given.get_secret_value()):
        raise ValueError("may have only A-Z a-z 0-9 _ and -, at most 256 of them")
    return given


Host = Annotated[str, AfterValidator(_host)]
HttpUrl = Annotated[str, AfterValidator(_http)]
ProxyUrl = Annotated[str, AfterValidator(_proxy)]
AnyPlus = Annotated[Plus, BeforeValidator(_plus)]
WebsocketUrl = Annotated[str, AfterValidator(_websocket)]
PublicUrl = Annotated[str, AfterValidator(_public)]
UrlPath = Annotated[str, AfterValidator(_path)]
StoreUrl = Annotated[str, AfterValidator(_store)]
Owner = Annotated[str, AfterValidator(_owner)]
Alias = Annotated[str, AfterValidator(_alias)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]
LongSecret = Annotated[Secret, AfterValidator(_long)]
DiscordToken = Annotated[Secret, AfterValidator(_discord)]
TelegramToken = Annotated[Secret, AfterValidator(_telegram)]
WebhookSecret = Annotated[Secret, AfterValidator(_webhook)]
Zone = Annotated[str, AfterValidator(_zone)]
Quota = Annotated[str, AfterValidator(_quota)]
MicroUsd = Annotated[int, BeforeValidator(_money), Field(ge=0, le=10**12)]
Seconds = Annotated[float, Field(gt=0, le=DAY)]
