#!/usr/bin/env python3
"""Studies that are killed, starved and damaged end with the bytes of those that were left alone.   kill_tests.py EXP [--moments N] [--seed S]

For each study of Tests/Trust/studies (a sweep of MLPs, a transformer, a CNN, an evolution): an uninterrupted run is the reference; then, N times over
all studies, a run is killed with SIGKILL at a random moment, once or several times in a row, and gone on with (`--resume`). Further runs are
damaged between kill and resume (a file of the folder cut, flipped in one bit, or removed), or find their disk full or read-only on the way. Every
table, value, claim, series and tensor must have the bytes of the reference. Folds keep checkpoints 200 times a second, so that most kills hit one.

Prints `ok …` or `not ok …` per study and way, with what was done how often; the exit status is 1 if anything differs.
"""
import argparse
import glob
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("exp")
parser.add_argument("--moments", type=int, default=8)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--only", default="", help="a part of a study's name")
parser.add_argument("--ways", default="killed,damaged,full,read-only")
arguments = parser.parse_args()
exp, chance, bad = os.path.abspath(arguments.exp), random.Random(arguments.seed), False
here = os.path.dirname(os.path.abspath(__file__))
studies = ["mlp_sweep", "transformer", "cnn", "evolution"]
work = tempfile.mkdtemp()
environment = {**os.environ, "EXP_CHECKPOINT_SECONDS": "0.005"}


def command(study, out, *words):
    return [exp, "run", f"{here}/studies/{study}.exp", "--out", out, "--threads", str(chance.choice([1, 2, 3])), "--json", *words]


def complete(study, out, *words):
    """Runs to the end; gives the exit status and what was said."""
    done = subprocess.run(command(study, out, *words), env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def killed(study, out, seconds, *words):
    """Kills after so many seconds; whether it was still running then."""
    process = subprocess.Popen(command(study, out, *words), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True


def outcome(folder):
    """All that a run computed: tables by their bytes, values, claims and figures, trials with their tensors."""
    found = {}
    for path in sorted(glob.glob(folder + "/tables/*.csv")):
        with open(path, "rb") as file:
            found["table " + os.path.basename(path)] = file.read()
    with open(folder + "/study.json") as file:
        for number, item in enumerate(json.load(file)["items"]):
            if "coverage" not in item:
                found[f"item {number}"] = item
    for path in glob.glob(folder + "/trials/*/*.jsonl"):
        sweep = os.path.basename(os.path.dirname(path))
        for line in open(path, errors="replace"):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if "record" not in entry or "check" not in entry:
                continue
            text = line[line.index('"record":') + 9:line.rindex("}")]
            record = entry["record"]
            if "index" not in record or hashlib.sha256(text.encode()).hexdigest()[:16] != entry["check"]:
                continue
            kept = {name: record.get(name) for name in ["key", "coordinates", "status", "fields", "series", "value", "sha256"]}
            name = f"trial {record['index']} of {sweep}"
            if found.setdefault(name, kept) != kept:
                found[name + " again"] = kept
            if "tensors" in record:
                with open(f"{folder}/{record['tensors']}", "rb") as file:
                    found[name + " tensors"] = hashlib.sha256(file.read()).hexdigest()
    return found


def last(out):
    """The folder of the run that ended."""
    folders = [f for f in glob.glob(out + "/*-*") if os.path.exists(f + "/manifest.sha256")]
    return max(folders, key=lambda f: os.stat(f + "/manifest.sha256").st_mtime_ns)


def differences(reference, out):
    found = outcome(last(out))
    hashes = ["sha256sum"] if shutil.which("sha256sum") else ["shasum", "-a", "256"]
    if subprocess.run(hashes + ["--quiet", "-c", "manifest.sha256"], cwd=last(out), capture_output=True).returncode:
        return ["the manifest"]
    return [name for name in reference.keys() | found.keys() if reference.get(name) != found.get(name)]


def check(name, wrong, done):
    global bad
    bad |= bool(wrong)
    print(f"{'not ok' if wrong else 'ok'} {name}: {done}" + (f"; {len(wrong)} differ: {'; '.join(wrong[:3])}" if wrong else ""), flush=True)


def newest(out):
    """The folder that was changed last; nothing where there is none."""
    return max(glob.glob(out + "/*-*"), key=lambda f: os.stat(f).st_mtime_ns, default=None)


def damage(out, kinds):
    """Cuts, flips or removes one file of the newest folder of those kinds; gives its name and what was done, nothing without such a file."""
    folder = newest(out)
    files = [f for kind in kinds for f in glob.glob(f"{folder}/{kind}", recursive=True) if os.path.isfile(f)] if folder else []
    # Nobody reads what a kill left of a write.
    files = [f for f in files if os.path.getsize(f) > 0 and not f.endswith(".part")]
    if not files:
        return None
    path = chance.choice(files)
    what = chance.choice(["cut", "flipped", "removed"])
    with open(path, "rb") as file:
        content = bytearray(file.read())
    if what == "removed":
        os.remove(path)
        return path, what
    if what == "cut":
        del content[chance.randrange(len(content)):]
    else:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    with open(path, "wb") as file:
        file.write(content)
    return path, what


def kill_way(study, reference, length, moments):
    """Kills until so many moments were hit; the run that ends each chain is compared."""
    kills = chains = gone_on = 0
    wrong = []
    while kills < moments:
        out = tempfile.mkdtemp(dir=work)
        for _ in range(chance.choice([1, 1, 2, 4])):
            kills += killed(study, out, chance.uniform(0.02, length), "--resume")
        status, said = complete(study, out, "--resume")
        gone_on += "goes on from step" in said
        chains += 1
        wrong += [f"exit status {status}"] if status else differences(reference, out)
        shutil.rmtree(out)
    check(f"{study} killed", wrong, f"{kills} kills, {chains} runs, {gone_on} of them went on from checkpoints")
    return kills


def damage_way(study, reference, length, times):
    """Kills, damages a file, goes on."""
    done, wrong = {}, []
    for _ in range(times):
        out = tempfile.mkdtemp(dir=work)
        found = None
        for _ in range(20):
            killed(study, out, chance.uniform(0.3, 1) * length, "--resume")
            found = damage(out, chance.choice([["checkpoints/*/*"], ["trials/*/*.jsonl", "trials/*/*.safetensors"], ["**/*"]]))
            if found:
                break
        # A run that had ended is not gone on with, and a new one takes its trials from wherever they stand.
        ended = found and os.path.exists(f"{newest(out)}/manifest.sha256")
        status, said = complete(study, out, "--resume")
        if found:
            path, what = found
            kind = "checkpoint" if "/checkpoints/" in path else "tensors of a trial" if path.endswith(".safetensors") else "log" if "/trials/" in path else "other"
            count, told = done.get(f"{kind} {what}", (0, 0))
            # The only checkpoint of a folder is named by the folder, which is empty without it.
            is_told = os.path.basename(path) in said or f"{os.path.dirname(path)}/ is empty" in said
            done[f"{kind} {what}"] = (count + 1, told + is_told)
            if kind == "log" and what == "removed" and not is_told and not ended:
                wrong.append(f"{path} was removed and not named")
        wrong += [f"exit status {status} after {found}: {said[-300:]}"] if status else [f"{name} after {found}" for name in differences(reference, out)]
        shutil.rmtree(out)
    wrong += [] if done else ["nothing was found to damage"]
    check(f"{study} damaged", wrong, ", ".join(f"{n} × {kind} ({told} named)" for kind, (n, told) in sorted(done.items())))


def mounted(size):
    """A small file system of its own; nothing where the user may not have one."""
    place = tempfile.mkdtemp(dir=work)
    status = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], capture_output=True).returncode
    return place if status == 0 else None


