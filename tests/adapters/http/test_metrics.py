"""What Prometheus is told."""

from datetime import timedelta

from fastapi.testclient import TestClient

from adapters.http.metrics import add_metrics
from adapters.http.server import create
from bot.account import Account, Status
from bot.errors import StorageDown
from bot.health import Condition
from bot.tally import Tally
from tests.clock import START

STATUSES = (
    Status(Account("main"), Condition(), 3, Tally("2026-11-21", 12, 1, 11, 4_400, 900, 300, 21)),
    Status(Account('odd"name\n'), Condition(until=START + timedelta(seconds=9), rests=1), 0, Tally()),
    Status(Account("gone"), Condition(parked="401"), 0, Tally()),
)


def test_each_account_has_its_figures() -> None:
    app = create()

    async def statuses() -> tuple[Status, ...]:
        return STATUSES

    add_metrics(app, statuses, lambda: START)
    told = TestClient(app).get("/metrics").text.splitlines()

    assert 'parley_account_up{account="main"} 1.0' in told
    assert 'parley_account_up{account="odd\\"name\\n"} 0.0' in told
    assert 'parley_account_parked{account="gone"} 1.0' in told
    assert 'parley_account_places{account="main"} 3.0' in told
    assert 'parley_account_questions_today{account="main"} 12.0' in told
    assert 'parley_account_first_word_seconds{account="main"} 0.4' in told


def test_without_the_store_nothing_is_made_up() -> None:
    app = create()

    async def statuses() -> tuple[Status, ...]:
        raise StorageDown("away")

    add_metrics(app, statuses, lambda: START)
    assert 503 == TestClient(app).get("/metrics").status_code
