#!/usr/bin/env python3
"""Records what PyTorch computes, for Tests/EvaluationTests/Specs/peers/: optimizers over 200 steps, layers and image layers with their
gradients.

  python3 scripts/make_torch_fixtures.py        needs torch (made with the versions that the files name in their first lines)

Lion and LAMB, which PyTorch lacks, follow the papers' pseudo-code here, line by line, on PyTorch tensors.
"""
import math, pathlib, sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
folder = pathlib.Path(__file__).resolve().parent.parent / "Tests/EvaluationTests/Specs/peers"
header = f"# Made by scripts/make_torch_fixtures.py with PyTorch {torch.__version__.split('+')[0]} and Python {sys.version.split()[0]}.\n"


def nested(x):
    return "[" + ", ".join(nested(y) for y in x) + "]" if isinstance(x, list) else repr(x)


def exp(t):
    return f'tensor({nested(t.detach().tolist())}, dtype: "f64")'


def rounded(*shape):
    """Random numbers with few digits, so that f32 holds them as well as the text does."""
    return (torch.randn(*shape) * 256).round() / 256


# Optimizers: one hidden layer of tanh, mean squared error, full batch.
torch.manual_seed(1)
X, Y = rounded(12, 3), rounded(12, 2)
START = [rounded(3, 4), rounded(4), rounded(4, 2), rounded(2)]


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al. 2023."""

    def __init__(self, params, lr, betas, weight_decay):
        super().__init__(params, dict(lr=lr, betas=betas, wd=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                b1, b2 = group["betas"]
                update = torch.sign(b1 * m + (1 - b1) * p.grad)
                m.copy_(b2 * m + (1 - b2) * p.grad)
                p.sub_(group["lr"] * (update + group["wd"] * p))


class Lamb(torch.optim.Optimizer):
    """Algorithm 2 of You et al. 2020, with the identity as its phi."""

    def __init__(self, params, lr, betas, eps, weight_decay):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, wd=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                s = self.state[p]
                t = s["t"] = s.get("t", 0) + 1
                m, v = s.setdefault("m", torch.zeros_like(p)), s.setdefault("v", torch.zeros_like(p))
                b1, b2 = group["betas"]
                m.copy_(b1 * m + (1 - b1) * p.grad)
                v.copy_(b2 * v + (1 - b2) * p.grad**2)
                r = (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + group["eps"]) + group["wd"] * p
                p.sub_(group["lr"] * p.norm() / r.norm() * r)


O = torch.optim
OPTIMIZERS = {  # name: (ours, theirs, what happens to gradients, PyTorch's schedule)
    "sgd": ("sgd(lr: 0.1)", lambda p: O.SGD(p, lr=0.1)),
    "sgd decayed": ("sgd(lr: 0.1, weight_decay: 0.02)", lambda p: O.SGD(p, lr=0.1, weight_decay=0.02)),
    "momentum": ("sgd(lr: 0.05, momentum: 0.9, weight_decay: 0.01)",
                 lambda p: O.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01)),
    "nesterov": ("sgd(lr: 0.05, momentum: 0.9, nesterov: true)", lambda p: O.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
    "adam": ("adam(lr: 0.02)", lambda p: O.Adam(p, lr=0.02)),
    "adam decayed": ("adam(lr: 0.02, betas: [0.8, 0.99], eps: 1e-6, weight_decay: 0.03)",
                     lambda p: O.Adam(p, lr=0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.03)),
    "amsgrad": ("adam(lr: 0.02, betas: [0.9, 0.9], amsgrad: true)",
                lambda p: O.Adam(p, lr=0.02, betas=(0.9, 0.9), amsgrad=True)),
    "adamw": ("adamw(lr: 0.02, weight_decay: 0.3)", lambda p: O.AdamW(p, lr=0.02, weight_decay=0.3)),
    "adamw amsgrad": ("adamw(lr: 0.02, betas: [0.9, 0.95], weight_decay: 0.1, amsgrad: true)",
                      lambda p: O.AdamW(p, lr=0.02, betas=(0.9, 0.95), weight_decay=0.1, amsgrad=True)),
    "adamw spared": ('adamw(lr: 0.02, weight_decay: 0.3, decays: path -> starts_with(path, "w"))',
                     lambda p: O.AdamW([dict(params=p[0::2]), dict(params=p[1::2], weight_decay=0)], lr=0.02, weight_decay=0.3)),
    "nadam": ("nadam(lr: 0.01, eps: 1e-4, weight_decay: 0.1)",
              lambda p: O.NAdam(p, lr=0.01, eps=1e-4, weight_decay=0.1, decoupled_weight_decay=True)),
    "rmsprop": ("rmsprop(lr: 0.01, weight_decay: 0.01)", lambda p: O.RMSprop(p, lr=0.01, weight_decay=0.01)),
    "rmsprop centered": ("rmsprop(lr: 0.002, decay: 0.95, eps: 0.01, momentum: 0.5, centered: true)",
                         lambda p: O.RMSprop(p, lr=0.002, alpha=0.95, eps=0.01, momentum=0.5, centered=True)),
    "adagrad": ("adagrad(lr: 0.1, lr_decay: 0.01, weight_decay: 0.01, initial: 0.1)",
                lambda p: O.Adagrad(p, lr=0.1, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1)),
    "lion": ("lion(lr: 0.005, weight_decay: 0.1)", lambda p: Lion(p, 0.005, (0.9, 0.99), 0.1)),
    "lamb": ("lamb(lr: 0.01, weight_decay: 0.1)", lambda p: Lamb(p, 0.01, (0.9, 0.999), 1e-6, 0.1)),
    "lbfgs": ("lbfgs(lr: 0.1, history: 5)",
              lambda p: O.LBFGS(p, lr=0.1, max_iter=1, history_size=5, tolerance_grad=0, tolerance_change=0)),
    "clipped by norm": ("clipped(sgd(lr: 0.1, momentum: 0.9), norm: 0.2)", lambda p: O.SGD(p, lr=0.1, momentum=0.9),
                        lambda p: torch.nn.utils.clip_grad_norm_(p, 0.2)),
    "clipped by value": ("clipped(sgd(lr: 0.1, momentum: 0.9), value: 0.02)", lambda p: O.SGD(p, lr=0.1, momentum=0.9),
                         lambda p: torch.nn.utils.clip_grad_value_(p, 0.02)),
    "cosine": ("sgd(lr: t -> cosine(0.2, 200, floor: 0.01)(t - 1), momentum: 0.9)",
               lambda p: O.SGD(p, lr=0.2, momentum=0.9), None,
               lambda o: O.lr_scheduler.CosineAnnealingLR(o, 200, eta_min=0.01)),
    "step": ("adam(lr: steps_down(0.05, at: [50, 120], factor: 0.3))", lambda p: O.Adam(p, lr=0.05), None,
             lambda o: O.lr_scheduler.MultiStepLR(o, [50, 120], gamma=0.3)),
}


def trace(dtype, steps, marks, make, clip=None, schedule=None):
    p = [torch.nn.Parameter(t.to(dtype).clone()) for t in START]
    x, y = X.to(dtype), Y.to(dtype)
    o = make(p)
    s = schedule(o) if schedule else None
    losses = {}
    for t in range(1, steps + 1):
        def closure():
            o.zero_grad()
            loss = ((torch.tanh(x @ p[0] + p[1]) @ p[2] + p[3] - y) ** 2).mean()
            loss.backward()
            return loss
        loss = closure()
        if clip:
            clip(p)
        o.step(closure) if isinstance(o, O.LBFGS) else o.step()
        if s:
            s.step()
        if t in marks:
            losses[t] = loss.item()
    return losses, [q.detach() for q in p]


def tree(parts):
    return "{ " + ", ".join(f"{n}: {exp(t.double())}" for n, t in zip(["w1", "b1", "w2", "b2"], parts)) + " }"


marks = [1, 2, 10, 50, 200]
BRIEF = {"lbfgs": 50}  # its estimates of curvature multiply rounding errors tenfold every ten steps: longer traces are chance
out = [header, f"let x = {exp(X)}", f"let y = {exp(Y)}", f"let start = {tree(START)}", """
fn network(w) {
  param w1 = w.w1
  param b1 = w.b1
  param w2 = w.w2
  param b2 = w.b2
  x -> tanh(x @ w1 + b1) @ w2 + b2
}

