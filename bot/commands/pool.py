"""/pool: how the provider accounts do, for whoever runs the service."""

from collections.abc import Sequence
from datetime import datetime

from bot.access import Rank
from bot.account import Status
from bot.amounts import amount_words, wait_words
from bot.chat import Call
from bot.commands.diary import noted
from bot.commands.spec import Command, Param
from bot.errors import BadArgument
from bot.ports import Outcome, Ports, Setting
from bot.quota import Unit
from bot.reply import Reply, plain


async def _show(setting: Setting) -> Outcome:
    ports = setting.ports
    return Reply("\n".join(_line(status, ports.now()) for status in await _statuses(ports)) or "There is no account.")


async def _resume(setting: Setting) -> Outcome:
    ports, name = setting.ports, setting.call.arguments.get("name", "")
    if ports.accounts is None or not await ports.accounts.resume(name):
        raise BadArgument(f"There is no account “{plain(name)}”. `/pool show` lists them.")
    await noted(setting, "pool resume", name)
    return Reply(f"The account **{plain(name)}** is asked again from now on.")


async def _statuses(ports: Ports) -> Sequence[Status]:
    return await ports.accounts.statuses() if ports.accounts else ()


def _line(status: Status, now: datetime) -> str:
    account, tier = status.account, " (plus)" if status.account.plus else ""
    places = f"{status.places} of {account.concurrency} places" if account.concurrency else "any number of places"
    return f"- **{plain(account.name)}**{tier}: {health_words(status, now)}; {places}; today {today_words(status)}"


def health_words(status: Status, now: datetime) -> str:
    """ "well", "resting, back in 10 s" """
    condition = status.condition
    if condition.parked:
        return f"parked: {plain(condition.parked)}"
    if condition.until and condition.until > now:
        return f"resting, asked again {wait_words(condition.until, now)}"
    return "on trial" if condition.rests else "well"


def today_words(status: Status) -> str:
    """ "12 questions, 1 failed, 3,400 tokens, $0.02, first word after 0.4 s" """
    tally = status.tally
    said = [amount_words(Unit.REQUESTS, tally.questions)]
    if tally.failures:
        said.append(f"{tally.failures} failed")
    said += [amount_words(Unit.TOKENS, tally.input + tally.output), amount_words(Unit.MICRO_USD, tally.micro_usd)]
    if tally.spoken:
        said.append(f"first word after {tally.first_word / 1000:.1f} s")
    return ", ".join(said)


async def _names(ports: Ports, call: Call, typed: str) -> Sequence[str]:
    del call
    names = [status.account.name for status in await _statuses(ports)]
    return [name for name in names if typed.casefold() in name.casefold()]


SHOW_POOL = Command("pool show", "See how the accounts do", _show, audience=Rank.OWNER, secret=True)
RESUME = Command(
    "pool resume",
    "Have an account asked again that was given up",
    _resume,
    params=(Param("name", "Which one", required=True, suggest=_names),),
    audience=Rank.OWNER,
    secret=True,
)
