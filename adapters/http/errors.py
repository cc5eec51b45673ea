"""What the HTTP server can fail at, without the weight of the server itself."""


class CannotListen(Exception):
    """The address or port cannot be had."""
