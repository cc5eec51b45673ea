-- result_begin.lua: claim a name for a request, unless another has it.
-- KEYS[1] result    ARGV[1] mark    ARGV[2] for how long, ms
-- Returns nil when it is claimed, else {mark, body or nil} of what is there.
if redis.call("HSETNX", KEYS[1], "mark", ARGV[1]) == 1 then
  redis.call("PEXPIRE", KEYS[1], ARGV[2])
  return nil
end
return redis.call("HMGET", KEYS[1], "mark", "body")
