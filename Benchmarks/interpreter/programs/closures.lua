local function adder(step) return function(x) return x + step end end
local function compose(f, g) return function(x) return g(f(x)) end end
local function loop(n)
  local next = compose(adder(1), adder(2))
  local x = 0
  for i = 0, n - 1 do x = next(x) % 1000 end
  return x
end
print(loop(6000000))
