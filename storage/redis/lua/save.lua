-- save.lua: write a claimed turn as it is now.
-- KEYS[1] fence of the lane    KEYS[2] turn
-- ARGV[1] token    ARGV[2] turn, JSON    ARGV[3] attempts
-- Returns 1 when a stop was asked for, 0 when not, -1 when somebody else holds the lane.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return -1
end
redis.call("HSET", KEYS[2], "doc", ARGV[2], "attempts", ARGV[3])
return redis.call("HEXISTS", KEYS[2], "stop")
