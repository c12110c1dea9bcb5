local function map(xs, f) local r = {} for i = 1, #xs do r[i] = f(xs[i]) end return r end
local function filter(xs, f) local r = {} for i = 1, #xs do if f(xs[i]) then r[#r + 1] = xs[i] end end return r end
local function work(n, rounds)
  local total = 0
  for round = 0, rounds - 1 do
    local base = {}
    for i = 0, n - 1 do base[i + 1] = i end
    local xs = map(base, function(x) return (x * 7919 + round) % 10007 end)
    local kept = filter(xs, function(x) return x % 3 ~= 0 end)
    table.sort(kept, function(a, b) return -a < -b end)
    total = total + kept[1] + #kept
  end
  return total
end
print(work(20000, 20))
