"""NumPy on the shapes of main.swift: GFLOP/s of products and milliseconds of lstsq. One thread: OPENBLAS_NUM_THREADS=1."""
import time
import numpy as np

SHAPES = [(32, 32, 784), (32, 784, 32), (784, 32, 32), (128, 128, 784), (128, 784, 128), (784, 128, 128), (128, 10, 128),
          (128, 128, 10), (32, 10, 32), (8, 8, 8), (16, 16, 16), (32, 32, 32), (64, 64, 64), (100, 1, 50), (100, 4, 50),
          (100, 16, 50), (100, 64, 50), (100, 256, 50), (1, 256, 256), (256, 1, 256), (256, 256, 256), (512, 512, 512),
          (1024, 256, 256), (1024, 1024, 1024)]


def best(calls, body):
    times = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(calls):
            body()
        times.append((time.perf_counter() - start) / calls)
    return min(times)


if __name__ == "__main__":
    for dtype in (np.float32, np.float64):
        print(np.dtype(dtype), "numpy", np.__version__)
        for m, n, k in SHAPES:
            a, b, c = np.full((m, k), 0.5, dtype), np.full((k, n), 2, dtype), np.empty((m, n), dtype)
            t = best(max(1, 3_000_000 // (m * n * k // 16 + 2000)), lambda: np.dot(a, b, out=c))
            print(f"  {m} × {k} × {n}  {2 * m * n * k / t / 1e9:.1f}")
    rng = np.random.default_rng(0)
    for m, n in [(100, 20), (100, 100), (100, 1000), (200, 200), (200, 2000)]:
        a, b = rng.normal(size=(m, n)), rng.normal(size=m)
        print(f"lstsq {m} × {n}: {1e3 * best(3, lambda: np.linalg.lstsq(a, b, rcond=None)):.2f} ms")
