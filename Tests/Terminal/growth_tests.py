#!/usr/bin/env python3
"""How time and memory grow: of a training, and of loops over texts and lists. Usage: growth_tests.py EXP

A million steps take no more memory than ten thousand; the time of a step is linear in the batch and the depth, and at most
linear in the width squared. A time is the process's own processor time, the least of several long runs less the least of as many
short ones: what else the machine does only ever adds to either. The sizes take turns, so that it adds to all of them, and every long run
has about as much to do, so that a step of the smallest is not lost beside the time in which a process starts.
"""
import os, shutil, subprocess, sys, tempfile

exp = os.path.realpath(sys.argv[1])
work = tempfile.mkdtemp()
study = os.path.join(work, "grow.exp")
bad = 0
with open(study, "w") as file:
    file.write("""
option steps = 100 in 1..10_000_000
option batch = 16 in 1..100_000
option width = 8 in 1..100_000
option depth = 1 in 1..1000
let data = { x: normal([batch, width], key: 1), y: randint(batch, high: 3, key: 2) }
let sizes = [...[width for _ in 0..depth], 3]
let fit = train(mlp(sizes), data, loss: cross_entropy, optimizer: sgd(lr: 0.001, momentum: 0.9), steps: steps, every: 100_000)
print(fit.history.loss[-1])
""")


def run(study=study, **settings):
    """Processor seconds and peak memory in MB."""
    command = [exp, "run", study, "--threads", "1", "--quiet", "--fresh", "--out", os.path.join(work, "runs")]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"not ok {' '.join(command)} ended with {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def check(name, holds, found):
    global bad
    bad |= not holds
    print(f"{'ok' if holds else 'not ok'} {name}: {found}", flush=True)


def step_times(name, values, power, most, rest):
    """Processor seconds per step of each value; the first takes `most` steps, the others fewer as their steps take longer."""
    steps = {v: int(most * (values[0] / v) ** power) for v in values}
    least = {(v, part): float("inf") for v in values for part in (1, 10)}
    for _ in range(4):
        for value, part in least:
            took = run(steps=steps[value] // part, **{name: value}, **rest)[0]
            least[value, part] = min(least[value, part], took)
    return [(least[v, 1] - least[v, 10]) / (steps[v] - steps[v] // 10) for v in values]


few, many = run(steps=10_000), run(steps=1_000_000)
check("a million steps take no more memory", many[1] < few[1] + 4, f"{few[1]:.1f} and {many[1]:.1f} MB")
for name, values, power, most, limit, rest in [
    ("batch", (256, 512, 1024), 1, 4000, 2.6, {"width": 128, "depth": 2}),
    ("depth", (4, 8, 16), 1, 4000, 2.6, {"width": 64, "batch": 128}),
    ("width", (128, 256, 512), 2, 6000, 5.2, {"batch": 128, "depth": 2}),
]:
    times = step_times(name, values, power, most, rest)
    growth = [b / a for a, b in zip(times, times[1:])]
    check(f"time per step as the {name} doubles", max(growth) < limit,
          ", ".join(f"{v}: {t * 1e6:.0f} µs" for v, t in zip(values, times)))
# Loops whose time is linear in what they go through, however they take it.
LOOPS = {
    "characters in order": 'for i in 0..<n { if s[i] == "é" { found += 1 } }',
    "characters backwards, the length asked for each time": 'while found < length(s) { s[-1 - found]; found += 1 }',
    "characters anywhere": 'for i in 0..<n { if s[i * 7919 % n] == u[i] { found += 1 } }',
    "parts of a text": 'for i in 0..<n - 3 { if s[i..<i + 3] == "éaé" { found += 1 } }',
    "a stack that is taken off": 'var xs = [1 for _ in 0..<n]\n  while length(xs) > 0 { found += xs[-1]; xs = xs[0..<length(xs) - 1] }',
    "a text that grows, its length asked for": 'var t = ""\nwhile found < n { t ++= "é"; found = length(t) }',
}
for name, body in LOOPS.items():
    path = os.path.join(work, "loop.exp")
    with open(path, "w") as file:
        file.write('option n = 1 in 1..10_000_000\nlet s = repeat("éa", n // 2 + 1)\nlet u = repeat("aé", n // 2 + 1)\n'
                   f"fn loop() {{\n  var found = 0\n  {body}\n  found\n}}\nprint(loop())\n")
    none, one, four = (min(run(path, n=n)[0] for _ in range(3)) for n in (4, 100_000, 400_000))
    check(f"time of {name} as there are four times as many", four - none < 6 * max(one - none, 0.02),
          f"{one - none:.3f} and {four - none:.3f} s")
shutil.rmtree(work)
sys.exit(bad)
