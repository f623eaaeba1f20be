#!/usr/bin/env python3
"""Runs fuzz targets for a given time of processor each, and prints the table of fuzz/README.md.

    cargo +nightly fuzz build -O -a -s none
    python3 fuzz/campaign.py [--seconds 600] [--clock SECONDS] [--jobs 2] [TARGET...]

What was done is kept in fuzz/campaign.json, and the inputs that reached something new in fuzz/target/found: a campaign
that is stopped goes on where it was. Time is that of the processor, so a busy machine makes it longer and not smaller;
with --clock a target is done as well after so many seconds on the clock.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import threading
import time

FUZZ = pathlib.Path(__file__).resolve().parent
SLICE = 180  # seconds on the clock of one run of a target
# of a module of src/: words of its formats, and the longest input
DICTIONARIES = {"model": "rum", "laws": "rum", "machines": "transport"}
LONGEST = {"machines": 1024, "laws": 4096}


def targets():
    """Module and name of each target, in the order of src/lib.rs."""
    listed = re.search(r"\ntargets! \{\n(.*?)\n\}", (FUZZ / "src/lib.rs").read_text(), re.S).group(1)
    for module, names in re.findall(r"(\w+): ([\w, ]+);", listed):
        for name in names.split(", "):
            yield module, name


def run(program, module, name, clock):
    """One slice: executions, edges, seconds of processor, whether something was found."""
    found = FUZZ / "target/found" / name
    artifacts = FUZZ / "artifacts" / name
    found.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(parents=True, exist_ok=True)
    dictionary = FUZZ / "dictionaries" / (DICTIONARIES.get(module, module) + ".dict")
    process = subprocess.Popen(
        [program, found, FUZZ / "corpus" / name, f"-max_total_time={clock}", f"-dict={dictionary}",
         f"-max_len={LONGEST.get(module, 16384)}", f"-artifact_prefix={artifacts}/", "-print_final_stats=1",
         "-timeout=120", "-rss_limit_mb=2048"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
    output = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    number = lambda pattern: max((int(n) for n in re.findall(pattern, output)), default=0)
    if status:
        (artifacts / "log.txt").write_text(output[-20000:])
    return number(r"number_of_executed_units: (\d+)"), number(r" cov: (\d+)"), used.ru_utime + used.ru_stime, bool(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clock", type=float, default=float("inf"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--programs", type=pathlib.Path, help="folder of the built targets")
    parser.add_argument("target", nargs="*")
    given = parser.parse_args()
    programs = given.programs or FUZZ / "target/x86_64-unknown-linux-gnu/release"
    kept = FUZZ / "campaign.json"
    done = json.loads(kept.read_text()) if kept.exists() else {}
    lock = threading.Lock()
    waiting = [(m, n) for m, n in targets() if not given.target or n in given.target]
    if given.target:
        waiting.sort(key=lambda both: given.target.index(both[1]))
    order = [name for _, name in waiting]

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                module, name = waiting.pop(0)
            row = {"executions": 0, "edges": 0, "seconds": 0.0, "clock": 0.0, "found": 0} | done.get(name, {})
            while row["seconds"] < given.seconds and row["clock"] < given.clock and not row["found"]:
                clock = max(5, min(SLICE, round(min(given.seconds - row["seconds"], given.clock - row["clock"]))))
                began = time.monotonic()
                executions, edges, seconds, found = run(programs / name, module, name, clock)
                row = {"executions": row["executions"] + executions, "edges": max(row["edges"], edges),
                       "seconds": row["seconds"] + seconds, "clock": row["clock"] + time.monotonic() - began,
                       "found": row["found"] + found}
                with lock:
                    done[name] = row
                    part = kept.with_suffix(".part")
                    part.write_text(json.dumps(done, indent=1, sort_keys=True))
                    part.replace(kept)
            print(f"{name}: {row}", flush=True)

    workers = [threading.Thread(target=work) for _ in range(given.jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("\n| target | minutes | processor, s | executions | edges | findings |\n|---|---|---|---|---|---|")
    for name in order:
        row = done[name]
        print(f"| `{name}` | {row['clock'] / 60:.0f} | {row['seconds']:.0f} | {row['executions']:,} | {row['edges']} "
              f"| {row['found'] or '-'} |")


if __name__ == "__main__":
    main()
