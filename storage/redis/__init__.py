"""bot.ports kept by Redis 6.2 or later, or Valkey. Everything that must be all or nothing is one Lua script."""

from storage.redis.open import open_redis

__all__ = ["open_redis"]
