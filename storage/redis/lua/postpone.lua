-- postpone.lua: write a turn, leave it first in its lane until it is due, and free the lane.
-- KEYS[1] fence of the lane    KEYS[2] turn    KEYS[3] due lanes
-- ARGV[1] token    ARGV[2] turn, JSON    ARGV[3] attempts    ARGV[4] lane    ARGV[5] due, ms
-- Returns 1, or 0 when somebody else holds the lane.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call("HSET", KEYS[2], "doc", ARGV[2], "attempts", ARGV[3])
redis.call("DEL", KEYS[1])
redis.call("ZADD", KEYS[3], ARGV[5], ARGV[4])
return 1
