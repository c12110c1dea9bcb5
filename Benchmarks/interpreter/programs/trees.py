def make(depth):
    if depth == 0: return [None, None]
    return [make(depth - 1), make(depth - 1)]
def check(tree):
    if tree[0] is None: return 1
    return 1 + check(tree[0]) + check(tree[1])
def work(depth, rounds):
    total = 0
    for _ in range(rounds): total += check(make(depth))
    return total
print(work(14, 60))
