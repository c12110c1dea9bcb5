def work(n, rounds):
    total = 0
    for round in range(rounds):
        xs = list(map(lambda x: (x * 7919 + round) % 10007, range(n)))
        kept = list(filter(lambda x: x % 3 != 0, xs))
        kept.sort(key=lambda x: -x)
        total += kept[0] + len(kept)
    return total
print(work(20000, 20))
