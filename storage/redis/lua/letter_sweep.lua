-- letter_sweep.lua: forget old dead letters.
-- KEYS[1] when    KEYS[2] letters    ARGV[1] those of before then, ms    ARGV[2] the most
-- Returns how many these were.
local old = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", "(" .. ARGV[1], "LIMIT", 0, ARGV[2])
for _, id in ipairs(old) do
  redis.call("ZREM", KEYS[1], id)
  redis.call("HDEL", KEYS[2], id)
end
return #old
