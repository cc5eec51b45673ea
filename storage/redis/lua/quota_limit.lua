-- quota_limit.lua: set a limit of a scope, or forget it.
-- KEYS[1] limits
-- ARGV[1] scope    ARGV[2] name    ARGV[3] most, "" to forget
local known = redis.call("HGET", KEYS[1], ARGV[1])
local limits, texts = known and cjson.decode(known) or {}, {}
limits[ARGV[2]] = tonumber(ARGV[3])
for name, most in pairs(limits) do
  texts[#texts + 1] = string.format('"%s":%d', name, most)
end
if #texts > 0 then
  redis.call("HSET", KEYS[1], ARGV[1], "{" .. table.concat(texts, ",") .. "}")
else
  redis.call("HDEL", KEYS[1], ARGV[1])
end
return 1
