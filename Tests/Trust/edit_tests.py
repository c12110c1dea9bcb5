#!/usr/bin/env python3
"""Trials are taken from the record exactly when they compute the same.   edit_tests.py EXP [--edits N] [--seed S]

Real studies are edited at random, one edit after the other, and run after each with the records of all earlier versions. Edits that no trial depends
on (prose, comments, layout, plots, claims, further cells, unused definitions and options) must run nothing; widened sweeps must run the new points only; changed
options, seeds and lines that trials use must run every trial they reach, and what comes out must be what `--fresh` gives: all tables, byte for byte.
After an edit is undone nothing is run at all.

Prints `ok …` or `not ok …` per study, with the number of edits of each kind; the exit status is 1 if a result was stale or a trial run needlessly.
"""
import argparse
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("exp")
parser.add_argument("--edits", type=int, default=12)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--only", default="")
arguments = parser.parse_args()
exp, chance, bad = os.path.abspath(arguments.exp), random.Random(arguments.seed), False
root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
work = tempfile.mkdtemp()

# Studies, the options that make them small, the sweep that is looked at, and edits of lines that its trials use: a pattern, what
# may stand in its place, and how the sweep is widened.
STUDIES = {
    "scripts/studies/ridgeless.exp": {
        "set": {"n": "20", "problems": "4"},
        "used": [
            ("let signal = 5.0", ["let signal = 4.0", "let signal = 6.5"]), ("ridge\\(x, y, p / signal\\)", ["ridge(x, y, p / signal + 0.1)", "ridge(x, y, 2 * p / signal)"]),
            ("train: mean", ["train: sum"]), ("risk: risk\\(shortest\\)", ["risk: risk(shortest) + 0.5"]),
            ("normal\\(n, sd: sqrt\\(1 \\+ missed\\)", ["1.5 * normal(n, sd: sqrt(1 + missed)", "normal(n, sd: sqrt(2 + missed)"]), ("length: norm", ["length: 2 * norm"]),
        ],
        "options": [("n", ["22", "24"]), ("problems", ["5", "6"])],
        "widen": ("6\\.0, 10\\.0\\]", ["6.0, 10.0, 12.0]", "6.0, 8.0, 10.0]"]), "new": 12,
    },
    "Tests/Trust/studies/mlp_sweep.exp": {
        "set": {},
        "used": [
            ("lr: 0\\.1, momentum: 0\\.9", ["lr: 0.1, momentum: 0.8", "lr: 0.2, momentum: 0.9"]), ("mlp\\(\\[6, width, 3\\]\\)", ["mlp([6, width, width, 3])", "mlp([6, width + 1, 3])"]),
            ("batch: 20", ["batch: 25"]), ("every: 250", ["every: 30"]), ("after: uniform\\(\\)", ["after: 1 - uniform()"]), ("randint\\(200, high: 3\\)", ["randint(200, high: 2)"]),
        ],
        "options": [], "widen": ("rep in 1\\.\\.4", ["rep in 1..5"]), "new": 3, "small": ("steps: 3000", "steps: 60"),
    },
    "scripts/studies/double_descent.exp": {
        "set": {"samples": "100", "repetitions": "1", "steps": "100"},
        "used": [
            ("scale: 0\\.7", ["scale: 0.8", "scale: 0.6"]), ("let inputs = 20", ["let inputs = 19", "let inputs = 21"]), ("lecun_normal\\)", ["he_normal)"]),
            ("relu, dense\\(width", ["tanh, dense(width", "gelu, dense(width"]), ("samples \\+ 2_000", ["samples + 2_001"]),
        ],
        "options": [("noise", ["0.1", "0.3"]), ("steps", ["101", "110"]), ("samples", ["101"])], "widen": ("4\\.44, 8\\.88\\]", ["4.44, 6.0, 8.88]", "4.44, 8.88, 9.5]"]), "new": 1,
    },
}
PLOT = 'plot(table([{ x: 1, y: NUMBER }, { x: 2, y: 3 }]), x: "x", y: "y")'


