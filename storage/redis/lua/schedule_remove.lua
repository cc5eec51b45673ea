-- schedule_remove.lua: forget a schedule.
-- Returns 1, or 0 when there was none.
local _, person, place = known()
unlist(person, place)
redis.call("ZREM", KEYS[2], ARGV[1])
return redis.call("HDEL", KEYS[1], ARGV[1])
