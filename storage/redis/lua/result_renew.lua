-- result_renew.lua: claim a name anew, if that request has it and no answer was kept.
-- KEYS[1] result    ARGV[1] mark    ARGV[2] for how long from now, ms
if redis.call("HGET", KEYS[1], "mark") == ARGV[1] and redis.call("HEXISTS", KEYS[1], "body") == 0 then
  redis.call("PEXPIRE", KEYS[1], ARGV[2])
end
return 1
