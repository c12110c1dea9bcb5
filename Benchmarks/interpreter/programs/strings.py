def build(n):
    total = 0
    line = ""
    for i in range(n):
        name = f"item {i % 100}"
        if name == "item 7": total += 1
        line += name
        line += ","
        if i % 50 == 0:
            total += len(line)
            line = ""
    return total
print(build(1000000))
