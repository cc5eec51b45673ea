-- quota_settle.lua: write a charge down, once, and let go of what was held for it.
-- KEYS[7] charge    KEYS[8] spendings of the day
-- asked: id, of the turn; shares [[scope, [[name, most], ...]], ...]; spent {unit: amount}; figures, of its spending;
--        keep, spending_keep: seconds to keep a charge, and spendings
-- ARGV[2] charge, JSON    ARGV[3] whose spending it is, JSON
-- Returns JSON: [whether it is new, [[percent, balance], ...]].
local MARKS = {100, 80}

local id, shares, spent = asked.id, asked.shares, asked.spent
local known = redis.call("GET", KEYS[7])
if known then
  let_go(id, "release")
  return "[false," .. string.match(known, "\n(.*)") .. "]"
end

local legs, what = take(id), "settle"
local scopes = scopes_of(shares)
for _, each in ipairs(legs or {}) do
  scopes[#scopes + 1] = each[1]
end
local sheets = sheets_of(scopes)
if legs then
  for _, each in ipairs(legs) do
    each[4], each[5] = -each[4], spent[split(each[2])] or 0
  end
else
  legs, what = {}, "direct"
  for _, balance in ipairs(balances(sheets, shares)) do
    if spent[balance.unit] then
      legs[#legs + 1] = leg(balance, 0, spent[balance.unit])
    end
  end
end
post(sheets, legs)

local touched, crossings = {}, {}
for _, each in ipairs(legs) do
  touched[each[1] .. "\n" .. each[2]] = true
end
for _, balance in ipairs(balances(sheets, shares)) do
  if touched[balance.scope .. "\n" .. balance.name] and balance.most > 0 then
    local account, reached = balance.account, 0
    for _, mark in ipairs(MARKS) do
      if account.used * 100 >= mark * balance.most then
        reached = mark
        break
      end
    end
    if reached > account.told then
      crossings[#crossings + 1] = string.format("[%d,%s]", reached, balance_text(balance))
    end
    account.told = reached
  end
end
write_sheets(sheets, scopes_of(legs))

local before = redis.call("HGET", KEYS[8], ARGV[3])
local sums, texts = before and cjson.decode(before) or {0, 0, 0, 0, 0, 0}, {}
for index, figure in ipairs(asked.figures) do
  texts[index] = string.format("%d", sums[index] + figure)
end
redis.call("HSET", KEYS[8], ARGV[3], "[" .. table.concat(texts, ",") .. "]")
if not before then
  redis.call("EXPIRE", KEYS[8], asked.spending_keep)
end

local crossed = "[" .. table.concat(crossings, ",") .. "]"
redis.call("SET", KEYS[7], ARGV[2] .. "\n" .. crossed, "EX", asked.keep)
note(what, id, legs_text(legs))
return "[true," .. crossed .. "]"
