"""Updates that are pushed to the bot's own server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import BadRequest, Conflict

from sandbox.telegram.server import Telegram
from sandbox.telegram.webhook import SECRET_HEADER
from tests.judge import Judge


@dataclass
class Hook:
    """A bot's server: notes what is pushed, and answers what it is told to, then 200."""

    answers: list[web.Response] = field(default_factory=list)
    got: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.headers.get(SECRET_HEADER), await request.json()))
        return self.answers.pop(0) if self.answers else web.Response()

    @property
    def texts(self) -> list[str]:
        return [body["message"]["text"] for _, body in self.got]


@pytest.fixture
async def hook(judge: Judge) -> AsyncIterator[Hook]:
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()
    for _, body in hook.got:
        judge.update(body)


async def test_updates_are_pushed_with_the_secret(telegram: Telegram, bot: Bot, hook: Hook) -> None:
    """The header is how a bot knows that it is Telegram who calls."""
    alice = telegram.people["alice"]
    await telegram.say(alice, alice, "before")
    await bot.set_webhook(hook.url, secret_token="owl_1-X", max_connections=7, allowed_updates=["message"])
    await telegram.say(alice, alice, "after")
    await telegram.wait_until(lambda: not telegram.updates.pending)

    info = await bot.get_webhook_info()

    assert [("owl_1-X", "before"), ("owl_1-X", "after")] == [
        (secret, body["message"]["text"]) for secret, body in hook.got
    ]
    assert (hook.url, 0, 7, ("message",)) == (
        info.url,
        info.pending_update_count,
        info.max_connections,
        tuple(info.allowed_updates),
    )


async def test_what_is_not_taken_is_pushed_again_in_order(telegram: Telegram, bot: Bot, hook: Hook) -> None:
    """Anything but a 2xx means: not taken. The next update waits for its turn."""
    alice = telegram.people["alice"]
    hook.answers = [web.Response(status=503), web.Response(status=500)]
    await bot.set_webhook(hook.url)

    await telegram.say(alice, alice, "one")
    await telegram.say(alice, alice, "two")
    await telegram.wait_until(lambda: not telegram.updates.pending)

    assert ["one", "one", "one", "two"] == hook.texts
    info = await bot.get_webhook_info()
    assert "Wrong response from the webhook: 500 Internal Server Error" == info.last_error_message


async def test_a_dead_webhook_keeps_the_updates(telegram: Telegram, bot: Bot) -> None:
    """They wait, and can be polled once the webhook is gone."""
    alice = telegram.people["alice"]
    await bot.set_webhook("http://127.0.0.1:9/hook")
    await telegram.say(alice, alice, "hi")
    await telegram.wait_until(lambda: telegram.world.webhook.last_error)

    info = await bot.get_webhook_info()
    await bot.delete_webhook()

    assert (1, "Connection refused") == (info.pending_update_count, info.last_error_message)
    assert 1 == len(await bot.get_updates())


async def test_polling_and_a_webhook_exclude_each_other(bot: Bot, hook: Hook) -> None:
    """A bot that was moved from one to the other must be told."""
    await bot.set_webhook(hook.url)

    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active; use deleteWebhook"):
        await bot.get_updates()


async def test_pending_updates_can_be_dropped(telegram: Telegram, bot: Bot, hook: Hook) -> None:
    """On request only."""
    alice = telegram.people["alice"]
    await telegram.say(alice, alice, "lost")
    await bot.set_webhook(hook.url, drop_pending_updates=True)
    await telegram.say(alice, alice, "kept")
    await telegram.wait_until(lambda: not telegram.updates.pending)

    assert ["kept"] == hook.texts


async def test_an_answer_may_call_a_method(telegram: Telegram, bot: Bot, hook: Hook) -> None:
    """core.telegram.org/bots/api#making-requests-when-getting-updates."""
    alice = telegram.people["alice"]
    hook.answers = [web.json_response({"method": "sendMessage", "chat_id": alice.id, "text": "at once"})]
    await bot.set_webhook(hook.url)

    await telegram.say(alice, alice, "hi")
    await telegram.wait_until(lambda: telegram.texts(alice))

    assert ["at once"] == telegram.texts(alice)


@pytest.mark.parametrize(
    ("url", "secret", "complaint"),
    [
        ("nonsense", "", "Invalid webhook url specified"),
        ("https://example.com/hook", "", "Bad webhook: the sandbox delivers to 127.0.0.1 only"),
        ("http://127.0.0.1:9/", "x" * 257, "Secret token is too long"),
        ("http://127.0.0.1:9/", "owl!", "Secret token contains unallowed characters"),
    ],
)
async def test_wrong_webhooks_are_refused(bot: Bot, url: str, secret: str, complaint: str) -> None:
    """Before anything is sent there."""
    with pytest.raises(BadRequest, match=complaint):
        await bot.set_webhook(url, secret_token=secret)
