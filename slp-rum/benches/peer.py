#!/usr/bin/env python3
"""The fastest Python there is, on the same leaves: what `examples/leaf_rate.rs` is measured against.

usage: peer.py FOLDER [RUNS]        needs lxml and orjson

Reads every file of the folder into memory first, then times parsing all reports and folding totals, on one core.
"""
import os, sys, time
from collections import Counter

from lxml import etree
import orjson

folder, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
leaves = [open(os.path.join(folder, name), "rb").read() for name in sorted(os.listdir(folder))]
times = []
for _ in range(runs):
    start, reports, measurements, peak = time.perf_counter(), 0, 0, Counter()
    for leaf in leaves:
        for element in etree.fromstring(leaf).iter("RUMReport"):
            payload = orjson.loads(orjson.loads(element.text)["payload"])
            reports += 1
            tag = payload["meta"]["entitlement_tag"]
            for measurement in payload["measurements"]:
                measurements += 1
                peak[tag] = max(peak[tag], int(measurement["value"]["value"]))
    times.append(time.perf_counter() - start)
times.sort()
size = sum(map(len, leaves))
print(f"{len(leaves)} leaves, {size} bytes, {reports} reports, {measurements} measurements")
for name, seconds in (("best", times[0]), ("median", times[len(times) // 2])):
    print(f"{name:>7}: {seconds:.3f} s, {size / seconds / 1e6:.0f} MB/s, {reports / seconds:.0f} reports/s")
