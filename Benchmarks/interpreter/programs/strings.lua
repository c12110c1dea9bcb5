local function build(n)
  local total = 0
  local line = ""
  for i = 0, n - 1 do
    local name = "item " .. i % 100
    if name == "item 7" then total = total + 1 end
    line = line .. name
    line = line .. ","
    if i % 50 == 0 then total = total + #line; line = "" end
  end
  return total
end
print(build(1000000))
