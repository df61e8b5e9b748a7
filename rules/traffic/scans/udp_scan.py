"""Many UDP ports of one host, or many hosts with one UDP port, refused or silent (T1046)."""

from rules.traffic.scans.contact import Kind
from rules.traffic.scans.found import Found, View, chosen, fails_mostly, most

NAME = "udp_scan"
UNSURE = (123, 443, 3478)
"""Ports with which clients behind a filter fail with many hosts: NTP, QUIC, STUN."""


def judge(view: View) -> Found | None:
    """Give the scan of the host with most ports, or of the port with most hosts."""
    rows = chosen(view.failed, (Kind.UDP,))
    host, ports = most(rows, "destination", "port")
    if ports >= view.settings.udp_ports:
        those = rows[rows["destination"] == host]
        if fails_mostly(view, those, "destination", "port"):
            return Found(NAME, those, one_host=True)
    port, hosts = most(rows, "port", "destination")
    peers = port in view.settings.peer_ports
    if hosts < (view.settings.peer_hosts if peers else view.settings.udp_hosts) or port in UNSURE:
        return None
    those = rows[rows["port"] == port]
    together = 2 * len(those) >= len(rows)  # peers of a file-sharing client have many ports
    return Found(NAME, those, one_host=False) if together and fails_mostly(view, those, "port", "destination") else None
