#!/usr/bin/env python3
"""Writes the first files of corpus/ from the fixtures of the crates. Serial numbers in them are invented.

Run it from anywhere; needs nothing but Python. What stands under corpus/ with other names was found by the fuzzer.
"""
import gzip
import io
import json
import re
import tarfile
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
ROOT = FUZZ.parent
LARGEST = 16 << 10


def put(target, name, data):
    if isinstance(data, str):
        data = data.encode()
    if len(data) > LARGEST:
        return
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def inputs(folder):
    for path in sorted((ROOT / "slp-rum/tests/fixtures" / folder).glob("*/input.*")):
        yield path.parent.name, path.read_bytes()


def pack(data):
    return gzip.compress(data, mtime=0)


def archive(entries, form=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def rust_strings(path):
    """The raw string literals of a source file that hold JSON."""
    for text in re.findall(r'r#"(\{.*?\})"#', path.read_text(), re.S):
        for form in (text, text.replace("{{", "{").replace("}}", "}")):
            try:
                json.loads(form)
            except ValueError:
                continue
            yield form
            break


# Documents, envelopes, payloads.
PICKED = {
    "router-v1", "wlc-cloud-v2", "telemetry-stack", "ha-pair", "base64-document", "cloud-request-two-devices",
    "rest-usage", "rest-beside-data", "envelope-alone", "array-root", "namespace-prefix", "cdata-and-text-pieces",
    "unknown-members-everywhere", "wrapped-negative", "payload-object", "system-info-and-unknown-siblings",
    "escaped-text-instead-of-cdata", "processing-instruction-between", "attributes", "bom", "null-members",
}
for name, data in inputs("valid"):
    if name in PICKED:
        put("document", name, data)
        put("compose", name, data)
    text = data.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        for cdata in re.findall(r"<RUMReport><!\[CDATA\[(.*?)\]\]></RUMReport>", text, re.S)[:1]:
            put("envelope", name, cdata)
            try:
                payload = json.loads(cdata).get("payload")
            except ValueError:
                continue
            if isinstance(payload, str):
                put("payload", name, payload)
        continue
    if isinstance(value, dict) and "asset_identification" in value:
        put("payload", name, data)
    if isinstance(value, dict) and "payload" in value:
        put("envelope", name, data)
for name, data in inputs("invalid"):
    if len(data) < 2_000:
        put("document", "bad-" + name, data)

# Licence documents.
for kind in ("valid", "invalid"):
    for name, data in inputs("parts/" + kind):
        name = name if kind == "valid" else "bad-" + name
        put("contents", name, data)
        put("import", name, data)
        text = data.decode("utf-8", "replace")
        for target, element in (("ack", "data"), ("authorization", "authorizationCode"), ("policy", "policyCode")):
            for inside in re.findall(f"<{element}>(.*?)</{element}>", text, re.S)[:1]:
                put(target, name, inside.replace("<![CDATA[", "").replace("]]>", ""))
for name in ("acme-ack.xml", "acme-campus.txt", "wireless-controller.xml"):
    data = (ROOT / "examples/data" / name).read_bytes()
    for target in ("document", "contents", "import"):
        put(target, name, data)
    for inside in re.findall(rb"<policyCode>(.*?)</policyCode>", data, re.S)[:1]:
        put("policy", name, inside)

for name, text in {
    "request": "CB-ZTEST-24:TST-0001-ATSTabcde-86", "request-plr": "DB-ZTEST:TST00000001-ATSTabcde-86",
    "plr": "DTSTaa-" * 8 + "TS", "return": "CTSTaa-" * 8 + "TST", "confirmation": "0a1b2c3d", "udi": "P:TEST,S:TST00000001",
}.items():
    put("codes", name, text)
put("export", "requests", """{"registration-name":"Lab","slr-data-export-type":"requests","total-devices":1,"devices":[
{"device-uuid":"u1","request-code":"CB-ZTEST-24:TST-0001-ATSTabcde-86","licenses":[{"license-entitlement-tag":"regid.2020-01.com.cisco.TEST,1.0_x","license-count":"3"}],"step1":"Completed"}]}""")
put("export", "codes", """{"registration-name":"Lab","slr-data-export-type":"auth_codes","devices":[
{"device-uuid":"u1","auth-code":"<specificPLR><authorizationCode><flag>A</flag></authorizationCode><udi>P:TEST,S:TST00000001</udi></specificPLR>","step2":"Completed"},
{"device-uuid":"u2","auth-code":"None","step2":"Fail: no such licence","x":[1,2.50]}]}""")

# Names, times, JSON.
put("json", "strings", (ROOT / "slp-rum/tests/fixtures/golden/strings.json").read_bytes())
put("json", "mixed", '{"a":[1,-2.50e+3,true,false,null,"\\u00e9\\ud83d\\ude00\\/"],"b":{"a b":{},"":[[]]}}')
for name, text in {"tag": "regid.2020-01.com.cisco.TEST_A,1.0_00000000-0000-4000-8000-000000000001", "opaque": "C9-A", "blank": " x "}.items():
    put("tags", name, text)
for name, text in {
    "document": "P:TEST-SWITCH,S:TST00000001", "uuid": "P:TEST,S:TST00000001,U:00000000-0000-4000-8000-000000000001",
    "command": "PID:TEST-SWITCH,SN:TST00000001", "certificate": "PID:TEST-SWITCH SN:TST00000001", "version": "P:TEST,S:T,V:1,X:2",
}.items():
    put("udi", name, text)
for name, text in {
    "seconds": "1700000000", "iso": "2023-11-14T22:13:20Z", "millis": "2026-11-24T10:20:30.123Z", "days": "30d",
    "span": "2023-11-14T22:13:20Z/2023-11-15T22:13:20Z", "place": "a.tar.gz!b.txt, line 3, column 14, RUMReport[3]/payload$.x[0]",
    "byte": "x!y, byte 412, $.usage[2]", "escapes": 'a\\u0041\\n"b', "code": "xe 45",
}.items():
    put("words", name, text)

# Archives.
leaf = (ROOT / "slp-rum/tests/fixtures/valid/exactly-one-report").glob("input.*").__next__().read_bytes()
manifest = (b"Manifest-Version: 1.0\nCreated-By: example\nSmart-Account: Example\nSmart-Account-ID: 1\nX-Odd:\n\n"
            b"Name: UD_VA_One_26Nov24_10_20_30_123.tar.gz\nVirtual-Account: One\nVirtual-Account-ID: 2\n")
flat = archive([("dev_1_26Nov24_10_20_30_123.txt", leaf)])
nested = archive([("manifest.mf", manifest), ("UD_VA_One_26Nov24_10_20_30_123.tar.gz", pack(flat))])
pax = archive([("d\u00e9v.txt", b"x"), ("n" * 120 + ".txt", b"y")], tarfile.PAX_FORMAT)
gnu = archive([("n" * 120 + ".txt", b"y")], tarfile.GNU_FORMAT)
for name, data in {"flat": flat, "nested": nested, "pax": pax, "gnu": gnu, "empty": archive([]), "cut": flat[:700]}.items():
    put("tar", name, data)
    put("bundle", name, data)
    put("bundle", name + ".gz", pack(data))
member = pack(b"hello hello hello hello")
for name, data in {
    "member": member, "two": member + member, "zeros": member + bytes(64), "cut": member[:-5], "stored": gzip.compress(b"abc", 0, mtime=0),
    "crc": member[:-8] + bytes(4) + member[-4:], "flags": member[:3] + b"\x1e" + member[4:10] + b"\x02\x00ab" + b"n\0c\0" + member[10:],
    "bomb": pack(bytes(1 << 20)), "tar": pack(flat),
}.items():
    put("gzip", name, data)
put("manifest", "two-levels", manifest)
put("manifest", "folded", manifest.replace(b"\n", b"\r\n").replace(b"Example\r\n", b"Exa\r\n mple\r\n"))
put("manifest", "note", b'Created-By: {"uuid":"11111111-2222-4333-8444-555555555555"}\n\nnot a line\n')
for name in (
    "UD_SA_Acme_Enterprise_26Nov24_10_20_30_123.tar.gz", "ACK_UD_VA_x_26Nov24_10_20_30_123_1.tar.gz",
    "ACK_UD_SA_26Nov24_10_20_30_123.tar (1).gz", "dev_7_26Nov24_10_20_30_123.txt", "ACK_dev_7.txt", "dev_7_x.txt",
):
    put("names", name, name)

# Synchronization, lists, ledgers.
for path in sorted((ROOT / "slp-sync/tests/golden").glob("*.json")):
    put("sync_document", path.name, path.read_bytes())
    put("signed_document", path.name, path.read_bytes())
    put("canonical", path.name, path.read_bytes())
put("canonical", "order", '{"\u20ac":1,"\\r":[true,null,-9007199254740991],"a":"\\u000f\\n\ud83d\ude00"}'.encode("utf-8", "surrogatepass").decode("utf-8", "ignore"))
yaml = """format: slp-sync/1
kind: sync_request
signature_algorithm: ECDSA_P256_SHA256_DER
request_id: 11111111-2222-4333-8444-555555555555
on_prem_name: "x"
local_account: 'x'
smart_account: x
virtual_account: x
id_cert: |
  -----BEGIN CERTIFICATE-----
  AAAA
  -----END CERTIFICATE-----
signing_cert: "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n"
last_generated: 2026-11-02T08:00:00.000Z
last_sync: null
virtual_accounts:
  - {id: lva-1, name: "One", licenses: [], product_instances: []}
odd: [1, true, ~]
"""
put("sync_document", "request.yaml", yaml)
put("csv", "plain", "host,connect_method,username,password,udi_pid,udi_serial_number,uuid,local_virtual_account\n192.0.2.1,REST_API,u,p,TEST,TST00000001,,One\n")
put("csv", "odd", '\ufeffIP;Mode;Note\r\n"192.0.2.2";"PUSH";"a ""b""\r\nc"\r\n;;\r\n')
put("csv", "headless", "192.0.2.1,PI,,,,,\n")
put("ledger", "empty", "")
put("ledger", "line", '{"seq":1,"time":"2026-11-24T10:20:30.123Z","prev":"' + "0" * 64 + '","bundle":"UD_SA_26Nov24_10_20_30_123.tar.gz","event":{"void":{"reason":"x"}}}\n')

# Certificates: a small self-signed one, P-256, made once for this file.
certificate = (FUZZ / "certificate.pem").read_text()
der = __import__("base64").b64decode("".join(certificate.split("\n")[1:-2]))
put("certificate", "device", der)
put("certificate", "cut", der[:200])
for target in ("pem", "sudi"):
    put(target, "capture", "Switch#show platform sudi certificate sign nonce 12345\n" + certificate * 3 + "Signature version: 1\nSignature:\nAAAA\n")
    put(target, "one", certificate)
for path in sorted((ROOT / "slp-crypto/tests/fixtures/keys").glob("*.pem")):
    put("pem", path.name, path.read_bytes())
put("sudi", "compliance", "Nonce: 12345\nBoot: ok\nImage: abc\nSignature version: 1\n")

# Messages.
answers = len(re.findall(r"^    (?:served|read)::<|^    state,", (FUZZ / "src/transport.rs").read_text(), re.M))
bodies = []
for path in sorted((ROOT / "slp-transport/src").rglob("*.rs")):
    for text in rust_strings(path):
        if text not in bodies and len(text) > 20:
            bodies.append(text)
for number, body in enumerate(bodies):
    put("http_body", f"{number:02}", body)
    put("push", f"{number:02}", body)
    for call in range(number % 3, answers, 3):
        if call < 6 or (call + number) % 7 == 0:
            put("http_answer", f"{number:02}-{call}", bytes([call, number % 2 * 5]) + body.encode())
for number, line in enumerate((
    "POST /services/api/smart-accounts-and-licensing/v2/devices/reportusage", "POST /v2/devices/reportusage", "POST /v2/devices/poll",
    "POST /v2/devices/authrequest", "GET /v2/accounts?domain=example.com", "POST /v1/accounts/example.com/virtual-accounts",
    "POST /as/token.oauth2", "GET /smartlic-service/rum-report-id/7", "POST /smartlic-service/import", "GET /smartlic-service/days/3",
)):
    body = bodies[number % len(bodies)]
    put("http_request", f"{number:02}", f"{line}\n{body}")
usage = json.dumps({"data": {"timestamp": 1700000000000, "nonce": "n1", "reports": [{
    "sudi": {"udi_pid": "TEST", "udi_serial_number": "TST00000001"}, "usage": [{"payload": "{}", "signature": {"signing_type": "builtin", "key": "k", "value": "AA=="}}]}]}})
put("http_request", "usage", "POST /v2/devices/reportusage\n" + usage)
hello = {"protocol": "slp-pi/1", "kind": "hello", "timestamp": 1700000000000, "nonce": "n1", "sudi": {"udi_pid": "TEST", "udi_serial_number": "TST00000001"},
         "software_tag_identifier": "regid.2020-01.com.cisco.TEST,1.0_x", "device_list": [], "data": {}}
put("push", "hello", json.dumps(hello))
put("push", "usage", json.dumps({**hello, "kind": "usage_reporting", "data": {"usage": []}}))
put("push", "answer", json.dumps({"protocol": "slp-pi/1", "status": "OK_POLL", "timestamp": 1700000000000, "nonce": "n1", "server_time": 1700000000000,
                                  "kind": "hello", "correlation_id": "c", "poll_id": 9007199254740993, "poll_interval": 30, "action": "acknowledgements"}))
xml = '<rpc-reply message-id="7" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">%s</rpc-reply>'
put("netconf", "ok", xml % '<return-code xmlns="http://cisco.com/ns/yang/cisco-smart-license">cisco-smart-license-success</return-code>')
put("netconf", "error", xml % "<rpc-error><error-type>application</error-type><error-tag>invalid-value</error-tag><error-message>no &amp; never</error-message></rpc-error>")
put("netconf", "plain", xml % "<ok/>")

show = """Switch#show license tech support
Smart Licensing Tech Support info

Smart Licensing Status
======================
Smart Licensing is ENABLED

Account Information:
  Smart Account: Example As of Nov 14 22:13:20 2023 UTC
  Virtual Account: <none>

Transport:
  Type: cslu
  Cslu address: <empty>
  Proxy:
    Not Configured

Policy:
  Policy in use: Merged from multiple sources.
  Unenforced/Non-Export Perpetual Attributes:
    First report requirement (days): 365 (CISCO default)
    Ongoing reporting frequency (days): 0 (CISCO default)

Usage Reporting:
  Last ACK received: Nov 14 22:13:20 2023 UTC
  Reporting push interval: 30  days State(4) InPolicy(60)
  Hello Message: Total=3, Success=3, Fail=0  Ongoing Failure: Overall=0 Communication=0

License Usage
=============
network-advantage (TEST):
  Description: network advantage
  Count: 1
  Version: 1.0
  Status: IN USE(15)
  Feature Name: network-advantage

Product Information
===================
UDI: PID:TEST-SWITCH,SN:TST00000001

HA UDI List:
    Active:PID:TEST-SWITCH,SN:TST00000001
    Standby:PID:TEST-SWITCH,SN:TST00000002
"""
put("show", "tech", show)
put("show", "udi", "Switch#show license udi\nUDI: PID:TEST-SWITCH,SN:TST00000001\n")
put("show", "rum", "Switch#show license rum id all\nSmart Licensing Usage Report:\n====================================\nReport Id,  State,  Flag, Feature Name\n1700000001  CLOSED  N  network-advantage\n")
put("show", "events", "Switch#show license eventlog\n**** Event Log ****\n2023-11-14 22:13:20.123 UTC SAEVT_INIT_START version=\"5.3\"\n")

# Structured targets read any bytes as operations.
for target in ("write_read", "answer_write_read", "pairing", "usage_folding", "agent", "upload", "collector", "account", "pools"):
    state = 1
    for number in range(6):
        data = bytearray()
        for _ in range(64 << number % 4):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            data.append(state >> 56)
        put(target, f"noise-{number}", bytes(data))
