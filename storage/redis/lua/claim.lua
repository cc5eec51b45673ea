-- claim.lua: take a due lane, if its oldest turn is still the expected one.
-- KEYS[1] due lanes    KEYS[2] queue of the lane    KEYS[3] fence of the lane    KEYS[4] the expected turn
-- ARGV[1] lane    ARGV[2] token    ARGV[3] now, ms    ARGV[4] end of the lease, ms    ARGV[5] expected turn id
-- Returns {turn, JSON; attempts, this one included}, or nil when the lane is not to be had.
local due = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not due or tonumber(due) > tonumber(ARGV[3]) then
  return nil
end
if redis.call("LINDEX", KEYS[2], 0) ~= ARGV[5] then
  return nil
end
redis.call("ZADD", KEYS[1], ARGV[4], ARGV[1])
redis.call("SET", KEYS[3], ARGV[2])
local attempts = redis.call("HINCRBY", KEYS[4], "attempts", 1)
return {redis.call("HGET", KEYS[4], "doc"), attempts}
