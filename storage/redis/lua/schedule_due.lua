-- schedule_due.lua: the schedules that are due.
-- KEYS[1] schedules    KEYS[2] due    ARGV[1] until when, microseconds    ARGV[2] the most
-- Returns id, then what is kept of it, and so on, the earliest first.
local found = {}
for _, id in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", ARGV[1], "LIMIT", 0, ARGV[2])) do
  found[#found + 1] = id
  found[#found + 1] = redis.call("HGET", KEYS[1], id)
end
return found
