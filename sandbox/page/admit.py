"""
Who may talk to the page's server: a browser on this machine that shows this very page.

It listens on the loopback only, but any site that is open in the same browser could send requests there. The Host
header keeps out a name that somebody made point to 127.0.0.1 (DNS rebinding), the Origin header keeps out the
WebSockets of other pages, which a browser leaves to the server (datatracker.ietf.org/doc/html/rfc6455#section-10.2).
"""

from urllib.parse import urlsplit

from aiohttp import web

from sandbox.traffic import Handler

HERE = frozenset({"127.0.0.1", "localhost"})

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://{host}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script or style inside the page, whatever should ever get into it."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away whoever comes from elsewhere, and tell the browser what the page may do."""
    if urlsplit(f"//{request.host}").hostname not in HERE:
        raise web.HTTPForbidden(text="This page is for a browser on the same machine.")
    if request.headers.get("Upgrade") and request.headers.get("Origin") != f"http://{request.host}":
        raise web.HTTPForbidden(text="Another page may not drive this one.")
    response = await handler(request)
    if not response.prepared:
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = _POLICY.format(host=request.host)
    return response
