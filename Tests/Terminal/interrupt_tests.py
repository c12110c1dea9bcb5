#!/usr/bin/env python3
"""Ctrl-C in the midst of one long operation, of every kind, is answered soon.

  interrupt_tests.py EXP [REGEX] [MILLISECONDS]      only operations whose name matches; within so long

The answer is the line `stopped`; the process has as long again to give its memory back. A busy machine is allowed more, by the
processor time that passed since the signal. A tenth of a second is the aim on a machine that does nothing else; by itself the limit
is 0.4 s, which a slow machine keeps too and an operation that asks for no signal does not. The folder is in memory where there is one:
how long a disk takes to say that what is left of the run is on it, is its own. An operation that ends before the signal comes proves
nothing and fails.
"""
import gzip, os, re, shutil, signal, subprocess, sys, tempfile, threading, time, zipfile

exp, wanted = os.path.realpath(sys.argv[1]), re.compile(sys.argv[2] if len(sys.argv) > 2 else "")
limit = float(sys.argv[3] if len(sys.argv) > 3 else 400) / 1000

# name: what is made before, then the operation.
operations = {
    # The interpreter's own lists, texts, tables and records.
    "loop": ("", "while true { }"),
    "unique": ("let xs = [i % 7 for i in 0..<10_000_000]", "for _ in 0..9 { unique(xs) }"),
    "sort list": ("let xs = [(i * 7919) % 1_000_003 for i in 0..<6_000_000]", "sort(xs)"),
    "sort texts": ("let xs = [text((i * 7919) % 1_000_003) for i in 0..<2_000_000]", "sort(xs)"),
    "sort lists": ("let xs = [[(i * 7919) % 1009, i] for i in 0..<2_000_000]", "sort(xs)"),
    "sort long texts": ("let s = repeat(\"a\", 40_000_000)\nlet xs = [s ++ \"b\", s ++ \"a\", s ++ \"c\"]", "for _ in 0..900 { order(xs) }"),
    "leaves of shared parts": ("var x = [none]\nfor _ in 0..<60 { x = [x, x] }", "norm(x)"),
    "key of shared parts": ("var x = [none]\nfor _ in 0..<60 { x = [x, x] }", "compiled(v -> 1)(x)"),
    "data of shared parts": ("var x = [none]\nfor _ in 0..<60 { x = [x, x] }", "track(v: x)"),
    "same": ("let xs = [[i] for i in 0..<4_000_000]\nlet ys = [[i] for i in 0..<4_000_000]", "for _ in 0..20 { same(xs, ys) }"),
    "reverse": ("let xs = [i for i in 0..<10_000_000]", "for _ in 0..90 { reverse(xs) }"),
    "member": ("let s = join([\"aaaa\" for _ in 0..<2_000_000], \"\")", "for _ in 0..900 { \"aaab\" in s }"),
    "characters": ("let s = join([\"ab\" for _ in 0..<4_000_000], \",\")", "for _ in 0..90 { split(s, \"\") }"),
    "digest of a tensor": ("let x = ones(100_000_000)", "for _ in 0..90 { digest(x) }"),
    "part of a text": ("let s = repeat(\"ab \", 40_000_000) ++ \"é\"", "for _ in 0..90 { length(s[1..<120_000_000]) }"),
    "text backwards": ("let s = repeat(\"ab \", 3_000_000) ++ \"é\"", "for _ in 0..90 { length(s[9_000_000..0 by -1]) }"),
    "reversed text": ("let s = repeat(\"ab \", 2_000_000) ++ \"é\"", "for _ in 0..90 { length(reverse(s)) }"),
    "trim": ("let s = repeat(\" \", 100_000_000) ++ \"é\" ++ repeat(\"ab \", 40_000_000)", "for _ in 0..90 { length(trim(s)) }"),
    "upper": ("let s = repeat(\"ab \", 40_000_000)", "for _ in 0..90 { length(upper(s)) }"),
    "lower": ("let s = repeat(\"éß \", 12_000_000)", "length(lower(s))"),
    "capitalize": ("let s = repeat(\"éß \", 12_000_000)", "for _ in 0..90 { length(capitalize(s)) }"),
    "beginning of a text": ("let s = repeat(\"ab\", 200_000_000)", "for _ in 0..90 { starts_with(s, s) }"),
    "end of a text": ("let s = repeat(\"ab \", 100_000_000) ++ \"é\"", "for _ in 0..90 { ends_with(s, s) }"),
    "text of JSON": ("let s = repeat(\"ab \\\"\", 12_000_000)", "for _ in 0..90 { length(to_json(s)) }"),
    "text from JSON": ("let s = to_json(repeat(\"ab \\\"\", 12_000_000))", "for _ in 0..90 { length(from_json(s)) }"),
    "text": ("let xs = [0..i for i in 0..<3_000_000]", "length(text([xs, xs, xs, xs]))"),
    "digest": ("let xs = [[i] for i in 0..<6_000_000]", "digest(xs)"),
    "to_list": ("", "to_list(0..60_000_000)"),
    "sum of a range": ("", "for _ in 0..20 { sum(0..60_000_000) }"),
    "split": ("let s = join([\"ab\" for _ in 0..<6_000_000], \",\")", "for _ in 0..90 { split(s, \",\") }"),
    "replace": ("let s = join([\"ab\" for _ in 0..<12_000_000], \",\")", "for _ in 0..20 { replace(s, \"b,\", \"x\") }"),
    "find": ("let s = join([\"aaaa\" for _ in 0..<2_000_000], \"\")", "for _ in 0..200 { find(s, \"aaab\") }"),
    "pattern": ("let s = join([\"a\" for _ in 0..40], \"\")", "match(s, \"(a|a)*b\")"),
    "pattern of two repetitions": ("let s = repeat(\" \", 1900) ++ \"x\"", "match_all(s, '\\s+\\s*$')"),
    "patterns in a long text": ("let s = join([\"ab\" for _ in 0..<3_000_000], \",\")", "length(match_all(s, \"[a-z]+\"))"),
    "to_json": ("let xs = [{ a: i, b: [i] } for i in 0..<2_000_000]", "length(to_json(xs))"),
    "from_json": ("let s = \"[\" ++ join([\"[1, 2]\" for _ in 0..<3_000_000], \",\") ++ \"]\"", "length(from_json(s))"),
    "table": ("let xs = [{ a: i, b: i % 7 } for i in 0..<1_000_000]", "for _ in 0..20 { table(xs) }"),
    "sort table": ("let t = table([{ a: (i * 7919) % 1_000_003 } for i in 0..<1_000_000])", "for _ in 0..20 { sort(t, \"a\") }"),
    "unpacking": ("", "for _ in 0..90 { read_npy(\"zeros.npy.gz\") }"),
    "unpacking an archive": ("", "for _ in 0..90 { read_npz(\"zeros.npz\") }"),
    "read_csv": ("let t = table([{ a: i, b: i / 7 } for i in 0..<1_000_000])\nwrite_csv(t, \"x.csv\")", "for _ in 0..20 { read_csv(\"x.csv\") }"),
    "write_csv": ("let t = table([{ a: i, b: i / 7 } for i in 0..<1_000_000])", "for _ in 0..20 { write_csv(t, \"x.csv\") }"),
    "print": ("let xs = [[i] for i in 0..<4_000_000]", "print(xs)"),
    "tensor of a list": ("let xs = [i for i in 0..<30_000_000]", "for _ in 0..20 { tensor(xs) }"),
    "list of a tensor": ("let x = zeros(40_000_000)", "length(to_list(x))"),
    "recursion": ("fn f(n) = if n < 2 { n } else { f(n - 1) + f(n - 2) }", "f(60)"),
    "unique of a tensor": ("let xs = to_list(normal(4_000_000, key: 1))", "unique(xs)"),
    "points of a sweep": ("", "let s = sweep i in 1..9_000_000 { { v: i } }"),
    # Figures: their record, picture, data and text. One that is finished is drawn again where the run ends.
    "lines": ("let x = linspace(0, 1, 3_000_000)\nlet y = normal(3_000_000, key: 1)", "lines(x, { y })"),
    "heatmap": ("let g = normal([1500, 1500], key: 1)", "heatmap(z: g)"),
    "contour": ("let g = normal([1024, 1024], key: 1)", "contour(z: g)"),
    "contour of very much": ("let g = normal([2500, 2500], key: 1)", "contour(z: g)"),
    "images": ("let g = uniform([20_000, 784], key: 1)", "images(g)"),
    "rollout": ("let frames = [[cos(i / 1000), sin(i / 1000), 0.1] for i in 0..<1_500_000]\nlet actors = [{ shape: \"disc\", name: \"a\", frames }]", "rollout(actors)"),
    "network": ("let nodes = [{ layer: i % 3, label: \"n{i}\" } for i in 0..<3000]\nlet edges = [{ from: i % 3000, to: (i * 7 + 1) % 3000, weight: sin(i) } for i in 0..<1_000_000]", "network_graph_of(nodes, edges)"),
    # Kernels.
    "product": ("let a = ones(6000, 6000)", "a @ a"),
    "product of doubles": ("let a = ones(4000, 4000, dtype: \"f64\")", "a @ a"),
    "integer product": ("let a = ones(3000, 3000, dtype: \"i64\")", "a @ a"),
    "matrix and vector": ("let a = ones(12_000, 12_000)\nlet v = ones(12_000)", "for _ in 0..100 { a @ v }"),
    "compiled product": ("let a = ones(6000, 6000)\nlet f = compiled(x -> sum(x @ x))", "f(a)"),
    "elementwise": ("let x = ones(100_000_000)\nlet f = compiled(x -> sum(tanh(exp(sin(x))) ^ 2.5))", "for _ in 0..30 { f(x) }"),
    "elementwise, eager": ("let x = ones(100_000_000)", "sin(x) + exp(x) + log(x) + tan(x)"),
    "sort": ("let x = normal(30_000_000, key: 1)", "sort(x)"),
    "sort rows": ("let x = normal([30, 1_000_000], key: 1)", "sort(x)"),
    "order": ("let x = normal(30_000_000, key: 1)", "order(x)"),
    "median": ("let x = normal(30_000_000, key: 1)", "median(x)"),
    "topk": ("let x = normal(30_000_000, key: 1)", "topk(x, 10)"),
    "permutation": ("", "permutation(100_000_000, key: 1)"),
    "small permutations": ("", "for _ in 0..4000 { permutation(65_000) }"),
    "draws": ("", "normal(100_000_000, dtype: \"f64\", key: 1) + normal(100_000_000, dtype: \"f64\", key: 2)"),
    "integer draws": ("", "for i in 0..9 { randint(60_000_000, high: 1000, key: i) }"),
    "gather": ("let x = normal([1000, 64], key: 1)\nlet ids = randint(3_000_000, high: 1000, key: 2)", "for _ in 0..9 { x[ids] }"),
    "gather numbers": ("let x = normal(10_000_000, key: 1)\nlet ids = randint(60_000_000, high: 10_000_000, key: 2)", "x[ids]"),
    "take_along": ("let x = normal([1000, 30_000], key: 1)\nlet ids = order(x)", "for _ in 0..20 { take_along(x, ids, axis: 1) }"),
    "add_along": ("let x = normal([1000, 20_000], key: 1)\nlet ids = order(x)", "for _ in 0..20 { add_along(x, ids, x, axis: 1) }"),
    "gradient of gather": ("let x = normal([1000, 64], key: 1)\nlet ids = randint(2_000_000, high: 1000, key: 2)", "for _ in 0..20 { grad(x -> sum(x[ids]^2))(x) }"),
    "one_hot": ("let ids = randint(2_000_000, high: 100, key: 2)", "for _ in 0..20 { one_hot(ids, 100) }"),
    "cumsum": ("let x = ones(60_000_000)", "for _ in 0..20 { cumsum(x) }"),
    "transpose": ("let x = ones(10_000, 10_000)", "for _ in 0..20 { transpose(x) + x }"),
    "concat": ("let x = ones(60_000_000)", "for _ in 0..20 { concat([x, x]) }"),
    "reduction": ("let x = ones(10_000, 10_000)", "for _ in 0..200 { sum(x, axes: 0) }"),
    "argmax": ("let x = ones(10_000, 10_000)", "for _ in 0..200 { argmax(x, axis: 0) }"),
    "mask": ("let x = normal(60_000_000, key: 1)", "for _ in 0..20 { x[x > 0] }"),
    "conversion": ("let x = ones(100_000_000)", "for _ in 0..20 { cast(x, \"f64\") }"),
    "equal tensors": ("let x = ones(100_000_000)", "for _ in 0..50 { same(x, x + 0) }"),
    "conv": ("let x = normal([64, 128, 128, 32], key: 1)\nlet w = normal([3, 3, 32, 32], key: 2)", "for _ in 0..9 { convolve(x, w) }"),
    "grouped conv": ("let x = normal([64, 128, 128, 32], key: 1)\nlet w = normal([3, 3, 1, 32], key: 2)", "for _ in 0..400 { convolve(x, w, groups: 32) }"),
    "gradient of conv": ("let x = normal([64, 128, 128, 16], key: 1)\nlet w = normal([3, 3, 16, 16], key: 2)", "for _ in 0..9 { grad(w -> sum(convolve(x, w)^2))(w) }"),
    "pooling": ("let x = normal([64, 256, 256, 16], key: 1)", "for _ in 0..20 { max_pool(x, 3) }"),
    "fft": ("let x = normal(4_000_000, key: 1)", "rfft(x)"),
    "solve": ("let a = normal([7000, 7000], key: 1)", "solve(a, ones(7000))"),
    "linear program": ("let a = uniform(1500, 1500, key: 1, dtype: \"f64\")", "linear_program(ones(1500), a, at_least: 1, low: 0)"),
    "integer program": ("let a = randint(60, 120, high: 100, key: 1)\nlet c = randint(120, high: 50, key: 2) + 1", "linear_program(c, a, at_least: sum(a, axes: 1) // 2, low: 0, high: 1, whole: true)"),
    "many solves": ("let a = normal([200_000, 12, 12], key: 1)\nlet b = normal([200_000, 12, 1], key: 2)", "for _ in 0..20 { solve(a, b) }"),
    "cholesky": ("let a = normal([4000, 4000], key: 1)\nlet s = a @ transpose(a) + 4000 * eye(4000)", "cholesky(s)"),
    "lu": ("let a = normal([5000, 5000], key: 1)", "lu(a)"),
    "qr": ("let a = normal([3000, 3000], key: 1)", "qr(a)"),
    "pivoted qr": ("let a = normal([2500, 2500], key: 1)", "qr(a, pivoting: true)"),
    "svd": ("let a = normal([1500, 1500], key: 1)", "svd(a)"),
    "eigh": ("let a = normal([1500, 1500], key: 1)", "eigh(a + transpose(a))"),
    "eigenvalues": ("let a = normal([1200, 1200], key: 1)", "eigenvalues(a)"),
    "least_squares": ("let a = normal([2500, 2500], key: 1)", "least_squares(a, ones(2500))"),
    "pinv": ("let a = normal([1500, 1500], key: 1)", "pinv(a)"),
    "triangular system": ("let a = tril(normal([9000, 9000], key: 1)) + 9000 * eye(9000)", "solve_triangular(a, ones(9000, 2000))"),
    # Loops within a function.
    "scan": ("let a = normal([64, 64], key: 1)\nlet f = compiled(x -> scan((s, i) -> { carry: tanh(s @ a), out: sum(s) }, x, ones(3_000_000)).carry)", "f(ones(4, 64))"),
    "eager scan": ("let a = normal([64, 64], key: 1)", "scan((s, i) -> { carry: tanh(s @ a), out: sum(s) }, ones(4, 64), ones(3_000_000))"),
    "while_loop": ("let f = compiled(x -> while_loop({ i: 0, x: x }, s -> s.i < 1_000_000_000, s -> { i: s.i + 1, x: s.x * 0.5 }).x)", "f(1.0)"),
    "vmap": ("let a = normal([300, 300], key: 1)", "vmap(x -> a @ (a @ x))(normal([200_000, 300], key: 2))"),
    "hessian": ("let a = normal([1500, 1500], key: 1)", "hessian(x -> sum(tanh(a @ x)))(ones(1500))"),
    "jacobian": ("let a = normal([3000, 3000], key: 1)", "jacobian(x -> tanh(a @ x))(ones(3000))"),
    "train": ("let data = { x: normal([64, 16], key: 1), y: randint(64, high: 3, key: 2) }", "train(mlp([16, 8, 3]), data, loss: cross_entropy, steps: 100_000_000, batch: 16)"),
    "grid": ("", "grid(linspace(0, 1, 400), linspace(0, 1, 400), (a, b) -> sum(normal([400, 400]) @ normal([400, 400])) + a + b)"),
    "sweep": ("", "let runs = sweep i in 1..4 { (normal([3000, 3000], key: i) @ normal([3000, 3000], key: i) @ normal([3000, 3000], key: i))[0, 0] }"),
}

