"""Valid documents: members of envelope and payload."""

import copy
import re
import textwrap

from .cases import SOUND, one_report, valid
from .devices import (
    ACCESS_POINTS, BASE, CLOSED, MORE, STACK, STANDBY, SWITCH, changed, compact, edited, filler, ha, measurement,
    payload_v1, payload_v2, without,
)
from .envelopes import envelope, lines, report, tight
from .valid_shapes import telemetry_payload


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
