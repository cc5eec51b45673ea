-- quota_balances.lua: how every limit of some shares stands.
-- asked: shares [[scope, [[name, most], ...]], ...]
-- Returns JSON: [[scope, name, most, used, held, when there is more again or 0], ...].
local texts = {}
for index, balance in ipairs(balances(sheets_of(scopes_of(asked.shares)), asked.shares)) do
  texts[index] = balance_text(balance)
end
return "[" .. table.concat(texts, ",") .. "]"
