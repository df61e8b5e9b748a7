"""What the SNMP client counts about itself, kept as plain integers and rendered only when somebody scrapes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from netmon.api import PeerError


class Refusal(StrEnum):
    """Why a datagram was not taken for an answer. The value is the `reason` label."""

    MALFORMED = "malformed"  # not BER, not SNMP, or cut off
    UNKNOWN_REQUEST = "unknown_request"  # answers nothing that we ask now: forged, replayed, or of an earlier life
    DUPLICATE = "duplicate"  # the request was answered before: repeated by the network, or replayed
    LATE = "late"  # the request was given up before
    WRONG_SOURCE = "wrong_source"  # comes from another address than was asked
    WRONG_VERSION = "wrong_version"
    WRONG_COMMUNITY = "wrong_community"
    WRONG_ENGINE = "wrong_engine"  # another snmpEngineID than was asked
    UNAUTHENTICATED = "unauthenticated"  # digest or user wrong, or below the level of security that was asked for
    NOT_IN_TIME_WINDOW = "not_in_time_window"  # authentic but old: RFC 3414 section 3.2.7
    WRONG_PDU = "wrong_pdu"  # not a Response, or another request-id inside the secured part
    TOO_MANY_VARBINDS = "too_many_varbinds"  # more than was asked for
    WRONG_NAMES = "wrong_names"  # other objects than a GET asked for
    UNPROVEN_REPORT = "unproven_report"  # an unauthenticated error report from an engine that we know to be well


class RefusedDatagramError(Exception):
    """This datagram is no answer; the request goes on waiting."""

    def __init__(self, reason: Refusal, detail: str = "", fault: PeerError | None = None) -> None:
        self.reason = reason
        self.fault = fault  # what the request fails with if no better answer comes
        super().__init__(f"{reason}: {detail}" if detail else str(reason))


class ClientMetrics(Collector):
    """Counts of one client since its start."""

    def __init__(self) -> None:
        self.requests = 0
        self.retries = 0
        self.timeouts = 0
        self.received = 0
        self.icmp_errors = 0
        self.unsent = 0
        self.resyncs = 0
        self.truncated = 0
        self.trailing = 0
        self.refused: Counter[Refusal] = Counter(dict.fromkeys(Refusal, 0))
        self.in_flight: Callable[[], int] = int
        self.waiting: Callable[[], int] = int
        self.reduced: Callable[[], int] = int
        self.buffers: Callable[[], Iterable[tuple[str, int, int]]] = tuple  # (family, octets granted, datagrams lost)

    def collect(self) -> Iterator[Metric]:
        """Render for prometheus_client."""
        for name, help_, value in (
            ("netmon_snmp_requests", "Requests asked, without their retries.", self.requests),
            ("netmon_snmp_retries", "Requests sent again after a time-out.", self.retries),
            ("netmon_snmp_timeouts", "Sendings that nobody answered in time.", self.timeouts),
            ("netmon_snmp_datagrams_received", "Datagrams received, refused ones too.", self.received),
            ("netmon_snmp_datagrams_unsent", "Datagrams that the kernel did not take; retried.", self.unsent),
            ("netmon_snmp_icmp_errors", "ICMP errors about our datagrams.", self.icmp_errors),
            ("netmon_snmp_engine_resyncs", "SNMPv3 discoveries and corrections of boots and time.", self.resyncs),
            ("netmon_snmp_replies_truncated", "Replies that failed or were cut for their size.", self.truncated),
            ("netmon_snmp_replies_trailing", "Replies followed by octets that belong to no message.", self.trailing),
        ):
            yield CounterMetricFamily(name, help_, value)
        refused = CounterMetricFamily(
            "netmon_snmp_datagrams_refused", "Datagrams not taken for an answer.", labels=["reason"]
        )
        for reason, count in self.refused.items():
            refused.add_metric([reason], count)
        yield refused
        for name, help_, value in (
            ("netmon_snmp_requests_in_flight", "Requests that wait for their answer.", self.in_flight()),
            ("netmon_snmp_requests_waiting", "Requests that wait for room in flight.", self.waiting()),
            ("netmon_snmp_devices_reduced", "Devices asked for less at a time because they failed.", self.reduced()),
        ):
            yield GaugeMetricFamily(name, help_, value)
        yield from self._sockets()

    def _sockets(self) -> Iterator[Metric]:
        granted = GaugeMetricFamily(
            "netmon_snmp_receive_buffer_bytes", "Receive buffer that the kernel granted.", labels=["family"]
        )
        lost = CounterMetricFamily(
            "netmon_snmp_kernel_drops",
            "Datagrams that the kernel dropped because the buffer was full.",
            labels=["family"],
        )
        for family, octets, drops in self.buffers():
            granted.add_metric([family], octets)
            lost.add_metric([family], drops)
        yield granted
        yield lost
