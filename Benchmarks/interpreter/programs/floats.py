def inside(size, limit):
    count = 0
    for i in range(size):
        for j in range(size):
            a = 3.0 * j / size - 2.0
            b = 2.0 * i / size - 1.0
            x = y = 0.0
            k = 0
            while k < limit and x * x + y * y < 4.0:
                t = x * x - y * y + a
                y = 2.0 * x * y + b
                x = t
                k += 1
            if k == limit: count += 1
    return count
print(inside(500, 100))
