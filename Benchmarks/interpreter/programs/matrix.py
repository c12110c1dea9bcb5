def product(a, b, n):
    c = []
    for i in range(n):
        row = a[i]
        out = []
        for j in range(n):
            total = 0.0
            for k in range(n): total += row[k] * b[k][j]
            out.append(total)
        c.append(out)
    return c
n = 220
a = [[1.0 * (i * j % 7) for j in range(n)] for i in range(n)]
b = [[1.0 * (i + j) for j in range(n)] for i in range(n)]
print("%.1f" % product(a, b, n)[10][10])
