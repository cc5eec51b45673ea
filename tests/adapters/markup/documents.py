"""Answers as models write them, the nasty ones, and endless variations for the property tests."""

from hypothesis import strategies as st

TYPICAL = """\
## Choosing a database

For a small team the choice between **PostgreSQL** and **SQLite** comes down to who writes, and *how often*.
SQLite keeps everything in one file; see [the manual](https://sqlite.org/docs.html) or https://sqlite.org/wal.html.

1. **Concurrency**: one writer at a time, `PRAGMA journal_mode=WAL` helps
   - readers are not blocked
   - writers wait
2. **Operations**: nothing to run

```python
def connect(path: str) -> Connection:
\tdb = sqlite3.connect(path)

\treturn db
```

| Property | SQLite | PostgreSQL |
|:---------|:------:|-----------:|
| Server   | no     | yes        |
| Writers  | one    | many       |

> Start small, and move when you can *measure* the reason.

- [x] decide
- [ ] migrate
"""

NASTY = {
    "nothing": "",
    "white space": " \n\t\n ",
    "nested lists with code": "1. a\n   - b\n     ```py\n     x = 1\n\n     y = 2\n     ```\n   - c\n2. d",
    "an unclosed fence": "text\n```python\nwhile True:\n    pass",
    "a fence within a fence": "````md\n```py\nx\n```\n````",
    "an unclosed everything": "**bold *italic `code [link](https://x.org",
    "a table with bars in code": "| a | b |\n|---|---|\n| `x|y` | z |\n| 1 | 2 | 3 |",
    "a wide table": "| one | two | three |\n|---|---|---|\n" + f"| a | {'long ' * 20} | [l](https://x.org) |\n" * 3,
    "a table without rows": "| a | b |\n|---|---|",
    "bold beside Chinese": "**注意：**这很重要，使用**`code`**来。",
    "right to left": "**שלום** עולם 123 *مرحبا* `code`",
    "bidirectional overrides": "a\u202eb\u2066c\u2069d",
    "families and flags": "👨‍👩‍👧‍👦" * 30 + "🇩🇪🇫🇷" * 30 + "👍🏽" * 30,
    "letters with accents": "e\u0301" * 50 + "क्षि" * 50,
    "links with brackets": "[a](https://x.org/a_(b)) ![p](https://x.org/p.png) [b][1]\n\n[1]: https://x.org 'title'",
    "links to nowhere": "[a](./b.md) [c](javascript:alert(1)) [d](http://localhost:8000/x) [e](mailto:a@b.co)",
    "addresses": "https://x.org/a_b_c*d*~~e~~, <https://x.org/*>, (https://x.org/(y)). http:// https://猫",
    "HTML": "<details><summary>a</summary>b</details> a<b and c>d <script>alert(1)</script> <br> &lt;",
    "LaTeX": "\\[\nE = mc^2 + \\frac{a_1}{b_2}\n\\]\nand \\(a_1*b*c\\), $x_1 * y_1$, costs $5 or $10",
    "mentions": "@everyone @here <@123> <@!1> <@&5> <#6> </cmd:7> <t:1:R> <:e:8> @durov",
    "Discord's own marks": "||spoiler|| __under__ -# small\n-# small\n>>> all\n1986\\. A year\n\\- no item",
    "backticks": "`a` ``b`c`` ```d``` `` ` `` `` `x` `` ~~~\n```x",
    "one long word": "x" * 10_000,
    "one long line": "word " * 3_000,
    "one long link": f"[{'label ' * 900}](https://x.org) [b](https://x.org/{'a' * 3_000})",
    "two hundred bold words": "**bold** *italic* " * 200,
    "headings only": "# a\n" * 300,
    "a heading at a page's end": "word " * 395 + "\n\n## Heading\n\ntext " * 3,
    "deep quotes": "\n".join(">" * depth + " a" for depth in range(60)),
    "deep lists": "\n".join("  " * depth + "- a" for depth in range(60)),
    "control characters": "a\x00b\x07c\x1bd\ud800e\ufefff\u2028g\r\nh",
    "invisible": "\u200b\u2060\u3164",
    "quotes in quotes": "> a\n> > b\n> >\n> > c\n>\n> ```\n> d\n> ```\n> - e",
    "everything": (TYPICAL * 8)[:10_000],
}

_FRAGMENTS = [
    *(
        "**bold**",
        "*italic*",
        "***both***",
        "~~gone~~",
        "`code`",
        "``a`b``",
        "**a `b` c**",
        "*a **b** c*",
        "~~**a** b~~",
    ),
    *(
        "[label](https://x.org/a_b)",
        "[**b** `c`](https://y.org)",
        "**[l](https://z.org) m**",
        "![i](https://p.org/i.png)",
    ),
    *(
        "[m](mailto:a@b.co)",
        "[l](http://localhost:3)",
        "https://e.org/p?a=b_c*d* ",
        "https://a.b/c",
        "http://",
        "<div>",
    ),
    *(
        "words here. ",
        "snake_case",
        "👨‍👩‍👧",
        "日本語",
        "**注意：**",
        "e\u0301",
        "שלום",
        "$x_1$",
        "\\(a*b*c\\)",
        "&amp;",
        "<br>",
    ),
    *(
        "\n",
        "\n\n",
        "\n\n",
        "\n- ",
        "\n  - ",
        "\n1. ",
        "\n> ",
        "\n> > ",
        "\n# ",
        "\n---\n",
        "\n    ",
        "\n- [x] ",
        "\n```\n",
    ),
    *(
        "\n\n```py\n  x = 1\n\n\ty\n```\n\n",
        "\n| a | b |\n|---|--:|\n| 1 | `x` |\n\n",
        "\n| ",
        " |\n",
        "\n|-|-|\n",
        "-# ",
        "||",
    ),
    *("@everyone", "<@1>", "**", "*", "__", "_", "~~", "`", "```", "\\", "[", "](", ")", "<", "#", "1.", "-", " ", "!"),
]

documents = st.lists(st.sampled_from(_FRAGMENTS), max_size=80).map("".join)
"""Fragments of Markdown in any order, which nobody would write and every model does sooner or later."""

anything = st.one_of(documents, st.text(max_size=300), st.sampled_from(sorted(NASTY.values())))
