"""Documents that are refused: bytes, XML, cut files."""

import base64
import json
import struct
import textwrap
import zlib

from .cases import SOUND, SOUND_REPORTS, V1, broken, broken_payload, broken_xml, invalid
from .devices import BASE, HARDWARE, changed, compact, edited, filler
from .envelopes import envelope, lines, report, rest, tight


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
