local sqrt = math.sqrt
local function advance(bodies, dt)
  local n = #bodies
  for i = 1, n do
    for j = i + 1, n do
      local a, b = bodies[i], bodies[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      local square = dx * dx + dy * dy + dz * dz + 0.01
      local pull = dt / (square * sqrt(square))
      a.vx = a.vx - dx * b.mass * pull
      a.vy = a.vy - dy * b.mass * pull
      a.vz = a.vz - dz * b.mass * pull
      b.vx = b.vx + dx * a.mass * pull
      b.vy = b.vy + dy * a.mass * pull
      b.vz = b.vz + dz * a.mass * pull
    end
  end
  for i = 1, n do
    local a = bodies[i]
    a.x = a.x + dt * a.vx
    a.y = a.y + dt * a.vy
    a.z = a.z + dt * a.vz
  end
end
local bodies = {}
for i = 0, 4 do bodies[i + 1] = { x = 1.0 * i, y = 0.5 * i, z = 0.1 * i * i, vx = 0.0, vy = 0.1 * i, vz = 0.0, mass = 1.0 + i } end
for step = 1, 120000 do advance(bodies, 0.001) end
print(string.format("%.9f", bodies[1].x))
