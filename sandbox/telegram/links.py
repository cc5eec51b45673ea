"""Which addresses Telegram takes for links. After TDLib's LinkManager::check_link and parse_url."""

import re

_PARTS = re.compile(r"(?:(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://)?(?P<host>[^/?#]*)", re.DOTALL)
_PORT = re.compile(r":(?P<port>[^:\]]*)$")
_UNFIT = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}%]")
_SCHEMES = ("http", "https", "tg", "ton", "tonsite")


def complaint(url: str) -> str:
    """Say why `url` is no link, in Telegram's words; "" when it is one."""
    scheme, host = _PARTS.findall(url)[0]
    scheme, host = (scheme or "http").lower(), host.rpartition("@")[2]
    if scheme not in _SCHEMES:
        return "Unsupported URL protocol"
    if scheme not in ("http", "https"):
        return ""
    port = _PORT.search(host)
    if port and not (port["port"].isdecimal() and int(port["port"]) < 65536):
        return "Wrong port number specified in the URL"
    host = host[: port.start()] if port else host
    if not host:
        return "URL host is empty"
    if _UNFIT.search(host):
        return "Disallowed character in URL host"
    return "" if "." in host or host.startswith("[") else "Wrong HTTP URL"
