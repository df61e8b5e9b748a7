"""What a whole sensor costs on an interface: netmon with tables, flows, messages and every detector, and FastNetMon.

    .venv/bin/python -m bench.live_sensor [--rounds 3] [--loops 10] [--mbits 0]

Two network namespaces joined by a veth pair; tcpreplay sends from memory, as fast as it can or at `--mbits`, and one
program at a time listens at the other end. Two streams: `office` is the mixture of bench.packet_decode (web over TCP
and QUIC, DNS, both IP versions, VLAN tags), `forged` that of bench.live_ring (60 of 100 packets are SYNs from
addresses that do not repeat). FastNetMon runs without connection tracking. Figures as in bench.live_ring, which says
what is counted to whom. "no detectors": netmon with all of them off; "2 processes": capturing shared by two, judged by
a third, all of them counted. Takes root.
"""

import re
import shutil
import signal
import statistics
import sys
import tempfile
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Final

from bench import live_ring
from bench.flow_collector import configure_offices
from bench.live_ring import LISTENERS, Figures, Listener, measure
from bench.packet_decode import traffic
from netmon.app.catalog import TRAFFIC_RULES
from tests.support.captures import pcap
from tests.support.netns import INTERFACE

FASTNETMON: Final = next(each for each in LISTENERS if each.name == "FastNetMon")


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loops", type=int, default=10, help="how many times a stream's 200,000 packets are sent")
    parser.add_argument("--mbits", type=int, default=0, help="megabits a second; 0: as fast as tcpreplay can")
    options = parser.parse_args()
    live_ring.SPEED = f"--mbps={options.mbits}" if options.mbits else "--topspeed"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{'':<10}{'':<24}{'ns/packet':>10}{'dropped':>10}{'Mpps sent':>11}{'MB':>8}{'load':>7}")
        for stream, made in (("office", office), ("forged", live_ring.stream)):
            (folder / "stream.pcap").write_bytes(made())
            for listener in (netmon(on=True), netmon(on=False), netmon(on=True, processes=2), FASTNETMON):
                if shutil.which(listener.command(folder)[0]) is None:
                    print(f"{stream:<10}{listener.name:<24} is not installed")
                    continue
                show(stream, listener.name, [measure(listener, folder, options.loops) for _ in range(options.rounds)])


def show(stream: str, name: str, rounds: list[Figures]) -> None:
    cpu_ns = statistics.median(each.cpu_ns for each in rounds)
    dropped = "-" if rounds[0].dropped is None else f"{sum(each.dropped or 0 for each in rounds):,}"
    rate = statistics.median(each.rate_pps for each in rounds) / 1e6
    load = Path("/proc/loadavg").read_text(encoding="ascii").split()[0]
    memory = max(each.memory_mb for each in rounds)
    print(f"{stream:<10}{name:<24}{cpu_ns:>10.0f}{dropped:>10}{rate:>11.2f}{memory:>8.0f}{load:>7}", flush=True)


def office() -> bytes:
    """Return a capture of as many packets as the other stream, of an office's link."""
    frames = traffic(40_000)
    return pcap([(row * 1000, frames[row % len(frames)]) for row in range(live_ring.PACKETS)])


def netmon(*, on: bool, processes: int = 1) -> Listener:
    """Return the sensor as `netmon sensor` runs it, every detector on, or off."""

    def command(folder: Path) -> list[str]:
        place = folder / ("on" if on else "off")
        if not place.exists():
            configure_offices(place)
            off = "".join(f"    {rule.name}: {{enabled: false}}\n" for rule in TRAFFIC_RULES)
            (place / "netmon.yaml").write_text("" if on else f"traffic:\n  detectors:\n{off}", encoding="ascii")
        program = str(Path(sys.executable).with_name("netmon"))
        several = ["--processes", str(processes)]
        return [program, "sensor", "--interface", INTERFACE, "--config", str(place), "--user", "", *several]

    name = f"netmon, {processes} processes" if processes > 1 else "netmon sensor" if on else "netmon, no detectors"
    return Listener(name, command, INTERFACE, result, signal.SIGINT)


def result(said: str) -> tuple[int, int]:
    """Return how many packets a sensor says that it saw, and dropped."""
    return _counted("packets", said), _counted("drops", said)


def _counted(word: str, said: str) -> int:
    found = re.search(rf"^ +ring: .*?\b{word} ([\d,]+)", said, re.MULTILINE)
    return int(found.group(1).replace(",", "")) if found else 0


if __name__ == "__main__":
    main()