# The largest difference of two trees, against the largest number of the second.
fn distance(a, b) =
  max([max(abs(a.w1 - b.w1)), max(abs(a.b1 - b.b1)), max(abs(a.w2 - b.w2)), max(abs(a.b2 - b.b2))]) /
  max([max(abs(b.w1)), max(abs(b.b1)), max(abs(b.w2)), max(abs(b.b2))])

fn follow(optimizer, dtype, losses, last, within) {
  let data = cast({ x, y }, dtype)
  let fit = train(network(cast(start, dtype)), data, loss: mse, optimizer: optimizer, steps: last.steps, every: [r[0] for r in losses])
  for i in 0..<length(losses) {
    expect fit.history.loss[i] ≈ losses[i][1] within within * losses[i][1]
  }
  expect distance(cast(params(fit.model), "f64"), last.weights) < within
}
"""]
for name, spec in OPTIMIZERS.items():
    steps = BRIEF.get(name, 200)
    losses, last = trace(torch.float64, steps, marks, *spec[1:])
    short, early = trace(torch.float32, 20, [20], *spec[1:])
    pairs = ", ".join(f"[{t}, {l!r}]" for t, l in losses.items())
    out.append(f'test "{name}" {{\n  follow({spec[0]}, "f64", [{pairs}],\n    {{ steps: {steps}, weights: {tree(last)} }}, 1e-9)')
    out.append(f'  follow({spec[0]}, "f32", [[20, {short[20]!r}]],\n    {{ steps: 20, weights: {tree(early)} }}, 1e-5)\n}}\n')
folder.mkdir(exist_ok=True)
(folder / "torch_optimizers.exp").write_text("\n".join(out).rstrip("\n") + "\n")

# Layers: outputs and the gradients of sum(output * seed), with weights of few digits.
out = [header, r"""
# Largest difference against the largest number of b (the bias of keys has no effect, and a gradient of rounding errors).
fn apart(a, b) = max(abs(a - b)) / max(max(abs(b)), 0.01)

