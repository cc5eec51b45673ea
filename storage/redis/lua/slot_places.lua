-- slot_places.lua: what time it is, and who holds a place; put before the scripts of places.
-- KEYS[1] places    ARGV[1] now, ms, or "" for the server's own time
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call("TIME")
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Hold a place for so many ms. The key lasts until the last place's time has run out.
local function hold(token, ttl)
  redis.call("ZADD", KEYS[1], now + ttl, token)
  local last = redis.call("ZRANGE", KEYS[1], -1, -1, "WITHSCORES")
  redis.call("PEXPIRE", KEYS[1], last[2] - now)
end

-- Whether a place is held whose time has not run out.
local function held(token)
  local expiry = redis.call("ZSCORE", KEYS[1], token)
  return expiry and tonumber(expiry) > now
end
