"""Valid documents: the shapes of real files, and what becomes of the payload string."""

import html
import json

from .cases import SOUND, one_report, valid
from .devices import (
    ACCESS_POINTS, CLOSED, HARDWARE, MORE, ODD_NAME, ROUTER, STACK, STANDBY, WLC, changed, compact, edited, ha,
    measurement, payload_v1, payload_v2, wireless_payload, without,
)
from .envelopes import cdata, cloud_entry, envelope, lines, tight


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
