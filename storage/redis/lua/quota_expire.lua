-- quota_expire.lua: let go of what has run out, and forget the sheets of scopes that nothing is taken from any more.
-- asked: most of each; days that a sheet is kept
-- Returns how many have run out.
local late = redis.call("ZRANGEBYSCORE", KEYS[5], "-inf", string.format("%d", now), "LIMIT", 0, asked.most)
for _, id in ipairs(late) do
  let_go(id, "expire")
end

-- What is held is seen when it is let go of; what is counted for ever stays.
local last = begins[ROLLING] - asked.days
for _, scope in ipairs(redis.call("ZRANGEBYSCORE", KEYS[3], "-inf", last, "LIMIT", 0, asked.most)) do
  redis.call("ZREM", KEYS[3], scope)
  if not string.find(redis.call("HGET", KEYS[2], scope) or "", "/ever", 1, true) then
    redis.call("HDEL", KEYS[2], scope)
  end
end
return string.format("%d", #late)
