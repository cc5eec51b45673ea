-- ingest.lua: write a turn down at the end of its lane, once.
-- KEYS[1] turn    KEYS[2] queue of the lane    KEYS[3] due lanes
-- ARGV[1] turn, JSON    ARGV[2] turn id    ARGV[3] lane    ARGV[4] longest queue, 0 for any    ARGV[5] now, ms
-- Returns "new", "known" or "busy".
if redis.call("EXISTS", KEYS[1]) == 1 then
  return "known"
end
local cap = tonumber(ARGV[4])
if cap > 0 and redis.call("LLEN", KEYS[2]) >= cap then
  return "busy"
end
redis.call("HSET", KEYS[1], "doc", ARGV[1], "attempts", 0)
redis.call("RPUSH", KEYS[2], ARGV[2])
redis.call("ZADD", KEYS[3], "NX", ARGV[5], ARGV[3])
return "new"
