"""Makes the fixtures of TensorsTests: correctly rounded function values and linear algebra by NumPy.

Run by hand with numpy, scipy and mpmath; the versions used are written into the files. Every number is a hexadecimal double,
so nothing is rounded on the way.
"""
import sys
import mpmath as mp
import numpy as np
import scipy.linalg

mp.mp.prec = 160
rng = np.random.default_rng(20260101)
out = __import__("pathlib").Path(__file__).parent

FUNCTIONS = {
    "exp": (mp.exp, -740, 709), "expm1": (mp.expm1, -40, 709), "log": (mp.log, 1e-300, 1e300),
    "log1p": (mp.log1p, -0.999, 1e10), "sin": (mp.sin, -1e6, 1e6), "cos": (mp.cos, -1e6, 1e6),
    "tan": (mp.tan, -1e3, 1e3), "asin": (mp.asin, -1, 1), "acos": (mp.acos, -1, 1), "atan": (mp.atan, -50, 50),
    "sinh": (mp.sinh, -700, 700), "cosh": (mp.cosh, -700, 700), "tanh": (mp.tanh, -20, 20),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), -60, 60), "softplus": (lambda x: mp.log1p(mp.exp(x)), -60, 60),
    "erf": (mp.erf, -6, 6), "gelu": (lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2, -37, 10),
}


def points(name, low, high):
    """Doubles that are also floats, so that one fixture serves both types."""
    xs = [float(np.float32(x)) for x in rng.uniform(low if low > -30 else -30, high if high < 30 else 30, 30)]
    xs += [float(np.float32(x)) for x in rng.uniform(max(low, -80), min(high, 80), 20)]
    xs += [float(np.float32(s * 10.0**e)) for e in range(-12, 1) for s in (1, -1) if low <= s * 10.0**e <= high]
    # Where compounds lose most: near 0, around 1, and along the whole range.
    xs += [float(np.float32(x)) for x in rng.uniform(max(low, -4), min(high, 4), 150)]
    xs += [float(np.float32(x)) for x in rng.uniform(-0.1, 0.1, 40) if low <= x <= high]
    if name in ("sin", "cos"):
        xs += [float(np.float32(x)) for x in (1e8, -3e12, 1e22, 3.0e38, 123456.79, 33554432.0, 33554436.0)]
    if name == "log":
        xs = [abs(x) for x in xs if x != 0] + [float(np.float32(x)) for x in (1e-40, 3e-39, 1.0000001, 0.9999999, 3e38)]
    return [x for x in xs if low <= x <= high or name in ("sin", "cos", "log")]


def functions():
    lines = [f"# name, argument, value; mpmath {mp.__version__}, numpy {np.__version__}"]
    for name, (f, low, high) in FUNCTIONS.items():
        for x in points(name, low, high):
            y = f(mp.mpf(x))
            lines.append(f"{name} {x.hex()} {float(y).hex()}")
    for x, y in zip(rng.uniform(0, 4, 60), rng.uniform(-15, 15, 60)):
        x, y = float(np.float32(x)), float(np.float32(y))
        lines.append(f"power {x.hex()} {float(mp.power(x, y)).hex()} {y.hex()}")
        lines.append(f"atan2 {(x - 2).hex()} {float(mp.atan2(mp.mpf(x - 2), mp.mpf(y))).hex()} {y.hex()}")
    (out / "functions.txt").write_text("\n".join(lines) + "\n")


def flat(a):
    return " ".join(float(v).hex() for v in np.asarray(a).ravel())


