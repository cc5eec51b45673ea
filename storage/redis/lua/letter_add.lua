-- letter_add.lua: keep a dead letter, and forget the oldest beyond a number.
-- KEYS[1] when    KEYS[2] letters
-- ARGV[1] id    ARGV[2] when, ms    ARGV[3] letter, JSON    ARGV[4] the most that are kept
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
redis.call("HSET", KEYS[2], ARGV[1], ARGV[3])
for _, old in ipairs(redis.call("ZRANGE", KEYS[1], 0, -1 - ARGV[4])) do
  redis.call("ZREM", KEYS[1], old)
  redis.call("HDEL", KEYS[2], old)
end
return 1
