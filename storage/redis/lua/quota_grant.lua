-- quota_grant.lua: add to a limit, for the window that is now.
-- KEYS[7] that it was granted
-- asked: scope, name, amount; keep: seconds to remember that
if not redis.call("SET", KEYS[7], "", "NX", "EX", asked.keep) then
  return ""
end
local scope = asked.scope
local sheets = sheets_of({scope})
local account, _, window = account_of(sheets[scope], asked.name)
account.extra = account.extra + asked.amount
account.begin = math.max(account.begin, begins[window])
write_sheets(sheets, {scope})
note("grant", scope, "[]")
return ""
