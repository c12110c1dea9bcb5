local function sorted(xs, less)
  if #xs < 2 then return xs end
  local pivot = xs[#xs // 2 + 1]
  local before, equal, after = {}, {}, {}
  for _, x in ipairs(xs) do
    if less(x, pivot) then before[#before + 1] = x
    elseif less(pivot, x) then after[#after + 1] = x
    else equal[#equal + 1] = x end
  end
  local out = sorted(before, less)
  table.move(equal, 1, #equal, #out + 1, out)
  local last = sorted(after, less)
  table.move(last, 1, #last, #out + 1, out)
  return out
end
local xs = {}
for i = 0, 299999 do xs[i + 1] = i * 7919 % 300007 end
local out = sorted(xs, function(a, b) return a > b end)
print(out[1] .. " " .. out[150001] .. " " .. out[300000])
