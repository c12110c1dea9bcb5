from math import sqrt
class Body: __slots__ = ("x", "y", "z", "vx", "vy", "vz", "mass")
def advance(bodies, dt):
    n = len(bodies)
    for i in range(n):
        for j in range(i + 1, n):
            a = bodies[i]; b = bodies[j]
            dx = a.x - b.x; dy = a.y - b.y; dz = a.z - b.z
            square = dx * dx + dy * dy + dz * dz + 0.01
            pull = dt / (square * sqrt(square))
            a.vx -= dx * b.mass * pull
            a.vy -= dy * b.mass * pull
            a.vz -= dz * b.mass * pull
            b.vx += dx * a.mass * pull
            b.vy += dy * a.mass * pull
            b.vz += dz * a.mass * pull
    for a in bodies:
        a.x += dt * a.vx
        a.y += dt * a.vy
        a.z += dt * a.vz
bodies = []
for i in range(5):
    b = Body()
    b.x = 1.0 * i; b.y = 0.5 * i; b.z = 0.1 * i * i; b.vx = 0.0; b.vy = 0.1 * i; b.vz = 0.0; b.mass = 1.0 + i
    bodies.append(b)
for step in range(120000): advance(bodies, 0.001)
print(f"{bodies[0].x:.9f}")
