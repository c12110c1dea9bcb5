local function advance(bodies, pairs_, dt)
  for _, p in ipairs(pairs_) do
    local a = bodies[p[1]]
    local b = bodies[p[2]]
    local dx = a[1] - b[1]
    local dy = a[2] - b[2]
    local dz = a[3] - b[3]
    local square = dx * dx + dy * dy + dz * dz
    local pull = dt / (square * math.sqrt(square))
    local u = b[7] * pull
    local v = a[7] * pull
    a[4] = a[4] - dx * u
    a[5] = a[5] - dy * u
    a[6] = a[6] - dz * u
    b[4] = b[4] + dx * v
    b[5] = b[5] + dy * v
    b[6] = b[6] + dz * v
  end
  for i = 1, #bodies do
    local a = bodies[i]
    a[1] = a[1] + dt * a[4]
    a[2] = a[2] + dt * a[5]
    a[3] = a[3] + dt * a[6]
  end
  return bodies
end
local pairs_ = {}
for i = 0, 4 do for j = i + 1, 4 do pairs_[#pairs_ + 1] = {i + 1, j + 1} end end
local bodies = {}
for i = 0, 4 do bodies[i + 1] = {1.0 * i, 0.5 * i, 0.1 * i * i, 0.0, 0.1 * i, 0.0, 1.0 + i} end
for step = 1, 120000 do bodies = advance(bodies, pairs_, 0.001) end
print(string.format("%.9f", bodies[1][1]))
