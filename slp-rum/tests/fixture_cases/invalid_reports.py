"""Reports that are refused: JSON, shapes and values."""

import json

from .cases import SOUND, V1, V2, broken, broken_payload, invalid
from .devices import CLOSED, SWITCH, changed, compact, edited, filler, measurement, payload_v1, payload_v2, without
from .envelopes import cloud_entry, envelope, lines, report, rest


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
