"""Sums are nfdump's for the same packets: whether the flows come from an exporter one way or both ways, or from our own
table of flows."""

import shutil
import socket
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from collectors.traffic.capture.files import open_capture
from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flowtable.table import FlowTable
from exporters.flowstore.files import Span, look
from exporters.flowstore.query import By, Ranked, Row, matrix, timeline, top
from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.terms import expression
from exporters.flowstore.words import Words, protocol_name
from exporters.flowstore.writer import FlowStore
from netmon.api.networks import Networks, Place
from tests.support import exporters, traffic_pcap
from tests.support.waiting import eventually_sync

for program in ("softflowd", "nfcapd", "nfdump"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed", allow_module_level=True)

Sums: TypeAlias = dict[str, tuple[int, ...]]

_BEGUN: Final = 1_790_000_000
_ALL: Final = Span(0, 4e9)
_WORDS: Final = Words()
_ETHERNET: Final = 14  # octets of a frame that softflowd does not count
_OFFICES: Final = {f"10.1.{number}.0/24": f"kantor {number}" for number in range(7)} | {
    "192.0.2.0/24": "pusat",
    "2001:db8:1::/48": "kantor 0",
    "2001:db8:2::/48": "pusat",
}
_NETWORKS: Final = Networks([Place(ip_network(prefix), name) for prefix, name in _OFFICES.items()])
_FILTERS: Final = (
    "",
    "src net 10.1.2.0/24",
    "dst port 443 or proto udp",
    "not dst net 192.0.2.0/24",
    "src port in [53 80]",
)
_WAYS: Final = ("exported one way", "exported both ways", "our own")


class Both:
    """The same packets, kept by us in three ways and by nfcapd."""

    def __init__(self, folder: Path) -> None:
        capture, self.theirs = folder / "seen.pcap", folder / "nfcapd"
        traffic_pcap.write(capture, 240, _BEGUN)
        milli = ("-a", "-A", "milli")
        datagrams = exporters.record(capture, folder / "one.log", 10, *milli)
        self.theirs.mkdir()
        with exporters.nfcapd(self.theirs) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for datagram in datagrams:
                out.sendto(datagram, ("127.0.0.1", port))
            eventually_sync(lambda: _waiting(port) == 0)
        decoded = NetFlow().decode(exporters.batch(*datagrams)).copy()
        paired = NetFlow().decode(exporters.batch(*exporters.record(capture, folder / "two.log", 10, *milli, "-b")))
        rows = dict(zip(_WAYS, (decoded, paired, _own(capture)), strict=True))
        assert [len(each) for each in rows.values()] == [400, 240, 240]
        self.ours = {way: _keep(folder / f"kept {at}", each) for at, (way, each) in enumerate(rows.items())}

    def said(self, *arguments: str) -> list[list[str]]:
        """Return what nfdump says: a list of cells for each line."""
        told = exporters.nfdump(self.theirs, "-q", "-N", *arguments)
        return [[cell.strip() for cell in line.split(",")] for line in told.splitlines() if line]

    def records(self, text: str) -> list[list[str]]:
        """Return nfdump's records: protocol, addresses and ports, end, packets, bytes."""
        return self.said("-o", "fmt:%pr,%sa,%sp,%da,%dp,%te,%pkt,%byt", text)


def _waiting(port: int) -> int:
    lines = [line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]]
    return next(int(line[4].split(":")[1], 16) for line in lines if line[1].endswith(f":{port:04X}"))


def _own(capture: Path) -> NDArray[np.void]:
    """Return the flows of our table, in octets of IP."""
    table = FlowTable()
    with open_capture(capture) as opened:
        for traffic in opened.batches():
            table.add(traffic.records, traffic.frames)
    rows = table.finish().copy()
    for way in ("", "reply_"):
        rows[f"{way}bytes"] -= _ETHERNET * rows[f"{way}packets"]
    return rows


def _keep(folder: Path, records: NDArray[np.void]) -> Path:
    store = FlowStore(FlowStoreSettings(), folder, _NETWORKS, lambda: ("", "sw-1"))
    store.open(_BEGUN + 60)
    store.put(records)
    store.close()
    return folder


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")  # nfdump tells local time


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("both"))