def processor_seconds(pid):
    """Of a running process with all its threads."""
    if not os.path.exists(f"/proc/{pid}/stat"):
        return 0.0
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


bad = 0
work = tempfile.mkdtemp(prefix="exp-interrupt-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
for name, (before, operation) in operations.items():
    if not wanted.search(name):
        continue
    if name.startswith("unpacking"):
        array = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (100000000,), }".ljust(117) + b"\n" + bytes(400_000_000)
        if name == "unpacking":
            with gzip.open(os.path.join(work, "zeros.npy.gz"), "wb", 1) as file:
                file.write(array)
        else:
            with zipfile.ZipFile(os.path.join(work, "zeros.npz"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
                file.writestr("zeros.npy", array)
    with open(os.path.join(work, "slow.exp"), "w") as file:
        file.write(f"{before}\nprint(\"begun\")\n{operation}\nprint(\"over\")\n")
    # Without checkpoints, which a training that has something to keep writes first.
    process = subprocess.Popen([exp, "run", "slow.exp", "--threads", "2", "--fresh"], cwd=work, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, env={**os.environ, "EXP_CHECKPOINT_SECONDS": "0"})
    said = []
    for line in process.stdout:
        said.append(line)
        if "begun" in line:
            break
    # In its midst: after as much work as three tenths of a second allow, however busy the machine is. A linear program is copied
    # that long, and only then is GLPK silent.
    midst = 1.0 if name == "linear program" else 0.3
    begun, started = time.time(), processor_seconds(process.pid)
    time.sleep(0.3)
    while processor_seconds(process.pid) - started < midst and time.time() - begun < 10 * midst:
        time.sleep(0.02)
    asked, before = time.time(), processor_seconds(process.pid)
    # Not by the process object, which would take the status of one that has ended.
    os.kill(process.pid, signal.SIGINT)
    kill = threading.Timer(10, os.kill, [process.pid, signal.SIGKILL])
    kill.start()
    answered = answering = float("inf")
    for line in process.stdout:
        said.append(line)
        if line.startswith("stopped"):
            answered, answering = time.time() - asked, processor_seconds(process.pid) - before
    _, status, used = os.wait4(process.pid, 0)
    kill.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    took, spent = time.time() - asked, used.ru_utime + used.ru_stime - before
    # The clock of a process ticks every 10 ms.
    is_prompt = (answered < limit or answering < limit + 0.01) and (took < 2 * limit or spent < 2 * limit + 0.02)
    times = f"{answered * 1000:.0f} ms, {answering * 1000:.0f} of processor time; ended after {took * 1000:.0f}, {spent * 1000:.0f}"
    if process.returncode == 4 and is_prompt:
        print(f"ok {name}: {times}", flush=True)
    else:
        bad = 1
        print(f"not ok {name}: status {process.returncode} after {times}")
        print("    " + "\n    ".join("".join(said).strip().splitlines()[-6:]), flush=True)
shutil.rmtree(work, ignore_errors=True)
sys.exit(bad)