def run(path, out, settings, seed, *words):
    """Runs; gives which trials were run and which came from the record, by sweep, and all tables."""
    command = [exp, "run", path, "--out", out, "--json", "--threads", "2", *words]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    if seed is not None:
        command += ["--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode not in (0, 1):
        sys.exit(f"not ok {' '.join(command)} ended with {done.returncode}: {done.stdout[-1500:]}{done.stderr[-500:]}")
    ran = reused = 0
    folder = None
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if event["event"] == "sweep_ended":
            reused += event["reused"]
            ran += event["done"] + event["failed"] - event["reused"]
        if event["event"] == "finished":
            folder = event["folder"]
    tables = {}
    for table in glob.glob(folder + "/tables/*.csv"):
        with open(table, "rb") as file:
            tables[os.path.basename(table)] = file.read()
    return ran, reused, tables


def places(lines):
    """Lines between top-level statements: where a statement may be put."""
    found, depth = [], 0
    for number, line in enumerate(lines):
        bare = re.sub(r'"[^"]*"', "", line.split("#")[0])
        if depth == 0 and (not line or re.match(r"^(let|fn|option|claim|seed|##|#)", line)) and not re.match(r"^\s", line):
            if number == 0 or not lines[number - 1].rstrip().endswith((",", "=", "+", "-", "*", "and", "or", "->")):
                found.append(number)
        depth += sum(bare.count(c) for c in "([{") - sum(bare.count(c) for c in ")]}")
    return found + [len(lines)]


def neutral(text):
    """An edit that no trial depends on: its name and the text."""
    lines = text.split("\n")
    # Behind the head of the file: nothing may come between a function and its documentation.
    spots = [p for p in places(lines) if p > 3 and not (p > 0 and lines[p - 1].startswith("##"))]
    number = chance.randrange(1000, 9999)
    kind = chance.choice(["prose", "comment", "comment behind", "blank lines", "spaces", "plot", "claim", "cell", "value", "function", "option"])
    if kind == "comment behind":
        ends = [i for i, line in enumerate(lines) if line.endswith(("}", ")")) and "#" not in line and '"' not in line]
        if not ends:
            return None
        lines[chance.choice(ends)] += f"   # note {number}"
        return kind, "\n".join(lines)
    if kind == "spaces":
        starts = [i for i, line in enumerate(lines) if re.match(r"^  +\S", line) and '"' not in line]
        if not starts:
            return None
        spot = chance.choice(starts)
        lines[spot] = "   " + lines[spot]
        return kind, "\n".join(lines)
    inserted = {
        "prose": f"## A remark, number {number}, *in the text*.", "comment": f"# remark {number}", "blank lines": "\n" * chance.randrange(1, 4), "plot": PLOT.replace("NUMBER", str(number)),
        "claim": f'claim "claim {number} is true" {{ {number} > 1 }}', "cell": f"let other_{number} = [i * {number} for i in 1..3]\nsum(other_{number})",
        "value": f"let unused_{number} = {number}", "function": f"fn never_called_{number}(x) = x * {number}", "option": f"option knob_{number} = 1 in 0..5",
    }[kind]
    spot = chance.choice(spots)
    lines[spot:spot] = inserted.split("\n")
    return kind, "\n".join(lines)


def study(path, plan, edits):
    """Edits one study so many times; gives the counts and what went wrong."""
    name = os.path.basename(path)
    place = f"{work}/{name}"
    os.makedirs(place)
    with open(f"{root}/{path}") as file:
        text = file.read()
    if "small" in plan:
        text = text.replace(*plan["small"])
    settings, seed, kinds, wrong, fresh = dict(plan["set"]), None, {}, [], 0
    base = text
    gone = [pattern for pattern, _ in [*plan["used"], plan["widen"]] if not re.search(pattern, text)]
    if gone:
        return kinds, [f"{pattern} is not in {name}" for pattern in gone], fresh

    def write(content):
        with open(f"{place}/{name}", "w") as file:
            file.write(content)

    def go(*words, out="runs"):
        return run(f"{place}/{name}", f"{place}/{out}", settings, seed, *words)

    def verdict(kind, ran, reused, tables, expected, compares):
        nonlocal fresh
        kinds[kind] = kinds.get(kind, 0) + 1
        if expected is not None and ran != expected:
            wrong.append(f"{kind}: {ran} trials were run, not {expected} ({reused} from the record)")
        if compares:
            fresh += 1
            _, _, other = go("--fresh", out="fresh")
            wrong.extend(f"{kind}: {table} is stale" for table in other.keys() | tables.keys() if tables.get(table) != other.get(table))
            shutil.rmtree(f"{place}/fresh")

    write(text)
    total, _, _ = go()
    if total == 0:
        return {}, [f"{name} has no trials"], 0
    # None of them is a seed that a study has in its text.
    seeds = iter(range(1000, 2000))
    while sum(kinds.values()) < edits:
        if len(glob.glob(f"{place}/runs/*")) > 40:
            # Records of long ago go, and the versions begin again from the first.
            shutil.rmtree(f"{place}/runs")
            text, settings, seed = base, dict(plan["set"]), None
            write(text)
            go()
        choice = chance.random()
        if choice < 0.5:
            edit = neutral(text)
            if edit is None:
                continue
            kind, changed = edit
            write(changed)
            ran, reused, tables = go()
            verdict(kind, ran, reused, tables, 0, chance.random() < 0.15)
            text = changed
        elif choice < 0.6:
            seed = next(seeds)
            ran, reused, tables = go()
            verdict("seed", ran, reused, tables, total, chance.random() < 0.3)
            seed = None
        elif choice < 0.7 and plan["options"]:
            option, values = chance.choice(plan["options"])
            kept = dict(settings)
            settings[option] = chance.choice(values)
            ran, reused, tables = go()
            verdict("option", ran, reused, tables, None, True)
            settings = kept
            ran, reused, tables = go()
            verdict("option put back", ran, reused, tables, 0, False)
        elif choice < 0.8 and plan["widen"]:
            pattern, wider = plan["widen"]
            changed = re.sub(pattern, chance.choice(wider), text)
            write(changed)
            before = [run_folder for run_folder in glob.glob(f"{place}/runs/*")]
            ran, reused, tables = go()
            verdict("widened sweep", ran, reused, tables, None, chance.random() < 0.5)
            if ran > plan["new"] or reused < total:
                wrong.append(f"widened sweep: {ran} trials were run, {reused} taken from the record of {len(before)} runs")
            write(text)
        else:
            pattern, others = chance.choice(plan["used"])
            write(re.sub(pattern, chance.choice(others), text))
            ran, reused, tables = go()
            verdict("used line", ran, reused, tables, None, True)
            write(text)
            ran, reused, tables = go()
            verdict("used line put back", ran, reused, tables, 0, False)
    return kinds, wrong, fresh


try:
    chosen = [path for path in STUDIES if arguments.only in path]
    counts = {}
    for number, path in enumerate(chosen):
        kinds, wrong, fresh = study(path, STUDIES[path], -(-(arguments.edits - number) // len(chosen)))
        bad |= bool(wrong)
        shown = ", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items()))
        print(f"{'not ok' if wrong else 'ok'} {os.path.basename(path)}: {sum(kinds.values())} edits ({shown}), {fresh} compared with --fresh"
              + (f"; {len(wrong)} wrong: {'; '.join(wrong[:4])}" if wrong else ""), flush=True)
finally:
    shutil.rmtree(work, ignore_errors=True)
sys.exit(bad)
