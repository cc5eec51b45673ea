-- accounts.lua: the rules by which accounts change, as storage/accounts.py has them; put before the ledger's scripts.
-- KEYS[1] limits    KEYS[2] sheets    KEYS[3] seen    KEYS[4] held    KEYS[5] open    KEYS[6] journal
-- ARGV[1] what is asked, JSON: day, day_end, month and month_end, now unless it is the server's, lines of the journal
--         that are kept; and what each script says
-- Returns the server's time when that is not in the day: whoever asked finds out its day and asks again.
-- Times are ms. A limit and its account are named unit/window. Amounts are whole and below 2^53; they are written by
-- cmsgpack or with %d, since Lua's own way, and cjson's, is exact to 14 digits only.
local ROLLING, ROLLING_DAYS, DAY = "30 days", 30, 86400000
local UNLIMITED, MILLION = -1, 1000000

local asked = cjson.decode(ARGV[1])
local now = asked.now
if not now then
  local time = redis.call("TIME")
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local begins = {
  minute = now - now % 60000, hour = now - now % 3600000, day = asked.day, month = asked.month,
  [ROLLING] = math.floor(now / DAY), ever = 0,
}
local ends = {
  minute = begins.minute + 60000, hour = begins.hour + 3600000, day = asked.day_end, month = asked.month_end,
  ever = 0,
}
if now < begins.day or now >= ends.day then
  return now
end

-- Sheets ------------------------------------------------------------------------------------------------------------

-- The sheets of these scopes; one may be named more than once.
local function sheets_of(scopes)
  local sheets = {}
  if #scopes > 0 then
    local docs = redis.call("HMGET", KEYS[2], unpack(scopes))
    for index, scope in ipairs(scopes) do
      sheets[scope] = sheets[scope] or docs[index] and cmsgpack.unpack(docs[index]) or {seen = 0}
    end
  end
  return sheets
end

