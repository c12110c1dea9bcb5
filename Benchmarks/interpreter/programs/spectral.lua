local function entry(i, j) return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1) end
local function times(v, flipped)
  local n = #v
  local out = {}
  for i = 0, n - 1 do
    local total = 0.0
    for j = 0, n - 1 do
      local e
      if flipped then e = entry(j, i) else e = entry(i, j) end
      total = total + e * v[j + 1]
    end
    out[#out + 1] = total
  end
  return out
end
local function spectral(n)
  local u = {}
  for i = 1, n do u[i] = 1.0 end
  local v = u
  for _ = 1, 10 do
    v = times(times(u, false), true)
    u = times(times(v, false), true)
  end
  local uv, vv = 0.0, 0.0
  for i = 1, n do
    uv = uv + u[i] * v[i]
    vv = vv + v[i] * v[i]
  end
  return math.sqrt(uv / vv)
end
print(string.format("%.9f", spectral(350)))
