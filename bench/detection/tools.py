"""Real tools in network namespaces, seen by a sensor at a mirror port, recorded and replayed."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scapy.utils import RawPcapReader, RawPcapWriter

from bench.detection.case import Outcome, replayed
from collectors.traffic.capture.files import open_capture
from netmon.api.traffic import halves
from netmon.app.traffic.replaying import open_replay
from tests.support.attacks import TOOLS, Tool, serving, strike
from tests.support.local_watch import recorded
from tests.support.netns import lan

SNAP: Final = 74  # octets of a frame that a kept recording has: headers


def first_packet(path: Path, host: str) -> float:
    """Return when a capture's first packet to this IPv4 host came, ARP aside; Unix seconds."""
    to = halves(host)[1]
    for traffic in open_capture(path).batches():
        at = traffic.records["start_ns"][(traffic.records["destination_lo"] == to) & (traffic.records["version"] == 4)]
        if len(at):
            return int(at[0]) / 1e9
    return 0.0


def outcome(tool: Tool) -> Outcome:
    """Run one tool."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seen.pcap"
        with lan("server", "attacker", sensor=True) as net:
            with serving(tool.serves, net["server"], Path(folder)), recorded(net, path):
                began = strike(tool, net, Path(folder))
            address = net["server"].ipv4
        said, packets = replayed(path, first_packet(path, address) or began)
    return Outcome(tool.name, tool.expected, said, tool.beside, packets, tool="tool")


def record(tool: Tool, folder: Path) -> None:
    """Keep a recording of one tool as tests/data/traffic has them: headers only, so that it stays small."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "seen.pcap"
        with lan("server", "attacker", sensor=True) as net:
            with serving(tool.serves, net["server"], Path(scratch)), recorded(net, path):
                strike(tool, net, Path(scratch))
            address = net["server"].ipv4
        with (
            RawPcapReader(str(path)) as packets,
            RawPcapWriter(str(folder / "seen.pcap.gz"), linktype=1, gz=True, nano=True, snaplen=SNAP) as out,
        ):
            out.write_header(None)
            for octets, meta in packets:
                out.write_packet(octets[:SNAP], sec=meta.sec, usec=meta.usec * 1000, wirelen=meta.wirelen)
        begun = [finding for finding, begins in open_replay(folder / "seen.pcap.gz", None, None).run() if begins]
        first = first_packet(path, address)
    told = [(one.rule, round(one.at - first, 1), one.evidence["source"], one.evidence["target"]) for one in begun]
    print(folder.name, (folder / "seen.pcap.gz").stat().st_size, "octets", told)
    expected = {"rule": tool.expected[0], "first_packet": first, "within_s": 0, "evidence": {}}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


def outcomes(only: str = "") -> Iterator[Outcome]:
    """Yield what became of each tool."""
    for tool in TOOLS:
        if only in " ".join((tool.name, *tool.expected)):
            yield outcome(tool)