-- Write the sheets of these scopes; one may be named more than once.
local function write_sheets(sheets, scopes)
  local docs, seen, written = {}, {}, {}
  for _, scope in ipairs(scopes) do
    local sheet = sheets[scope]
    if not written[scope] then
      written[scope] = true
      if sheet.seen ~= begins[ROLLING] then
        sheet.seen = begins[ROLLING]
        seen[#seen + 1] = sheet.seen
        seen[#seen + 1] = scope
      end
      docs[#docs + 1] = scope
      docs[#docs + 1] = cmsgpack.pack(sheet)
    end
  end
  if #docs > 0 then
    redis.call("HSET", KEYS[2], unpack(docs))
  end
  if #seen > 0 then
    redis.call("ZADD", KEYS[3], unpack(seen))
  end
end

-- Accounts ----------------------------------------------------------------------------------------------------------

-- Forget what does not count any more.
local function roll(account, window)
  local begin = begins[window]
  if window == ROLLING then
    local days, used = {}, 0
    for day, amount in pairs(account.days) do
      if begin - tonumber(day) < ROLLING_DAYS and amount ~= 0 then
        days[day] = amount
        used = used + amount
      end
    end
    account.days, account.used = days, used
    if begin - account.begin >= ROLLING_DAYS then
      account.extra = 0
    end
  elseif account.begin < begin then
    account.begin, account.used, account.held, account.extra, account.told = begin, 0, 0, 0, 0
  end
end

local unit_of, window_of = {}, {}  -- by name

local function split(name)
  if not unit_of[name] then
    unit_of[name], window_of[name] = string.match(name, "(.-)/(.+)")
  end
  return unit_of[name], window_of[name]
end

local rolled = {}  -- the accounts that are as they stand now

-- The account of that name, as it stands now, and its unit and window.
local function account_of(sheet, name)
  local unit, window = split(name)
  local account = sheet[name]
  if not account then
    account = {begin = 0, used = 0, held = 0, extra = 0, told = 0, days = window == ROLLING and {} or nil}
    sheet[name] = account
  end
  if not rolled[account] then
    roll(account, window)
    rolled[account] = true
  end
  return account, unit, window
end

local function resets(account, window)
  if window ~= ROLLING then
    return ends[window]
  end
  local oldest = begins[ROLLING]
  for day in pairs(account.days) do
    oldest = math.min(oldest, tonumber(day))
  end
  return (oldest + ROLLING_DAYS) * DAY
end

-- The limits that hold, {name, most}: the usual ones, or what was set in their place; then what else was, by name.
local function in_force(usual, set)
  local limits, others = {}, {}
  for _, limit in ipairs(usual) do
    limits[#limits + 1] = {limit[1], set[limit[1]] or limit[2]}
    set[limit[1]] = nil
  end
  for name in pairs(set) do
    others[#others + 1] = name
  end
  table.sort(others)
  for _, name in ipairs(others) do
    limits[#limits + 1] = {name, set[name]}
  end
  return limits
end

local function scopes_of(shares_or_legs)
  local scopes = {}
  for _, each in ipairs(shares_or_legs) do
    scopes[#scopes + 1] = each[1]
  end
  return scopes
end

-- How every limit of these shares, {scope, usual limits}, stands.
local function balances(sheets, shares)
  local found = {}
  if #shares == 0 then
    return found
  end
  local set = redis.call("HMGET", KEYS[1], unpack(scopes_of(shares)))
  for index, share in ipairs(shares) do
    local scope = share[1]
    for _, limit in ipairs(in_force(share[2], set[index] and cjson.decode(set[index]) or {})) do
      if limit[2] ~= UNLIMITED then
        local account, unit, window = account_of(sheets[scope], limit[1])
        found[#found + 1] = {
          scope = scope, name = limit[1], unit = unit, window = window,
          most = limit[2] + account.extra, resets = resets(account, window), account = account,
        }
      end
    end
  end
  return found
end

local function left(balance)
  return math.max(0, balance.most - balance.account.used - balance.account.held)
end

local function balance_text(balance)
  local account = balance.account
  return string.format(
    '[%s,"%s",%d,%d,%d,%d]',
    cjson.encode(balance.scope), balance.name, balance.most, account.used, account.held, balance.resets
  )
end

-- Legs: {scope, name, begin, by how much held grew, by how much used grew} -------------------------------------------

-- In the window that the account is in; ROLLING has one for each day.
local function leg(balance, held, used)
  local begin = balance.window == ROLLING and begins[ROLLING] or balance.account.begin
  return {balance.scope, balance.name, begin, held, used}
end

local function legs_text(legs)
  local texts = {}
  for index, each in ipairs(legs) do
    texts[index] = string.format('[%s,"%s",%d,%d,%d]', cjson.encode(each[1]), each[2], each[3], each[4], each[5])
  end
  return "[" .. table.concat(texts, ",") .. "]"
end

-- Change every account as its leg says, unless its window has passed.
local function post(sheets, legs)
  for _, each in ipairs(legs) do
    local account, _, window = account_of(sheets[each[1]], each[2])
    if window == ROLLING then
      local day = string.format("%d", each[3])
      account.days[day] = (account.days[day] or 0) + each[5]
      rolled[account] = nil  -- the day may be one that does not count any more
    end
    if window == ROLLING or account.begin == each[3] then
      account.held = account.held + each[4]
      account.used = account.used + each[5]
    end
  end
end

local function note(what, id, legs)
  redis.call(
    "XADD", KEYS[6], "MAXLEN", "~", asked.lines, "*", "at", string.format("%d", now), "what", what, "id", id, "legs", legs
  )
end

-- Take away what is written of a hold. Returns its legs, or nil when nothing is held.
local function take(id)
  local hold = redis.call("HGET", KEYS[4], id)
  if not hold then
    return nil
  end
  redis.call("HDEL", KEYS[4], id)
  redis.call("ZREM", KEYS[5], id)
  return cjson.decode(string.match(hold, "\n(.*)"))
end

-- Let go of what is held, if anything is, with nothing taken.
local function let_go(id, what)
  local legs = take(id)
  if legs then
    for _, each in ipairs(legs) do
      each[4] = -each[4]
    end
    local scopes = scopes_of(legs)
    local sheets = sheets_of(scopes)
    post(sheets, legs)
    write_sheets(sheets, scopes)
    note(what, id, legs_text(legs))
  end
end

