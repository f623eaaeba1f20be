"""Envelopes, and the containers around them."""

import hashlib

from .devices import SWITCH, compact


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
