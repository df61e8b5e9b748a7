"""Many IP protocols of one host, tried by one source (T1046): what it speaks beside TCP, UDP and ICMP."""

from rules.traffic.scans.contact import Kind
from rules.traffic.scans.found import Found, View, chosen, most

NAME = "protocol_scan"


def judge(view: View) -> Found | None:
    """Give the scan of the host with most protocols, answered or not: two routers speak half a dozen."""
    rows = chosen(view.failed, (Kind.PROTOCOL,))
    host, protocols = most(rows, "destination", "port")
    if protocols < view.settings.protocols:
        return None
    return Found(NAME, rows[rows["destination"] == host], one_host=True)
