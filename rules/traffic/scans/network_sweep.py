"""Many hosts tried by one source, with one TCP or SCTP port, one IP protocol, or ICMP requests (T1046, T1018)."""

import numpy as np

from rules.traffic.scans.contact import Kind, Outcome
from rules.traffic.scans.found import Found, View, chosen, fails_mostly, most, without_half
from rules.traffic.scans.settings import ScanSettings

NAME = "network_sweep"
WEB = (80, 443)
MAIL = 25


def needed(settings: ScanSettings, port: int, otherwise: int) -> int:
    """Return how many hosts that fail with a TCP port are a sweep."""
    if port in WEB:
        return settings.web_hosts
    if port in settings.peer_ports:
        return settings.peer_hosts
    return settings.mail_hosts if port == MAIL else otherwise


def judge(view: View) -> Found | None:
    """Give the sweep of the port with most hosts that failed."""
    return _ports(view) or _sctp(view) or _pings(view)


def judge_protocols(view: View) -> Found | None:
    """Give the sweep of the IP protocol with most hosts that did not answer: who has tunnels there has answers."""
    rows = chosen(view.failed, (Kind.PROTOCOL,))
    silent = rows[rows["outcome"] == Outcome.FAILED]
    protocol, hosts = most(silent, "port", "destination")
    tried = len(np.unique(rows["destination"][rows["port"] == protocol]))
    if hosts < view.settings.hosts or hosts < view.settings.failed_share * tried:
        return None
    return Found(NAME, silent[silent["port"] == protocol], one_host=False)


def _ports(view: View) -> Found | None:
    rows = without_half(chosen(view.failed, (Kind.SYN, Kind.CONNECT)))
    port, hosts = most(rows, "port", "destination")
    if hosts >= needed(view.settings, int(port), view.settings.hosts):
        those = rows[rows["port"] == port]
        # A peer-to-peer client fails with many hosts too, on whatever port each has.
        together = len(those) >= view.settings.concentration * len(rows)
        if together and fails_mostly(view, those, "port", "destination"):
            return Found(NAME, those, one_host=False)
    return None


def _sctp(view: View) -> Found | None:
    rows = chosen(view.failed, (Kind.SCTP,))
    rows = rows[rows["outcome"] == Outcome.FAILED]  # who signals with many begins with many, too
    port, hosts = most(rows, "port", "destination")
    if hosts >= view.settings.hosts:
        those = rows[rows["port"] == port]
        if fails_mostly(view, those, "port", "destination"):
            return Found(NAME, those, one_host=False)
    return None


def _pings(view: View) -> Found | None:
    rows = chosen(view.failed, (Kind.ICMP,))
    _, hosts = most(rows, "port", "destination")
    if hosts >= view.settings.echo_hosts and fails_mostly(view, rows, "port", "destination"):
        return Found(NAME, rows, one_host=False)
    return None
