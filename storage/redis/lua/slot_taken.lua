-- slot_taken.lua: how many places are taken.
return redis.call("ZCOUNT", KEYS[1], "(" .. now, "+inf")
