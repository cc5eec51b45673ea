-- lease_hold.lua: take an office that is free, or hold one's own longer.
-- KEYS[1] lease    ARGV[1] token    ARGV[2] length of the lease, ms
-- Returns 1, or 0 when somebody else holds the office.
local holder = redis.call("GET", KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1
