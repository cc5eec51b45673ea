"""What can be told of an address before anybody is asked where it leads."""

import re
from collections.abc import Callable
from ipaddress import ip_address

from yarl import URL

from adapters.fetch.addresses import Address, is_public
from adapters.fetch.errors import BadAddress, NotPublic

HTTPS_PORT = 443

LONGEST = 4_096
"""Characters of an address."""

LONGEST_NAME = 253
"""Characters of a host's name. Source: RFC 1035, 3.1, less the length of its first label and the root."""

INSIDE = ("localhost", "local", "internal", "home.arpa")
"""Names within own walls. Sources: RFC 6761, 6.3; RFC 6762, 3; ICANN's resolution 2024.07.29.06; RFC 8375, 7."""

_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_MALFORMED = "it is not written as an address of the web is"


def check_url(text: str, allowed: Callable[[Address], bool] = is_public) -> URL:
    """
    The address that a user named, as it will be used.

    The host is then in ASCII, without a dot at its end. Looks nothing up: a name may still lead where it must not.
    Raises BadAddress, NotPublic.
    """
    if len(text) > LONGEST:
        raise BadAddress("it is too long")
    if _UNSEEN.search(text):
        raise BadAddress(_MALFORMED)
    try:
        url = URL(text)
    except (ValueError, IndexError) as error:  # "0://[]@" is an IndexError, yarl 1.25
        raise BadAddress(_MALFORMED) from error
    if url.scheme != "https":
        raise BadAddress("it must begin with https://")
    if "@" in url.raw_authority:
        raise BadAddress("it must not have a name or a password in it")
    if url.explicit_port not in (None, HTTPS_PORT):
        raise BadAddress("it must not have a port of its own")
    return url.with_host(_checked(url.raw_host or "", allowed))


def is_literal(host: str) -> bool:
    """Whether a host is an IP address, or would be one to some programs: `2130706433` and `0x7f.1` are 127.0.0.1."""
    return ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _checked(host: str, allowed: Callable[[Address], bool]) -> str:
    """A host as we use it. Raises BadAddress, NotPublic."""
    name = host.removesuffix(".")
    if is_literal(name):
        if not allowed(_literal(name)):
            raise NotPublic(f"{name} is not public")
        return name
    labels = name.split(".")
    if len(name) > LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddress(_MALFORMED)
    if len(labels) == 1 or any(f".{name}".endswith(f".{ending}") for ending in INSIDE):
        raise NotPublic(f"{name} is a name inside a network")
    return name


def _literal(host: str) -> Address:
    """The address that a host is. Raises BadAddress for one that is not written in full, and for one with a zone."""
    try:
        if "%" in host:
            raise ValueError("a zone")
        return ip_address(host)
    except ValueError as error:
        raise BadAddress(_MALFORMED) from error