def full_way(study, reference, length, times):
    """The disk is full at a random size; with more room the run goes on."""
    full, wrong = 0, []
    need = sum(os.path.getsize(f) for f in glob.glob(last(f"{work}/reference-{study}") + "/**/*", recursive=True) if os.path.isfile(f))
    for _ in range(times):
        place = mounted(f"{chance.randrange(4, max(8, need // 1024))}k")
        if place is None:
            return print(f"skipped: {study} on a full disk: no small file system can be mounted here")
        status, said = complete(study, place + "/runs")
        full += status == 5
        if status not in (0, 5):
            wrong.append(f"exit status {status} on a full disk: {said[-300:]}")
        subprocess.run(["mount", "-o", "remount,size=256m", place], check=True)
        if status:
            status, said = complete(study, place + "/runs", "--resume")
        wrong += [f"exit status {status} with room again: {said[-300:]}"] if status else differences(reference, place + "/runs")
        subprocess.run(["umount", place], check=True)
    wrong += [] if full else ["no disk was full"]
    check(f"{study} on a full disk", wrong, f"{full} of {times} runs found it full and said so")


def read_only_way(study, reference, length, times):
    """The disk turns read-only at a random moment; writable again, the run goes on."""
    hit, wrong = 0, []
    for turn in range(times):
        place = mounted("256m")
        if place is None:
            return print(f"skipped: {study} on a read-only disk: no small file system can be mounted here")
        # A mount with open files cannot be remounted without force; a bind mount over it can.
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        if turn:
            subprocess.run(["mount", "-o", "remount,rw", place], check=True)
            killed(study, place + "/runs", chance.uniform(0.1, 1) * length)
            subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        status, said = complete(study, place + "/runs", "--resume")
        hit += status == 5
        if status != 5:
            wrong.append(f"exit status {status} on a read-only disk: {said[-300:]}")
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)
        status, said = complete(study, place + "/runs", "--resume")
        wrong += [f"exit status {status} once it can be written: {said[-300:]}"] if status else differences(reference, place + "/runs")
        subprocess.run(["umount", place], check=True)
    check(f"{study} on a read-only disk", wrong, f"{hit} of {times} runs said so")


try:
    for place, study in enumerate(studies):
        if arguments.only not in study:
            continue
        begun = time.monotonic()
        status, said = complete(study, f"{work}/reference-{study}")
        length = time.monotonic() - begun
        if status:
            check(study, [said[-500:]], "the uninterrupted run failed")
            continue
        reference = outcome(last(f"{work}/reference-{study}"))
        share = -(-(arguments.moments - place) // len(studies))
        for name, way, times in [
            ("killed", kill_way, share), ("damaged", damage_way, share), ("full", full_way, share // 4), ("read-only", read_only_way, share // 8),
        ]:
            if name in arguments.ways.split(","):
                way(study, reference, length, max(1, times))
finally:
    shutil.rmtree(work, ignore_errors=True)
sys.exit(bad)
