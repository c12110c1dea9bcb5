"""What is measured: rows of work, each a program of ours and the peers' programs for the same work."""
from dataclasses import dataclass, field


@dataclass
class Row:
    """One row of the table."""
    name: str
    aim: str
    # Our program, its settings, and the setting that says how much work there is.
    program: str
    settings: dict = field(default_factory=dict)
    count: str = "steps"
    # The peers' program, its arguments, and its variants; `mkl` ones also run with MKL told to use AVX-512.
    peer: str = ""
    arguments: list = field(default_factory=list)
    variants: list = field(default_factory=list)
    mkl: list = field(default_factory=list)
    # Work per timed block of the peer, its warm-up, and how far the losses may be apart, relatively.
    steps: int = 0
    warm: dict = field(default_factory=dict)
    tolerance: float = 0.02
    # What the peer's program makes that ours reads: (variant, until, code); {total} is the number of steps in all.
    export: tuple = ()
    threads: int = 1
    # steady: per step, between a short and a long run of ours. whole: the process from its start to its end.
    measure: str = "steady"
    unit: str = "steps/s"
    repeats: int = 3

    def total(self, variant):
        """Steps that a peer's process does: one, its warm-up, and its timed blocks."""
        if self.measure == "whole":
            return self.steps
        warm = self.warm.get(variant, self.warm.get("", 0))
        return 1 + warm + self.repeats * self.steps


def mlp(hidden, batch, steps, aim, threads=1):
    return Row(
        f"MLP 784-{hidden}-10, batch {batch}, SGD momentum", aim, "mlp.exp", {"hidden": hidden}, peer="w1_mlp.py",
        arguments=["--hidden", hidden, "--batch", batch], steps=steps,
        variants=["jax_scan", "jax_jit", "torch_eager_fused", "torch_compile_full", "numpy"],
        mkl=["torch_eager_fused", "torch_compile_full"],
        warm={"": min(steps, 20), "jax_scan": steps}, threads=threads,
        export=("numpy", "-", 'save("x", X); save("y", Y); save("w1", W1); save("w2", W2); '
                'save("order", order.integers(0, a.n, ({total}, a.batch)))'))


TRANSFORMER = ('[save(k, v) for k, v in init.items()]; save("tok", tok); save("lab", lab)')
LSTM = ('[save(k, v) for k, v in P.items()]; save("xs", np.stack([x for x, y in data])); '
        'save("ys", np.stack([y for x, y in data])); '
        'save("order", np.concatenate([np.arange(n) % POOL for n in (1, {warm}, {steps}, {steps}, {steps})]))')
SWEEP = """
for s in range(3):
    for name, array in zip(("x", "y", "tx", "ty", "order"), dataset(s)):
        save(f"{name}_{s}", array)
    for w in WIDTHS:
        p = init(w, s)
        save(f"w1_{w}_{s}", p[0]); save(f"w2_{w}_{s}", p[2])
"""
# Filters as [height, width, in, out], images as [n, height, width, channels].
IMAGES = """
save("x", X.transpose(0, 2, 3, 1)); save("y", Y)
for i, p in enumerate(model.parameters()):
    p = p.detach().numpy()
    if p.ndim == 2 and small:
        p = p.reshape(10, 16, 4, 4).transpose(0, 2, 3, 1).reshape(10, 256)
    save(f"p{i}", p.transpose(2, 3, 1, 0) if p.ndim == 4 else p.T)
"""


def sweep(threads, aim):
    one = threads == 1
    return Row(
        "double-descent sweep: 12 widths × 3 seeds × 2000 steps", aim, "sweep.exp", peer="w2_double_descent.py",
        steps=2000, repeats=1, measure="whole", unit="s", threads=threads,
        variants=["numpy", "jax_scan", "jax_padded"] if one else ["numpy_mp", "jax_scan_mp"],
        export=("numpy", "single", SWEEP))


def transformer(threads, aim):
    return Row(
        "1-layer grokking transformer, p = 113, full batch", aim, "transformer.exp", peer="w3_grok_transformer.py",
        steps=4, warm={"": 2}, variants=["torch_eager", "torch_eager_einsum", "torch_compile", "jax_jit"],
        mkl=["torch_eager"],
        export=("torch_eager", "-", TRANSFORMER), threads=threads)


def images(net, program, steps, aim, threads=1):
    name = "ResNet-20, width 16, batch 128" if net == "resnet20" else "small CNN, 16×16 images, 8 channels, batch 64"
    return Row(
        name, aim, program, peer="w5_conv.py", arguments=["--net", net], steps=steps, tolerance=0.05,
        warm={"": 20 if net == "small" else 1}, variants=["torch_cl", "torch_eager", "jax_jit"], threads=threads,
        export=("torch_cl", "opt", IMAGES))


ROWS = [
    mlp(128, 128, 1000, "≥ 1.2"),
    mlp(32, 32, 5000, "≥ 2.5"),
    mlp(1024, 512, 20, "≥ 1.2"),
    sweep(1, "≥ 5"),
    transformer(1, "≥ 1.7"),
    images("resnet20", "resnet20.exp", 2, "≥ 1.4"),
    images("small", "small_cnn.exp", 100, "≥ 2.5"),
    Row("LSTM 64, length 100, batch 64", "≥ 1.4", "lstm.exp", peer="w9_lstm.py", steps=10, warm={"": 3},
        variants=["torch_nn", "torch_cell", "jax_scan_cell"], export=("torch_nn", "-", LSTM)),
    Row("Hessian times vector: 784-128-10, 2048 samples", "≥ 1.2", "curvature.exp", peer="w12_hvp.py", steps=100,
        warm={"": 5, "jax_scan": 100}, variants=["jax_scan", "jax_jit", "torch_func", "numpy"], mkl=["torch_func"],
        export=("numpy", "-", 'save("x", X); save("y", Y); save("w1", W1); save("w2", W2)'), unit="products/s"),
    Row("eager operations on 16 elements", "≥ 3 M/s", "overhead.exp", {"operations": 3000}, "repetitions",
        peer="w10_overhead.py", steps=99999, variants=["numpy", "torch_nograd"], unit="operations/s"),
    Row("eager operations on 16 elements, with backward", "≥ 1 M/s", "overhead.exp",
        {"operations": 99999, "derivative": "true"}, "repetitions", peer="w10_overhead.py", steps=99999,
        variants=["torch_eager"], unit="operations/s"),
    Row("process start to the end of the first training step (processor time)", "< 0.1 s", "startup.exp", count="", measure="whole",
        unit="s", peer="w10_startup.py", steps=1, variants=["jax_first_step", "torch_first_step"]),
    mlp(1024, 512, 20, "≥ 1.2", threads=4),
    transformer(4, "≥ 1.4"),
    images("resnet20", "resnet20.exp", 2, "≥ 1.3", threads=4),
    images("small", "small_cnn.exp", 100, "≥ 2", threads=4),
    sweep(4, "≥ 5; 0.35 s"),
]

# Other sizes, to see that nothing was made for the ones above: ratios may fall by a fifth.
OTHER = [
    mlp(100, 100, 1000, "≥ 0.96"),
    mlp(37, 31, 3000, "≥ 2"),
    mlp(300, 127, 300, "≥ 0.96"),
    mlp(1000, 257, 30, "≥ 0.96"),
]
