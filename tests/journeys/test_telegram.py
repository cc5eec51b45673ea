"""What is Telegram's own: private chats, mentions, topics, stickers, unknown commands, the webhook."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from adapters.config.shape import Config
from sandbox.faults import Fault
from sandbox.openai.script import say
from sandbox.redis_server import free_port
from sandbox.telegram.server import Telegram
from tests.journeys.stage import PATIENCE, Stage, TelegramSeat, on_stage, telegram_buttons


def private(telegram: Telegram) -> list[str]:
    """What the bot said to Alice in private, once it is done."""
    alice = telegram.people["alice"]
    return [message.text for message in telegram.messages(alice) if message.sender == telegram.bot]


async def settled(telegram: Telegram, count: int) -> list[str]:
    alice = telegram.people["alice"]

    def done() -> bool:
        said = [message for message in telegram.messages(alice) if message.sender == telegram.bot]
        waiting = [message for message in said if "Stop" in telegram_buttons(message.keyboard) or message.text == "…"]
        return len(said) >= count and not waiting

    await telegram.wait_until(done, PATIENCE)
    return private(telegram)


async def test_a_private_chat_needs_no_mention(stage: Stage) -> None:
    """The simplest use of all."""
    alice = stage.telegram.people["alice"]
    stage.openai.queue(say("Hello, Alice."))
    await stage.telegram.say(alice, alice, "Hi")

    assert ["Hello, Alice."] == await settled(stage.telegram, 1)
    assert ["Hi"] == stage.prompt()


@pytest.mark.parametrize("payload", ["", "hello-owls"])
async def test_start_says_hello_and_what_to_do(stage: Stage, payload: str) -> None:
    """It is what Telegram sends when somebody opens the chat, perhaps over a link that carries something."""
    await stage.telegram.start(stage.telegram.people["alice"], payload)
    (hello,) = await settled(stage.telegram, 1)

    assert hello.startswith("Hello Alice!")
    assert "/help" in hello


async def test_the_command_menu_is_shown(stage: Stage) -> None:
    """Nobody reads a manual first."""
    alice = stage.telegram.people["alice"]
    offered = [name for name, _ in stage.telegram.commands_for(alice, alice)]

    talk = ["ask", "new", "regenerate", "stop", "model", "plus", "scope"]
    times = ["remind", "schedule", "schedules", "timezone"]
    shares = [
        "quota",
        "usage",
        "report",
        "request",
        "redeem",
        "key",
        "mykey",
        "client",
        "role",
        "ban",
        "unban",
        "audit",
    ]
    assert [*talk, *times, *shares, "pool", "help"] == offered


@pytest.mark.parametrize(
    ("what", "content", "words"),
    [("send_sticker", (), "a sticker"), ("send_photo", (), "a picture"), ("send_voice", (b"ogg",), "a voice message")],
)
async def test_what_cannot_be_read_is_answered_kindly(
    stage: Stage, what: str, content: tuple[bytes, ...], words: str
) -> None:
    """Silence would look like a broken bot."""
    alice = stage.telegram.people["alice"]
    await getattr(stage.telegram, what)(alice, alice, *content)
    (answer,) = await settled(stage.telegram, 1)

    assert words in answer
    assert 0 == stage.openai.books.calls


async def test_a_picture_with_words_is_answered_by_the_words(stage: Stage) -> None:
    """And it is said that the picture was not looked at."""
    alice = stage.telegram.people["alice"]
    await stage.telegram.send_photo(alice, alice, caption="What is this?")
    (answer,) = await settled(stage.telegram, 1)

    assert ["What is this?"] == stage.prompt()
    assert "Hoo." in answer
    assert "I left out a picture" in answer


async def test_an_unknown_command_is_told_in_private(stage: Stage) -> None:
    """A typo gets a sentence."""
    alice = stage.telegram.people["alice"]
    await stage.telegram.say(alice, alice, "/rember milk")
    (answer,) = await settled(stage.telegram, 1)

    assert "I know no command /rember" in answer


async def test_others_talk_in_a_group_is_left_alone(stage: Stage) -> None:
    """A bot that answers everything is thrown out."""
    stage.telegram.world.privacy = False
    club, alice, bob = stage.telegram.club, stage.telegram.people["alice"], stage.telegram.people["bob"]
    await stage.telegram.say(club, alice, "Hello Bob")
    await stage.telegram.say(club, bob, "/start@AnotherBot")
    await stage.telegram.say(club, bob, "/unknown")
    await stage.telegram.say(club, alice, f"And you, @{stage.telegram.bot.username}?")
    seat = TelegramSeat(stage.telegram)
    await seat.until(lambda: [shown for shown in seat.shown() if shown.text == "Hoo."])

    assert 1 == len(seat.shown())
    assert [f"Alice: And you, @{stage.telegram.bot.username}?"] == stage.prompt()


async def test_topics_are_rooms_of_their_own(stage: Stage) -> None:
    """Answers stay in their topic, and do not hear the other's talk."""
    telegram, alice = stage.telegram, stage.telegram.people["alice"]
    ask = f"/ask@{telegram.bot.username}"
    for topic, text in ((telegram.mice, "Mice?"), (telegram.moon, "Moon?")):
        await telegram.say(telegram.forum, alice, f"{ask} {text}", topic=topic)
        await telegram.wait_until(
            lambda topic=topic: [  # type: ignore[misc]
                message
                for message in telegram.messages(telegram.forum)
                if message.sender == telegram.bot and message.thread == topic and message.text == "Hoo."
            ],
            PATIENCE,
        )

    assert ["Alice: Moon?"] == stage.prompt()


