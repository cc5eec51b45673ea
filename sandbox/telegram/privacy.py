"""
Which messages of a group reach the bot.

"Bots with privacy mode enabled will receive: commands explicitly meant for them; general commands if the bot was the
last bot to send a message to the group; [...] replies to any messages implicitly or explicitly meant for this bot", and
besides, every bot gets service messages. A mention alone is not in the list, and indeed does not arrive.

Source: core.telegram.org/bots/features#privacy-mode, core.telegram.org/bots/faq#what-messages-will-my-bot-get.
"""

from sandbox.telegram.marking import command_for
from sandbox.telegram.state import Chat, Message, Person


def meant_for(bot: Person, place: Chat, said: Message) -> bool:
    """Whether the bot would get it with privacy mode on. "Replies have the highest priority.\""""
    if place.private or said.service:
        return True
    replied = place.messages.get(said.reply_to)
    if replied is not None and (replied.sender.is_bot or replied.meant_for_bot):
        return replied.sender.id == bot.id or replied.meant_for_bot
    command = command_for(said.text, said.entities)
    if command is None:
        return False
    _, addressee = command
    return addressee == bot.username.lower() if addressee else place.last_bot == bot.id


def reaches(bot: Person, place: Chat, said: Message, *, privacy: bool) -> bool:
    """Whether the bot gets an update of what somebody said. Bots never see each other's messages."""
    here = place.members.get(bot.id)
    if said.sender.is_bot or here is None or not here.inside:
        return False
    return not privacy or here.leads or said.meant_for_bot
