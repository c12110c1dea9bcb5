"""W12: power iteration on the Hessian of a 2-layer MLP's loss (784-hidden-10, ReLU) on one set of samples: a product with a vector per step."""
import _peer

a = _peer.setup("w12_hvp", ["jax_scan", "jax_jit", "torch_func", "numpy"], hidden=128, n=2048, steps=100)
if a.quick:
    a.steps = min(a.steps, 10)
import numpy as np

D, K = 784, 10
rng = np.random.default_rng(0)
centres = rng.standard_normal((K, D), dtype=np.float32) * 0.15
Y = rng.integers(0, K, a.n)
X = centres[Y] + rng.standard_normal((a.n, D), dtype=np.float32) * 0.5
W1 = rng.standard_normal((D, a.hidden), dtype=np.float32) * np.float32((2 / D) ** 0.5)
W2 = rng.standard_normal((a.hidden, K), dtype=np.float32) * np.float32((1 / a.hidden) ** 0.5)

if a.variant == "torch_func":
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(a.threads)
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    p = [torch.from_numpy(W1), torch.zeros(a.hidden), torch.from_numpy(W2), torch.zeros(K)]

    def loss(w1, b1, w2, b2):
        return F.cross_entropy(torch.relu(x @ w1 + b1) @ w2 + b2, y)

    grad = torch.func.grad(loss, argnums=(0, 1, 2, 3))
    v, value = [torch.ones_like(t) for t in p], None

    def block(n):
        global v, value
        with torch.no_grad():
            for _ in range(n):
                r = torch.func.jvp(grad, tuple(p), tuple(v))[1]
                value = torch.sqrt(sum((t * t).sum() for t in r))
                v = [t / value for t in r]

    def final():
        return value.item()
elif a.variant.startswith("jax"):
    import jax
    import jax.numpy as jnp

    x, y = jnp.asarray(X), jnp.asarray(Y)
    p = (jnp.asarray(W1), jnp.zeros(a.hidden), jnp.asarray(W2), jnp.zeros(K))
    v, value = jax.tree.map(jnp.ones_like, p), None

    def loss(p):
        z = jax.nn.relu(x @ p[0] + p[1]) @ p[2] + p[3]
        return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1).mean()

    def step(v, _):
        r = jax.jvp(jax.grad(loss), (p,), (v,))[1]
        size = jnp.sqrt(sum(jnp.vdot(t, t) for t in r))
        return jax.tree.map(lambda t: t / size, r), size

    if a.variant == "jax_scan":
        run = jax.jit(lambda v, n: jax.lax.scan(step, v, None, length=n), static_argnums=1)

        def block(n):
            global v, value
            v, sizes = run(v, n)
            value = sizes[-1].block_until_ready()
    else:
        one = jax.jit(step)

        def block(n):
            global v, value
            for _ in range(n):
                v, value = one(v, None)
            value.block_until_ready()

    def final():
        return float(value)
else:
    h = np.maximum(X @ W1, 0)
    gate = h > 0
    q = h @ W2
    q = np.exp(q - q.max(1, keepdims=True))
    q /= q.sum(1, keepdims=True)
    d = q.copy()
    d[np.arange(a.n), Y] -= 1
    v, value = [np.ones_like(t) for t in (W1, np.zeros(a.hidden, np.float32), W2, np.zeros(K, np.float32))], None

    def block(n):
        global v, value
        for _ in range(n):
            th = (X @ v[0] + v[1]) * gate
            tz = th @ W2 + h @ v[2] + v[3]
            td = q * (tz - (q * tz).sum(1, keepdims=True))
            te = (td @ W2.T + d @ v[2].T) * gate
            r = [t / np.float32(a.n) for t in (X.T @ te, te.sum(0), h.T @ td + th.T @ d, td.sum(0))]
            value = np.sqrt(sum((t * t).sum() for t in r))
            v = [t / value for t in r]

    def final():
        return float(value)

t = _peer.bench(a, block, a.steps, warm=a.steps if a.variant == "jax_scan" else 5)
_peer.emit(a, t, a.steps, 2 * a.n * (2 * D * a.hidden + 6 * a.hidden * K), hidden=a.hidden, n=a.n, final_loss=final())
