-- result_drop.lua: free a name, if that request has it and no answer was kept.
-- KEYS[1] result    ARGV[1] mark
if redis.call("HGET", KEYS[1], "mark") == ARGV[1] and redis.call("HEXISTS", KEYS[1], "body") == 0 then
  redis.call("DEL", KEYS[1])
end
return 1
