"""The same exports read by nfdump and by us, and by tshark and by us: flow by flow, to the unit."""

import json
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.traffic.flows.netflow.decoder import NetFlow
from netmon.api.traffic import address_text
from tests.support import exporters, traffic_pcap
from tests.support.exporters import NOW_S, batch, flowset, ipfix, number, template, v9
from tests.support.waiting import eventually_sync

for program in ("softflowd", "nfpcapd", "nfreplay", "nfcapd", "nfdump", "tshark"):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed", allow_module_level=True)

CONVERSATIONS = 240
FLOWS = {5: 280, 9: 400, 10: 400}  # of them, of one direction each; v5 has none of IPv6
_FLAGS = "CEUAPRSF"  # as nfdump writes tcp_flags, from 128 to 1


def theirs(datagrams: Sequence[bytes], folder: Path) -> list[dict[str, Any]]:
    """Return the flows that nfcapd keeps of these datagrams."""
    folder.mkdir()
    with exporters.nfcapd(folder) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for datagram in datagrams:
            out.sendto(datagram, ("127.0.0.1", port))
        eventually_sync(lambda: waiting(port) == 0)
    return list(json.loads(exporters.nfdump(folder, "-o", "json")))


def waiting(port: int) -> int:
    """Return the octets that a UDP socket holds for its program (proc(5), net/udp: rx_queue)."""
    for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}"):
            return int(fields[4].split(":")[1], 16)
    raise AssertionError("nobody listens any more")


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def flow_of_nfdump(flow: dict[str, Any]) -> tuple[Any, ...]:
    flags = sum(1 << 7 - at for at, sign in enumerate(flow.get("tcp_flags", "........")) if sign == _FLAGS[at])
    return (
        flow.get("src4_addr") or flow["src6_addr"],
        flow.get("dst4_addr") or flow["dst6_addr"],
        flow["proto"],
        flow.get("src_port", 0),
        flow.get("dst_port", 0),
        flow.get("icmp_type", 0),
        flow.get("icmp_code", 0),
        flow["in_bytes"],
        flow["in_packets"],
        flags,
        flow["src_tos"],
        *sorted((milliseconds(flow["first"]), milliseconds(flow["last"]))),  # of IPFIX uptimes it has them swapped
    )


def flow_of_record(record: Any) -> tuple[Any, ...]:
    names = ("protocol", "source_port", "destination_port", "icmp_type", "icmp_code", "bytes", "packets")
    return (
        address_text(record["source_hi"], record["source_lo"]),
        address_text(record["destination_hi"], record["destination_lo"]),
        *(int(record[name]) for name in (*names, "tcp_flags", "tos")),
        int(record["start_ns"]) // 10**6,
        int(record["end_ns"]) // 10**6,
    )


def reply_of_record(record: Any) -> tuple[Any, ...]:
    """Return the other direction of a record as a flow of its own, without what only one direction has."""
    flow = list(flow_of_record(record))
    flow[0], flow[1], flow[3], flow[4] = flow[1], flow[0], flow[4], flow[3]
    flow[7:10] = [int(record[name]) for name in ("reply_bytes", "reply_packets", "reply_tcp_flags")]
    return tuple(flow)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("capture") / "ordinary.pcap"
    traffic_pcap.write(path, CONVERSATIONS)
    return path


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


SOFTFLOWD = {
    "v5": (5, ["-a"]),
    "v9": (9, ["-a"]),
    "v9 sampled": (9, ["-a", "-s", "1"]),
    "v9 with MAC addresses": (9, ["-a", "-T", "ether"]),
    "ipfix since start": (10, ["-a"]),
    "ipfix milliseconds": (10, ["-a", "-A", "milli"]),
}


@pytest.mark.parametrize("case", SOFTFLOWD)
def test_softflowd_read_by_nfdump(case: str, capture: Path, tmp_path: Path) -> None:
    version, options = SOFTFLOWD[case]
    datagrams = exporters.record(capture, tmp_path / "softflowd.log", version, *options)
    netflow = NetFlow()
    ours = netflow.decode(batch(*datagrams))
    wanted = theirs(datagrams, tmp_path / "flows")
    assert len(wanted) == len(ours) == FLOWS[version]
    assert Counter(map(flow_of_record, ours)) == Counter(map(flow_of_nfdump, wanted))
    assert not any(netflow.counts.dropped.values())
    (domain,) = netflow.domains()  # softflowd counts IPFIX messages in its own way: learned
    assert (domain.missed, domain.late, domain.repeated, domain.resets) == (0, 0, 0, 0)


