"""
The page that describes every route, made from the OpenAPI document. It loads nothing and runs no script.

FastAPI's own page runs one from elsewhere, on the address where people's keys are good.
"""

import json
from collections.abc import Iterator, Mapping
from html import escape
from string import Template
from typing import Any

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title over HTTP</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #8886; }
section { margin: 1.5rem 0; }
h3 { font-size: 1rem; margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
b { display: inline-block; min-width: 4.2rem; }
p { margin: .3rem 0 .5rem; }
table { border-collapse: collapse; font-size: .9rem; }
td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
td:first-child { font-family: ui-monospace, monospace; }
pre { font-size: .9rem; background: #8882; padding: .6rem .8rem; overflow-x: auto; }
small { opacity: .75; }
</style>
</head>
<body>
<h1>$title over HTTP</h1>
<p>Send your key with each request: <code>Authorization: Bearer parley_...</code>.
Programs read all of this in <a href="openapi.json">openapi.json</a>.</p>
$groups
</body>
</html>
""")


def page(document: Mapping[str, Any]) -> str:
    """The page for an OpenAPI document."""
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            name = next(iter(operation.get("tags", ())), "other")
            groups.setdefault(name, []).append(_route(document, method, path, operation))
    parts = [f"<h2>{escape(name[:1].upper() + name[1:])}</h2>\n{''.join(routes)}" for name, routes in groups.items()]
    return PAGE.substitute(title=escape(document["info"]["title"]), groups="\n".join(parts))


def _route(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> str:
    says = escape(operation.get("description") or operation.get("summary") or "")
    rows = [*_parameters(operation), *_fields(document, operation)]
    table = f"<table>{''.join(rows)}</table>" if rows else ""
    head = f"<h3><b>{escape(method.upper())}</b> {escape(path)}</h3>"
    return f"<section>{head}<p>{says}</p>{table}{_example(operation)}</section>\n"


def _parameters(operation: Mapping[str, Any]) -> Iterator[str]:
    for each in operation.get("parameters", ()):
        yield _row(each["name"], each["schema"], needed=each.get("required", False))


def _fields(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    """What a body has in it."""
    schema = _schema(document, operation)
    for name, field in schema.get("properties", {}).items():
        yield _row(name, field, needed=name in schema.get("required", ()))


def _row(name: str, field: Mapping[str, Any], *, needed: bool) -> str:
    said = " ".join(filter(None, (_kind(field), "needed" if needed else "", field.get("description", ""))))
    return f"<tr><td>{escape(name)}</td><td>{escape(said)}</td></tr>"


def _kind(field: Mapping[str, Any]) -> str:
    kinds = [each for each in field.get("anyOf", ()) if each.get("type") != "null"]
    found = kinds[0] if kinds else field
    return str(found.get("type", ""))


def _example(operation: Mapping[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {})
    example = next((kind["schema"]["example"] for kind in body.values() if "example" in kind.get("schema", {})), None)
    return f"<pre>{escape(json.dumps(example, ensure_ascii=False))}</pre>" if example else ""


def _schema(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape of a body, whichever of its types one takes."""
    body = operation.get("requestBody", {}).get("content", {})
    kinds: list[Mapping[str, Any]] = [kind.get("schema", {}) for kind in body.values()]
    schema = kinds[0] if kinds else {}
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
