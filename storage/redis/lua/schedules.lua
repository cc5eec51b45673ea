-- schedules.lua: what is kept of a schedule; put before the scripts that change one.
-- KEYS[1] schedules    KEYS[2] due    KEYS[3] owners    KEYS[4] places
-- ARGV[1] id

-- The version that is there, 0 for none; its owner and its place.
local function known()
  local value = redis.call("HGET", KEYS[1], ARGV[1])
  if not value then
    return 0
  end
  local version, person, place = string.match(value, "^(%d+)\n([^\n]*)\n([^\n]*)\n")
  return tonumber(version), person, place
end

-- Take it out of the lists of an owner and of a place, if it is in any.
local function unlist(person, place)
  if person then
    redis.call("ZREM", KEYS[3], person .. "\n" .. ARGV[1])
    redis.call("ZREM", KEYS[4], place .. "\n" .. ARGV[1])
  end
end
