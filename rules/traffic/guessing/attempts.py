"""Flows as log-ins: short conversations with a service that has passwords, and how much was said."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import EndReason, FlowState
from rules.traffic.guessing.settings import GuessingSettings
from rules.traffic.learned import hashed

ATTEMPT: Final = np.dtype(
    [
        ("source", "u8"),  # hashed
        ("host", "u8"),  # the destination and its service, hashed
        ("pair", "u8"),  # both
        ("source_hi", "u8"),
        ("source_lo", "u8"),
        ("destination_hi", "u8"),
        ("destination_lo", "u8"),
        ("at_ns", "u8"),  # when it ended
        ("octets", "u4"),  # payload both ways
        ("reply_octets", "u4"),
        ("port", "u2"),
        ("service", "u1"),  # place in the settings
        ("fits", "u1"),  # 1: as a failed log-in may be; 0: longer
    ]
)
TCP, UDP = 6, 17
_SYN_ACK: Final = 18
_ETHERNET: Final = 14
_HEADERS: Final = {TCP: 52, UDP: 28}  # IPv4's 20; TCP's 20 with the 12 of timestamps (RFC 7323)
_IPV6_MORE: Final = 20
_SPREAD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)


class Reader:
    """Reads flows by the services of the settings."""

    def __init__(self, settings: GuessingSettings) -> None:
        self._services = settings.services
        self._place = np.full(65_536, -1, np.int16)
        for place, service in enumerate(settings.services):
            self._place[list(service.ports)] = place
        self._least = np.array([service.least_octets for service in settings.services])
        self._most = np.array([service.most_octets for service in settings.services])
        self._longest_ns = np.array([service.longest_s * 1e9 for service in settings.services])

    def read(self, records: NDArray[np.void], *, live: bool) -> NDArray[np.void]:
        """Return the conversations with services among flows (RECORD[n]), as ATTEMPT[m]."""
        tcp, udp = records["protocol"] == TCP, records["protocol"] == UDP
        place = self._place[records["destination_port"]]
        talked = (records["reply_packets"] > 0) & (records["packets"] > 0) & (records["sampling"] <= 1)
        talked &= udp | (tcp & (records["tcp_flags"] & _SYN_ACK == _SYN_ACK) & (records["state"] != FlowState.REFUSED))
        rows = np.flatnonzero(talked & (place >= 0))
        records, place = records[rows], place[rows].astype(np.int64)
        sent, replied = _payload(records, live=live)
        told = np.zeros(len(records), ATTEMPT)
        for name in ("source_hi", "source_lo", "destination_hi", "destination_lo"):
            told[name] = records[name]
        told["at_ns"], told["port"], told["service"] = records["end_ns"], records["destination_port"], place
        told["octets"], told["reply_octets"] = np.minimum(sent + replied, 2**32 - 1), np.minimum(replied, 2**32 - 1)
        lasted_ns = records["end_ns"].astype(np.float64) - records["start_ns"]
        over = (records["end_reason"] != EndReason.ACTIVE) & (records["state"] != FlowState.ESTABLISHED)
        over |= udp[rows]
        total = sent + replied
        told["fits"] = over & (total <= self._most[place]) & (lasted_ns <= self._longest_ns[place]) & (replied > 0)
        told["source"] = hashed(told["source_hi"], told["source_lo"])
        with np.errstate(over="ignore"):
            service = (place.astype(np.uint64) + np.uint64(1)) * _SPREAD
            told["host"] = hashed(told["destination_hi"] ^ service, told["destination_lo"])
        told["pair"] = hashed(told["source"], told["host"])
        kept: NDArray[np.void] = told[total >= self._least[place]]
        return kept


def _payload(records: NDArray[np.void], *, live: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many octets of payload each direction had, by what headers usually take."""
    headers = np.where(records["protocol"] == TCP, _HEADERS[TCP], _HEADERS[UDP]) + _ETHERNET * live
    headers += _IPV6_MORE * (records["version"] == 6)
    sent = records["bytes"].astype(np.float64) - records["packets"] * headers
    replied = records["reply_bytes"].astype(np.float64) - records["reply_packets"] * headers
    return np.maximum(sent, 0), np.maximum(replied, 0)


def alike(octets: NDArray[np.uint32], spread: float) -> tuple[float, float]:
    """Return the share of conversations whose size is near the median, and the median."""
    if not len(octets):
        return 0.0, 0.0
    middle = float(np.median(octets))
    near = np.abs(octets.astype(np.float64) - middle) <= max(spread * middle, 40.0)
    return float(near.mean()), middle
