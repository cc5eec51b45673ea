"""Places where people ask, alike on both platforms: private chats, groups, channels."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Protocol

from chaos.judge import Shown
from sandbox.discord import state as discord_state
from sandbox.discord.server import Discord
from sandbox.telegram import state as telegram_state
from sandbox.telegram.server import Telegram


class Room(Protocol):
    """One place, and somebody in it who talks to the bot."""

    platform: str
    id: int

    async def ask(self, text: str) -> int:
        """Say something to the bot. Returns the message's id."""

    def shown(self, since: int = 0) -> list[Shown]:
        """The bot's messages from that id on, oldest first."""


class TelegramRoom:
    """A private chat, or a group, in which a bot in privacy mode only gets commands."""

    platform = "telegram"

    def __init__(self, telegram: Telegram, chat: telegram_state.Chat, person: telegram_state.Person) -> None:
        self._telegram = telegram
        self.id = chat.id
        self._chat = chat
        self._person = person
        self._address = "" if chat.private else f"/ask@{telegram.bot.username} "

    async def ask(self, text: str) -> int:
        return (await self._telegram.say(self._chat, self._person, f"{self._address}{text}")).id

    def shown(self, since: int = 0) -> list[Shown]:
        recent = takewhile(lambda each: each.id >= since, reversed(self._chat.messages.values()))
        own = [each for each in recent if each.sender == self._telegram.bot and not each.service]
        return [Shown(each.id, each.text, each.reply_to, _can_be_stopped(each)) for each in reversed(own)]


class DiscordRoom:
    """A private chat, or a channel, in which the bot is mentioned."""

    platform = "discord"

    def __init__(self, discord: Discord, channel: discord_state.Channel, person: discord_state.User) -> None:
        self._discord = discord
        self.id = channel.id
        self._channel = channel
        self._person = person
        private = channel.kind is discord_state.Kind.DM
        self._address = "" if private else f"{discord.bot.mention} "

    async def ask(self, text: str) -> int:
        return (await self._discord.say(self._channel, self._person, f"{self._address}{text}")).id

    def shown(self, since: int = 0) -> list[Shown]:
        recent = takewhile(lambda each: each.id >= since, reversed(self._channel.messages.values()))
        own = [each for each in recent if each.author == self._discord.bot]
        return [_on_discord(each) for each in reversed(own)]


def _can_be_stopped(message: telegram_state.Message) -> bool:
    rows = (message.keyboard or {}).get("inline_keyboard", ())
    return any(button["text"] == "Stop" for row in rows for button in row)


def _on_discord(message: discord_state.Message) -> Shown:
    buttons = (button for row in message.components for button in row["components"])
    stop = any(button.get("label") == "Stop" for button in buttons)
    return Shown(message.id, message.content, message.reference.message_id if message.reference else 0, stop)


def telegram_rooms(telegram: Telegram, private: int, groups: int) -> Iterator[Room]:
    """Private chats of so many people, and so many groups."""
    for number in range(private):
        person = telegram.add_person(f"Person{number}")
        telegram.chat(person).opened = True
        yield TelegramRoom(telegram, telegram.chat(person), person)
    for number in range(groups):
        person = telegram.add_person(f"Founder{number}")
        yield TelegramRoom(telegram, telegram.add_group(f"Group {number}", person), person)


def discord_rooms(discord: Discord, private: int, channels: int) -> Iterator[Room]:
    """Private chats of so many people, and so many channels."""
    for number in range(private):
        person = discord.add_person(f"Person{number}")
        yield DiscordRoom(discord, discord.dm(person), person)
    for number in range(channels):
        yield DiscordRoom(discord, discord.add_channel(f"room-{number}"), discord.people["alice"])
