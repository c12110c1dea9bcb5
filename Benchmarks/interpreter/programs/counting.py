def counts(n):
    seen = {}
    x = 42
    for i in range(n):
        x = (x * 1103515245 + 12345) % 2147483648
        word = f"w{x // 65536 % 1000}"
        seen[word] = (seen[word] if word in seen else 0) + 1
    return seen
seen = counts(1200000)
print(len(seen), seen["w7"])
