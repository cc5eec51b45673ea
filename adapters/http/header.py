"""A request's headers, one by one: each way to one that Starlette has takes four calls, and a program's has five."""

from fastapi import Request


def header(request: Request, name: bytes) -> str | None:
    """The header of that name, which must be in lower case as ASGI has them; the first, where there are several."""
    for key, value in request.scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None
