"""The strict writer, made from the description of the format alone (rum, section 14): text in, text out."""

import json
import re

from .cases import FIXTURES, SOUND, put, put_about
from .devices import (
    ACCESS_POINTS, BASE, CLOSED, HARDWARE, MORE, STACK, STANDBY, changed, compact, filler, ha, measurement,
    payload_v1, payload_v2,
)
from .envelopes import envelope, tight
from .valid_members import members


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
