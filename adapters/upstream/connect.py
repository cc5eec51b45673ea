"""How a provider is reached: whom we trust, and the way through an account's proxy."""

import functools
from collections.abc import Callable
from functools import partial
from ssl import SSLContext
from urllib.parse import unquote, urlsplit

import httpx2
import openai
from aiohttp_socks import ProxyConnector, ProxyType

from adapters.upstream.proxy import require_login

PROXIES = {
    "http": (ProxyType.HTTP, 80),
    "https": (ProxyType.HTTP, 443),
    "socks5": (ProxyType.SOCKS5, 1080),
    "socks5h": (ProxyType.SOCKS5, 1080),
}
"""The schemes of proxies, and their usual ports. Each proxy finds out the provider's address, with `socks5` too."""


@functools.cache
def trust() -> SSLContext:
    """Whom we trust: SSL_CERT_FILE counts. To read all certificates takes 40 ms, so all clients share it."""
    return httpx2.create_ssl_context()


def tunnels(proxy: str, ssl: SSLContext) -> Callable[[], ProxyConnector]:
    """
    Makes what connects through a proxy, once a loop runs.

    An HTTP proxy is asked to CONNECT whatever the provider speaks, so that no answer of the proxy is taken for the
    provider's. Raises ValueError, which does not quote the address.
    """
    try:
        address, port = urlsplit(proxy), urlsplit(proxy).port
        kind, usual_port = PROXIES[address.scheme]
    except (ValueError, KeyError):
        raise ValueError("the proxy's address must be like socks5://user:password@host:port") from None
    user, password = unquote(address.username or ""), unquote(address.password or "")
    require_login(user, password)
    limits = openai.DEFAULT_CONNECTION_LIMITS
    return partial(
        ProxyConnector,
        address.hostname or "",
        port or usual_port,
        kind,
        user,
        password,
        proxy_ssl=ssl if address.scheme == "https" else None,
        ssl=ssl,
        limit=limits.max_connections or 0,
        keepalive_timeout=limits.keepalive_expiry,
    )
