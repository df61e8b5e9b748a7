"""Segments that no stack begins with, to find ports past simple filters: FIN, NULL, Xmas, Maimon, ACK (T1046)."""

import numpy as np

from rules.traffic.scans.contact import ODD_KINDS, STRAY_KINDS, Outcome
from rules.traffic.scans.found import Found, View, chosen, most
from rules.traffic.scans.network_sweep import WEB

NAME = "stealth_scan"


def judge(view: View) -> Found | None:
    """Give a scan by odd flags, or by segments of connections that were never there."""
    rows = chosen(view.failed, ODD_KINDS)
    if len(rows) < view.settings.odd_contacts:
        rows = chosen(view.failed, STRAY_KINDS)
        host, ports = most(rows, "destination", "port")
        if ports < view.settings.stray_ports:
            rows = rows[(rows["outcome"] == Outcome.FAILED) & ~np.isin(rows["port"], WEB)]
            port, hosts = most(rows, "port", "destination")
            rows = rows[rows["port"] == port]
            return None if hosts < 2 * view.settings.stray_ports else Found(NAME, rows, one_host=False)
        rows = rows[rows["destination"] == host]
    _, ports = most(rows, "destination", "port")
    _, hosts = most(rows, "port", "destination")
    return Found(NAME, rows, one_host=ports >= hosts)
