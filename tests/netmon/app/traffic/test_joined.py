"""What several processes count of a stream is judged as if one had counted it: the same findings and figures."""

import socket
from ipaddress import ip_network
from threading import Thread
from typing import Any

import numpy as np
import pytest

from netmon.api import Finding
from netmon.api.networks import Networks, Place
from netmon.api.traffic import Second, Traffic
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import Built, build_gathered, sensor_parts
from netmon.app.traffic.gathered import Gathered
from netmon.app.traffic.lending import Borrower, Lender
from netmon.app.traffic.pipeline import Pipeline
from netmon.app.traffic.shipping import Parcel, receive, send
from netmon.app.traffic.windows import NS
from rules.traffic.tables.merge import Merging
from tests.rules.traffic.tables.made import UDP, packets

_T = 1_790_000_000
_SECONDS, _QUIET = 6, 45
_NETWORKS = Networks([Place(ip_network("10.0.0.0/8"), "ours")])
_OURS, _THEIRS = 0x0A000000, 0xC6120000  # 198.18.0.0/15 (RFC 2544)
_SYN, _SYN_ACK, _ACK, _RST_ACK = 0x02, 0x12, 0x10, 0x14
_SEED = 5  # of the tables: what is estimated by sketches is the same then


def _stream(second: int) -> np.ndarray:
    """Return a second of forged SYNs, reflected answers, a sweep that is refused, and ordinary connections."""
    number = np.arange(6_000)
    flood = packets(
        6_000,
        source_lo=_THEIRS + second * 6_000 + number,
        destination_lo=_OURS + 9,
        source_port=1024 + number,
        destination_port=80,
        tcp_flags=_SYN,
    )
    place = np.arange(5_000)
    reflected = packets(
        5_000,
        source_lo=_THEIRS + 0x10000 + place % 700,
        destination_lo=_OURS + 5,
        protocol=UDP,
        source_port=53,
        destination_port=4_000 + place % 900,
        bytes=1_400,
    )
    host = np.arange(60) + second * 60
    swept = {"source_lo": _THEIRS + 0x11000, "source_port": 50_000, "destination_port": 22}
    sweep = packets(60, destination_lo=_OURS + 0x100 + host, tcp_flags=_SYN, **swept)
    client = np.arange(50)
    web = {"source_lo": _OURS + 0x9000 + client, "source_port": 40_000 + second, "destination_port": 443}
    begins = packets(50, destination_lo=_THEIRS + 0x12000, tcp_flags=_SYN, **web)
    goes_on = packets(50, destination_lo=_THEIRS + 0x12000, tcp_flags=_ACK, bytes=900, **web)
    parts = [flood, reflected, sweep, _back(sweep, _RST_ACK), begins, _back(begins, _SYN_ACK), goes_on]
    order = np.argsort(np.concatenate([np.linspace(0, 1, len(part), endpoint=False) for part in parts]), kind="stable")
    records = np.concatenate(parts)[order]
    records["start_ns"] = records["end_ns"] = (_T + second) * NS + np.arange(len(records)) * (NS // len(records))
    return records


def _back(asked: np.ndarray, flags: int) -> np.ndarray:
    answers = asked.copy()
    for one, other in (("source", "destination"), ("destination", "source")):
        for field in ("hi", "lo", "port"):
            answers[f"{one}_{field}"] = asked[f"{other}_{field}"]
    answers["tcp_flags"] = flags
    return answers


def _share(records: np.ndarray, process: int) -> np.ndarray:
    """Return the flows that come to one of two processes, whole, as a fanout by hash deals them out."""
    ends = records["source_lo"] ^ records["destination_lo"]
    ends ^= (records["source_port"] ^ records["destination_port"]).astype(np.uint64)
    ends *= np.uint64(0x9E3779B97F4A7C15)
    mine: np.ndarray = records[(ends >> np.uint64(63)) == process]
    return mine


def _by_one(settings: TrafficSettings) -> list[Finding]:
    parts, _ = sensor_parts(settings.tables, settings.table, settings.messages, seed=_SEED)
    built, found = Built(settings, _NETWORKS, parts, window_s=1.0, live=True), list[Finding]()
    built.hooks.send = found.extend
    for second in range(_SECONDS):
        built.pipeline.take(Traffic(_stream(second)))
    built.pipeline.finish(quiet_windows=_QUIET)
    return found


def _by_two(settings: TrafficSettings) -> list[Finding]:
    gathered, found = Gathered(), list[Finding]()
    built = build_gathered(settings, _NETWORKS, gathered.parts)
    built.hooks.send = found.extend
    for process in range(2):
        gathered.join(process)
        borrower = Borrower()
        lender = Lender(borrower.descriptor)
        borrower.gone = lender.take_back
        borrower.close()
        parts, _ = sensor_parts(settings.tables, settings.table, settings.messages, lender, seed=_SEED)
        told: list[Second] = []
        pipeline = Pipeline(parts, told.append)
        for second in range(_SECONDS):
            pipeline.take(Traffic(_share(_stream(second), process)))
        pipeline.finish(quiet_windows=_QUIET)
        for one in told:
            gathered.put(process, _told(one, lender, borrower))
    reached = gathered.reached_ns(0)
    while not built.pipeline.windows.is_open or reached > built.pipeline.windows.start_ns:
        built.pipeline.elapse(reached)
        reached = gathered.reached_ns(0)
    return found


def _told(second: Second, lender: Lender, borrower: Borrower) -> Second:
    """Return a window as the process gets it that judges."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = Thread(target=send, args=(ours, Parcel({"kind": "window"}, second), lender))
        sender.start()
        got = receive(theirs, borrower).second
        sender.join()
    assert got is not None
    return got


def _exact(finding: Finding) -> dict[str, Any]:
    """Return what a finding says that is counted, not estimated with the help of a sample that is drawn."""
    evidence = {name: value for name, value in finding.evidence.items() if not _is_drawn(name)}
    words = ("rule", "target", "at", "severity", "key", "cleared", "expires_s", "labels")
    return {name: getattr(finding, name) for name in words} | {"evidence": evidence}


def _is_drawn(name: str) -> bool:
    return name == "source" or any(each in name for each in ("sample", "top_", "distinct"))


def test_two_processes_find_what_one_finds() -> None:
    settings = TrafficSettings()
    one, two = (sorted(by(settings), key=lambda each: (each.at, each.key)) for by in (_by_one, _by_two))
    assert sorted(each.rule for each in one) == sorted(["amplification", "network_sweep", "syn_flood"] * 2)
    assert [_exact(each) for each in two] == [_exact(each) for each in one]
    sources = [
        [each.evidence["distinct_sources"] for each in found if each.rule != "network_sweep"] for found in (one, two)
    ]
    assert sources[1] == pytest.approx(sources[0], rel=0.15)


def test_what_is_counted_of_addresses_is_the_same_to_the_bit() -> None:
    settings, told = TrafficSettings(), list[Second]()
    records = _stream(0)
    for process in range(2):
        parts, _ = sensor_parts(settings.tables, settings.table, settings.messages, seed=_SEED)
        parts.tables.add(_share(records, process))
        told.append(parts.tables.drain(_T, _T + 1, live=True))
    parts, _ = sensor_parts(settings.tables, settings.table, settings.messages, seed=_SEED)
    parts.tables.add(records)
    whole, merged = parts.tables.drain(_T, _T + 1, live=True), Merging().merge(told)
    for table in ("destinations", "sources"):
        one, two = (np.sort(getattr(each, table), order=["hi", "lo"]) for each in (whole, merged))
        for name in set(one.dtype.names or ()) - {"port", "port_votes"}:  # a vote is as its order
            assert np.array_equal(one[name], two[name]), name
