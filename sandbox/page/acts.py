"""What a visitor does on the page, and what becomes of it in the simulators."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from sandbox.discord.server import Discord
from sandbox.page import discord as on_discord
from sandbox.page import telegram as on_telegram
from sandbox.page.options import typed
from sandbox.telegram.server import Telegram

Who = Literal["alice", "bob"]


class Act(BaseModel):
    """
    One thing done by `who`; `id` is the page's number for it, which the answer carries back.

    Discord's ids come as text, since a browser's numbers are exact up to 2 to the power of 53 only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: int
    who: Who


class Look(Act):
    """Show that person's Discord from now on, and nobody else's."""

    do: Literal["look"]


class DiscordSay(Act):
    do: Literal["discord.say"]
    channel: int
    text: str
    reply_to: int | None = None


class DiscordCommands(Act):
    do: Literal["discord.commands"]
    channel: int


class DiscordSlash(Act):
    do: Literal["discord.slash"]
    channel: int
    command: str
    options: dict[str, str] = {}


class DiscordSuggest(Act):
    """Ask the bot for values for the option that is being typed."""

    do: Literal["discord.suggest"]
    channel: int
    command: str
    option: str
    text: str
    options: dict[str, str] = {}


class DiscordPress(Act):
    do: Literal["discord.press"]
    channel: int
    message: int
    button: str


class DiscordDismiss(Act):
    """Put away what only oneself can see."""

    do: Literal["discord.dismiss"]
    channel: int
    message: int


class DiscordThread(Act):
    do: Literal["discord.thread"]
    channel: int
    message: int
    name: Annotated[str, Field(min_length=1, max_length=100)]


class TelegramSay(Act):
    do: Literal["telegram.say"]
    chat: int
    topic: int = 0
    text: str
    reply_to: int = 0


class TelegramCommands(Act):
    do: Literal["telegram.commands"]
    chat: int


class TelegramSticker(Act):
    do: Literal["telegram.sticker"]
    chat: int
    topic: int = 0
    emoji: Annotated[str, Field(min_length=1, max_length=8)]


class TelegramPress(Act):
    do: Literal["telegram.press"]
    chat: int
    message: int
    button: str


OnDiscord = DiscordSay | DiscordCommands | DiscordSlash | DiscordSuggest | DiscordPress | DiscordDismiss | DiscordThread
OnTelegram = TelegramSay | TelegramCommands | TelegramSticker | TelegramPress

ACT: TypeAdapter[Look | OnDiscord | OnTelegram] = TypeAdapter(
    Annotated[Look | OnDiscord | OnTelegram, Field(discriminator="do")]
)
"""Reads what a page sends."""


async def perform(act: OnDiscord | OnTelegram, discord: Discord, telegram: Telegram) -> Any:
    """
    Do it. Returns what the page wants to know of it, as plain data.

    Raises:
        ValueError: no client would let a person do this; says why.
        LookupError: what it is about is not there any more.
        TimeoutError: the bot did not answer.
    """
    if isinstance(act, OnDiscord):
        return await _on_discord(act, discord)
    return await _on_telegram(act, telegram)


async def _on_discord(act: OnDiscord, discord: Discord) -> Any:
    match act:
        case DiscordSay():
            await discord.say(act.channel, act.who, act.text, act.reply_to)
        case DiscordCommands():
            return on_discord.commands(discord, act.channel, act.who)
        case DiscordSlash():
            given = typed(discord, act.channel, act.who, act.command, act.options)
            return str((await discord.slash(act.channel, act.who, act.command, given)).id)
        case DiscordSuggest():
            given = typed(discord, act.channel, act.who, act.command, act.options)
            found = await discord.autocomplete(act.channel, act.who, act.command, act.option, act.text, given)
            return [{"name": each["name"], "value": str(each["value"])} for each in found]
        case DiscordPress():
            return str((await discord.press(act.channel, act.who, act.message, act.button)).id)
        case DiscordDismiss():
            await discord.delete(act.channel, act.who, act.message)
        case DiscordThread():
            return str((await discord.open_thread(act.channel, act.who, act.name, act.message)).id)
    return None


async def _on_telegram(act: OnTelegram, telegram: Telegram) -> Any:
    person = telegram.people[act.who]
    match act:
        case TelegramSay():
            await telegram.say(act.chat, person, act.text, reply_to=act.reply_to, topic=act.topic)
        case TelegramCommands():
            return on_telegram.commands(telegram, act.chat, act.who)
        case TelegramSticker():
            await telegram.send_sticker(act.chat, person, act.emoji, topic=act.topic)
        case TelegramPress():
            toast = await telegram.press(act.chat, person, act.message, act.button)
            return {"text": toast.text, "alert": toast.alert} if toast else None
    return None
