local function counts(n)
  local seen = {}
  local size = 0
  local x = 42
  for i = 1, n do
    x = (x * 1103515245 + 12345) % 2147483648
    local word = "w" .. (x // 65536 % 1000)
    if not seen[word] then size = size + 1; seen[word] = 0 end
    seen[word] = seen[word] + 1
  end
  return seen, size
end
local seen, size = counts(1200000)
print(size .. " " .. seen["w7"])