def linear():
    lines = [f"# numpy {np.__version__}; kind m n rank, then a, b, the solution of lstsq and the singular values"]
    for m, n in [(1, 1), (4, 4), (7, 3), (3, 7), (24, 10), (10, 24), (33, 33)]:
        for kind in ("well", "deficient", "ill"):
            a = rng.normal(size=(m, n))
            k = min(m, n)
            if kind == "deficient":
                r = max(1, k // 2)
                a = rng.normal(size=(m, r)) @ rng.normal(size=(r, n))
            if kind == "ill":
                u, _, v = np.linalg.svd(a, full_matrices=False)
                a = (u * np.logspace(0, -8, k)) @ v
            b = rng.normal(size=m)
            x, _, rank, s = np.linalg.lstsq(a, b, rcond=None)
            lines += [f"{kind} {m} {n} {rank}", flat(a), flat(b), flat(x), flat(s)]
    (out / "linear.txt").write_text("\n".join(lines) + "\n")


def squares():
    """Square systems, well conditioned and graded over twelve orders: solutions, determinants, eigenvalues."""
    import scipy
    lines = [f"# numpy {np.__version__}, scipy {scipy.__version__}; kind n, then a, b, the solution of a x = b, sign and "
             "logarithm of the determinant, the eigenvalues of a + a', real and imaginary parts of those of a, and the "
             "diagonal of R of QR with column pivoting"]
    for n in (1, 2, 5, 12, 40):
        for kind in ("well", "graded", "defective", "complex"):
            a = rng.normal(size=(n, n))
            if kind == "graded":
                a = np.diag(np.logspace(0, -12, n)) @ a
            if kind == "defective":
                a = np.triu(a)
                np.fill_diagonal(a, 2.0)
            if kind == "complex":
                a = a - a.T + np.diag(rng.uniform(0.5, 1.5, n))
            b = rng.normal(size=n)
            sign, log = np.linalg.slogdet(a)
            values = np.linalg.eigvals(a)
            values = values[np.lexsort((values.imag, values.real))]
            r = scipy.linalg.qr(a, pivoting=True)[1]
            lines += [f"{kind} {n}", flat(a), flat(b), flat(np.linalg.solve(a, b)), flat([sign, log]),
                      flat(np.linalg.eigvalsh(a + a.T)), flat(values.real), flat(values.imag), flat(np.diag(r))]
    (out / "squares.txt").write_text("\n".join(lines) + "\n")


def extremes():
    """Square matrices near the ends of the range of doubles, and their first columns."""
    lines = [f"# numpy {np.__version__}; scale n, then a, the eigenvalues of a + a', real and imaginary parts of those of a, and the "
             "singular values of a and of a without its last column"]
    own = np.random.default_rng(20260102)
    matrices = [np.array([[1, -2, 0.5], [3, 1, 1], [0.2, -1, 2]]), np.array([[0.0, -1], [1, 0]]), own.normal(size=(12, 12))]
    for scale in (1e-310, 1e-307, 1e-200, 1e-163, 1e-155, 1e154, 1e156, 1e200, 1e300, 2e305):
        for base in matrices:
            a = base * scale
            values = np.linalg.eigvals(a)
            values = values[np.lexsort((values.imag, values.real))]
            lines += [f"{scale} {len(a)}", flat(a), flat(np.linalg.eigvalsh(a + a.T)), flat(values.real), flat(values.imag),
                      flat(np.linalg.svd(a)[1]), flat(np.linalg.svd(a[:, :-1])[1])]
    (out / "extremes.txt").write_text("\n".join(lines) + "\n")


def arrays():
    np.save(out / "f4.npy", np.arange(6, dtype=np.float32).reshape(2, 3) / 4)
    np.save(out / "i8.npy", np.array([1, -2, 3], dtype=np.int64))
    np.save(out / "scalar.npy", np.array(2.5))
    grid = np.arange(24).reshape(2, 3, 4)
    kinds = {"fortran": np.asfortranarray(grid.astype("<f8")), "big": grid.astype(">f4"), "half": grid.astype("<f2") / 4,
             "small": (grid - 12).astype("i1"), "words": (grid + 65500).astype(">u2"), "unsigned": (grid + 2**31).astype("<u4"),
             "flags": grid % 2 == 0, "none": np.zeros((0, 3), dtype="<f4")}
    np.savez(out / "plain.npz", **kinds)
    np.savez_compressed(out / "packed.npz", **kinds)


if __name__ == "__main__":
    functions()
    linear()
    squares()
    extremes()
    arrays()
    sys.exit(0)
