"""Data of the examples."""

from .cases import EXAMPLES, put
from .devices import CLOSED, Device, RELOADED, measurement, payload_v2, tag, wireless_payload
from .envelopes import envelope, lines, report
from .valid_shapes import bare_root


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
