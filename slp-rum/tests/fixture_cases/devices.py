"""Devices, signatures and payloads, all invented."""

import base64
import copy
import dataclasses
import hashlib
import json


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
