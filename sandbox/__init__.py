"""Loopback Discord, Telegram and OpenAI, as strict as the real ones, and a page to click through."""