# The output of a layer with given weights, and the gradients by the weights and the input.
fn check(model, x, seed, expected, by_weights, by_input) {
  expect apart(model(x), expected) < 1e-12
  let g = grad(m -> sum(m(x) * seed))(model)
  for leaf in leaves(g) { expect apart(leaf.value, by_weights[leaf.path]) < 1e-11 }
  expect length(leaves(g)) == length(by_weights)
  expect apart(grad(x -> sum(model(x) * seed))(x), by_input) < 1e-11
  let step = compiled(m -> grad(m -> sum(m(x) * seed))(m))
  expect same(leaves(step(model)), leaves(g))
}
"""]


def record(title, ours, module, x, names, call=lambda m, x: m(x), states={}):
    """`names`: path in ours -> function from the module's named tensors (or their gradients) to ours."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(rounded(*p.shape) / 2)
    x = x.clone().requires_grad_()
    y = call(module, x)
    seed = rounded(*y.shape)
    (y * seed).sum().backward()
    weights = {n: p.detach() for n, p in module.named_parameters()}
    slopes = {n: p.grad for n, p in module.named_parameters()}
    out.append(f'test "{title}" {{\n  var model = cast({ours}, "f64")')
    for path, f in names.items():
        out.append(f"  model.{path} = {exp(f(weights))}")
    for path, value in states.items():  # `cast` is about weights
        out.append(f'  model.{path} = {value}')
    out.append(f"  let x = {exp(x)}\n  let seed = {exp(seed)}")
    grads = ",\n    ".join(f'"{path}": {exp(f(slopes))}' for path, f in names.items())
    out.append(f"  check(model, x, seed, {exp(y)}, {{\n    {grads},\n  }},\n    {exp(x.grad)})\n}}\n")


def side(weight, bias, start=0, stop=None):
    """A dense layer of ours from rows of a matrix that PyTorch keeps transposed."""
    return lambda w: w[weight][start:stop].T, lambda w: w[bias][start:stop]


def heads(prefix, width, ours=""):
    names = {}
    for i, part in enumerate(["query", "key", "value"]):
        names[f"{ours}{part}.weight"], names[f"{ours}{part}.bias"] = side(
            f"{prefix}in_proj_weight", f"{prefix}in_proj_bias", i * width, (i + 1) * width)
    names[f"{ours}out.weight"], names[f"{ours}out.bias"] = side(f"{prefix}out_proj.weight", f"{prefix}out_proj.bias")
    return names


def same(name):
    return lambda w: w[name]


N = torch.nn
torch.manual_seed(2)
sequences = rounded(2, 4, 6)
ahead = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
record("layer_norm", "layer_norm(6)", N.LayerNorm(6), sequences, {"scale": same("weight"), "shift": same("bias")})
record("attention", "attention(6, 2)", N.MultiheadAttention(6, 2, batch_first=True), sequences, heads("", 6),
       lambda m, x: m(x, x, x, need_weights=False)[0])
record("causal attention", "attention(6, 3, causal: true)", N.MultiheadAttention(6, 3, batch_first=True), sequences, heads("", 6),
       lambda m, x: m(x, x, x, attn_mask=ahead, need_weights=False)[0])


def block(**options):
    return N.TransformerEncoderLayer(6, 2, 8, dropout=0.0, batch_first=True, **options)


