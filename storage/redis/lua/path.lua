-- path.lua: walk from a node towards the root.
-- KEYS[1] tree
-- ARGV[1] node id    ARGV[2] the most nodes
-- Returns the nodes' values, newest first.
local node, found = ARGV[1], {}
while #found < tonumber(ARGV[2]) do
  local value = redis.call("HGET", KEYS[1], node)
  if not value then
    break
  end
  found[#found + 1] = value
  node = string.sub(value, 1, string.find(value, "\n", 1, true) - 1)
end
return found
