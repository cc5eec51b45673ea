"""
Which IP addresses are on the public internet.

The tables are ours, because those of Python's `ipaddress` differ between its versions, and because it calls 6to4 and
NAT64 global wherever they lead (github.com/python/cpython/issues/113171).

Sources: iana.org/assignments/iana-ipv4-special-registry, iana.org/assignments/iana-ipv6-special-registry.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own; Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's agents and metadata, on an address that looks public
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocols; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

OPEN_V6 = IPv6Network("2000::/3")
"""All that is given out as global unicast so far: not ::1, fc00::/7, fe80::/10, ff00::/8, nor IPv4 in any ::/96."""

CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols; Teredo, which has an IPv4 address in it
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which has an IPv4 address in it
        "3fff::/20",  # documentation
    )
)

NAT64 = IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 has all of it, in the last 32 bits (RFC 6052, 2.1): every IPv4 host looks like this."""


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach that address."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in CLOSED_V4)
    if address in NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    return address in OPEN_V6 and not any(address in network for network in CLOSED_V6)
