def adder(step): return lambda x: x + step
def compose(f, g): return lambda x: g(f(x))
def loop(n):
    next = compose(adder(1), adder(2))
    x = 0
    for i in range(n): x = next(x) % 1000
    return x
print(loop(6000000))
