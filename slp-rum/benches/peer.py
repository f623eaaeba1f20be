#!/usr/bin/env python3
"""Python with its fastest readers of XML and JSON, beside which this project is measured: `examples/leaf_rate.rs` and `slp usage --summary`.

usage: peer.py FOLDER [RUNS]        needs lxml and orjson
       peer.py BUNDLE

Reads every file of a folder into memory first, then times parsing all reports and folding totals, on one core. Of a bundle
it prints the totals as `slp usage --summary --format json` does, and whoever calls it takes the time.
"""
import json, os, sys, tarfile, time
from collections import Counter

from lxml import etree
import orjson


class Totals:
    def __init__(self):
        self.devices, self.reports, self.measurements, self.peak = 0, 0, 0, Counter()

    def add(self, leaf):
        self.devices += 1
        for element in etree.fromstring(leaf).iter("RUMReport"):
            payload = orjson.loads(orjson.loads(element.text)["payload"])
            self.reports += 1
            tag = payload["meta"]["entitlement_tag"]
            for measurement in payload["measurements"]:
                self.measurements += 1
                self.peak[tag] = max(self.peak[tag], int(measurement["value"]["value"]))


def leaves_of(stream):
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for entry in archive:
            content = archive.extractfile(entry)
            if entry.name.endswith(".tar.gz"):
                yield from leaves_of(content)
            elif entry.name.endswith(".txt"):
                yield content.read()


path, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
if os.path.isfile(path):
    totals = Totals()
    with open(path, "rb") as bundle:
        for leaf in leaves_of(bundle):
            totals.add(leaf)
    print(json.dumps(vars(totals)))
    sys.exit()
leaves = [open(os.path.join(path, name), "rb").read() for name in sorted(os.listdir(path))]
times = []
for _ in range(runs):
    start, totals = time.perf_counter(), Totals()
    for leaf in leaves:
        totals.add(leaf)
    times.append(time.perf_counter() - start)
times.sort()
size = sum(map(len, leaves))
print(f"{len(leaves)} leaves, {size} bytes, {totals.reports} reports, {totals.measurements} measurements")
for name, seconds in (("best", times[0]), ("median", times[len(times) // 2])):
    print(f"{name:>7}: {seconds:.3f} s, {size / seconds / 1e6:.0f} MB/s, {totals.reports / seconds:.0f} reports/s")
