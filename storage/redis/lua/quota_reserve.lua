-- quota_reserve.lua: hold what an answer may take on every limit, or on none.
-- asked: id, of the turn; ttl, for how long, ms; shares [[scope, [[name, most], ...]], ...]; costs {unit: [fixed, rate]};
--        most, least: tokens of the longest and of the shortest answer
-- Returns JSON: [tokens of the answer, {unit: held}], or the balance for which it is denied.
local id, expiry = asked.id, string.format("%d", now + asked.ttl)
local again = redis.call("HGET", KEYS[4], id)
if again then
  redis.call("ZADD", KEYS[5], expiry, id)
  return string.match(again, "[^\n]*")
end

-- Exact below 2^53 where output * rate is not: only the rest of both divisions is multiplied.
local function cost_of(cost, output)
  local fixed, rate = cost[1], cost[2]
  local whole, rest = math.floor(output / MILLION), output % MILLION
  local broken = rest * (rate % MILLION) / MILLION
  return fixed + whole * rate + rest * math.floor(rate / MILLION) + math.ceil(broken)
end

-- The longest answer up to `output` for which so much is enough: a guess, then as many steps as it is wrong by.
local function longest(cost, enough, output)
  if cost_of(cost, output) <= enough then
    return output
  end
  local guess = math.min(output, math.floor((enough - cost[1]) / cost[2] * MILLION))
  while cost_of(cost, guess) > enough do
    guess = guess - 1
  end
  while cost_of(cost, guess + 1) <= enough do
    guess = guess + 1
  end
  return guess
end

local sheets = sheets_of(scopes_of(asked.shares))
local output, concerned, denied = asked.most, {}, nil
for _, balance in ipairs(balances(sheets, asked.shares)) do
  local cost = asked.costs[balance.unit]
  if cost then
    local enough = left(balance)
    if cost_of(cost, asked.least) <= enough then
      output = longest(cost, enough, output)
    elseif not denied or (denied.resets > 0 and (balance.resets == 0 or balance.resets > denied.resets)) then
      denied = balance
    end
    concerned[#concerned + 1] = balance
  end
end
if denied then
  return balance_text(denied)
end

local held, amounts, legs = {}, {}, {}
for unit, cost in pairs(asked.costs) do
  held[unit] = cost_of(cost, output)
  amounts[#amounts + 1] = string.format('"%s":%d', unit, held[unit])
end
for index, balance in ipairs(concerned) do
  legs[index] = leg(balance, held[balance.unit], 0)
end
post(sheets, legs)
write_sheets(sheets, scopes_of(legs))
local granted, slip = string.format("[%d,{%s}]", output, table.concat(amounts, ",")), legs_text(legs)
redis.call("HSET", KEYS[4], id, granted .. "\n" .. slip)
redis.call("ZADD", KEYS[5], expiry, id)
note("reserve", id, slip)
return granted