names = heads("self_attn.", 6, "attend.")
names["up.weight"], names["up.bias"] = side("linear1.weight", "linear1.bias")
names["down.weight"], names["down.bias"] = side("linear2.weight", "linear2.bias")
for i in range(2):
    names[f"norms[{i}].scale"], names[f"norms[{i}].shift"] = same(f"norm{i + 1}.weight"), same(f"norm{i + 1}.bias")
record("transformer block, norm first", "transformer_block(6, 2, hidden: 8)", block(activation="gelu", norm_first=True), sequences,
       names)
record("transformer block, norm last, causal", "transformer_block(6, 2, hidden: 8, causal: true, activation: relu, post: true)",
       block(activation="relu"), sequences, names, lambda m, x: m(x, src_mask=ahead))


def transposed(name):
    return lambda w: w[name].T


steps = rounded(2, 5, 3)


class Recurrent(N.Module):
    """PyTorch's recurrent layers have two biases that are added; ours has one."""

    def __init__(self, kind, one_bias):
        super().__init__()
        self.inner = kind(3, 4, batch_first=True)
        if one_bias:
            self.inner.bias_hh_l0.requires_grad_(False)

    def forward(self, x):
        return self.inner(x)[0]


def one_bias(kind):
    module = Recurrent(kind, True)
    hidden = module.inner.bias_hh_l0
    forward = module.forward

    def call(m, x):
        with torch.no_grad():
            hidden.zero_()
        return forward(x)
    return module, call


module, call = one_bias(N.RNN)
record("rnn", "rnn(3, 4)", module, steps, {
    "input.weight": transposed("inner.weight_ih_l0"), "input.bias": same("inner.bias_ih_l0"),
    "recurrent": transposed("inner.weight_hh_l0")}, call)
module, call = one_bias(N.LSTM)
record("lstm", "lstm(3, 4)", module, steps, {
    "input": transposed("inner.weight_ih_l0"), "recurrent": transposed("inner.weight_hh_l0"),
    "bias": same("inner.bias_ih_l0")}, call)
record("gru", "gru(3, 4)", Recurrent(N.GRU, False), steps, {
    "input.weight": transposed("inner.weight_ih_l0"), "input.bias": same("inner.bias_ih_l0"),
    "recurrent.weight": transposed("inner.weight_hh_l0"), "recurrent.bias": same("inner.bias_hh_l0")})
(folder / "torch_layers.exp").write_text("\n".join(out).rstrip("\n") + "\n")

# Images: convolutions, pooling, normalisation; ours keep channels last.
header_and_check, out = out[:2], []
out += header_and_check
torch.manual_seed(3)