def ask(both: Both, way: str, by: By, text: str, *, flows: bool = True) -> Sums:
    where = expression(text)
    answer = look(both.ours[way], _ALL, lambda scan: top(scan, by, where, Ranked("bytes", 1_000), _WORDS))
    return {row.key: sums(row)[: 2 + flows] for row in answer.rows}


def sums(row: Row) -> tuple[int, ...]:
    return row.bytes, row.packets, row.flows


def added(pairs: Sequence[tuple[str, tuple[int, int]]]) -> Sums:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for key, (octets, packets) in pairs:
        found[key][0] += octets
        found[key][1] += packets
    return {key: (one, two) for key, (one, two) in found.items()}


@pytest.mark.parametrize("text", _FILTERS)
@pytest.mark.parametrize("by", ["src", "dst"])
def test_each_address_has_what_it_sent_or_received(both: Both, by: By, text: str) -> None:
    arguments = ["-s", f"{by}ip/bytes", "-n", "0", "-o", "csv", text or "any"]
    lines = [cells for cells in both.said(*arguments) if len(cells) > 10 and cells[0] != "ts"]
    expected = {cells[4]: (int(cells[9]), int(cells[7]), int(cells[5])) for cells in lines}
    assert len(expected) > 3
    for way in _WAYS:
        assert ask(both, way, by, text) == expected, way


@pytest.mark.parametrize("text", _FILTERS)
def test_ports_and_applications_have_both_directions(both: Both, text: str) -> None:
    listed = both.records(f"({text or 'any'}) and (proto tcp or proto udp)")
    expected = added([(str(min(int(sp), int(dp))), (int(octets), int(n))) for _, _, sp, _, dp, _, n, octets in listed])
    assert expected
    for way in _WAYS:
        found = ask(both, way, "port", f"({text or 'any'}) and (proto tcp or proto udp)", flows=False)
        assert found == expected, way
        named = ask(both, way, "app", f"({text or 'any'}) and (proto tcp or proto udp)", flows=False)
        assert sum(each[0] for each in named.values()) == sum(each[0] for each in expected.values())


@pytest.mark.parametrize("text", _FILTERS)
def test_protocols_have_both_directions(both: Both, text: str) -> None:
    listed = both.records(text or "any")
    expected = added([(protocol_name(int(each[0])), (int(each[-1]), int(each[-2]))) for each in listed])
    assert expected
    for way in _WAYS:
        assert ask(both, way, "protocol", text, flows=False) == expected, way


@pytest.mark.parametrize("text", _FILTERS)
def test_offices_have_what_either_end_sent(both: Both, text: str) -> None:
    ends = [
        ((office(source), office(destination)), (int(octets), int(n)))
        for _, source, _, destination, _, _, n, octets in both.records(text or "any")
    ]
    pairs: Counter[tuple[str, str]] = Counter()
    for pair, (octets, _) in ends:
        pairs[pair] += octets
    assert pairs
    expected = added([(name, each) for pair, each in ends for name in set(pair)])
    for way in _WAYS:
        where = expression(text)
        answer = look(both.ours[way], _ALL, lambda scan: matrix(scan, where))  # noqa: B023 - asked at once
        assert {(row[0], row[1]): row[2] for row in answer.iter_rows()} == pairs, way
        assert ask(both, way, "site", text, flows=False) == expected, way


def office(address: str) -> str:
    return next(name for prefix, name in _OFFICES.items() if ip_address(address) in ip_network(prefix))


@pytest.mark.parametrize("text", _FILTERS)
def test_a_flow_is_of_the_time_in_which_it_ended(both: Both, text: str) -> None:
    listed = both.records(text or "any")
    ends = [(str(int(moment(end))), (int(octets), int(n))) for *_, end, n, octets in listed]
    expected = added(ends)
    assert len(expected) > 3
    for way in _WAYS:
        where = expression(text)
        answer = look(both.ours[way], _ALL, lambda scan: timeline(scan, where, 1))  # noqa: B023 - asked at once
        assert {str(begin): sums(row)[:2] for begin, row in answer.items()} == expected, way


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
