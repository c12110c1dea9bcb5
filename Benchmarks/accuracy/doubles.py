#!/usr/bin/env python3
"""Every elementary function of doubles at many random arguments, against mpmath at 200 bits. Usage: doubles.py EXP [COUNT]

Prints a line per function: `ok` or `not ok`, the worst error in units in the last place, and where. At most 2 are allowed, 4
for sigmoid, softplus and gelu. Arguments: uniform in the function's range, of any magnitude, and where it is known to be hard.
"""
import os, subprocess, sys, tempfile

try:
    import mpmath as mp
    import numpy as np
except ImportError:
    print("python3 with numpy and mpmath is absent")
    sys.exit(77)

mp.mp.prec = 200
exp, count = os.path.realpath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4000
seed = int.from_bytes(os.urandom(4), "little")
rng = np.random.default_rng(seed)
half = mp.mpf(1) / 2

# The function, its range, and places near which it is hard.
functions = {
    "sqrt": (mp.sqrt, 0, 1e300, [1, 4]),
    "exp": (mp.exp, -745, 709, [0]),
    "expm1": (mp.expm1, -40, 709, [0, -0.5, 0.5]),
    "log": (mp.log, 0, 1e300, [1]),
    "log1p": (mp.log1p, -1, 1e300, [0, -1]),
    "sin": (mp.sin, -1e9, 1e9, [k * np.pi / 2 for k in (1, 2, 3, 7, 100, 12345, 10**7)]),
    "cos": (mp.cos, -1e9, 1e9, [k * np.pi / 2 for k in (1, 2, 3, 7, 100, 12345, 10**7)]),
    "tan": (mp.tan, -1e9, 1e9, [k * np.pi / 2 for k in (1, 2, 3, 7, 100, 12345, 10**7)]),
    "asin": (mp.asin, -1, 1, [0, 0.5, -0.5, 1, -1]),
    "acos": (mp.acos, -1, 1, [0, 0.5, -0.5, 1, -1]),
    "atan": (mp.atan, -1e6, 1e6, [0, 0.5, 1, -1, 2.4]),
    "sinh": (mp.sinh, -710, 710, [0, 1, -1]),
    "cosh": (mp.cosh, -710, 710, [0, 1]),
    "tanh": (mp.tanh, -20, 20, [0, 0.5, -0.5, 1]),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), -745, 60, [0, -4, 4, -36]),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), -745, 60, [0, -1.26, -36]),
    "erf": (mp.erf, -6, 6, [0, 0.5, 1, 2, -1]),
    "gelu": (lambda x: x * mp.erfc(-x * mp.sqrt(half)) / 2, -37.5, 10, [0, -0.75, -1.84, -5, 1]),
}
compounds = {"sigmoid", "softplus", "gelu"}


def arguments(low, high, hard):
    points = [rng.uniform(max(low, -m), min(high, m), count // 4) for m in (abs(low) + abs(high), 8)]
    signs = rng.choice([1.0, -1.0], count)
    points.append(signs * 10.0 ** rng.uniform(-300, min(300, np.log10(max(-low, high))), count))
    points += [place + rng.choice([1.0, -1.0], 200) * 10.0 ** rng.uniform(-17, 0, 200) for place in hard]
    x = np.concatenate(points)
    return np.unique(x[(x >= low) & (x <= high)])


def units(found, truth):
    if mp.isinf(truth) or abs(truth) > mp.mpf(sys.float_info.max):
        return 0 if np.isinf(found) else np.inf
    nearest = float(truth)
    return float(abs(mp.mpf(float(found)) - truth) / mp.mpf(float(np.spacing(abs(nearest)))))


with tempfile.TemporaryDirectory() as folder:
    study = "".join(
        f'write_npy({name}(read_npy("x-{name}.npy")), "{name}.npy")\n' for name in functions)
    open(f"{folder}/study.exp", "w").write(study)
    x = {name: arguments(low, high, hard) for name, (_, low, high, hard) in functions.items()}
    for name in functions:
        np.save(f"{folder}/x-{name}.npy", x[name])
    run = subprocess.run([exp, "run", "study.exp", "--quiet", "--out", "runs"], cwd=folder, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"not ok the study failed\n{run.stdout}{run.stderr}")
    made = {file: os.path.join(at, file) for at, _, files in os.walk(f"{folder}/runs") for file in files}
    bad = 0
    for name, (f, *_) in functions.items():
        y = np.load(made[f"{name}.npy"])
        errors = [units(found, f(mp.mpf(float(at)))) for at, found in zip(x[name], y)]
        worst = int(np.argmax(errors))
        holds = errors[worst] <= (4 if name in compounds else 2)
        bad |= not holds
        print(f"{'ok' if holds else 'not ok'} {name}: {errors[worst]:.3f} ulp at {float(x[name][worst]).hex()}, "
              f"{len(errors)} arguments, seed {seed}", flush=True)
sys.exit(bad)
