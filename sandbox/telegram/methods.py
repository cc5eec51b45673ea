"""Every method of the Bot API that there is here, by name."""

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.telegram import chats, editing, menu, receiving, sending
from sandbox.telegram.parameters import Call
from sandbox.telegram.world import World

Method = Callable[[World, Call], Awaitable[Any]]

METHODS: dict[str, Method] = {
    "answerCallbackQuery": receiving.answer_callback_query,
    "closeForumTopic": chats.close_forum_topic,
    "copyMessage": sending.copy_message,
    "createForumTopic": chats.create_forum_topic,
    "deleteMessage": editing.delete_message,
    "deleteMessages": editing.delete_messages,
    "deleteMyCommands": menu.delete_my_commands,
    "deleteWebhook": receiving.delete_webhook,
    "editMessageCaption": editing.edit_message_caption,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "editMessageText": editing.edit_message_text,
    "forwardMessage": sending.forward_message,
    "getChat": chats.get_chat,
    "getChatAdministrators": chats.get_chat_administrators,
    "getChatMember": chats.get_chat_member,
    "getChatMemberCount": chats.get_chat_member_count,
    "getFile": receiving.get_file,
    "getMe": chats.get_me,
    "getMyCommands": menu.get_my_commands,
    "getMyDescription": menu.get_my_description,
    "getMyName": menu.get_my_name,
    "getMyShortDescription": menu.get_my_short_description,
    "getUpdates": receiving.get_updates,
    "getWebhookInfo": receiving.get_webhook_info,
    "leaveChat": chats.leave_chat,
    "pinChatMessage": editing.pin_chat_message,
    "reopenForumTopic": chats.reopen_forum_topic,
    "sendChatAction": sending.send_chat_action,
    "sendDocument": sending.send_document,
    "sendMessage": sending.send_message,
    "sendMessageDraft": sending.send_message_draft,
    "sendPhoto": sending.send_photo,
    "setMessageReaction": editing.set_message_reaction,
    "setMyCommands": menu.set_my_commands,
    "setMyDescription": menu.set_my_description,
    "setMyName": menu.set_my_name,
    "setMyShortDescription": menu.set_my_short_description,
    "setWebhook": receiving.set_webhook,
}

_NAMES = {name.lower(): name for name in METHODS}


def spelled(name: str) -> str | None:
    """core.telegram.org/bots/api#making-requests: "All methods in the Bot API are case-insensitive"."""
    return _NAMES.get(name.lower())
