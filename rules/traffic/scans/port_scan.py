"""Many TCP ports of one host, tried by one source (T1046): SYN and connect scans."""

from rules.traffic.scans.contact import Kind
from rules.traffic.scans.found import Found, View, chosen, fails_mostly, most

NAME = "port_scan"
_KINDS = (Kind.SYN, Kind.CONNECT)


def judge(view: View) -> Found | None:
    """Give the scan of the host with most ports that failed."""
    rows = chosen(view.failed, _KINDS)
    host, ports = most(rows, "destination", "port")
    if ports < view.settings.ports:
        return None
    rows = rows[rows["destination"] == host]
    return Found(NAME, rows, one_host=True) if fails_mostly(view, rows, "destination", "port") else None
