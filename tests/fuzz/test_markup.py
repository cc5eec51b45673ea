"""Documents that nobody would write: every page is one that the platform takes, and nothing is lost."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.markup.rich import visible
from adapters.markup.write import read
from adapters.telegram.render import STYLE, pages
from bot.reply import Reply
from tests.adapters.discord.test_render import faults as discord_faults
from tests.adapters.markup.documents import documents
from tests.adapters.telegram.test_render import faults as telegram_faults
from tests.fuzz.amount import amount

many = settings(
    deadline=None, max_examples=amount(30, 20_000), derandomize=True, suppress_health_check=list(HealthCheck)
)
anything = documents | st.text(max_size=400)


@many
@given(anything)
def test_telegram_takes_every_page(source: str) -> None:
    found = pages(Reply(source))

    assert [] == [fault for page in found for fault in telegram_faults(page)]
    whole = "".join(read(source, STYLE).text.split())
    assert (whole if visible(whole) else "…") == "".join("".join(page.text.split()) for page in found)


@many
@given(anything)
def test_discord_takes_every_page(source: str) -> None:
    assert [] == discord_faults(source)
