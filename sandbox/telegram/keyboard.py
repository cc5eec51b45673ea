"""Keyboards under a message: which ones Telegram takes. After Client.cpp and TDLib's ReplyMarkup.cpp."""

from typing import Any

from sandbox.telegram import links
from sandbox.telegram.errors import bad_request, not_simulated
from sandbox.telegram.parameters import Call
from sandbox.telegram.state import Json

DATA_LIMIT = 64
"""Bytes; core.telegram.org/bots/api#inlinekeyboardbutton."""
COPY_LIMIT = 256
"""Characters; core.telegram.org/bots/api#copytextbutton."""
BUTTON_LIMIT = 100
"""Buttons of one keyboard, as bots have found; it is not documented."""

_SWITCHES = ("switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat")
_REST = ("callback_game", "pay", "login_url", "web_app")


def read(call: Call, *, only_inline: bool = False) -> Json | None:
    """
    Check the `reply_markup` of a call.

    Returns:
        The inline keyboard, as the message will show it; None without one: the other kinds appear on no message.

    Raises:
        ApiError: Telegram would refuse it.
    """
    markup = call.json("reply_markup", "reply keyboard markup")
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if markup.get("inline_keyboard"):
        return _inline(markup["inline_keyboard"])
    others = any(markup.get(name) for name in ("keyboard", "remove_keyboard", "force_reply"))
    if others and only_inline:
        raise bad_request("inline keyboard expected")
    return None


def _inline(rows: Any) -> Json | None:
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    checked = [[_button(button) for button in row] for row in rows if row]
    if sum(len(row) for row in checked) > BUTTON_LIMIT:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": checked} if checked else None


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    _check_action(button)
    return button


def _check_action(button: Json) -> None:
    if button.get("url"):
        if complaint := links.complaint(str(button["url"])):
            raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: {complaint}")
    elif button.get("callback_data"):
        if len(str(button["callback_data"]).encode()) > DATA_LIMIT:
            raise bad_request("BUTTON_DATA_INVALID")
    elif "copy_text" in button:
        copied = button["copy_text"].get("text", "") if isinstance(button["copy_text"], dict) else ""
        if not 1 <= len(copied) <= COPY_LIMIT:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    elif any(name in button for name in _REST):
        raise not_simulated(f"buttons of this kind: {sorted(button)}")
    elif not any(name in button for name in _SWITCHES):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")


def has(keyboard: Json | None, data: str) -> bool:
    """Whether a person can press a button that hands back `data`."""
    rows = keyboard["inline_keyboard"] if keyboard else []
    return any(button.get("callback_data") == data for row in rows for button in row)
