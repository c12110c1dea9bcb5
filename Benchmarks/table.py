"""The table of ratios that Benchmarks/run writes."""
import datetime, os, platform, statistics

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def ratios(entry):
    return sorted(p["peer"] / p["ours"] for p in entry.get("pairs", []) if p.get("peer") and p["ours"] > 0)


def rate(entry, side):
    """The median rate or time of a side, as text."""
    values = [p[side] for p in entry.get("pairs", []) if p.get(side)]
    if not values:
        return ""
    middle = statistics.median(values)
    if entry["unit"] == "s":
        return f"{middle * (2000 if 'sweep' in entry['name'] else 1):.3g} s"
    number = 1 / middle
    if number >= 1e6:
        return f"{number / 1e6:.2f} M/s"
    return f"{number:.3g}/s" if number < 1000 else f"{number:,.0f}/s".replace(",", " ")


def line(entry):
    if "missing" in entry:
        return f"not measured: {entry['missing'].splitlines()[-1] if entry['missing'] else ''}"
    found = ratios(entry)
    text = f"ours {rate(entry, 'ours')}, memory {entry['memory']:.0f} MB"
    if found:
        text += (f"; {entry['variant']} {rate(entry, 'peer')}, {entry['peer_memory']:.0f} MB: ratio "
                 f"{statistics.median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f}), aim {entry['aim']}")
    agreement = entry.get("agreement")
    if agreement:
        text += f"; {'agrees' if agreement['agrees'] else 'DOES NOT AGREE'}: {agreement['ours']} and {agreement['peer']}"
    return text


def cell(entry):
    name = entry["name"] + (f", {entry['threads']} threads" if entry["threads"] > 1 else "")
    if "missing" in entry:
        return f"| {name} | | | not measured | {entry['aim']} | | | |"
    found = ratios(entry)
    ratio = f"{statistics.median(found):.2f} ({found[0]:.2f}–{found[-1]:.2f})" if found else ""
    agreement = entry.get("agreement")
    if agreement and not agreement["agrees"]:
        ratio += ", does not count: results differ"
    share = ""
    if entry.get("peak"):
        sides = ("ours", "peer") if found else ("ours",)
        times = [statistics.median(p[side] for p in entry["pairs"] if p.get(side)) for side in sides]
        share = " : ".join(f"{100 * entry['gflop'] / seconds / entry['peak']:.0f}" for seconds in times) + " %"
    losses = ""
    if agreement:
        peer = agreement["peer"]
        losses = f"{agreement['ours']:.4g}, {peer:.4g}" if isinstance(peer, float) and agreement["ours"] else agreement["ours"]
    memory = f"{entry['memory']:.0f} : {entry['peer_memory']:.0f} MB" if entry.get("peer_memory") else f"{entry['memory']:.0f} MB"
    peer = f"{entry['variant']} {rate(entry, 'peer')}" if found else ""
    return f"| {name} | {rate(entry, 'ours')} | {peer} | {ratio} | {entry['aim']} | {share} | {memory} | {losses} |"


def page(entries, limits, options):
    """The measured part of docs/performance.md."""
    cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "") \
        if os.path.exists("/proc/cpuinfo") else platform.processor()
    loads = [e["load"] for e in entries if "load" in e]
    lines = [
        f"Measured on {datetime.date.today()}: {cpu}, {os.cpu_count()} processors, {platform.system()} "
        f"{platform.machine()}; other work on the machine during it: load {min(loads, default=0)} to {max(loads, default=0)}; "
        f"{options.pairs} pairs per row.", ""]
    for threads, found in sorted(limits.items()):
        kind = "fma_f32_gflops_by_cpu_time" if threads == 1 else "fma_f32_gflops"
        lines += [f"Peak found on {threads} thread{'s' if threads > 1 else ''}: {found.get(kind, 0):.0f} GFLOP/s in f32, "
                  f"{found.get('read_dram_gbs', 0):.0f} GB/s from memory.", ""]
    lines += ["| work | ours | best peer | ratio | aim | of the peak, ours : peer's | memory, ours : peer's | losses, ours, peer's |",
              "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    after = ["", "The share of the peak counts the products that the peers' programs name; where a step finds some of them needless, such as "
             "those of\ntokens that no loss reads, it may pass 100 %; elsewhere a ratio cannot pass 100 by the peer's share. "
             "With several threads times are by\nthe clock, and other work on the machine takes its share."]
    return "\n".join(lines + [cell(e) for e in entries] + after) + "\n"


def write(path, text):
    """Replaces what stands between the marks of a page, or makes the page."""
    old = open(path).read() if os.path.exists(path) else f"# Performance\n\n{BEGIN}\n{END}\n"
    before, rest = old.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(path, "w") as file:
        file.write(before + BEGIN + "\n" + text + END + after)
