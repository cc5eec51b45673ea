"""What it costs to render an answer: the first time, and for each further edit of it while it grows."""

import time
from collections.abc import Callable
from itertools import count

from adapters.discord import render as discord
from adapters.telegram import render as telegram
from bot.reply import Page, Reply

INTRODUCTION = """## Rendering

Milliseconds of processor time from Markdown to pages, in the loop on which all chats wait: an answer that nobody has
seen yet, and the same with a few more words."""

_CHAPTER = """\
## Chapter {number}

For a team of {number} the choice between **PostgreSQL** and *SQLite* comes down to `who` writes; see
[the manual](https://sqlite.org/{number}.html).

1. **Concurrency**: one writer at a time
   - readers are not blocked

```python
db = connect({number})
```

| Property | SQLite | PostgreSQL |
|:---------|:------:|-----------:|
| Writers  | {number} | many |

> Start small, and move when you can *measure* the reason.

"""
_SIZES = (4_000, 16_000, 100_000)
_TIMES = 3
_number = count()


def report() -> str:
    rows = [
        "| code points | " + " | ".join(f"{name}, first | an edit" for name in ("Telegram", "Discord")) + " |",
        "|---:|---:|---:|---:|---:|",
        *(f"| {size:,} | {_cells(telegram.pages, size)} | {_cells(discord.pages, size)} |" for size in _SIZES),
    ]
    return INTRODUCTION + "\n\n" + "\n".join(rows)


def _cells(pages: Callable[[Reply], tuple[Page, ...]], size: int) -> str:
    """The fastest of some runs: others want the processor too."""
    runs = [_run(pages, _answer(size)) for _ in range(_TIMES)]
    return " | ".join(f"{min(column):.1f}" for column in zip(*runs, strict=True))


def _answer(size: int) -> str:
    """One that was never rendered before."""
    text = ""
    while len(text) < size:
        text += _CHAPTER.format(number=next(_number))
    return text[:size]


def _run(pages: Callable[[Reply], tuple[Page, ...]], answer: str) -> tuple[float, float]:
    return _milliseconds(lambda: pages(Reply(answer))), _milliseconds(lambda: pages(Reply(f"{answer} and so on")))


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1_000


if __name__ == "__main__":
    print(report())
