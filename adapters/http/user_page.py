"""The page on which a person makes users. It loads nothing, runs no script, and no key is ever in its address."""

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any

from fastapi.responses import HTMLResponse

from bot.users import Added, Role

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Add a user - Parley</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
label.beside { font-weight: 400; }
small { font-weight: 400; opacity: .75; }
input, select { font: inherit; font-weight: 400; width: 100%; box-sizing: border-box; padding: .4rem .5rem; }
input[type=checkbox] { width: auto; }
button { font: inherit; margin-top: 1.5rem; padding: .5rem 1.2rem; }
.said { border-left: 4px solid; padding: .1rem 1rem; margin: 1.5rem 0; }
.made { border-color: #2a8a4a; }
.refused { border-color: #c0392b; }
code { display: block; font-size: .9rem; overflow-wrap: anywhere; user-select: all; }
</style>
</head>
<body>
<h1>Add a user</h1>
$said
<form method="post" autocomplete="off">
<label>Your admin or client key
<input name="key" type="password" required autocomplete="off" spellcheck="false"></label>
<label>Name <small>for your list</small>
<input name="name" maxlength="60" value="$name"></label>
<label>Userid <small>what you call them, if you like</small>
<input name="userid" maxlength="100" value="$userid"></label>
<label>Limits <small>with commas, like 20k tokens per day</small>
<input name="limits" value="$limits"></label>
<label>Ends after <small>like 30d; 90 days if you leave it out</small>
<input name="expires" value="$expires"></label>
<label>Role
<select name="role"><option value="user">user: may ask</option>
<option value="client"$client>client: makes users of its own</option></select></label>
<label class="beside"><input name="plus" type="checkbox" value="true"$plus> plus: may use plus accounts</label>
<button>Add</button>
</form>
</body>
</html>
""")


def empty() -> HTMLResponse:
    """The page as one finds it."""
    return _page("", 200, {})


def made(added: Added) -> HTMLResponse:
    """The page with a new user's key, which it shows once."""
    user = added.user
    name = f" {escape(user.name)}" if user.name else ""
    said = (
        f"<p>The {user.role}{name} is there, with user_id <b>{escape(user.id)}</b>. This is their key. It is shown "
        f"once:</p><p><code>{escape(added.key.reveal())}</code></p>"
    )
    return _page(f'<div class="said made" role="status">{said}</div>', 200, {})


def refused(sentence: str, status: int, fields: Mapping[str, Any]) -> HTMLResponse:
    """The page with what is wrong, and with what was typed, but for the key."""
    said = f'<div class="said refused" role="alert"><p>{escape(sentence)}</p></div>'
    return _page(said, status, fields)


def _page(said: str, status: int, fields: Mapping[str, Any]) -> HTMLResponse:
    typed = {name: escape(str(fields.get(name, ""))) for name in ("name", "userid", "limits", "expires")}
    client = " selected" if fields.get("role") == Role.CLIENT else ""
    plus = " checked" if fields.get("plus") else ""
    return HTMLResponse(
        PAGE.substitute(typed, said=said, client=client, plus=plus), status_code=status, headers=HEADERS
    )
