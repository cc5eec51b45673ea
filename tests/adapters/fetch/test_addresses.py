"""adapters.fetch.addresses: what counts as the public internet."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.fetch.addresses import NAT64, Address, is_public

INSIDE = [
    *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255"),
    *("127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255"),
    *("172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.0.255", "192.0.2.1", "192.88.99.1"),
    *("192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b::a00:1", "64:ff9b:1::1", "64:ff9b:1::808:808", "100::1", "100:0:0:1::1", "2001::1"),
    *("2001:0:7f00:1::f5ff:fffe", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1"),
    *("2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "3fff::1", "3fff:fff:ffff::1", "4000::1", "5f00::1"),
    *("fc00::1", "fd00::1", "fd00:ec2::254", "fd20:ce::254", "fdff::1", "fe80::1", "fe80::1%eth0", "febf::1"),
    *("fec0::1", "ff02::1", "ff0e::1"),
]

OUTSIDE = [
    *("1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
    *("126.255.255.255", "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0"),
    *("172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0"),
    *("192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0"),
    *("203.0.112.255", "203.0.114.0", "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2001:db7:ffff::1"),
    *("2001:db9::1", "2003::1", "2606:4700:4700::1111", "2a00:1450:4001::1", "3ffe:ffff::1", "64:ff9b::808:808"),
]

V4 = st.ip_addresses(v=4)
V6 = st.one_of(
    st.ip_addresses(v=6),
    st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(IPv6Address),  # where all that is public lies
)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_on_the_public_internet_is_known(address: str) -> None:
    """First and last of every network, each cloud's metadata, and every way to write IPv4 inside IPv6."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_neighbours_of_every_closed_network_are_public(address: str) -> None:
    """A guard that refuses too much is soon switched off."""
    assert is_public(ip_address(address))


@given(st.one_of(V4, V6))
def test_nothing_is_public_that_python_calls_private(address: Address) -> None:
    """Two tables, made by different people. Python's knows that NAT64 leads somewhere else only by its prefix."""
    assume(is_public(address))

    assert address.is_global
    assert not any(
        (address.is_private, address.is_loopback, address.is_link_local, address.is_unspecified, address.is_multicast)
    )
    assert not address.is_reserved or address in NAT64


@given(V4, st.integers(0, (1 << 80) - 1))
def test_no_way_of_writing_it_inside_ipv6_opens_a_closed_address(address: IPv4Address, rest: int) -> None:
    """Compatible, mapped, translated, NAT64, 6to4, Teredo with the address as server and as client."""
    assume(not is_public(address))
    inner = int(address)

    forms = (
        inner,
        0xFFFF << 32 | inner,
        0xFFFF << 48 | inner,
        0x64FF9B << 96 | inner,
        0x2002 << 112 | inner << 80 | rest,
        0x20010000 << 96 | inner << 64 | rest & (1 << 64) - 1,
        0x20010000 << 96 | rest << 32 & (1 << 96) - 1 | inner ^ 0xFFFFFFFF,
    )

    assert [] == [form for form in map(IPv6Address, forms) if is_public(form)]