@pytest.mark.parametrize("version", [5, 9])
def test_nfpcapd_read_by_nfdump(version: int, capture: Path, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    datagrams = exporters.replay(capture, tmp_path / "made", version)
    netflow = NetFlow()
    ours = netflow.decode(batch(*datagrams))
    wanted = theirs(datagrams, tmp_path / "flows")
    assert len(wanted) == len(ours) == FLOWS[version]
    assert Counter(map(flow_of_record, ours)) == Counter(map(flow_of_nfdump, wanted))
    assert not any(netflow.counts.dropped.values())


@pytest.mark.parametrize("clock", ["micro", "nano", "sec"])
def test_clocks_that_nfdump_does_not_read(clock: str, capture: Path, tmp_path: Path) -> None:
    precise = NetFlow().decode(batch(*exporters.record(capture, tmp_path / "a.log", 10, "-a", "-A", "milli"))).copy()
    ours = NetFlow().decode(batch(*exporters.record(capture, tmp_path / "b.log", 10, "-a", "-A", clock)))
    unit = {"micro": 10**6, "nano": 10**6, "sec": 10**9}[clock]
    assert (ours["start_ns"] // unit).tolist() == (precise["start_ns"] // unit).tolist()
    assert (ours["end_ns"] // unit).tolist() == (precise["end_ns"] // unit).tolist()


def test_both_directions_are_the_flows_of_one_direction(capture: Path, tmp_path: Path) -> None:
    single = NetFlow().decode(batch(*exporters.record(capture, tmp_path / "a.log", 10, "-a", "-A", "milli"))).copy()
    both = NetFlow().decode(batch(*exporters.record(capture, tmp_path / "b.log", 10, "-a", "-A", "milli", "-b")))
    apart = [flow_of_record(record) for record in both]
    apart += [reply_of_record(record) for record in both if record["reply_packets"]]
    wanted = Counter(flow[:9] for flow in map(flow_of_record, single))  # softflowd tells flags and TOS once for both
    assert Counter(flow[:9] for flow in apart) == wanted


def test_tshark_reads_layouts_that_softflowd_does_not_send(tmp_path: Path) -> None:
    """Fields of odd lengths, enterprises, text: every number that tshark shows."""
    layout: list[exporters.Field] = [
        (8, 4),
        (27, 16),
        (999, 3),
        (1, 5),
        (2, 3),
        (1, 4, 2011),
        (371, 65_535),
        (7, 2),
        (11, 2),
        (4, 1),
        (152, 8),
    ]
    layout += [(58, 2), (56, 6), (16, 4), (10, 2), (136, 1), (1, 4, 29305)]
    records = [
        b"\x0a\0\0" + bytes([at]) + b"\x20\x01" + b"\0" * 13 + bytes([at]) + b"abc" + number(10**6 + at, 5)
        + number(500 + at, 3) + b"hwhw" + bytes([at]) + b"t" * at + number(1000 + at, 2) + number(53, 2) + b"\x11"
        + number(NOW_S * 1000 + at, 8) + number(at, 2) + b"\2\0\0\0\0" + bytes([at]) + number(64_500 + at, 4)
        + number(at, 2) + b"\1" + number(7 * at, 4)
        for at in range(1, 40)
    ]  # fmt: skip
    messages = [
        ipfix(flowset(2, template(300, *layout)), flowset(300, *records[:15]), sequence=0),
        ipfix(flowset(300, *records[15:]), sequence=15),
        v9(
            flowset(0, template(301, (1, 8), (2, 5), (7, 2), (4, 1)), padding=4),
            flowset(301, b"\0" * 7 + b"\x63" * 8 + b"\x11"),
            count=2,  # of records, as the standard says: tshark goes by it
        ),
    ]
    ours = NetFlow().decode(batch(*messages))
    shown = tshark(messages, tmp_path)
    assert len(ours) == 40
    both = [(int(record["bytes"]), int(record["reply_bytes"])) for record in ours[:39]]
    assert shown["cflow.octets"] == [*(octets for pair in both for octets in pair), int(ours[39]["bytes"])]
    assert shown["cflow.packets"] == ours["packets"].tolist()
    assert shown["cflow.srcport"] == ours["source_port"].tolist()
    assert shown["cflow.srcas"] == ours["source_as"].tolist()[:39]
    assert shown["cflow.inputint"] == ours["in_interface"].tolist()[:39]


def tshark(messages: Sequence[bytes], folder: Path) -> dict[str, list[int]]:
    """Return the numbers that tshark shows of these messages, in order, by field."""
    path = folder / "export.pcap"
    traffic_pcap.write_udp(path, messages, port=2055)
    names = ("cflow.octets", "cflow.packets", "cflow.srcport", "cflow.srcas", "cflow.inputint")
    command = ["tshark", "-r", str(path), "-d", "udp.port==2055,cflow", "-T", "fields", "-E", "separator=;"]
    for name in names:
        command += ["-e", name]
    out = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    columns: dict[str, list[int]] = {name: [] for name in names}
    for line in out.splitlines():
        for name, cell in zip(names, line.split(";"), strict=True):
            columns[name] += [int(value) for value in cell.split(",") if value]
    return columns
