#!/usr/bin/env python3
"""Writes the fixtures of this crate and the data of the examples. The same script gives the same bytes.

    python3 make_fixtures.py            write everything anew
    python3 make_fixtures.py --check    write nothing; exit status 1 when a file differs, is missing or is left over

What it writes (fixtures/README.md describes the files of a case):

    fixtures/valid/<name>/      documents that the reader takes, with what it must find in them
    fixtures/invalid/<name>/    documents, or single reports, that the reader refuses, with the kind of the error
    fixtures/golden/            input and exact output of the strict writer
    ../../examples/data/        two ordinary files for the programs

All devices, serial numbers, tags and signatures are invented: PIDs begin with TEST, serials with TST, tags are of the
year 2000, and a signature value is SHA-256 of a label, repeated to its length. Nothing verifies them.

The writer in the part "Strict writer" is made from the format's description alone and shares no code with the crate, so
the two can be held against each other.
"""

import base64
import copy
import dataclasses
import hashlib
import html
import json
import pathlib
import re
import struct
import sys
import textwrap
import zlib

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE / "fixtures"
EXAMPLES = HERE.parent.parent / "examples" / "data"

# Every file that this script makes: path to bytes.
FILES = {}

# The names that the cases have to cover between them.
TOLERANCES = set(
    """bom bare-root attribute namespace-prefix comment processing-instruction unknown-element base64-document
    usage-missing usage-object array-root bare-payload payload-literal payload-object payload-space unsigned null-member
    unknown-word mixed-devices number-or-string wrapped-negative version-missing version-unknown id-in-both
    signature-place tag-form no-tag no-ha no-measurements meta-shape value-shape measurement-member utility-word
    signature-blank signature-text inventory-json""".split()
)
KINDS = set(
    """encoding xml structure unknown-root unsupported empty truncated json duplicate-member missing-member wrong-type
    bad-number bad-value inconsistent limit""".split()
)
seen_tolerances = set()
seen_kinds = set()


# ---------------------------------------------------------------------------------------------------------------------
# Devices, signatures, payloads


