-- quota_renew.lua: hold it for so long from now, if it is held.
-- asked: id, of the turn; ttl, for how long, ms
redis.call("ZADD", KEYS[5], "XX", string.format("%d", now + asked.ttl), asked.id)
return ""
