#!/usr/bin/env python3
"""10 000 runs list in under a second, with and without a filter.   listing_tests.py EXP

The folders are made for the test. Prints `ok …` or `not ok …` per way with the least of five times; the exit status is 1 if one takes a second of
processor time, all cores together (the time that passes is shown too, and depends on what else the machine does).
"""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

exp, count, bad = os.path.abspath(sys.argv[1]), 10_000, False
work = tempfile.mkdtemp()
for i in range(count):
    name = f"study{i % 7}-{i:06x}"
    claim = {"text": "the test error peaks where the training error reaches zero", "holds": i % 3 != 0, "numbers": {"peak": 56, "threshold": 60.5}}
    run = {
        "format": 1, "id": name, "study": f"study{i % 7}", "state": "done", "arguments": ["exp", "run", "study.exp"],
        "options": {"noise": i % 5 / 10, "train_size": 1000, "scale": "quick"}, "seed": i % 11, "versions": {"exp": "0.1.0", "numerics": 1},
        "host": {"kernels": "avx2", "cores": 4, "processor": "a processor", "system": "Linux"},
        "started": f"2026-01-{i // 3600 + 1:02}T10:{i // 60 % 60:02}:{i % 60:02}Z", "finished": "2026-01-09T10:00:00Z", "seconds": 1.5,
        "trials": {"total": 6, "done": 6, "failed": 0, "diverged": 0, "interrupted": 0, "reused": 0}, "claims": [claim] * 3, "identity": "0" * 64,
    }
    os.makedirs(f"{work}/{name}")
    with open(f"{work}/{name}/run.json", "w") as file:
        json.dump(run, file, indent=2)
for name, words, expected in [
    ("listed", [], count),
    ("listed where noise = 0.2 and claims = passed", ["--where", "noise = 0.2 and claims = passed"], sum(i % 5 == 2 and i % 3 != 0 for i in range(count))),
]:
    times, work_times = [], []
    for _ in range(5):
        begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        shown = subprocess.run([exp, "runs", "--out", work, *words], capture_output=True, text=True, check=True).stdout
        times.append(time.monotonic() - begun)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        work_times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    lines = len(shown.splitlines())
    holds = lines == expected and min(work_times) < 1
    bad |= not holds
    print(f"{'ok' if holds else 'not ok'} {count} runs {name}: {lines} lines in {min(times):.2f} s, of all processors {min(work_times):.2f} s")
shutil.rmtree(work)
sys.exit(bad)
