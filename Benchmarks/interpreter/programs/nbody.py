from math import sqrt
def advance(bodies, pairs, dt):
    for p in pairs:
        a = bodies[p[0]]
        b = bodies[p[1]]
        dx = a[0] - b[0]
        dy = a[1] - b[1]
        dz = a[2] - b[2]
        square = dx * dx + dy * dy + dz * dz
        pull = dt / (square * sqrt(square))
        u = b[6] * pull
        v = a[6] * pull
        a[3] -= dx * u
        a[4] -= dy * u
        a[5] -= dz * u
        b[3] += dx * v
        b[4] += dy * v
        b[5] += dz * v
    for a in bodies:
        a[0] += dt * a[3]
        a[1] += dt * a[4]
        a[2] += dt * a[5]
    return bodies
pairs = [[i, j] for i in range(5) for j in range(i + 1, 5)]
bodies = [[1.0 * i, 0.5 * i, 0.1 * i * i, 0.0, 0.1 * i, 0.0, 1.0 + i] for i in range(5)]
for step in range(120000): bodies = advance(bodies, pairs, 0.001)
print("%.9f" % bodies[0][0])
