local function inside(size, limit)
  local count = 0
  for i = 0, size - 1 do
    for j = 0, size - 1 do
      local a = 3.0 * j / size - 2.0
      local b = 2.0 * i / size - 1.0
      local x, y, k = 0.0, 0.0, 0
      while k < limit and x * x + y * y < 4.0 do
        local t = x * x - y * y + a
        y = 2.0 * x * y + b
        x = t
        k = k + 1
      end
      if k == limit then count = count + 1 end
    end
  end
  return count
end
print(inside(500, 100))
