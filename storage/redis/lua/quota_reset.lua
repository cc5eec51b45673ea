-- quota_reset.lua: begin every account of a scope at nothing used. What is held stays held.
-- asked: scope
local scope, names, legs = asked.scope, {}, {}
local sheets = sheets_of({scope})
local sheet = sheets[scope]
for name in pairs(sheet) do
  if name ~= "seen" then
    names[#names + 1] = name
  end
end
table.sort(names)

local function taken_back(name, begin, used)
  if used ~= 0 then
    legs[#legs + 1] = {scope, name, begin, 0, -used}
  end
end

for _, name in ipairs(names) do
  local account, _, window = account_of(sheet, name)
  if window == ROLLING then
    local days = {}
    for day in pairs(account.days) do
      days[#days + 1] = day
    end
    table.sort(days)
    for _, day in ipairs(days) do
      taken_back(name, tonumber(day), account.days[day])
    end
  else
    taken_back(name, account.begin, account.used)
  end
  account.used, account.told, account.days = 0, 0, window == ROLLING and {} or nil
end
write_sheets(sheets, {scope})
note("reset", scope, legs_text(legs))
return ""
