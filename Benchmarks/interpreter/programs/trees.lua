local function make(depth)
  if depth == 0 then return {false, false} end
  return {make(depth - 1), make(depth - 1)}
end
local function check(tree)
  if tree[1] == false then return 1 end
  return 1 + check(tree[1]) + check(tree[2])
end
local function work(depth, rounds)
  local total = 0
  for _ = 1, rounds do total = total + check(make(depth)) end
  return total
end
print(work(14, 60))
