-- stop.lua: ask whoever works on a turn to stop.
-- KEYS[1] turn
-- An ended turn expires, and so does a stop that came too late.
if redis.call("EXISTS", KEYS[1]) == 1 then
  redis.call("HSET", KEYS[1], "stop", 1)
end
return 1