class ChannelsLast(N.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        order = [0, x.dim() - 1, *range(1, x.dim() - 1)]
        return self.inner(x.permute(order)).permute([0, *range(2, x.dim()), 1])


def filters(name):
    """[filters, channels, rows, columns] as ours: [rows, columns, channels, filters]."""
    return lambda w: w[name].permute([*range(2, w[name].dim()), 1, 0])


def convolution(title, ours, inner, x):
    names = {"filter": filters("inner.weight"), "shift": same("inner.bias")}
    record(title, ours, ChannelsLast(inner), x, names)


convolution("conv", "conv(2, 3)", N.Conv2d(2, 3, 3, padding=1), rounded(2, 4, 5, 2))
convolution("conv with stride and dilation", "conv(2, 3, window: [3, 2], stride: [2, 1], dilation: [1, 2], padding: [1, 0])",
            N.Conv2d(2, 3, (3, 2), stride=(2, 1), dilation=(1, 2), padding=(1, 0)), rounded(1, 6, 5, 2))
convolution("conv in groups", "conv(4, 6, window: 2, groups: 2, padding: 1)", N.Conv2d(4, 6, 2, groups=2, padding=1),
            rounded(1, 3, 3, 4))
convolution("conv along one axis", "conv(3, 2, window: 4, stride: 2, padding: 2, axes: 1)", N.Conv1d(3, 2, 4, stride=2, padding=2),
            rounded(2, 7, 3))
# PyTorch keeps the filter of a transposed convolution as [its inputs, its outputs, rows, columns].
convolution("conv_transposed", "conv_transposed(3, 2, window: 3, stride: 2, padding: 1)",
            N.ConvTranspose2d(3, 2, 3, stride=2, padding=1), rounded(1, 3, 3, 3))
record("group_norm", "group_norm(6, groups: 3)", ChannelsLast(N.GroupNorm(3, 6)), rounded(2, 3, 2, 6),
       {"scale": same("inner.weight"), "shift": same("inner.bias")})
record("batch_norm, not training", "batch_norm(3)", ChannelsLast(N.BatchNorm2d(3)).eval(), rounded(2, 3, 2, 3),
       {"scale": same("inner.weight"), "shift": same("inner.bias")},
       states={"running_variance": 'ones(3, dtype: "f64")'})

for title, ours, module in [
    ("max_pool", "max_pool(x, window: 3, stride: 2, padding: 1)", N.MaxPool2d(3, 2, 1)),
    ("average_pool", "average_pool(x, window: [3, 2], stride: 2, padding: [1, 0])",
     N.AvgPool2d((3, 2), 2, (1, 0), count_include_pad=False)),
    ("global_average_pool", "global_average_pool(x)", N.Sequential(N.AdaptiveAvgPool2d(1), N.Flatten()))]:
    x = rounded(2, 5, 4, 3).requires_grad_()
    y = module(x.permute(0, 3, 1, 2))
    y = y.permute(0, 2, 3, 1) if y.dim() == 4 else y
    seed = rounded(*y.shape)
    (y * seed).sum().backward()
    out.append(f'test "{title}" {{\n  let x = {exp(x)}\n  let seed = {exp(seed)}')
    out.append(f"  expect apart({ours}, {exp(y)}) < 1e-12")
    out.append(f"  expect apart(grad(x -> sum({ours} * seed))(x), {exp(x.grad)}) < 1e-12\n}}\n")

norm = ChannelsLast(N.BatchNorm2d(3)).train()
with torch.no_grad():
    for p in norm.parameters():
        p.copy_(rounded(*p.shape) / 2)
out.append(f"""test "batch_norm in training" {{
  var model = cast(batch_norm(3), "f64")
  model.running_mean = zeros(3, dtype: "f64")
  model.running_variance = ones(3, dtype: "f64")
  model.scale = {exp(norm.inner.weight)}
  model.shift = {exp(norm.inner.bias)}""")
for step in range(2):
    x = (3 + rounded(4, 2, 3, 3)).requires_grad_()
    norm.zero_grad()
    y = norm(x)
    seed = rounded(*y.shape)
    (y * seed).sum().backward()
    out.append(f"""  let x{step} = {exp(x)}
  let seed{step} = {exp(seed)}
  let step{step} = value_and_grad(m -> sum(m(x{step}) * seed{step}), training: true)(model)
  expect step{step}.value ≈ {(y * seed).sum().item()!r} within 1e-11
  expect apart(step{step}.grad.scale, {exp(norm.inner.weight.grad)}) < 1e-11
  expect apart(step{step}.grad.shift, {exp(norm.inner.bias.grad)}) < 1e-11
  let by_input{step} = x -> value_and_grad(m -> sum(m(x) * seed{step}), training: true)(model).value
  expect apart(grad(by_input{step})(x{step}), {exp(x.grad)}) < 1e-11
  model = step{step}.next
  expect apart(model.running_mean, {exp(norm.inner.running_mean)}) < 1e-12
  expect apart(model.running_variance, {exp(norm.inner.running_var)}) < 1e-12""")
out.append("}\n")


class ResNet(N.Module):
    """The block of a residual network with a projection, as He et al. 2016 have it (option B)."""

    def __init__(self):
        super().__init__()
        def c(i, o, s=1, k=3):
            return N.Conv2d(i, o, k, s, k // 2, bias=False)
        self.c1, self.c2, self.n1, self.n2 = c(2, 4, 2), c(4, 4), N.BatchNorm2d(4), N.BatchNorm2d(4)
        self.p, self.np = c(2, 4, 2, 1), N.BatchNorm2d(4)

    def forward(self, x):
        h = self.n2(self.c2(F.relu(self.n1(self.c1(x)))))
        return F.relu(h + self.np(self.p(x)))


names = {"first.filter": filters("inner.c1.weight"), "second.filter": filters("inner.c2.weight"),
         "around.map.filter": filters("inner.p.weight")}
for ours, theirs in [("first_norm", "n1"), ("second_norm", "n2"), ("around.normalize", "np")]:
    names[f"{ours}.scale"], names[f"{ours}.shift"] = same(f"inner.{theirs}.weight"), same(f"inner.{theirs}.bias")
record("residual_block", 'residual_block(2, 4, stride: 2, shortcut: "projection")', ChannelsLast(ResNet()).eval(),
       rounded(1, 5, 5, 2), names,
       states={f"{n}.running_variance": 'ones(4, dtype: "f64")' for n in ["first_norm", "second_norm", "around.normalize"]})
(folder / "torch_images.exp").write_text("\n".join(out).rstrip("\n") + "\n")
