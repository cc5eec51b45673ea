-- slot_renew.lua: hold a place for so long from now, if its time has not run out.
-- ARGV[2] token    ARGV[3] for how long, ms
if held(ARGV[2]) then
  hold(ARGV[2], tonumber(ARGV[3]))
end
return 1
