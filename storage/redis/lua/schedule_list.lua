-- schedule_list.lua: the schedules of an owner, or of a place.
-- KEYS[1] schedules    KEYS[2] owners or places    ARGV[1] whose
-- Returns id, then what is kept of it, and so on.
local found = {}
for _, line in ipairs(redis.call("ZRANGEBYLEX", KEYS[2], "[" .. ARGV[1] .. "\n", "(" .. ARGV[1] .. "\11")) do
  local id = string.sub(line, #ARGV[1] + 2)
  found[#found + 1] = id
  found[#found + 1] = redis.call("HGET", KEYS[1], id)
end
return found
