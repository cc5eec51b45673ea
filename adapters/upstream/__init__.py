"""A provider account as a bot.ports.Model; its errors as our errors."""
