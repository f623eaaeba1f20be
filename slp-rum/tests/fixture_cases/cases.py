"""One case: its files, and what it expects."""

import hashlib
import json
import pathlib
import re
import textwrap

from .devices import CLOSED, measurement, payload_v1, payload_v2
from .envelopes import as_text, envelope, lines, report, tight


HERE = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = HERE / "fixtures"
EXAMPLES = HERE.parent.parent / "examples" / "data"

# Every file that this script makes: path to bytes.
FILES = {}

# The names that the cases have to cover between them.
TOLERANCES = set(
    """bom bare-root attribute namespace-prefix comment processing-instruction unknown-element base64-document
    usage-missing usage-object array-root several-containers bare-payload payload-literal payload-object payload-space unsigned null-member
    unknown-word mixed-devices number-or-string wrapped-negative version-missing version-unknown id-in-both
    signature-place tag-form no-tag no-ha no-measurements meta-shape value-shape measurement-member utility-word
    signature-blank signature-text inventory-json udi-blank""".split()
)
KINDS = set(
    """encoding xml structure unknown-root unsupported empty truncated json duplicate-member missing-member wrong-type
    bad-number bad-value inconsistent limit""".split()
)
seen_tolerances = set()
seen_kinds = set()


def put(folder, name, text):
    path = folder / name
    assert path not in FILES, path
    FILES[path] = text if isinstance(text, bytes) else text.encode()


def put_json(folder, name, value):
    """JSON with a line for each item, and short lists on one line."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: "[" + re.sub(r"\n\s+", " ", found[1]) + "]", text)
    put(folder, name, text + "\n")


def put_about(folder, about):
    put(folder, "about.txt", textwrap.fill(" ".join(about.split()), 118, break_on_hyphens=False) + "\n")


def facts(payload):
    """Id, device and counts of a payload, for the expectation; `None` is a measurement without a count."""
    value = json.loads(payload) if isinstance(payload, str) else payload
    identification, meta = value["asset_identification"], value.get("meta", {})
    sudi = identification["instance"]["sudi"]
    counts = []
    if meta.get("report_type") != "telemetry":
        for item in value["measurements"]:
            plain = "value" in item and "values" not in item
            counts.append(str(item["value"]["value"]) if plain else None)
    report_id = int(identification.get("report_id", meta.get("report_id")))
    return report_id, [sudi["udi_pid"], sudi["udi_serial_number"]], counts


def valid(name, about, data, payloads=(), warnings=(), container="device-file", ext="txt", **more):
    """A document that is read. `payloads`: texts (or objects, written compactly) of its reports, in order."""
    folder = FIXTURES / "valid" / name
    texts = [as_text(payload) for payload in payloads]
    found = [facts(text) for text in texts]
    assert TOLERANCES.issuperset(warnings), warnings
    seen_tolerances.update(warnings)
    put(folder, f"input.{ext}", data)
    put_about(folder, about)
    put_json(
        folder,
        "expected.json",
        {
            "container": container,
            "reports": len(texts),
            "ids": [report_id for report_id, _, _ in found],
            "devices": [device for _, device, _ in found],
            "counts": [counts for _, _, counts in found],
            "warnings": sorted(warnings),
            "payload_sha256": [hashlib.sha256(text.encode()).hexdigest() for text in texts],
            "preserve": True,
        }
        | more,
    )


def one_report(name, payload, warnings, about):
    """A device file with one report of the usual switch."""
    valid(name, about, tight(envelope(payload)), [payload], warnings)


def invalid(name, kind, about, data, good=(), fatal=True, path="", ext="txt", **more):
    """A document with one fault. `good`: payloads of the reports that are read all the same.

    `more` may hold `path_prefix` (the path begins so, where its end is the reader's affair), `line`, and `limit` (its
    name).
    """
    folder = FIXTURES / "invalid" / name
    assert kind in KINDS, kind
    seen_kinds.add(kind)
    put(folder, f"input.{ext}", data)
    put(folder, "kind.txt", kind + "\n")
    put_about(folder, about)
    ids = [facts(payload)[0] for payload in good]
    expected = {"kind": kind, "fatal": fatal, "good_reports": len(ids), "ids": ids, "path": path}
    put_json(folder, "expected.json", expected | more)


# Sound reports to stand beside a broken one.
SOUND = [payload_v1(1700000000 + n, [measurement(1700000100, 3600, **CLOSED)]) for n in range(5)]
SOUND_REPORTS = [report(envelope(payload)) for payload in SOUND]
# What a broken report is made of.
V1 = payload_v1(1700000010, [measurement(1700000100, 3600, "1", **CLOSED)])
V2 = payload_v2(1700000010, [measurement(1700000100, 3600, "1", **CLOSED)])


def broken_xml(name, kind, about, middle, path="", line=3, fatal=False, **more):
    """Three reports, the second broken; `middle` is its XML. A fatal fault leaves the first only."""
    assert line is None or "\n" not in middle
    good = SOUND[:1] if fatal else SOUND[:2]
    more = {"path_prefix": "RUMReport[2]"} | more if not fatal else more
    more = more | {"line": line} if line else more
    document = lines(SOUND_REPORTS[0], middle, SOUND_REPORTS[1])
    invalid(name, kind, about, document, good, fatal, path, **more)


def broken(name, kind, about, item, at="", **more):
    """Three reports, the second broken; `item` is its envelope, or that envelope's JSON text.

    `at` is the path of the fault inside the payload.
    """
    path = f"RUMReport[2]/payload$.{at}" if at else ""
    broken_xml(name, kind, about, report(item), path, **more)


def broken_payload(name, kind, about, payload, at="", **more):
    broken(name, kind, about, envelope(payload), at, **more)
