"""adapters.fetch.urls: what is refused as it is written."""

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.fetch import check_url
from adapters.fetch.addresses import is_public
from adapters.fetch.errors import BadAddress, NotFetched, NotPublic
from adapters.fetch.urls import LONGEST, is_literal

PIECES = st.sampled_from(
    [
        *("https://", "http://", "//", "/", "@", ":", "443", "8443", ".", "..", "#", "?", "[", "]", "[::1]", "*", "\\"),
        *("127.0.0.1", "0x7f", "1", "１２７", "。", "localhost", "ⓛocalhost", "a.example.com", "8.8.8.8"),
        *("%2e", "%00", "\r\n", " ", "\udcff", "xn--"),
    ]
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://files.example.com/a", "https"),
        ("file:///etc/passwd", "https"),
        ("gopher://files.example.com:70/_x", "https"),
        ("data:text/plain,x", "https"),
        ("ftp://files.example.com/", "https"),
        ("javascript:alert(1)", "https"),
        ("files.example.com/a", "https"),
        ("//files.example.com/a", "https"),
        ("", "https"),
        ("https://user@files.example.com/", "password"),
        ("https://user:pass@files.example.com/", "password"),
        ("https://:pass@files.example.com/", "password"),
        ("https://files.example.com@10.0.0.1/", "password"),
        ("https://files.example.com:80/", "port"),
        ("https://files.example.com:8443/", "port"),
        ("https://files.example.com:0/", "port"),
        ("https://files.example.com:22/", "port"),
        ("https://files.example.com/" + "a" * LONGEST, "long"),
        ("https://", "written"),
        ("https:files.example.com", "written"),
        ("https:///files.example.com", "written"),
        ("https://files.example.com:x/", "written"),
        ("https://files.example.com:99999/", "written"),
        ("https://files.example.com\\@10.0.0.1/", "written"),
        ("https://files.example.com/\r\nHost: b", "written"),
        ("https://files\n.example.com/", "written"),
        (" https://files.example.com/", "written"),
        ("https://files%2eexample.com/", "written"),
        ("https://files..example.com/", "written"),
        ("https://files.example.com../", "written"),
        ("https://*.example.com/", "written"),
        ("https://" + "a" * 64 + ".com/", "written"),
        ("https://" + "a." * 126 + "comm/", "written"),
        ("https://[::1/", "written"),
        ("https://[2606:4700::1111%25eth0]/", "written"),
        # Numbers that many programs take for 127.0.0.1.
        ("https://2130706433/", "written"),
        ("https://0x7f000001/", "written"),
        ("https://0x7f.1/", "written"),
        ("https://127.1/", "written"),
        ("https://0177.0.0.1/", "written"),
        ("https://017700000001/", "written"),
        ("https://127.0.0.0x1/", "written"),
        ("https://127.0.0.1.1/", "written"),
        ("https://1.256.0.1/", "written"),
    ],
)
def test_what_is_written_wrong_is_refused_with_the_reason(text: str, why: str) -> None:
    """The asker can mend it, so the sentence says what."""
    with pytest.raises(BadAddress) as refused:
        check_url(text)

    assert why in refused.value.for_user


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1.", "１２７.0.0.1", "127。0。0。1", "10.0.0.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fd00::1]", "[64:ff9b::7f00:1]"),
        *("[2002:7f00:1::]", "[fe80::1]", "localhost", "localhost.", "LOCALHOST", "ⓛocalhost", "a.localhost"),
        *("redis", "metadata", "metadata.google.internal", "metadata.google.internal.", "printer.local"),
        *("nas.home.arpa",),
    ],
)
def test_what_is_inside_by_its_name_alone_is_refused_and_not_told(host: str) -> None:
    """Nothing is looked up, and the sentence is that for a name that nobody has."""
    with pytest.raises(NotPublic) as refused:
        check_url(f"https://{host}/a")

    assert "That address cannot be fetched." == refused.value.for_user


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("https://files.example.com", "https://files.example.com"),
        ("HTTPS://Files.Example.COM/A", "https://files.example.com/A"),
        ("https://files.example.com:443/a?b=c%20d#e", "https://files.example.com/a?b=c%20d#e"),
        ("https://files.example.com./a", "https://files.example.com/a"),
        ("https://files.example.com/@a?@b", "https://files.example.com/@a?@b"),
        ("https://bücher.example.com/ü", "https://xn--bcher-kva.example.com/%C3%BC"),
        ("https://1and1.com/", "https://1and1.com/"),
        ("https://a_b.example.com/", "https://a_b.example.com/"),
        ("https://internal.example.com/", "https://internal.example.com/"),
        ("https://notlocalhost.com/", "https://notlocalhost.com/"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"),
    ],
)
def test_an_address_of_the_web_is_taken(text: str, used: str) -> None:
    assert used == str(check_url(text))


@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)))
@example("https://[]@")
@example("https://[v1.127.0.0.1]/")
def test_whatever_is_written_it_is_refused_or_safe_to_look_up(text: str) -> None:
    """No other error, and nothing that a resolver or an HTTP client could read as something else."""
    try:
        url = check_url(text)
    except NotFetched:
        return

    host = url.raw_host
    assert "https" == url.scheme
    assert 443 == url.port
    assert not url.raw_user
    assert not url.raw_password
    assert host
    assert host.isascii()
    assert not host.endswith(".")
    assert not is_literal(host) or is_public(ip_address(host))
