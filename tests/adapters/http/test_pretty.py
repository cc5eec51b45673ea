"""adapters.http.pretty: what a model says is shown, and nothing of it runs or is fetched."""

import re

import pytest

from adapters.http.pretty import to_html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Hoo**", "<p><strong>Hoo</strong></p>\n"),
        ("a\nb", "<p>a<br />\nb</p>\n"),
        ("| a |\n|---|\n| b |", "<table>"),
        ("```python\nhoo()\n```", '<pre><code class="language-python">hoo()\n</code></pre>\n'),
        (
            "[owls](https://owls.example/?a=1&b=2)",
            '<a href="https://owls.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow">owls</a>',
        ),
        ("<https://owls.example>", 'rel="noopener noreferrer nofollow">https://owls.example</a>'),
        ("[write](mailto:owl@owls.example)", '<a href="mailto:owl@owls.example"'),
    ],
)
def test_markdown_becomes_html(text: str, expected: str) -> None:
    assert expected in to_html(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "Hoo <img src=x onerror=alert(1)>",
        "<a href='https://owls.example' onclick='alert(1)'>x</a>",
        "```html\n<script>alert(1)</script>\n```",
        "`<b>`",
        '```"><script>alert(1)</script>\n```',
        "![spy](https://owls.example/?q=secret)",
        "![spy][1]\n\n[1]: https://owls.example/spy.png",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](vbscript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](file:///etc/passwd)",
        "[x](//owls.example)",
        "[x](/admin/users)",
        "<javascript:alert(1)>",
        '[x](https://owls.example "\\" onclick=\\"alert(1)")',
        "[x]: javascript:alert(1)\n\n[x]",
    ],
)
def test_nothing_in_it_runs(text: str) -> None:
    """Of all the tags there are but those that Markdown makes, and of all attributes but where a link leads."""
    html = to_html(text)

    tags = re.findall(r"<\s*(/?[a-zA-Z]+)([^>]*)>", html)
    assert {name.lstrip("/") for name, _ in tags} <= {"p", "a", "pre", "code", "br"}
    names = {name for _, rest in tags for name in re.findall(r'\s([a-z]+)="[^"]*"', rest)}
    assert names <= {"href", "rel", "class", "title"}
    assert all(re.match(r"(https?://|mailto:)", link) for link in re.findall(r'href="([^"]*)"', html))
