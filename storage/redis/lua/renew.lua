-- renew.lua: hold a lane longer.
-- KEYS[1] fence of the lane    KEYS[2] due lanes
-- ARGV[1] token    ARGV[2] lane    ARGV[3] end of the lease, ms
-- Returns 1, or 0 when somebody else holds the lane.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call("ZADD", KEYS[2], ARGV[3], ARGV[2])
return 1
