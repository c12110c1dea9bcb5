def sorted_by(xs, less):
    if len(xs) < 2: return xs
    pivot = xs[len(xs) // 2]
    before, equal, after = [], [], []
    for x in xs:
        if less(x, pivot): before.append(x)
        elif less(pivot, x): after.append(x)
        else: equal.append(x)
    return sorted_by(before, less) + equal + sorted_by(after, less)
xs = [i * 7919 % 300007 for i in range(300000)]
out = sorted_by(xs, lambda a, b: a > b)
print(out[0], out[150000], out[299999])
