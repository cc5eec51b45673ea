"""A request's headers, one by one: each way to one that Starlette has takes four calls, and a program's has five."""

from fastapi import Request


def header(request: Request, name: str) -> str | None:
    """The header of that name; the first, where there are several."""
    wanted = name.lower().encode()
    for key, value in request.scope["headers"]:
        if key == wanted:
            text: str = value.decode("latin-1")
            return text
    return None
