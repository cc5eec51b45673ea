-- revive.lua: put an ended turn at the end of its lane again. A turn has a lifetime once it has ended.
-- KEYS[1] turn    KEYS[2] queue of the lane    KEYS[3] due lanes
-- ARGV[1] turn, JSON    ARGV[2] turn id    ARGV[3] lane    ARGV[4] now, ms
-- Returns 1, or 0 when the turn has not ended, or is not kept.
if redis.call("TTL", KEYS[1]) < 0 then
  return 0
end
redis.call("PERSIST", KEYS[1])
redis.call("HSET", KEYS[1], "doc", ARGV[1], "attempts", 0)
redis.call("RPUSH", KEYS[2], ARGV[2])
redis.call("ZADD", KEYS[3], "NX", ARGV[4], ARGV[3])
return 1
