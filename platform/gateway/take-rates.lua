-- Takes one request from every budget in KEYS, of which each holds ARGV[i] requests in any 60 seconds, or from none.
-- A budget is a hash: `at` is the second it was last looked at, `total` what the last 60 seconds hold, and the fields
-- 0 to 60 count the requests of a second, by second modulo 61. Everything happens in one step of the store.
local WINDOW, SLOTS = 60, 61
local now = tonumber(redis.call('TIME')[1])
local budgets, allowed = {}, 1

for i, key in ipairs(KEYS) do
  local fields = redis.call('HGETALL', key)
  local budget = { at = now, total = 0, counts = {}, gone = {} }
  for f = 1, #fields, 2 do
    local value = tonumber(fields[f + 1])
    if fields[f] == 'at' then budget.at = value
    elseif fields[f] == 'total' then budget.total = value
    else budget.counts[tonumber(fields[f])] = value end
  end
  -- A clock that was set back frees nothing.
  local present = math.max(now, budget.at)
  for second = budget.at + 1, math.min(present, budget.at + SLOTS) do
    local slot = second % SLOTS
    if budget.counts[slot] then
      budget.total = budget.total - budget.counts[slot]
      budget.counts[slot] = nil
      budget.gone[#budget.gone + 1] = slot
    end
  end
  budget.at = present
  if budget.total >= tonumber(ARGV[i]) then allowed = 0 end
  budgets[i] = budget
end

local answer = { allowed }
for i, key in ipairs(KEYS) do
  local budget, limit = budgets[i], tonumber(ARGV[i])
  if #budget.gone > 0 then redis.call('HDEL', key, unpack(budget.gone)) end
  if allowed == 1 then
    local slot = budget.at % SLOTS
    budget.total = budget.total + 1
    budget.counts[slot] = (budget.counts[slot] or 0) + 1
    redis.call('HSET', key, 'at', budget.at, 'total', budget.total, slot, budget.counts[slot])
    redis.call('EXPIRE', key, WINDOW + 1)
  elseif budget.total > 0 then
    redis.call('HSET', key, 'at', budget.at, 'total', budget.total)
  end
  local reset = WINDOW
  if allowed == 0 and budget.total >= limit then
    local left = budget.total
    reset = SLOTS
    for age = WINDOW, 1, -1 do
      left = left - (budget.counts[(budget.at - age + SLOTS) % SLOTS] or 0)
      if left < limit then
        reset = SLOTS - age
        break
      end
    end
  end
  answer[#answer + 1] = budget.total
  answer[#answer + 1] = reset
end
return answer
