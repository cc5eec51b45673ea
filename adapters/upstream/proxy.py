"""What a proxy can be given as a login."""

LONGEST_LOGIN = 255
"""Characters of a name, and of a password, that a proxy takes. Sources: RFC 1929, 2; RFC 7617, 2 has the colon."""


def require_login(name: str, password: str) -> None:
    """Raise ValueError, whose words go on after a setting's name, for one that no proxy takes. It does not quote it."""
    if ":" in name or not all(part.isascii() and len(part) <= LONGEST_LOGIN for part in (name, password)):
        raise ValueError(
            f"must give the proxy a login of ASCII letters, {LONGEST_LOGIN} at most in each part, no colon in the name"
        )
