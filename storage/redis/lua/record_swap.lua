-- record_swap.lua: write a document in place of another, if that one is still there.
-- KEYS[1] folder
-- ARGV[1] name    ARGV[2] 1 if there was a document, else 0    ARGV[3] what it said
-- ARGV[4] 1 if there shall be one, else 0    ARGV[5] what it says
-- Returns 1, or 0 when it does not say that any more.
local there = redis.call("HGET", KEYS[1], ARGV[1])
if there ~= (ARGV[2] == "1" and ARGV[3]) then
  return 0
end
if ARGV[4] == "1" then
  redis.call("HSET", KEYS[1], ARGV[1], ARGV[5])
else
  redis.call("HDEL", KEYS[1], ARGV[1])
end
return 1
