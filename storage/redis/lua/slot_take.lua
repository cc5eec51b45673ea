-- slot_take.lua: take a place on an account, or hold one's own longer; or nothing at all.
-- KEYS[2] when places were taken, ms
-- ARGV[2] token    ARGV[3] for how long, ms    ARGV[4] the most places, 0 for any number
-- ARGV[5] the most that may be taken in a minute, 0 for any number    ARGV[6] how long to wait when it is full, ms
-- Returns 0 when it is taken, else how long to wait, ms.
local MINUTE = 60000
local token, ttl, most, per_minute = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if held(token) then
  hold(token, ttl)
  return 0
end

redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)
local wait = 0
if most > 0 and redis.call("ZCARD", KEYS[1]) >= most then
  wait = tonumber(ARGV[6])
end
if per_minute > 0 then
  local oldest = redis.call("LINDEX", KEYS[2], -per_minute)
  if oldest then
    wait = math.max(wait, oldest + MINUTE - now)
  end
end
if wait > 0 then
  return wait
end

hold(token, ttl)
if per_minute > 0 then
  redis.call("RPUSH", KEYS[2], now)
  redis.call("LTRIM", KEYS[2], -per_minute, -1)
  redis.call("PEXPIRE", KEYS[2], MINUTE)
end
return 0