def filler(label, size):
    """Base64 of `size` bytes that look random and depend on the label alone."""
    blocks = [hashlib.sha256(f"{label} {n}".encode()).digest() for n in range((size + 31) // 32)]
    return base64.b64encode(b"".join(blocks)[:size]).decode()


def tag(name, number):
    return f"regid.2000-01.com.cisco.{name},1.0_00000000-0000-4000-8000-{number:012x}"


@dataclasses.dataclass(frozen=True)
class Device:
    pid: str
    serial: str
    software_tag: str
    key: str = ""  # eight digits: signs like hardware; empty: `builtin`, with the software tag as key
    instance: str = ""  # the product instance identifier, where the device has one

    def udi(self):
        return {"udi_pid": self.pid, "udi_serial_number": self.serial}

    def sign(self, label):
        """A signature object; the value is filler."""
        label = f"{self.serial} {label}"
        if self.key:
            return {"signing_type": "SHA256", "key": self.key, "value": filler(label, 256)}
        return {"signing_type": "builtin", "key": self.software_tag, "value": filler(label, 32)}


SWITCH = Device("TEST-SWITCH", "TST00000001", tag("TEST_SWITCH", 0xA1))
WLC = Device("TEST-WLC-CL", "TST00000002", tag("TEST_WLC", 0xA2))
ROUTER = Device("TEST-ROUTER-V", "TST00000003", tag("TEST_ROUTER", 0xA3))
ODD_NAME = Device("TEST/9300-24:X", "TST00000004", tag("TEST_SWITCH", 0xA1))
HARDWARE = Device("TEST-SWITCH-24", "TST00000005", tag("TEST_SWITCH_24", 0xA4), key="21000001")
STACK = Device(
    "TEST-SWITCH-48", "TST00000006", tag("TEST_SWITCH_48", 0xA5), "21000002", "00000000-0000-4000-8000-0000000000f1"
)
STANDBY = dataclasses.replace(STACK, serial="TST00000007")

BASE = tag("test_base", 1)
MORE = tag("test_more", 2)
ACCESS_POINTS = [{"udi_pid": "TEST-AP", "udi_serial_number": f"TSTAP{n:06}"} for n in (1, 2, 3)]
CLOSED = {"termination_reason": "CurrentUsageRequested"}
RELOADED = {"termination_reason": "ProductReload", "close_reason": "ProductReload"}


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def measurement(start, seconds, count="1", log=1, samples=None, **meta):
    """One measurement, members in the order of real devices. `log` is the distance of `log_time` from the start."""
    result = {
        "log_time": start + log,
        "metric_name": "ENTITLEMENT",
        "start_time": start,
        "end_time": start + seconds,
        "sample_interval": seconds,
        "num_samples": (seconds + 450) // 900 + 1 if samples is None else samples,
    }
    if meta:
        result["meta"] = meta
    result["value"] = {"type": "COUNT", "value": count}
    return result


def ha(*devices):
    return [{"role": role, "sudi": device.udi()} for role, device in zip(("Active", "Standby"), devices)]


def payload_v1(report_id, measurements, device=SWITCH, licence=BASE, ha_udi=None):
    instance = {"sudi": device.udi()} | ({"product_instance_identifier": device.instance} if device.instance else {})
    return {
        "asset_identification": {
            "asset": {"name": device.software_tag},
            "instance": instance,
            "signature": device.sign(f"inner {report_id}"),
        },
        "meta": {
            "entitlement_tag": licence,
            "report_id": report_id,
            "software_version": "17.06.02",
            "ha_udi": ha_udi or ha(device),
        },
        "measurements": measurements,
    }


def payload_v2(report_id, measurements, device=SWITCH, licence=BASE, ha_udi=None):
    instance = {"sudi": device.udi()} | ({"product_instance_identifier": device.instance} if device.instance else {})
    return {
        "version": "2.0",
        "asset_identification": {"report_id": report_id, "asset": {"name": device.software_tag}, "instance": instance},
        "signature": device.sign(f"inner {report_id}"),
        "meta": {
            "entitlement_tag": licence,
            "utility_enabled": False,
            "software_version": "17.09.02",
            "ha_udi": ha_udi or ha(device),
        },
        "measurements": measurements,
    }


def wireless_payload(report_id, base, device, access_points):
    """Two access points, then a third, then the clock goes back by 3433 s; `log_time` of the last is before its start.

    The last measurement starts on the old clock and ends on the new one, so what passed is 3433 s more than the
    difference of its times: 1452600 s, or 1614 periods of 900 s.
    """
    first, second = base + 86399, base + 86399 + 374401
    return payload_v2(
        report_id,
        [
            measurement(base, 86399, "2", log=0, removed_sudi_list=[], added_sudi_list=access_points[:2]),
            measurement(first, 374401, "3", removed_sudi_list=[], added_sudi_list=access_points[2:]),
            measurement(second, 1449167, "3", log=-2726, samples=1615, clock_change_delta="-3433", **RELOADED),
        ],
        device,
    )


def walk(value, path):
    for step in path:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def changed(value, path, new):
    """A copy with the member at `path` (as in `meta.ha_udi.0.role`) set; a new member comes last."""
    value = copy.deepcopy(value)
    *parents, last = path.split(".")
    walk(value, parents)[last] = new
    return value


def without(value, path):
    value = copy.deepcopy(value)
    *parents, last = path.split(".")
    del walk(value, parents)[last]
    return value


def edited(text, old, new):
    """The text with one place changed, for what `json.dumps` does not write."""
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


# ---------------------------------------------------------------------------------------------------------------------
# Envelopes and containers


def envelope(payload, device=SWITCH, header=True, sign=None):
    """An envelope as a dictionary. `payload` is the payload's text, or its object, which is written compactly."""
    text = payload if isinstance(payload, str) else compact(payload)
    sign = sign or device.sign(f"outer {hashlib.sha256(text.encode()).hexdigest()}")
    head = {"header": {"type": "rum"}} if header else {}
    return {"payload": text} | head | {"signature": {"sudi": device.udi()} | sign}


def as_text(item):
    return item if isinstance(item, str) else compact(item)


def cdata(text):
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def report(item):
    return "<RUMReport>" + cdata(as_text(item)) + "</RUMReport>"


def tight(*envelopes):
    """A device file in one line, as the accepted form is written."""
    return "<smartLicense>" + "".join(map(report, envelopes)) + "</smartLicense>"


def lines(*parts):
    """A device file with one part a line; the root's tags have lines of their own."""
    return "\n".join(["<smartLicense>", *parts, "</smartLicense>", ""])


def rest(*envelopes):
    return '{"usage":[' + ",".join(map(as_text, envelopes)) + "]}"


def cloud_entry(device, *envelopes, **more):
    usage = [{name: item[name] for name in ("payload", "signature")} for item in envelopes]
    return {"sudi": device.udi()} | more | {"usage": usage}


# ---------------------------------------------------------------------------------------------------------------------
# Writing cases


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


# ---------------------------------------------------------------------------------------------------------------------
# Valid: the shapes of real files


def real_shapes():
    payload = wireless_payload(1710000000, 1710039495, WLC, ACCESS_POINTS)
    valid(
        "wlc-cloud-v2",
        """Root RUMReport without smartLicense, pretty envelope, no header, no final newline: the complete report of
        a wireless controller as a server shows it (rum, sections 2.1, 5, 12.1; quirks 1, 5, 6, 7, 10).""",
        bare_root(envelope(payload, WLC, header=False)), [payload], ["bare-root"], "bare-root", "xml"
    )

    payload = payload_v1(1710000408, [measurement(1720862046, 1336, log=436, samples=2, **CLOSED)], ROUTER)
    valid(
        "router-v1", "A payload of the first generation by itself, no envelope (rum, sections 2.8, 4.2).",
        compact(payload), [payload], ["bare-payload"], "bare-payload", "json"
    )
    valid(
        "router-v1-literal",
        """The payload of router-v1 as one JSON string literal; un-escaped once it is the same bytes (rum, section
        2.8). reading: of the two names in that row of 15.1 only payload-literal is recorded here.""",
        compact(compact(payload)), [payload], ["payload-literal"], "payload-literal", "txt"
    )

    first = measurement(1719652498, 196207, "1", log=289, samples=218)
    second = measurement(1719848705, 63010, "0", log=10, samples=71, **CLOSED)
    payload = payload_v1(1710000340, [first, second], ROUTER, MORE)
    valid(
        "router-v1-two-measurements",
        """The count goes from 1 to 0 inside one id; the first measurement has no meta (rum, section 9; quirks 7, 8,
        9).""",
        compact(payload), [payload], ["bare-payload"], "bare-payload", "json"
    )
    sign = ROUTER.sign("outer cloud") | {"signing_type": "SHA-256"}
    entry = cloud_entry(ROUTER, envelope(payload, ROUTER, sign=sign))
    request = {"data": {"timestamp": 1719900000123, "nonce": "test1234", "reports": [entry]}}
    valid(
        "cloud-request",
        """The payload of router-v1-two-measurements in a cloud request: pretty, CR LF, no header, SHA-256 with a
        tag as key (rum, sections 2.5, 6).""",
        json.dumps(request, indent=2).replace("\n", "\r\n") + "\r\n", [payload], container="cloud", ext="json"
    )

    numbers = measurement(1603703196, 30, "2", log=19, samples=3, **CLOSED)
    payload = payload_v1(1603703186, [numbers], HARDWARE)
    valid(
        "hardware-signed-v1",
        """Signed like hardware: SHA256, a key of eight digits, values of 344 characters (256 bytes). Three samples
        in 30 s are what an early agent wrote (rum, sections 5, 6).""",
        tight(envelope(payload, HARDWARE)), [payload]
    )

    payload = payload_v2(
        1710000006,
        [measurement(1713000000, 40500, "3", samples=46, added_sudi_list=ACCESS_POINTS, removed_sudi_list=[])],
        WLC,
    )
    valid(
        "three-access-point-open-report",
        """Bare payload of an open report: no termination_reason, all three access points in its first measurement,
        and added before removed (rum, sections 2.6, 12 step 4; quirk 10).""",
        compact(payload) + "\n", [payload], ["bare-payload"], "bare-payload", "json"
    )

    payload = payload_v2(1710000007, [measurement(1713000000, 1800)])
    valid(
        "open-report-payload",
        """Bare payload of an open report, as the command line prints it: nothing says that it is closed (rum,
        section 9).""",
        compact(payload) + "\n", [payload], ["bare-payload"], "bare-payload", "txt"
    )

    payload = telemetry_payload(1710000012, 1712999200)
    valid(
        "telemetry-stack",
        """Telemetry of a stack of two: eight measurements in four pairs, a time zone of -7 h as an unsigned wrap,
        JSON in the json_encode value with blanks in its names (rum, section 4.4; quirks 4, 17, 18). reading: a
        wrapped time zone is its normal form and no wrapped-negative; the view has no measurements, so counts are
        empty.""",
        tight(envelope(payload, STACK)), [payload]
    )


def bare_root(item):
    """The form in which servers show one report."""
    return "<RUMReport>\n<![CDATA[" + json.dumps(item, ensure_ascii=False, indent=2) + "]]>\n</RUMReport>"


def telemetry_payload(report_id, start):
    parts = [
        ("Switch1", "TST00000006", "TEST-SWITCH-48"),
        ("Switch2", "TST00000007", "TEST-SWITCH-48"),
        ("test Stack", "TST00000006", "TEST-SWITCH-48"),
        ("StackPort1/1", "TSTSP000001", "TEST-STACK-T1"),
        ("Switch 1 - Power Supply A", "TSTPS000001", "TEST-PWR-715W"),
        ("Switch 1 - Power Supply B", "TSTPS000001", "TEST-PWR-715W"),
        ("Switch 1  Uplink Module", "TSTNM000001", "TEST-NM-8X"),
    ]
    inventory = compact([{"cname": name, "serial_no": serial, "part_no": part} for name, serial, part in parts])
    ends = [start + 86400, start + 172800, start + 172975, start + 173151]
    logs = [ends[0] + 289] + [ends[3] + 4] * 3
    measurements = []
    for end, log in zip(ends, logs):
        key = {"type": "report_id", "value": str(end)}
        words = {
            "policy_version": "17.11.1",
            "engine_version": "1.2",
            "policy_file_version": "7",
            "timezone": str(2**64 - 25200),
            "version": "2.0",
            "product_id": STACK.pid,
            "serial_number": STACK.serial,
            "software_version": "17.11.01",
            "metadata": "",
        }
        info = [key] + [{"type": kind, "value": value} for kind, value in words.items()]
        times = {"start_time": start, "end_time": end}
        measurements.append(times | {"metric_name": "Telemetry Meta Info", "values": info, "log_time": log})
        values = [{"type": "json_encode", "value": inventory}]
        pair = {"meta": [key], "metric_name": "hardware_inventory", "values": values, "log_time": log}
        measurements.append(times | pair)
    return {
        "version": "2.0",
        "asset_identification": {
            "report_id": report_id,
            "asset": {"name": STACK.software_tag},
            "instance": {"sudi": STACK.udi(), "product_instance_identifier": STACK.instance},
        },
        "meta": {"report_type": "telemetry", "utility_enabled": False, "ha_udi": ha(STACK, STANDBY)},
        "measurements": measurements,
    }


# ---------------------------------------------------------------------------------------------------------------------
# Valid: containers


def containers():
    one = SOUND[0]
    one_report(
        "exactly-one-report", one, [], "One RUMReport in a smartLicense: still a list (rum, section 2.1; quirk 2)."
    )
    valid(
        "no-report",
        "A smartLicense with no report at all is a document, not an error (rum, section 2.1; quirk 2).",
        "<smartLicense></smartLicense>"
    )
    valid(
        "no-report-self-closed", "The same, written as an empty element with a declaration and a final newline.",
        '<?xml version="1.0" encoding="UTF-8"?>\n<smartLicense/>\n'
    )

    many = []
    for n in range(6):
        start = 1700000100 + n // 2 * 90000
        closing = CLOSED if n < 4 else {}
        many.append(payload_v1(1700000020 + n, [measurement(start, 90000, **closing)], SWITCH, (BASE, MORE)[n % 2]))
    valid(
        "many-reports",
        """Two licences with interleaved ids, six reports, header present, one line (rum, sections 2.1, 7; quirks 2,
        19).""",
        tight(*map(envelope, many)), many
    )

    info = {
        "sudi": SWITCH.udi(),
        "timestamp": 1700010000000,
        "nonce": "0123456789",
        "hostname": "test-switch-1",
        "software_tag_identifier": SWITCH.software_tag,
    }
    request = {"device_list": [{"software_tag_identifier": SWITCH.software_tag, "hostname": "test-switch-1"}]}
    valid(
        "system-info-and-unknown-siblings",
        """smartLicenseSystemInfo with data and a sibling of data, an unknown element, an authorization request
        after the reports (rum, sections 2.1, 2.2). reading: smartLicenseAuthRequest is a known child and no
        unknown-element.""",
        lines(
            f"<smartLicenseSystemInfo><data>{cdata(compact(info))}</data><note>kept</note></smartLicenseSystemInfo>",
            report(envelope(SOUND[0])),
            "<smartLicenseFuturePart><data>bytes are kept</data></smartLicenseFuturePart>",
            report(envelope(SOUND[1])),
            f"<smartLicenseAuthRequest><data>{cdata(compact(request))}</data></smartLicenseAuthRequest>",
        ),
        SOUND[:2], ["unknown-element"]
    )
    inner = "<RUMReport>" + cdata(compact(envelope(SOUND[4]))) + "</RUMReport>"
    valid(
        "report-inside-unknown-element",
        """A RUMReport that is no direct child of the root is no report: it is part of the kept bytes (rum, section
        2.1).""",
        lines(f"<smartLicenseFuturePart>{inner}</smartLicenseFuturePart>", report(envelope(one))), [one],
        ["unknown-element"]
    )
    valid(
        "declaration-and-newlines",
        "XML declaration, and line feeds before and after the CDATA (rum, section 2.1).",
        '<?xml version="1.0" encoding="UTF-8"?>\n<smartLicense>\n<RUMReport>\n'
        + cdata(json.dumps(envelope(one), indent=2))
        + "\n</RUMReport>\n</smartLicense>\n",
        [one]
    )
    valid(
        "other-root-without-reports",
        """A bare acknowledgement: a root that the reader knows and that holds no report; its empty array ends in
        ]]]> with the CDATA (rum, sections 2.8, 9.1).""",
        "<smartLicenseRumAck><data><![CDATA[[]]]></data><signature>"
        + filler("ack", 96)
        + "</signature></smartLicenseRumAck>\n",
        (), ["bare-root"], "document", "xml"
    )

    valid(
        "rest-usage",
        """The answer of a device over HTTP: usage is an array, and an unknown member stands beside it (rum, section
        2.3).""",
        rest(*map(envelope, SOUND[:2]))[:-1] + ',"x_conversion":{"payload":"none"}}', SOUND[:2], container="rest",
        ext="json"
    )
    valid("rest-empty", "An empty usage array: no reports (rum, section 14 R).", '{"usage":[]}', (), (), "rest", "json")
    valid(
        "rest-empty-object", "A missing usage means that there are no reports (rum, section 2.3).", "{}", (),
        ["usage-missing"], "rest", "json"
    )
    valid(
        "rest-usage-object",
        "usage is one object, as the published description says, in place of an array (rum, section 2.3).",
        '{"usage":' + compact(envelope(one)) + "}", [one], ["usage-object"], "rest", "json"
    )
    valid(
        "array-root", "A JSON array of envelopes at top level (rum, sections 2.7, 2.8).",
        compact([envelope(payload) for payload in SOUND[:2]]) + "\n", SOUND[:2], ["array-root"], "array", "json"
    )
    valid(
        "envelope-alone",
        """One envelope at top level, white space before it. reading: 15.1 has no name for it, so there is no
        warning.""",
        "\n  " + json.dumps(envelope(one), indent=2) + "\n", [one], container="envelope", ext="json"
    )

    other = payload_v1(1700000030, [measurement(1700000100, 3600, **CLOSED)], ROUTER)
    devices = [cloud_entry(SWITCH, envelope(one)), cloud_entry(ROUTER, envelope(other, ROUTER))]
    valid(
        "cloud-request-two-devices",
        """A cloud request for two devices. reading: one list for many devices is the normal use of this container
        (rum, section 2.5), so mixed-devices is not recorded.""",
        compact({"data": {"timestamp": 1700010000000, "nonce": "0123456789abcdef", "reports": devices}}),
        [one, other], container="cloud", ext="json"
    )
    nulls = dict.fromkeys(["trust_requests", "transaction_id", "requesting_user_id", "locale", "license_pool_id"])
    full = cloud_entry(
        SWITCH, envelope(one), hostname="test-switch-1", software_tag_identifier=SWITCH.software_tag, **nulls
    )
    full["usage"][0] |= {"is_consuming": None, "is_ha": None, "reporting_device": None, "errors": None}
    data = {
        "sudi": None,
        "product_instance_identifier": None,
        "timestamp": 1700010000000,
        "nonce": "n1",
        "reports": [full],
    }
    valid(
        "cloud-request-fuller-form",
        """The fuller form of a cloud request, most members null (rum, section 2.5). reading: the view does not read
        these members, so their null is kept like any unknown member and is no null-member.""",
        compact({"data": data, "requesting_user_id": None, "locale": None}), [one], container="cloud", ext="json"
    )

    encoded = base64.b64encode(tight(envelope(one)).encode()).decode()
    valid(
        "base64-document",
        """The whole input is Base64 of a device file (rum, section 2.8). reading: the bytes given back are the
        Base64 text.""",
        encoded + "\n", [one], ["base64-document"]
    )
    valid(
        "base64-document-with-line-breaks",
        """The same in lines of 76 characters, as the usual tools write it (ack-auth, section 18: line breaks
        allowed).""",
        "\n".join(textwrap.wrap(encoded, 76)) + "\n", [one], ["base64-document"]
    )
    valid("bom", "A UTF-8 byte order mark is skipped.", b"\xef\xbb\xbf" + tight(envelope(one)).encode(), [one], ["bom"])
    valid(
        "leading-white-space",
        "Blanks and line breaks before the root are skipped without a warning (rum, section 2.8).",
        " \r\n\t\n" + tight(envelope(one)), [one]
    )
    valid(
        "comment-between", "Comments before the root, between reports and after the root: ignored, each recorded.",
        "<!-- collected by hand -->\n"
        + lines(report(envelope(SOUND[0])), "<!-- <RUMReport>not one</RUMReport> -->", report(envelope(SOUND[1])))
        + "<!-- end -->\n",
        SOUND[:2], ["comment"] * 3
    )
    valid(
        "processing-instruction-between",
        "Processing instructions before the root and between reports. The XML declaration is none.",
        '<?xml version="1.0"?>\n<?collector version="1"?>\n'
        + lines(report(envelope(SOUND[0])), "<?page break?>", report(envelope(SOUND[1]))),
        SOUND[:2], ["processing-instruction"] * 2
    )
    valid(
        "namespace-prefix",
        """Prefixed names: the local name is taken. reading: the declaration counts as one attribute, and each start
        tag with a prefix as one namespace-prefix.""",
        '<s:smartLicense xmlns:s="urn:test:slp"><s:RUMReport>'
        + cdata(compact(envelope(one)))
        + "</s:RUMReport></s:smartLicense>",
        [one], ["attribute", "namespace-prefix", "namespace-prefix"]
    )
    valid(
        "attributes", "An attribute on the root and one on a report: ignored, each recorded.",
        edited(
            edited(tight(envelope(one)), "<smartLicense>", '<smartLicense version="1.0">'),
            "<RUMReport>",
            "<RUMReport n='1'>",
        ),
        [one], ["attribute"] * 2
    )
    valid(
        "mixed-devices",
        "Reports of two devices in one file: each keeps its own. reading: one warning for the document.",
        tight(envelope(one), envelope(other, ROUTER)), [one, other], ["mixed-devices"]
    )
    valid(
        "duplicate-reports-same-file",
        "The same report twice in one file: the reader gives both, and telling is up to the continuity checks.",
        lines(report(envelope(one)), report(envelope(SOUND[1])), report(envelope(one))), [one, SOUND[1], one]
    )


# ---------------------------------------------------------------------------------------------------------------------
# Valid: what becomes of the payload string


def payload_strings():
    one = SOUND[0]
    valid(
        "escaped-text-instead-of-cdata",
        "The report as escaped text, with named entities and character references (rum, section 15).",
        "<smartLicense><RUMReport>&#x7B;"
        + html.escape(compact(envelope(one)))[1:-1].replace("&#x27;", "&apos;")
        + "&#125;</RUMReport></smartLicense>",
        [one]
    )
    noted = changed(one, "meta.x_note", "a]]>b ]]]> c]] >")
    one_report(
        "cdata-end-in-json-string", noted, [],
        "]]> inside a JSON string: split over two CDATA sections, twice (rum, section 14 F; quirk 18)."
    )
    text = compact(envelope(one))
    valid(
        "cdata-and-text-pieces",
        "One report in four pieces, CDATA and escaped text in turn, cut inside a string (rum, section 2.1).",
        "<smartLicense><RUMReport>"
        + cdata(text[:40])
        + html.escape(text[40:90])
        + cdata(text[90:300])
        + html.escape(text[300:])
        + "</RUMReport></smartLicense>",
        [one]
    )
    valid(
        "cdata-with-blanks-and-crlf",
        """CR LF everywhere, blanks and tabs around and inside the CDATA; the payload string is untouched (rum,
        section 15).""",
        (
            lines(
                "<RUMReport>",
                " \t" + cdata(" \n" + json.dumps(envelope(one), indent="\t") + "\n ") + "\t ",
                "</RUMReport>",
            )
        ).replace("\n", "\r\n"),
        [one]
    )
    noted = changed(one, "meta.x_note", "it's  \"two  blanks\", and\ta \\ tab ' ")
    noted = changed(noted, "meta.ha_udi.0.x_name", "test  Stack's  1")
    one_report(
        "payload-with-blanks-and-apostrophes", noted, [],
        """Strings in the payload with double blanks, apostrophes, quotes, a backslash, an escaped tab (rum, section
        1)."""
    )
    payload = payload_v1(1700000040, [measurement(1700000100, 3600, **CLOSED)], ODD_NAME)
    outer = envelope(payload, ODD_NAME)
    escaped = "".join(f"\\u{ord(character):04x}" for character in compact(payload))
    valid(
        "payload-all-unicode-escapes",
        "Every character of the payload string as \\uXXXX: the same payload bytes (quirk 23).",
        '<smartLicense><RUMReport><![CDATA[{"payload":"'
        + escaped
        + '",'
        + compact(without(outer, "payload"))[1:]
        + "]]></RUMReport></smartLicense>",
        [payload]
    )
    assert "/" in compact(payload)
    valid(
        "payload-slash-escapes",
        "The payload of payload-all-unicode-escapes, \\/ for each slash, as some write it: the same bytes (quirk 23).",
        tight(compact(outer).replace("/", "\\/")), [payload]
    )
    noted = changed(one, "meta.x_note", "café 中文 \U0001f600 \u2028 \x7f")
    mixed = edited(compact(envelope(noted)), "\U0001f600", "\\ud83d\\ude00")
    valid(
        "payload-non-ascii",
        """Characters beyond ASCII in the payload, raw in the first report; in the second, the same payload, one of
        them comes as an escaped surrogate pair.""",
        tight(envelope(noted), mixed), [noted, noted]
    )
    text = " \n" + compact(one) + "\r\n\t"
    one_report(
        "payload-space", text, ["payload-space"],
        "White space before and after the JSON in the payload string: kept, for the signature covers it."
    )
    text = json.dumps(one, indent=2)
    one_report(
        "payload-pretty-and-escaped", text, [],
        """A payload string with properly escaped line breaks between its members: white space in it is part of the
        bytes."""
    )
    shuffled = {
        "measurements": [dict(reversed(one["measurements"][0].items()))],
        "meta": dict(sorted(one["meta"].items())),
        "asset_identification": dict(sorted(one["asset_identification"].items(), reverse=True)),
    }
    outer = envelope(shuffled)
    valid(
        "member-order",
        """Any member order is taken: signature before header before payload, measurements before meta (rum, section
        15).""",
        tight({name: outer[name] for name in ("signature", "header", "payload")}), [shuffled]
    )
    text = json.dumps(one, indent=0)
    outer = envelope("PAYLOAD")
    valid(
        "payload-object",
        """The payload as an object, pretty-printed without indentation, declaration in front (rum, section 2.7;
        quirk 13). reading: the payload's bytes are the object's text as it stands in the document, white space
        included.""",
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + lines(
            "<RUMReport>", cdata("\n" + edited(json.dumps(outer, indent=0), '"PAYLOAD"', text) + "\n"), "</RUMReport>"
        ),
        [text], ["payload-object"]
    )


# ---------------------------------------------------------------------------------------------------------------------
# Valid: members of envelope and payload


def members():
    one = SOUND[0]
    v2 = payload_v2(1700000050, [measurement(1700000100, 3600, **CLOSED)])

    value = filler("line breaks", 256)
    sign = {"signing_type": "SHA256", "key": "21000001", "value": "\n".join(textwrap.wrap(value, 64))}
    valid(
        "signature-with-line-breaks",
        "Line feeds inside the outer signature value: removed for decoding, 256 bytes (rum, section 6; quirk 15).",
        tight(envelope(one, sign=sign)), [one], ["signature-blank"]
    )
    sign = {"signing_type": "SHA-256", "key": SWITCH.software_tag, "value": filler("cut", 32)[:21] + "="}
    valid(
        "signature-not-base64",
        """A signature value of 22 characters is no Base64: kept, the verdict is malformed (rum, section 6; quirk
        15).""",
        tight(envelope(one, sign=sign)), [one], ["signature-text"]
    )
    signature_texts()
    valid(
        "unsigned-envelope", "An envelope without signature is read, with the verdict absent.",
        tight(without(envelope(one), "signature")), [one], ["unsigned"]
    )
    valid(
        "signature-without-signer", "An outer signature that does not name its signer: normal (rum, section 15).",
        tight(without(envelope(one), "signature.sudi")), [one]
    )

    payload = changed(one, "meta.report_id", "1700000000")
    one_report(
        "id-as-string", payload, ["number-or-string"],
        "The report id as a string, as a slide quotes it (rum, section 4.2; quirk 12)."
    )
    payload = changed(v2, "meta.report_id", 1700000050)
    one_report("id-in-both-equal", payload, ["id-in-both"], "The report id in the places of both generations, equal.")
    first = changed(one, "meta.report_id", 17000000001)
    last = changed(one, "meta.report_id", 2**64 - 1)
    valid(
        "id-of-eleven-digits",
        "An id of eleven digits is legal, and so is the greatest u64 (rum, section 4.2; quirk 12).",
        tight(envelope(first), envelope(last)), [first, last]
    )
    text = {
        "log_time": "1700000101",
        "metric_name": "ENTITLEMENT",
        "start_time": "1700000100",
        "end_time": "1700003700",
        "sample_interval": "3600",
        "num_samples": "5",
        "meta": {"clock_change_delta": -60} | CLOSED,
        "value": {"type": "COUNT", "value": 2},
    }
    payload = payload_v2("1700000051", [text])
    one_report(
        "numbers-as-strings-and-back", payload, ["number-or-string"] * 8,
        """Id, times, interval and samples as strings, count and clock delta as numbers: eight of them, each
        recorded."""
    )
    back = measurement(1700003600, -3600, clock_change_delta=str(2**64 - 7200), **CLOSED)
    back |= {"sample_interval": 2**64 - 3600, "num_samples": 5}
    payload = payload_v2(1700000052, [back])
    one_report(
        "wrapped-negative", payload, ["wrapped-negative"] * 2,
        """The clock was set back by two hours: interval and delta are negative, printed unsigned, and start_time is
        after end_time; reading does not mind. reading: the delta is a string here, as always, and wraps all the
        same."""
    )

    opaque = [
        payload_v1(1700000053, SOUND[0]["measurements"], licence=BASE.replace("1.0_", "1.0_ ")),
        payload_v1(1700000054, SOUND[0]["measurements"], licence=BASE.replace("-4000-8000-", "-4000")),
    ]
    valid(
        "opaque-tag",
        """A blank after 1.0_ in one entitlement tag, a cut UUID in another: kept, opaque (rum, section 8; quirk
        16).""",
        tight(*map(envelope, opaque)), opaque, ["tag-form"] * 2
    )
    payload = without(one, "meta.entitlement_tag")
    one_report(
        "no-tag", payload, ["no-tag"],
        "Neither entitlement tag nor telemetry: the report is of another kind, and is read by its shape."
    )
    unknown_members()

    item = measurement(1700000100, 3600, "95", termination_reason="OperatorRequested", close_reason="StorageFull")
    payload = payload_v2(1700000055, [item])
    payload["meta"] = {"report_type": "sampling"} | payload["meta"]
    for path, word in {
        "signature.signing_type": "SHA-512",
        "meta.ha_udi.0.role": "Observer",
        "measurements.0.metric_name": "THROUGHPUT",
        "measurements.0.value.type": "PERCENTILE",
    }.items():
        payload = changed(payload, path, word)
    outer = changed(changed(envelope(payload), "header.type", "rum-next"), "signature.signing_type", "SHA-512")
    valid(
        "unknown-words",
        """A word not in the table of section 16 wherever a word can stand: header, both signatures, report type,
        role, metric, value type, both reasons. All kept; a count that is no COUNT is kept as text.""",
        tight(outer), [payload], ["unknown-word"] * 9
    )

    payload = payload_v2(
        1700000056, [measurement(1700000100, 3600), measurement(1700003700, 3600, removed_sudi_list=None, **CLOSED)]
    )
    for path in (
        "asset_identification.instance.product_instance_identifier",
        "signature",
        "meta.software_version",
        "meta.utility_enabled",
        "meta.x_note",
        "measurements.0.meta",
        "measurements.1.meta.added_sudi_list",
        "measurements.1.meta.clock_change_delta",
        "measurements.1.meta.close_reason",
    ):
        payload = changed(payload, path, None)
    outer = changed(changed(envelope(payload), "header", None), "signature.sudi", None)
    valid(
        "null-members",
        """null where a value may be absent: header, signer, inner signature, product instance identifier, two
        members of meta, a measurement's meta, and four members of another. reading: the null of the unknown x_note
        is data and no null-member.""",
        tight(outer), [payload], ["null-member"] * 11
    )

    pair = [
        payload_v2(1700000057 + n, SOUND[0]["measurements"], STACK, (BASE, MORE)[n], ha(STACK, STANDBY)) for n in (0, 1)
    ]
    valid(
        "ha-pair", "Two reports of the active member of a pair; ha_udi names the standby too (rum, section 4.2).",
        tight(*[envelope(payload, STACK) for payload in pair]), pair
    )
    payload = without(v2, "meta.ha_udi")
    other = changed(one, "meta.ha_udi", [])
    valid(
        "no-ha", "ha_udi missing in one report and empty in another: an empty list.",
        tight(envelope(payload), envelope(other)), [payload, other], ["no-ha"] * 2
    )
    payload = changed(one, "measurements.0.meta", {})
    one_report(
        "meta-empty-object", payload, [],
        "A measurement's meta as an empty object is as good as none (rum, section 15; quirk 9)."
    )
    payload = payload_v2(1700000059, [])
    one_report(
        "measurements-empty", payload, ["no-measurements"],
        "A report that was just opened may have no measurement yet (rum, section 4.2)."
    )
    payload = without(v2, "version")
    one_report(
        "version-missing", payload, ["version-missing"],
        "The shape of the second generation without version: read as the second."
    )
    payload = changed(v2, "version", "3.1")
    one_report(
        "version-unknown", payload, ["version-unknown"],
        "A version that is not 2.something: another generation, read by its shape."
    )
    old, new = copy.deepcopy(one), copy.deepcopy(v2)
    old["signature"] = old["asset_identification"].pop("signature")
    new["asset_identification"]["signature"] = new.pop("signature")
    valid(
        "signature-in-other-place",
        "The inner signature in the place of the other generation, in a report of each.",
        tight(envelope(old), envelope(new)), [old, new], ["signature-place"] * 2
    )
    payload = changed(one, "measurements.0.meta", [{"type": "note", "value": "x"}])
    one_report(
        "meta-shape", payload, ["meta-shape"],
        "An array as a measurement's meta in a usage report: kept raw, so nothing says that the report is closed."
    )
    payload = copy.deepcopy(one)
    payload["measurements"] = [
        measurement(1700000100, 3600),
        measurement(1700003700, 3600),
        measurement(1700007300, 60),
    ]
    del payload["measurements"][0]["value"]
    payload["measurements"][1]["values"] = [{"type": "COUNT", "value": "1"}]
    one_report(
        "value-shape", payload, ["value-shape"] * 2,
        """A measurement without value, one with value and values, one as it should be. reading: kept raw means that
        the first two have no count."""
    )
    payload = payload_v1(1700000060, [measurement(1700000100 + 3600 * n, 3600) for n in range(3)])
    for n, name in enumerate(("log_time", "sample_interval", "num_samples")):
        del payload["measurements"][n][name]
    one_report(
        "measurement-members-missing", payload, ["measurement-member"] * 3,
        "log_time, sample_interval, num_samples: each missing in one measurement."
    )
    payload = changed(v2, "meta.utility_enabled", "no")
    one_report("utility-word", payload, ["utility-word"], "utility_enabled is a string: no value.")
    payload = telemetry_payload(1710000013, 1712999200)
    values = payload["measurements"][3]["values"]
    values[0]["value"] = values[0]["value"][:-20]
    valid(
        "inventory-not-json",
        """The json_encode text of the second pair is cut: its text is kept, its inventory empty, the other pairs
        are read.""",
        tight(envelope(payload, STACK)), [payload], ["inventory-json"]
    )


def signature_texts():
    """Base64 that is nearly right, and white space in odd places."""
    plain = filler("variant", 4)  # eight characters, two of them padding
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    loose = plain[:5] + alphabet[alphabet.index(plain[5]) + 1] + "=="
    texts = [plain[:6], plain[:7], loose, "-_-_", plain + plain, "====", plain[:4] + " " + plain[4:], plain + "\n"]
    reports = [payload_v1(1700000080 + n, SOUND[0]["measurements"]) for n in range(len(texts))]
    sign = {"signing_type": "SHA256", "key": "21000001"}
    valid(
        "signature-base64-variants",
        """Outer signature values of four bytes: padding missing, half of it missing, trailing bits that are not zero,
        another alphabet, two values in a row, only padding; then a blank inside and a line feed at the end, which are
        no fault of the Base64 (rum, section 15.1).""",
        lines(*[report(envelope(item, sign=sign | {"value": text})) for item, text in zip(reports, texts)]),
        reports,
        ["signature-text"] * 6 + ["signature-blank"] * 2,
    )


def unknown_members():
    """Unknown members at every level, with what the reader must list."""
    item = measurement(1700000100, 3600, removed_sudi_list=[], added_sudi_list=ACCESS_POINTS[:1], **CLOSED)
    payload = payload_v2(1700000061, [item])
    extra = []
    for path in (
        "",
        "asset_identification",
        "asset_identification.asset",
        "asset_identification.instance",
        "asset_identification.instance.sudi",
        "signature",
        "meta",
        "meta.ha_udi.0",
        "meta.ha_udi.0.sudi",
        "measurements.0",
        "measurements.0.meta",
        "measurements.0.meta.added_sudi_list.0",
        "measurements.0.value",
    ):
        dot = path + "." if path else ""
        value = {"at": path, "list": [1, None, "a  b"]}
        payload = changed(payload, dot + "x_new", value)
        extra.append(["payload$." + re.sub(r"\.(\d+)", r"[\1]", dot) + "x_new", compact(value)])
    text = edited(compact(payload), '"at":"meta","list":[1', '"at":"meta","list":[2.50')
    extra = [[path, edited(raw, "[1", "[2.50") if path == "payload$.meta.x_new" else raw] for path, raw in extra]
    outer = envelope(text)
    for path in ("", "header", "signature", "signature.sudi"):
        dot = path + "." if path else ""
        outer = changed(outer, dot + "x_new", path)
        extra.append(["$." + dot + "x_new", compact(path)])
    valid(
        "unknown-members-everywhere",
        """An unknown member in every object of envelope and payload: kept, listed, no warning (rum, section 4.3).
        reading: paths in `extra` are those of error places without the RUMReport part, in no particular order.""",
        tight(outer), [text], extra=extra
    )


# ---------------------------------------------------------------------------------------------------------------------
# Invalid: bytes and XML


def bad_bytes():
    first, second = SOUND_REPORTS[:2]
    whole = lines(first, second)

    invalid("empty-file", "empty", "Nothing at all.", "")
    invalid("blank-file", "empty", "White space only.", " \r\n\t\n")
    invalid("utf16", "encoding", "UTF-16 with a byte order mark.", b"\xff\xfe" + whole.encode("utf-16-le"))
    invalid(
        "utf16-without-mark", "encoding",
        "UTF-16 without a byte order mark: the first byte is <, the second is NUL.", whole.encode("utf-16-le")
    )
    noted = report(envelope(changed(V1, "meta.x_note", "café")))
    invalid(
        "latin1-declared", "encoding",
        "Declares ISO-8859-1 and holds a letter in it. The declaration alone is enough for the refusal.",
        ('<?xml version="1.0" encoding="ISO-8859-1"?>\n' + lines(noted)).encode("latin-1")
    )
    bad = lines(first, noted).encode("latin-1")
    invalid(
        "invalid-utf8-late", "encoding",
        "A byte that is not UTF-8 in the second report; the report before it stands.", bad, SOUND[:1], line=3
    )
    for name, character, what in (("nul-character", "\0", "NUL"), ("control-character", "\x01", "U+0001")):
        noted = edited(SOUND_REPORTS[1], "17.06.02", "17" + character)
        invalid(
            name, "encoding", f"A raw {what} in the second report: no XML character.", lines(first, noted),
            SOUND[:1], line=3
        )
    invalid(
        "forbidden-character-reference", "encoding",
        "&#0; in the text of the second report. reading: a character that XML forbids, however it is written.",
        lines(first, "<RUMReport>{&#0;}</RUMReport>"), SOUND[:1], line=3
    )

    invalid(
        "gzip-bytes", "unsupported", "A gzip file at this layer: the remedy is the bundle reader.",
        gzip_stored(whole.encode()), ext="bin"
    )
    invalid(
        "not-base64-text", "unknown-root", "Text that is no XML, no JSON, and no Base64.",
        "Usage of the third quarter, see the attached file!\n"
    )
    invalid(
        "base64-of-text", "unknown-root", "Base64 of a text that is no document.",
        base64.b64encode(b"This is plain text and not a document of any kind.") + b"\n"
    )
    invalid(
        "base64-twice", "unknown-root",
        "Base64 of Base64 of a document. reading: one layer is taken off, and what comes out must be a document.",
        base64.b64encode(base64.b64encode(tight(envelope(V1)).encode()))
    )
    invalid(
        "slide-fragment", "unknown-root",
        "Text as a slide prints a report: bullets, half of the quotes, values cut (rum, section 1, R6).",
        f"""What is in a report
* About the asset
   * name: {HARDWARE.software_tag}
   * sudi: udi_pid "{HARDWARE.pid}", udi_serial_number "{HARDWARE.serial}
   * signature: "SHA256", key "{HARDWARE.key}", value "{filler("slide", 32)[:14]}...
* About the licence
   * entitlement_tag: "{BASE.replace("-4000-8000-", "-4000")}"
   * report_id: "1700000010"
* Measured
   * log_time: "1700000119" (seconds)
   \\"start_time\\":1700000100,\\"end_time\\":1700000130,\\"num_samples:3,
   \\"value\\":{{\\"type\\":\\"COUNT\\",\\"value\\":\\"2\\"}}}}", "header":{{"type":"rum"}},
   "signature":{{{filler("slide outer", 32)[:29]}
""",
    )


def gzip_stored(data):
    """A gzip member with one stored block, so that no compressor decides about the bytes."""
    size = struct.pack("<HH", len(data), len(data) ^ 0xFFFF)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    return head + b"\x01" + size + data + struct.pack("<II", zlib.crc32(data), len(data))


def bad_xml():
    first, second = SOUND_REPORTS[:2]
    whole = lines(first, second)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

    laughs = "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    for name, about, doctype, text in (
        (
            "doctype-entity",
            "An external entity that would read a local file into the report (the class of CVE-2026-20029).",
            '<!DOCTYPE smartLicense [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
            "&x;",
        ),
        (
            "external-dtd",
            "A document type declaration that would fetch a file over the network.",
            '<!DOCTYPE smartLicense SYSTEM "http://192.0.2.1/slp.dtd">',
            "{}",
        ),
        (
            "billion-laughs",
            "Nine levels of entities, ten each: a thousand million copies of three letters.",
            f'<!DOCTYPE smartLicense [<!ENTITY a "ha ">{laughs}]>',
            "&j;",
        ),
        (
            "doctype-harmless",
            "A document type declaration without any entity is refused as well.",
            "<!DOCTYPE smartLicense>",
            "{}",
        ),
    ):
        invalid(name, "xml", about, declaration + doctype + "\n" + lines(f"<RUMReport>{text}</RUMReport>"), line=2)

    for name, about, middle in (
        ("undefined-entity", "An entity that is none of the five.", edited(second, "]]>", "]]>&nbsp;")),
        ("bare-ampersand", "An ampersand that begins no reference.", "<RUMReport>a & b</RUMReport>"),
        (
            "mismatched-end-tag",
            "The end tag of the second report is spelt otherwise.",
            second.replace("</RUM", "</Rum"),
        ),
        (
            "duplicate-attribute",
            "An attribute twice on one element.",
            second.replace("<RUMReport>", '<RUMReport a="1" a="2">'),
        ),
        (
            "cdata-end-not-split",
            """]]> inside a JSON string, written without splitting the CDATA: what follows is text, and ]]> may not
            stand in text. reading: not well-formed, though many parsers let it pass; the JSON would be damaged in any
            case.""",
            "<RUMReport><![CDATA[" + compact(envelope(changed(V1, "meta.x_note", "a]]>b"))) + "]]></RUMReport>",
        ),
    ):
        broken_xml(name, "xml", about + " The report before it stands.", middle, fatal=True)
    invalid(
        "two-roots", "xml",
        "A second root after the first, as when files are put one behind the other; what was read stands.",
        lines(first) + lines(second), SOUND[:1], line=4
    )
    invalid("text-after-root", "xml", "Text behind the root.", whole + "and more\n", SOUND[:2], line=5)
    invalid(
        "text-before-root", "xml", "Text between the declaration and the root.",
        declaration + "usage of this month\n" + whole, line=2
    )
    invalid(
        "text-before-everything", "unknown-root",
        "The command and its prompt in front of the document: the first byte is no <, and the whole is no Base64.",
        "Switch#more flash:report.txt\n" + whole
    )

    invalid(
        "wrong-case-root", "unknown-root", "Names are case-sensitive.",
        whole.replace("smartLicense", "smartlicense").replace("RUMReport", "rumreport"), ext="xml", line=1
    )
    invalid(
        "unknown-root", "unknown-root", "A web page, as a server answers it when something went wrong.",
        "<html><head><title>401</title></head><body>Sign in first</body></html>\n", ext="xml", line=1
    )
    invalid("unknown-root-json", "unknown-root", "An object with other members.", '{"reports":[]}', ext="json")
    invalid(
        "unknown-root-data-without-reports", "unknown-root",
        "data without reports inside is no cloud request (rum, section 2.8).",
        '{"data":{"timestamp":1700010000000,"nonce":"0123456789abcdef"}}', ext="json"
    )
    invalid(
        "non-blank-text-under-root", "structure", "Text directly under smartLicense, between two reports.",
        lines(first, "second report follows", second), SOUND[:1], line=3
    )

    broken_xml(
        "comment-inside-report", "structure",
        "A comment inside RUMReport would split the text in two, and parsers disagree which half counts.",
        second.replace("<![CDATA[", "<!-- c --><![CDATA[")
    )
    broken_xml(
        "pi-inside-report", "structure", "A processing instruction inside RUMReport.",
        second.replace("<![CDATA[", "<?x y?><![CDATA[")
    )
    broken_xml(
        "element-inside-report", "structure", "An element inside RUMReport, beside its CDATA.",
        second.replace("</RUMReport>", "<signed/></RUMReport>")
    )
    nested = "<RUMReport>" + lines(report(envelope(V1))).replace("\n", "") + "</RUMReport>"
    broken_xml(
        "nested-report", "structure",
        "A whole document inside a RUMReport: the inner report is not read, and the one behind is still the third.",
        nested
    )
    for name, about, middle in (
        ("report-without-text", "A RUMReport without text.", "<RUMReport></RUMReport>"),
        ("report-self-closed", "A RUMReport as an empty element.", "<RUMReport/>"),
        (
            "report-blank",
            "A RUMReport with white space only, part of it in a CDATA.",
            "<RUMReport>\t<![CDATA[ ]]></RUMReport>",
        ),
    ):
        broken_xml(name, "empty", about, middle)

    attributes = " ".join(f'a{n}="1"' for n in range(300))
    invalid(
        "attrs-300", "limit", "300 attributes on the root; the limit is 64 an element.",
        edited(whole, "<smartLicense>", f"<smartLicense {attributes}>"), limit="xml_attributes", line=1
    )
    invalid(
        "xml-depth-40", "limit",
        """Elements 40 deep behind the first report; the limit is 16. reading: not part of any report, so the
        document ends.""",
        lines(first, "<a>" * 40 + "</a>" * 40, second), SOUND[:1], limit="xml_depth", line=3
    )


# ---------------------------------------------------------------------------------------------------------------------
# Invalid: cut files


def cut_files():
    first, second = SOUND_REPORTS[:2]
    head = "<smartLicense>\n"
    invalid(
        "cut-in-cdata", "truncated", "The file ends inside the CDATA of its only report.", head + first[:400],
        path_prefix="RUMReport[1]", line=2
    )
    invalid(
        "cut-in-second-report", "truncated",
        """The file ends behind the CDATA of the second report, before its end tag: the first stands, the second
        does not.""",
        head + first + "\n" + second[: -len("</RUMReport>")], SOUND[:1], path_prefix="RUMReport[2]", line=3
    )
    invalid(
        "cut-in-tag", "truncated", "The file ends inside the start tag of the second report.",
        head + first + "\n<RUMRep", SOUND[:1], line=3
    )
    invalid(
        "cut-before-root-end", "truncated", "The end tag of the root is missing: both reports stand.",
        head + first + "\n" + second, SOUND[:2], line=3
    )
    text = rest(*map(envelope, SOUND[:3]))
    invalid(
        "cut-in-json", "truncated", "A REST answer cut inside its second entry: the first stands.",
        text[: len(text) // 2], SOUND[:1], ext="json", line=1
    )
    broken_payload(
        "cut-payload-string", "truncated",
        "The JSON in the payload string ends early; envelope and XML are complete, so only this report is lost.",
        compact(V1)[:-100]
    )
    broken(
        "cut-envelope", "truncated",
        "The envelope's JSON ends early inside a complete RUMReport: this report only.",
        compact(envelope(V1))[:-30]
    )
    pretty = json.dumps(V1, indent=0)
    invalid(
        "pretty-inside-quotes-cut", "truncated",
        """Payload pretty-printed inside its quotes, which is no JSON, and the file ends before the outer signature
        (rum, section 1, R4; quirk 14). Being cut outranks the syntax.""",
        '<?xml version="1.0" encoding="UTF-8"?>\n<smartLicense>\n<RUMReport>\n<![CDATA[\n{\n"payload":"'
        + pretty
        + ',\n"header":{\n"type":"rum"\n},\n"signature"',
        path_prefix="RUMReport[1]"
    )
    item = changed(V1, "asset_identification.signature.value", "VALUE")
    pretty = edited(json.dumps(item, indent=0), "VALUE", "\n".join(textwrap.wrap(filler("object", 256), 64)))
    invalid(
        "object-payload-cut", "truncated",
        """Payload as an object, a signature value with raw line breaks, the file ends inside meta (rum, section 1,
        R5; quirk 14). Being cut outranks the syntax.""",
        '<?xml version="1.0" encoding="UTF-8"?>\n<smartLicense>\n<RUMReport>\n<![CDATA[\n{\n"payload":'
        + pretty[: pretty.index('"ha_udi"')],
        path_prefix="RUMReport[1]"
    )


# ---------------------------------------------------------------------------------------------------------------------
# Invalid: JSON


def bad_json():
    plain, outer = compact(V1), compact(envelope(V1))

    broken(
        "payload-pretty-inside-quotes", "json",
        """The payload pretty-printed inside its quotes: raw line breaks and quotes that end the string (rum,
        section 2.7; quirk 13). The XML is complete, so the other reports are read.""",
        edited(compact(envelope("PAYLOAD")), "PAYLOAD", json.dumps(V1, indent=0)), line=None
    )
    broken_payload(
        "payload-reformatted-object-trailing", "json", "A reformatted payload with text behind its value.",
        json.dumps(V1) + " {}"
    )
    broken("text-after-envelope", "json", "Text behind the envelope's value.", outer + " end")
    broken("trailing-comma", "json", "A comma before the end of the envelope.", outer[:-1] + ",}")
    broken_payload("nan-value", "json", "NaN is not JSON.", edited(plain, '"ha_udi":', '"x_load":NaN,"ha_udi":'))
    broken_payload(
        "huge-exponent", "json", "A number out of range in an unknown member.",
        edited(plain, '"ha_udi":', '"x_load":1e400,"ha_udi":')
    )
    broken_payload(
        "huge-exponent-id", "json",
        "A number out of range as the report id. reading: syntax outranks shape, so it is json and not wrong-type.",
        edited(plain, '"report_id":1700000010', '"report_id":1e400')
    )
    broken(
        "lone-surrogate", "json", "Half of a surrogate pair in the payload string has no UTF-8 form.",
        edited(outer, "17.06.02", "17.06.02\\ud800")
    )
    broken_payload(
        "lone-surrogate-inside-payload", "json",
        "Half of a surrogate pair as an escape inside the payload text, in an unknown member.",
        edited(plain, '"ha_udi":', '"x_note":"\\udc00","ha_udi":')
    )
    broken(
        "escaped-nul-in-payload", "json",
        """The payload string un-escapes to a raw NUL inside a string of the payload. reading: the document has no
        forbidden character, the payload text has a control character in a string.""",
        edited(outer, "17.06.02", "17.06.02\\u0000")
    )

    line = [compact(envelope(payload)) for payload in SOUND[:2]]
    invalid(
        "one-envelope-per-line", "json",
        """One envelope a line (rum, section 15.2). reading: the document is one envelope with text behind its
        value; by the table that is scope R, the document is no REST and no cloud one, and it holds no other
        report.""",
        "\n".join(line) + "\n", fatal=False, ext="json"
    )
    entries = [compact(envelope(payload)) for payload in SOUND[:3]]
    invalid(
        "rest-syntax-break", "json",
        "A colon is missing in the second entry of a REST answer: the document ends there, the first entry stands.",
        rest(entries[0], edited(entries[1], '"header":', '"header" '), entries[2]), SOUND[:1], ext="json", line=1
    )
    invalid(
        "rest-payload-broken", "json",
        """The payload string of the second entry is not JSON, the answer around it is. reading: this does not break
        the document, so only this report is lost.""",
        rest(entries[0], envelope(plain[:-1] + ",}"), entries[2]), [SOUND[0], SOUND[2]], fatal=False,
        path_prefix="$.usage[1]", ext="json", line=1
    )

    broken_payload(
        "json-depth-40", "limit", "Arrays 40 deep in an unknown member of the payload; the limit is 16.",
        edited(plain, '"ha_udi":', f'"x_deep":{"[" * 40}{"]" * 40},"ha_udi":'), limit="json_depth"
    )
    broken(
        "json-depth-40-envelope", "limit", "Objects 40 deep in an unknown member of the envelope; the limit is 16.",
        outer[:-1] + ',"x_deep":' + '{"a":' * 40 + "1" + "}" * 41, limit="json_depth"
    )

    twice = compact(V1["meta"])
    broken(
        "duplicate-member-envelope", "duplicate-member",
        "payload twice: one parser would take the first, another the last.",
        outer[:-1] + ',"payload":' + compact(compact(SOUND[4])) + "}"
    )
    broken_payload(
        "duplicate-member-payload", "duplicate-member", "meta twice in the payload.", plain[:-1] + f',"meta":{twice}}}'
    )
    broken_payload(
        "duplicate-member-unknown-nested", "duplicate-member",
        "A name twice in an object of an unknown member, two levels down.",
        edited(plain, '"ha_udi":', '"x_new":{"list":[{"a":1,"b":2,"a":3}]},"ha_udi":')
    )
    broken_payload(
        "duplicate-key-escaped", "duplicate-member",
        "The same name once more, spelt with an escape: names are compared as they read.",
        edited(plain, '"ha_udi":', '"report_\\u0069d":1700000011,"ha_udi":')
    )
    invalid(
        "duplicate-usage-key", "duplicate-member",
        """usage twice in the object around the envelopes. reading: the document ends at the second, the reports
        before it stand.""",
        rest(entries[0])[:-1] + ',"usage":[' + entries[1] + "]}", SOUND[:1], ext="json", line=1
    )
    invalid(
        "rest-duplicate-in-entry", "duplicate-member",
        "payload twice in the second envelope of a REST answer: this report only.",
        rest(entries[0], entries[1][:-1] + ',"payload":"{}"}', entries[2]), [SOUND[0], SOUND[2]], fatal=False,
        path_prefix="$.usage[1]", ext="json", line=1
    )


# ---------------------------------------------------------------------------------------------------------------------
# Invalid: shapes and values


def bad_members():
    outer = envelope(V1)
    for name, text in (("payload-null", "null"), ("payload-empty", '""'), ("payload-blank", '" \\r\\n\\t"')):
        broken(name, "empty", f"The payload is {text}.", edited(compact(envelope("PAYLOAD")), '"PAYLOAD"', text))
    broken("payload-number", "wrong-type", "The payload is a number.", changed(outer, "payload", 42))
    broken_payload("payload-is-array", "wrong-type", "The payload text is an array.", "[]")
    broken_payload(
        "payload-escaped-twice", "wrong-type",
        "The payload was escaped once too often: un-escaped once, it is a JSON string and no object.",
        compact(compact(V1))
    )
    broken(
        "envelope-is-array", "wrong-type", "The text of the report is an array around the envelope.", compact([outer])
    )
    broken(
        "signature-is-string", "wrong-type", "The outer signature is a string and no object.",
        changed(outer, "signature", filler("plain", 32))
    )
    for name, path, value in (
        ("measurements-is-object", "measurements", V1["measurements"][0]),
        ("tag-is-number", "meta.entitlement_tag", 1),
        ("pid-is-number", "asset_identification.instance.sudi.udi_pid", 9300),
        ("fraction-id", "meta.report_id", 1700000010.5),
    ):
        about = f"{path} has another JSON type than section 4.2 gives it."
        broken_payload(name, "wrong-type", about, changed(V1, path, value), path)
    broken_payload(
        "exponent-time", "wrong-type",
        "A time with an exponent: whole in value, and still not how a time is written.",
        edited(compact(V1), '"start_time":1700000100', '"start_time":1.7000001e9'), "measurements[0].start_time"
    )

    broken("missing-payload", "missing-member", "An envelope without payload.", without(outer, "payload"))
    for name, path in (
        ("missing-asset-name", "asset_identification.asset.name"),
        ("missing-pid", "asset_identification.instance.sudi.udi_pid"),
        ("missing-serial", "asset_identification.instance.sudi.udi_serial_number"),
        ("missing-report-id", "meta.report_id"),
        ("missing-measurements", "measurements"),
        ("missing-start", "measurements.0.start_time"),
        ("missing-end", "measurements.0.end_time"),
        ("missing-metric", "measurements.0.metric_name"),
    ):
        broken_payload(name, "missing-member", f"{path.split('.')[-1]} is missing.", without(V1, path))

    count = "measurements.0.value.value"
    at = "measurements[0].value.value"
    for name, value, about in (
        ("count-negative", "-1", "A negative count."),
        ("count-fraction", "1.5", "A count with a fraction."),
        ("count-is-a-word", "two", "A count that is a word."),
        ("count-empty", "", "A count without a digit."),
        ("count-too-large", str(2**64), "A count above u64."),
    ):
        broken_payload(name, "bad-number", about, changed(V1, count, value), at)
    word = changed(SOUND[2], count, "two")
    items = [envelope(payload) for payload in (*SOUND[:2], word, *SOUND[3:])]
    rest_good = SOUND[:2] + SOUND[3:]
    invalid(
        "third-report-broken", "bad-number",
        "A count that is a word in the third of five reports: the other four are read.", lines(*map(report, items)),
        rest_good, False, f"RUMReport[3]/payload$.{at}", line=4
    )
    invalid(
        "rest-third-entry-broken", "bad-number", "The same in a REST answer; the path counts from 0.", rest(*items),
        rest_good, False, f"$.usage[2].payload$.{at}", ext="json", line=1
    )
    entry = cloud_entry(SWITCH, *items)
    invalid(
        "cloud-third-entry-broken", "bad-number", "The same in a cloud request.",
        compact({"data": {"timestamp": 1700010000000, "nonce": "0123456789abcdef", "reports": [entry]}}), rest_good,
        False, f"$.data.reports[0].usage[2].payload$.{at}", ext="json", line=1
    )
    for name, path, value, about in (
        ("id-too-large", "meta.report_id", 2**64, "An id above u64."),
        ("quoted-number-not-a-number", "meta.report_id", "17000000x0", "An id as a string that is no number."),
    ):
        broken_payload(name, "bad-number", about, changed(V1, path, value), path)
    broken_payload(
        "clock-delta-not-a-number", "bad-number", "A clock delta that is a word.",
        payload_v2(1700000010, [measurement(1700000100, 3600, clock_change_delta="an hour", **CLOSED)]),
        "measurements[0].meta.clock_change_delta"
    )

    broken_payload(
        "negative-time", "bad-value", "A start before 1970.", changed(V1, "measurements.0.start_time", -1),
        "measurements[0].start_time"
    )
    broken_payload(
        "time-in-milliseconds", "bad-value",
        "Times in milliseconds, as the cloud has them, where reports have seconds.",
        payload_v1(1700000010, [measurement(1700000100000, 3600000, **CLOSED)]),
        path_prefix="RUMReport[2]/payload$.measurements[0]"
    )
    for name, member in (("empty-pid", "udi_pid"), ("empty-serial", "udi_serial_number")):
        path = f"asset_identification.instance.sudi.{member}"
        broken_payload(
            name, "bad-value", f"{member} is empty: no device to hold the report to.", changed(V1, path, ""), path
        )
    broken_payload(
        "id-in-both-different", "inconsistent", "The report id in the places of both generations, different.",
        changed(V2, "meta.report_id", 1700000011)
    )


# ---------------------------------------------------------------------------------------------------------------------
# Strict writer: rum, section 14. Text in, text out.

WHITE = re.compile(r"[ \t\r\n]*")
STRING_OR_WHITE = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')
SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def strict_string(text):
    """J: a JSON string with only the escapes that JSON and XML need."""
    pieces = []
    for character in text:
        if character in SHORT_ESCAPES:
            pieces.append(SHORT_ESCAPES[character])
        elif character < " " or character in "\ufffe\uffff":
            pieces.append(f"\\u{ord(character):04x}")
        else:
            pieces.append(character)
    return '"' + "".join(pieces) + '"'


def raw_items(text):
    """The items of a JSON array, or the (name, item) pairs of an object, each item as its own text."""
    decoder = json.JSONDecoder()
    named = text.startswith("{")
    items, at = [], 1
    while True:
        at = WHITE.match(text, at).end()
        if text[at] in "]}":
            return items
        if text[at] == ",":
            at = WHITE.match(text, at + 1).end()
        name = None
        if named:
            name, at = decoder.raw_decode(text, at)
            at = WHITE.match(text, at).end() + 1  # the colon
            at = WHITE.match(text, at).end()
        _, end = decoder.raw_decode(text, at)
        items.append((name, text[at:end]) if named else text[at:end])
        at = end


def strict_unknown(members, known):
    """Members that are not known: name, and received text without white space outside strings; comma in front."""
    pieces = []
    for name, raw in members:
        if name not in known:
            tight_text = STRING_OR_WHITE.sub(lambda found: found[1] or "", raw)
            pieces.append("," + strict_string(name) + ":" + tight_text)
    return "".join(pieces)


def strict_udi(udi):
    return (
        f'{{"udi_pid":{strict_string(udi["udi_pid"])},"udi_serial_number":{strict_string(udi["udi_serial_number"])}}}'
    )


def strict_signature(raw):
    members = raw_items(raw)
    found = {name: json.loads(text) for name, text in members}
    sudi = f'"sudi":{strict_udi(found["sudi"])},' if "sudi" in found else ""
    texts = ",".join(f'"{name}":{strict_string(found[name])}' for name in ("signing_type", "key", "value"))
    return "{" + sudi + texts + strict_unknown(members, ("sudi", "signing_type", "key", "value")) + "}"


def strict_envelope(raw, header=False):
    """E; with `header`, one is made where there is none."""
    members = raw_items(raw)
    found = dict(members)
    text = '{"payload":' + strict_string(json.loads(found["payload"]))
    if "header" in found:
        inner = raw_items(found["header"])
        kind = strict_string(json.loads(dict(inner)["type"]))
        text += ',"header":{"type":' + kind + strict_unknown(inner, ("type",)) + "}"
    elif header:
        text += ',"header":{"type":"rum"}'
    if "signature" in found:
        text += ',"signature":' + strict_signature(found["signature"])
    return text + strict_unknown(members, ("payload", "header", "signature")) + "}"


def strict_device_file(envelopes):
    """F."""
    return tight(*map(strict_envelope, envelopes))


def strict_rest(envelopes, top=()):
    """R."""
    entries = ",".join(strict_envelope(raw, header=True) for raw in envelopes)
    return '{"usage":[' + entries + "]" + strict_unknown(top, ("usage",)) + "}"


def strict_cloud(envelopes, timestamp, nonce):
    """C."""
    groups = {}
    for raw in envelopes:
        found = dict(raw_items(raw))
        payload = json.loads(found["payload"])
        udi = strict_udi(json.loads(payload)["asset_identification"]["instance"]["sudi"])
        entry = f'{{"payload":{strict_string(payload)},"signature":{strict_signature(found["signature"])}}}'
        groups.setdefault(udi, []).append(entry)
    reports = ",".join(f'{{"sudi":{udi},"usage":[{",".join(entries)}]}}' for udi, entries in groups.items())
    return f'{{"data":{{"timestamp":{timestamp},"nonce":{strict_string(nonce)},"reports":[{reports}]}}}}'


def golden(folder, about, text):
    """Input of the writer and its three outputs."""
    top = raw_items(text.strip())
    envelopes = raw_items(dict(top)["usage"])
    put(folder, "input.json", text)
    put(folder, "device-file.txt", strict_device_file(envelopes))
    put(folder, "rest.json", strict_rest(envelopes, top))
    put(folder, "cloud.json", strict_cloud(envelopes, 1700010000000, "0123456789abcdef"))
    put_about(folder, about)


def goldens():
    folder = FIXTURES / "golden"
    first = payload_v1(
        1700000070, [measurement(1700000100, 3600), measurement(1700003700, 3600, "0", **CLOSED)], HARDWARE
    )
    note = "blank  inside, café \U0001f600, a]]>b, it's \u2028 \x7f \ufffe"
    item = measurement(1700000100, 7200, removed_sudi_list=[], added_sudi_list=ACCESS_POINTS[:1], **CLOSED)
    second = changed(payload_v2(1700000071, [item], HARDWARE, MORE), "meta.x_note", note)
    third = payload_v1(1700000072, [measurement(1700007300, 60, **CLOSED)], HARDWARE)
    sudi = f'{{ "udi_serial_number" : "{HARDWARE.serial}", "udi_pid" : "{HARDWARE.pid}" }}'
    values = [filler(f"golden {n}", 256) for n in range(3)]
    broken_value = values[1][:172] + "\\n" + values[1][172:]
    second_text = json.dumps(compact(second)).replace("\\u2028", "\u2028")
    third_text = json.dumps("\t" + json.dumps(third, indent="\t").replace("\n", "\r\n") + "\n").replace("/", "\\/")
    golden(
        folder,
        """Input of the strict writer and its exact output: device file, REST answer, cloud request (timestamp
        1700010000000, nonce 0123456789abcdef). The input is pretty-printed; it has escapes that the writer drops,
        members in another order, unknown members everywhere but in sudi, headers missing, a signature without sudi, a
        line feed in a signature value, ]]> in a payload and in an unknown member, U+FFFE in a payload, and a payload
        that is itself pretty-printed with tabs and CR LF.""",
        f"""{{
  "x_first" : [ true, {{ "deep" : "a  b" }} ],
  "usage" : [
    {{ "signature" : {{ "value" : "{values[0].replace("/", chr(92) + "/")}", "x_bits" : 2.50e+0,
                      "key" : "{HARDWARE.key}", "signing_type" : "SHA\\u0032\\u0035\\u0036",
                      "sudi" : {sudi} }},
      "x_unknown" : {{ "a" : [ 1, 2.50, "b\\/c ] ]]> d" , null ], "e" : {{ }} }},
      "header" : {{ "x_more" : "\\u0041 b", "type" : "rum" }},
      "x\\u005fname\\/2" : -0,
      "payload" : {compact(compact(first)).replace("/", chr(92) + "/")} }},
    {{ "payload" : {second_text},
      "signature" : {{ "signing_type" : "SHA256", "key" : "{HARDWARE.key}", "value" : "{broken_value}" }} }},
    {{
      "header":{{"type":"rum"}},
      "signature":{{"sudi":{sudi},"signing_type":"SHA256","key":"{HARDWARE.key}","value":"{values[2]}"}},
      "payload":{third_text}
    }}
  ],
  "x_last" : "\\u00e9\\/"
}}
""",
    )

    pair = ha(STACK, STANDBY)
    reports = [
        envelope(payload_v2(1700000073, SOUND[0]["measurements"], STACK, BASE, pair), STACK),
        envelope(payload_v2(1700000007, SOUND[0]["measurements"], STANDBY, BASE, pair), STANDBY, header=False),
        envelope(payload_v2(1700000074, SOUND[0]["measurements"], STACK, MORE, pair), STACK, header=False),
    ]
    golden(
        folder / "ha-pair",
        """Reports of two devices that are one HA pair: one device file takes them, for each is tied to the other by
        ha_udi; the cloud request has one entry for each device, in order of first appearance.""",
        json.dumps({"usage": reports}, indent=1) + "\n",
    )

    texts = ["", "plain", 'a"b', "a\\b", "a/b", "\b\t\n\f\r", "\0\x01\x0b\x1f", "\x7f\x80", "\u2028\u2029", "café 中"]
    texts += ["\ufeff\ufffd\ufffe\uffff", "\U0001f600", "]]>", "<&'>"]
    table = [{"text": text, "written": strict_string(text)} for text in texts]
    put(folder, "strings.json", json.dumps(table, indent=2) + "\n")


# ---------------------------------------------------------------------------------------------------------------------
# Data of the examples

DAY = 86400


def campus_file():
    """Half a year of a switch stack: three licences, twelve reports.

    Usage is saved five times. The second round ends with a reload of 21 minutes; in the middle of it a third member
    joins the stack. The export licence is released in the third round and has no report after it. One report of the
    fourth round is missing. In the fifth the clock goes back by 1847 s.
    """
    device = Device(
        "TEST-9300-48", "TST93000001", tag("TEST_9300", 0xC1), "21000093", "00000000-0000-4000-8000-0000000000f9"
    )
    network, dna, export = (tag(name, 0x11 + n) for n, name in enumerate(("TEST_NW_A", "TEST_DNA_A", "TEST_HSEC")))
    opened = 1704703200  # 2024-01-08 08:40:00
    ends = [opened + days * DAY for days in (28, 63, 98, 133, 182)]
    starts = [opened + 12, ends[0], ends[1] + 1260, ends[2], ends[3]]

    def spans(number, licence):
        """The measurements of one licence in one round."""
        start, end = starts[number], ends[number]
        closing = RELOADED if number == 1 else CLOSED
        before = after = "1" if licence == export else "2" if number == 0 else "3"
        cut, delta = None, 0
        if number == 1 and licence != export:
            cut, before = start + 9 * DAY + 4711, "2"
        elif number == 2 and licence == export:
            cut, after = start + 20 * DAY + 100, "0"
        elif number == 4:
            cut, delta = start + 30 * DAY + 1234, -1847
        if cut is None:
            return [measurement(start, end - start, before, log=10, **closing)]
        first = measurement(start, cut - start, before, log=10)
        if not delta:
            return [first, measurement(cut, end - cut, after, **closing)]
        # The start was read on the old clock, `log_time` and the end on the new one.
        samples = (end - cut - delta + 450) // 900 + 1
        closing = {"clock_change_delta": str(delta)} | closing
        return [first, measurement(cut, end - cut, after, delta + 19, samples, **closing)]

    envelopes, report_id = [], opened - 2388
    for number in range(5):
        for licence in (network, dna, export) if number < 3 else (network, dna):
            if (number, licence) != (3, dna):
                envelopes.append(envelope(payload_v2(report_id, spans(number, licence), device, licence), device))
            report_id += 1
    return lines(*map(report, envelopes))


def examples():
    put(EXAMPLES, "acme-campus.txt", campus_file())
    device = Device("TEST-WLC-CL", "TST98000001", tag("TEST_WLC", 0xA2))
    points = [{"udi_pid": "TEST-AP-I", "udi_serial_number": f"TSTAP98000{n}"} for n in (1, 2, 3)]
    payload = wireless_payload(1717200750, 1717240245, device, points)
    put(EXAMPLES, "wireless-controller.xml", bare_root(envelope(payload, device, header=False)))


# ---------------------------------------------------------------------------------------------------------------------


def owned():
    """Files on disk that this script answers for."""
    folders = [FIXTURES / name for name in ("valid", "invalid", "golden")]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return found + [path for path in FILES if path.parent == EXAMPLES and path.exists()]


def main():
    for make in (
        real_shapes,
        containers,
        payload_strings,
        members,
        bad_bytes,
        bad_xml,
        cut_files,
        bad_json,
        bad_members,
    ):
        make()
    goldens()
    examples()
    assert seen_tolerances == TOLERANCES, TOLERANCES - seen_tolerances
    assert seen_kinds == KINDS, KINDS - seen_kinds

    stale = [path for path in owned() if path not in FILES]
    different = [path for path, data in FILES.items() if not path.exists() or path.read_bytes() != data]
    if sys.argv[1:] == ["--check"]:
        for path in sorted(stale + different):
            print(path, "is left over" if path in stale else "differs")
        sys.exit(1 if stale or different else 0)
    for path in stale:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    for path in different:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FILES[path])
    print(f"{len(FILES)} files, {len(different)} written, {len(stale)} removed")


if __name__ == "__main__":
    main()
