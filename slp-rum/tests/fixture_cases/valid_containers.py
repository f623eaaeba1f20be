"""Valid documents: containers."""

import base64
import json
import textwrap

from .cases import SOUND, one_report, valid
from .devices import BASE, CLOSED, MORE, ROUTER, SWITCH, changed, compact, edited, filler, measurement, payload_v1
from .envelopes import cdata, cloud_entry, envelope, lines, report, rest, tight


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
        "rest-beside-data",
        """A REST answer with the members of other containers beside it: they are kept as unknown members (rum,
        section 2.8). reading: which one was meant is not known, so it is said.""",
        compact({"usage": [envelope(one)], "data": {"reports": []}, "payload": "{}"}), [one], ["several-containers"],
        "rest", "json"
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
    blank = changed(SOUND[1], "asset_identification.instance.sudi.udi_serial_number", f" {SWITCH.serial}\t")
    valid(
        "udi-blank",
        """Blanks around a serial number are no part of it: the same device, so no mixed-devices. The signer is written
        again as it stands (rum, section 14).""",
        tight(envelope(one), changed(envelope(blank), "signature.sudi.udi_pid", SWITCH.pid + " ")), [one, blank],
        ["udi-blank"] * 2, devices=[[SWITCH.pid, SWITCH.serial]] * 2
    )
    valid(
        "duplicate-reports-same-file",
        "The same report twice in one file: the reader gives both, and telling is up to the continuity checks.",
        lines(report(envelope(one)), report(envelope(SOUND[1])), report(envelope(one))), [one, SOUND[1], one]
    )
