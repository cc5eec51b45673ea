-- finish.lua: write a turn for the last time, take it off its lane and free the lane.
-- KEYS[1] fence of the lane    KEYS[2] turn    KEYS[3] queue of the lane    KEYS[4] due lanes
-- ARGV[1] token    ARGV[2] turn, JSON    ARGV[3] attempts    ARGV[4] turn id    ARGV[5] lane
-- ARGV[6] now, ms    ARGV[7] seconds to keep the turn
-- Returns 1, or 0 when somebody else holds the lane.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call("HSET", KEYS[2], "doc", ARGV[2], "attempts", ARGV[3])
redis.call("HDEL", KEYS[2], "stop")
redis.call("EXPIRE", KEYS[2], ARGV[7])
redis.call("LREM", KEYS[3], 1, ARGV[4])
redis.call("DEL", KEYS[1])
if redis.call("LLEN", KEYS[3]) > 0 then
  redis.call("ZADD", KEYS[4], ARGV[6], ARGV[5])
else
  redis.call("ZREM", KEYS[4], ARGV[5])
end
return 1
