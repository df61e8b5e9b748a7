"""Many TCP or SCTP ports of one host, tried by one source (T1046): SYN, connect, INIT and COOKIE ECHO scans."""

from rules.traffic.scans.contact import Kind
from rules.traffic.scans.found import Found, View, chosen, fails_mostly, most

NAME = "port_scan"
_TCP_KINDS = (Kind.SYN, Kind.CONNECT)


def judge(view: View) -> Found | None:
    """Give the scan of the host with most ports that failed.

    With SCTP also of those that are still pending: no host has so many (signalling has one port, or a few).
    """
    return _scan(view, _TCP_KINDS) or _scan(view, (Kind.SCTP,))


def _scan(view: View, kinds: tuple[int, ...]) -> Found | None:
    rows = chosen(view.failed, kinds)
    host, ports = most(rows, "destination", "port")
    if ports < view.settings.ports:
        return None
    rows = rows[rows["destination"] == host]
    return Found(NAME, rows, one_host=True) if fails_mostly(view, rows, "destination", "port") else None