async def test_a_command_for_admins_is_refused_to_others(stage: Stage) -> None:
    """Telegram says who administrates a group; we ask it."""
    seat = TelegramSeat(stage.telegram)
    await seat.command("scope", "bob", kind="reply")
    await seat.until(lambda: seat.shown())

    assert "is for the people who run this server or group only" in seat.shown()[0].text


async def test_a_flood_wait_is_obeyed_and_nothing_is_lost(stage: Stage) -> None:
    """Telegram may say wait at any time; trying again sooner makes it longer."""
    alice = stage.telegram.people["alice"]
    wait = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 2}}
    stage.telegram.faults.plan(Fault("editMessageText", status=429, body=wait))
    stage.openai.queue(say("Patience."))
    await stage.telegram.say(alice, alice, "Hi")

    assert ["Patience."] == await settled(stage.telegram, 1)


async def test_an_answer_to_somebody_who_blocked_us_is_given_up(stage: Stage) -> None:
    """Nobody is there; the service goes on for the others."""
    alice, bob = stage.telegram.people["alice"], stage.telegram.people["bob"]
    await stage.telegram.say(alice, alice, "Hi")
    await stage.telegram.block(alice)
    await stage.telegram.say(bob, bob, "Hi")
    await stage.telegram.wait_until(
        lambda: [message for message in stage.telegram.messages(bob) if message.text == "Hoo."], PATIENCE
    )


async def test_telegram_may_call_us_instead(tmp_path: Path) -> None:
    """A webhook needs no open connection, and only Telegram knows its secret."""
    async with on_stage(tmp_path, WebhookStage) as stage, ClientSession() as anybody:
        alice = stage.telegram.people["alice"]
        await stage.telegram.say(alice, alice, "Hi")
        assert ["Hoo."] == await settled(stage.telegram, 1)

        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "a guess"}):
            forged = await anybody.post(f"{WebhookStage.url}/telegram", json={"update_id": 1}, headers=headers)
            assert 401 == forged.status
        right = {"X-Telegram-Bot-Api-Secret-Token": "a-secret"}
        garbage = await anybody.post(f"{WebhookStage.url}/telegram", data=b"{", headers=right)
        assert 400 == garbage.status
        unknown = await anybody.post(f"{WebhookStage.url}/telegram", json={"update_id": 1, "new": {}}, headers=right)
        assert 200 == unknown.status


class WebhookStage(Stage):
    """The same, with Telegram calling us."""

    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def config(self) -> Config:
        config = super().config().model_dump()
        config["discord"] = None
        config["telegram"]["mode"] = "webhook"
        config["telegram"]["webhook"] = {"url": self.url, "secret": "a-secret"}
        config["http"] = {"host": "127.0.0.1", "port": self.port}
        return Config.model_validate(config)
