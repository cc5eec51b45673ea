-- append.lua: add messages to a conversation and make the last one its head, unless that one is there already.
-- KEYS[1] tree    KEYS[2] head
-- ARGV[1] seconds to keep the conversation, "" for ever    ARGV[2], ARGV[3] node id, value    ARGV[4], ARGV[5] the next ...
-- Returns 1 when the head moved.
local last = ARGV[#ARGV - 1]
local known = redis.call("HEXISTS", KEYS[1], last)
for index = 2, #ARGV, 2 do
  redis.call("HSETNX", KEYS[1], ARGV[index], ARGV[index + 1])
end
if known == 0 then
  redis.call("SET", KEYS[2], last)
end
for _, key in ipairs(KEYS) do
  if ARGV[1] == "" then
    redis.call("PERSIST", key)
  else
    redis.call("EXPIRE", key, ARGV[1])
  end
end
return 1 - known
