-- letter_newest.lua: the newest dead letters.
-- KEYS[1] when    KEYS[2] letters    ARGV[1] how many
-- Returns their JSON, newest first.
local found = {}
for _, id in ipairs(redis.call("ZREVRANGE", KEYS[1], 0, ARGV[1] - 1)) do
  found[#found + 1] = redis.call("HGET", KEYS[2], id)
end
return found
