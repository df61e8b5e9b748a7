"""Real tools in network namespaces, seen by a sensor at a mirror port, recorded and replayed."""

import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from scapy.utils import RawPcapReader, RawPcapWriter

from bench.detection.case import Outcome, replayed
from bench.detection.encounters import ENCOUNTERS, Encounter
from collectors.traffic.capture.files import open_capture
from netmon.api.traffic import halves
from netmon.app.traffic.replaying import open_replay
from tests.support.attacks import TOOLS, Tool, serving, strike
from tests.support.local_watch import recorded
from tests.support.netns import lan

MOST: Final = 2_050  # packets that a kept recording has: below 100 kB
SNAP: Final = 74  # octets of a frame that a kept recording has: headers


def first_packet(path: Path, server: str, attacker: str) -> float:
    """Return when the first IPv4 packet to the server or from the attacker came; Unix seconds."""
    to, by = halves(server)[1], halves(attacker)[1]
    for traffic in open_capture(path).batches():
        rows = traffic.records
        meant = (rows["destination_lo"] == to) | (rows["source_lo"] == by)
        at = rows["start_ns"][meant & (rows["version"] == 4)]
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
            ends = net["server"].ipv4, net["attacker"].ipv4
        said, packets = replayed(path, first_packet(path, *ends) or began)
    return Outcome(tool.name, tool.expected, said, tool.beside, packets, tool="tool")


def met(encounter: Encounter) -> Outcome:
    """Have something happen, and see what is said."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seen.pcap"
        with lan(*encounter.hosts, sensor=True) as net, recorded(net, path):
            began = encounter.play(net, Path(folder))
        said, packets = replayed(path, began)
    return Outcome(encounter.name, encounter.expected, said, encounter.beside, packets, tool="tool")


def record(tool: Tool, folder: Path) -> None:
    """Keep a recording of one tool as tests/data/traffic/detection has them: headers only, so that it stays small."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "seen.pcap"
        with lan("server", "attacker", sensor=True) as net:
            with serving(tool.serves, net["server"], Path(scratch)), recorded(net, path):
                strike(tool, net, Path(scratch))
            ends = net["server"].ipv4, net["attacker"].ipv4
        with (
            RawPcapReader(str(path)) as packets,
            RawPcapWriter(str(folder / "seen.pcap.gz"), linktype=1, gz=True, nano=True, snaplen=SNAP) as out,
        ):
            out.write_header(None)
            for octets, meta in islice(packets, MOST):
                out.write_packet(octets[:SNAP], sec=meta.sec, usec=meta.usec * 1000, wirelen=meta.wirelen)
        begun = [finding for finding, begins in open_replay(folder / "seen.pcap.gz", None, None).run() if begins]
        first = first_packet(path, *ends)
    (one,) = begun
    told = {name: one.evidence[name] for name in ("source", "target", "technique")}
    expected = {"rule": one.rule, "first_packet": first, "said_after_s": round(one.at - first, 2), "evidence": told}
    print(folder.name, (folder / "seen.pcap.gz").stat().st_size, "octets", expected)
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


def outcomes(only: str = "") -> Iterator[Outcome]:
    """Yield what became of each tool."""
    for tool in TOOLS:
        if only in " ".join((tool.name, *tool.expected)):
            yield outcome(tool)
    for encounter in ENCOUNTERS:
        if only in " ".join((encounter.name, *encounter.expected)):
            yield met(encounter)
