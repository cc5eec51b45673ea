-- schedule_write.lua: write the next version of a schedule, or the first of a new one.
-- ARGV[2] version    ARGV[3] owner    ARGV[4] place    ARGV[5] schedule, JSON
-- ARGV[6] when it is due, microseconds; "" while it does not wait
-- Returns 1, or 0 when another version than the one before it is there.
local version, person, place = known()
if version ~= ARGV[2] - 1 then
  return 0
end
unlist(person, place)
redis.call("HSET", KEYS[1], ARGV[1], table.concat({ARGV[2], ARGV[3], ARGV[4], ARGV[5]}, "\n"))
redis.call("ZADD", KEYS[3], 0, ARGV[3] .. "\n" .. ARGV[1])
redis.call("ZADD", KEYS[4], 0, ARGV[4] .. "\n" .. ARGV[1])
if ARGV[6] == "" then
  redis.call("ZREM", KEYS[2], ARGV[1])
else
  redis.call("ZADD", KEYS[2], ARGV[6], ARGV[1])
end
return 1
