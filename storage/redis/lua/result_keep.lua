-- result_keep.lua: keep an answer, if its request has the name and none was kept.
-- KEYS[1] result    ARGV[1] mark    ARGV[2] body    ARGV[3] for how long, ms
if redis.call("HGET", KEYS[1], "mark") == ARGV[1] and redis.call("HSETNX", KEYS[1], "body", ARGV[2]) == 1 then
  redis.call("PEXPIRE", KEYS[1], ARGV[3])
end
return 1
