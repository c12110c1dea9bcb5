from math import sqrt
def entry(i, j): return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)
def times(v, flipped):
    n = len(v)
    out = []
    for i in range(n):
        total = 0.0
        for j in range(n):
            total += (entry(j, i) if flipped else entry(i, j)) * v[j]
        out.append(total)
    return out
def spectral(n):
    u = [1.0] * n
    v = u
    for _ in range(10):
        v = times(times(u, False), True)
        u = times(times(v, False), True)
    uv = vv = 0.0
    for i in range(n):
        uv += u[i] * v[i]
        vv += v[i] * v[i]
    return sqrt(uv / vv)
print("%.9f" % spectral(350))
