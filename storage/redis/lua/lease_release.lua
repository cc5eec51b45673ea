-- lease_release.lua: free an office.
-- KEYS[1] lease    ARGV[1] token
if redis.call("GET", KEYS[1]) == ARGV[1] then
  redis.call("DEL", KEYS[1])
end
return 1
