"""Many hosts tried by one source, with one TCP or SCTP port or with ICMP requests (T1046, T1018)."""

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
    return settings.mail_hosts if port == MAIL else otherwise


def judge(view: View) -> Found | None:
    """Give the sweep of the port with most hosts that failed."""
    rows = without_half(chosen(view.failed, (Kind.SYN, Kind.CONNECT)))
    port, hosts = most(rows, "port", "destination")
    if hosts >= needed(view.settings, int(port), view.settings.hosts):
        those = rows[rows["port"] == port]
        # A peer-to-peer client fails with many hosts too, on whatever port each has.
        together = len(those) >= view.settings.concentration * len(rows)
        if together and fails_mostly(view, those, "port", "destination"):
            return Found(NAME, those, one_host=False)
    rows = chosen(view.failed, (Kind.SCTP,))
    rows = rows[rows["outcome"] == Outcome.FAILED]  # who signals with many begins with many, too
    port, hosts = most(rows, "port", "destination")
    if hosts >= view.settings.hosts:
        those = rows[rows["port"] == port]
        if fails_mostly(view, those, "port", "destination"):
            return Found(NAME, those, one_host=False)
    rows = chosen(view.failed, (Kind.ICMP,))
    _, hosts = most(rows, "port", "destination")
    if hosts >= view.settings.echo_hosts and fails_mostly(view, rows, "port", "destination"):
        return Found(NAME, rows, one_host=False)
    return None
