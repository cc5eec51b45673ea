-- put.lua: set fields; an empty value forgets its field.
-- KEYS[1] settings    ARGV[1], ARGV[2] field, value    ARGV[3], ARGV[4] the next ...
for index = 1, #ARGV, 2 do
  if ARGV[index + 1] == "" then
    redis.call("HDEL", KEYS[1], ARGV[index])
  else
    redis.call("HSET", KEYS[1], ARGV[index], ARGV[index + 1])
  end
end
return 1
