local function product(a, b, n)
  local c = {}
  for i = 1, n do
    local row = a[i]
    local out = {}
    for j = 1, n do
      local total = 0.0
      for k = 1, n do total = total + row[k] * b[k][j] end
      out[#out + 1] = total
    end
    c[#c + 1] = out
  end
  return c
end
local n = 220
local a, b = {}, {}
for i = 0, n - 1 do
  a[i + 1], b[i + 1] = {}, {}
  for j = 0, n - 1 do
    a[i + 1][j + 1] = 1.0 * (i * j % 7)
    b[i + 1][j + 1] = 1.0 * (i + j)
  end
end
print(string.format("%.1f", product(a, b, n)[11][11]))
