-- letter_remove.lua: forget a dead letter.
-- KEYS[1] when    KEYS[2] letters    ARGV[1] id
redis.call("ZREM", KEYS[1], ARGV[1])
redis.call("HDEL", KEYS[2], ARGV[1])
return 1
