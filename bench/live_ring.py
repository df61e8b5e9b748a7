"""What listening to an interface costs: our ring with the decoder, tcpdump and FastNetMon on the same stream.

    .venv/bin/python -m bench.live_ring [--quick] [--rounds 3] [--loops 10]

Two network namespaces joined by a veth pair; tcpreplay sends a capture of 200,000 packets from memory, over and over
and as fast as it can, and one program at a time listens at the other end. Sixty in a hundred packets are SYNs of 60
octets from addresses that do not repeat, twenty are UDP of 120, twenty are TCP of 600; they go to 20,000 addresses.

CPU is user and system time of all threads from /proc while the stream lasts, for each packet that it got; what
the kernel does to put packets into the ring is the sender's time here, for all three alike. FastNetMon counts no
packets that one could ask for: its share is reckoned on all that were sent. Takes root.
"""

import json
import random
import re
import shutil
import signal
import statistics
import struct
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from collectors.traffic.capture.ring import Ring
from collectors.traffic.capture.settings import RingSettings
from tests.support.captures import pcap
from tests.support.netns import INTERFACE, Host, lan
from tests.support.processes import memory_mb
from tests.support.waiting import eventually_sync

PACKETS = 200_000
SETTLE_S = 1.0  # after the last packet, until everybody has read what there is
ETHERNET = bytes.fromhex("0200000000020200000000010800")
SPEED = "--topspeed"
RING_MB = 64  # for us and for tcpdump; FastNetMon's is its own
FASTNETMON = """logging_level = info
disable_usage_report = on
enable_ban = off
enable_ban_ipv6 = off
networks_list_path = {folder}/networks
white_list_path = {folder}/white
enable_connection_tracking = off
mirror_afpacket = on
interfaces = {interface}
monitor_local_ip_addresses = off
pid_path = {folder}/pid
cli_stats_file_path = {folder}/stats
cli_stats_ipv6_file_path = {folder}/stats6
enable_api = off
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """One program over one stream."""

    sent: int
    rate_pps: float
    got: int | None
    dropped: int | None
    cpu_ns: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Listener:
    """A program: how it is started, how one sees that it is ready, what it says at its end of packets and drops."""

    name: str
    command: Callable[[Path], list[str]]
    ready: str
    result: Callable[[str], tuple[int | None, int | None]]
    end: int = signal.SIGINT


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of 400,000 packets")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loops", type=int, default=10, help="how many times the capture is sent in a round")
    parser.add_argument("--receive", action="store_true", help="be our listener, inside a namespace")
    options = parser.parse_args()
    if options.receive:
        receive()
        return
    if options.quick:
        options.rounds, options.loops = 1, 2
    compare(options)


def compare(options: Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stream.pcap").write_bytes(stream())
        print(f"{'':<12}{'ns/packet':>10}{'dropped':>10}{'Mpps sent':>11}{'MB':>8}")
        for listener in LISTENERS:
            if shutil.which(listener.command(folder)[0]) is None:
                print(f"{listener.name:<12} is not installed")
                continue
            rounds = [measure(listener, folder, options.loops) for _ in range(options.rounds)]
            cpu_ns = statistics.median(each.cpu_ns for each in rounds)
            dropped = "-" if rounds[0].dropped is None else str(sum(each.dropped or 0 for each in rounds))
            rate = statistics.median(each.rate_pps for each in rounds) / 1e6
            memory = max(each.memory_mb for each in rounds)
            print(f"{listener.name:<12}{cpu_ns:>10.0f}{dropped:>10}{rate:>11.2f}{memory:>8.0f}", flush=True)


def measure(listener: Listener, folder: Path, loops: int) -> Figures:
    log = folder / "log"
    with lan("sender", "listener") as net:
        host = net["listener"]
        with host.popen(*listener.command(folder), log=log) as process:
            eventually_sync(lambda: listener.ready in log.read_text(errors="replace"), 60)
            time.sleep(SETTLE_S)
            before = cpu_ns(process.pid)
            sent, rate_pps = send(net["sender"], folder, loops)
            time.sleep(SETTLE_S)
            cpu = cpu_ns(process.pid) - before
            memory = sum(memory_mb(each, "VmHWM") for each in family(process.pid))
            process.send_signal(listener.end)
            process.wait(20)
        got, dropped = listener.result(log.read_text(errors="replace"))
    return Figures(sent, rate_pps, got, dropped, cpu / (got or sent), memory)


def cpu_ns(pid: int) -> int:
    """Return the CPU time of the threads of a process and of all that it started: finer than the ticks of stat."""
    threads = [each for one in family(pid) for each in Path(f"/proc/{one}/task").iterdir()]
    return sum(int((each / "schedstat").read_text(encoding="ascii").split()[0]) for each in threads)


def family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    told = [each.read_text(encoding="ascii").split() for each in Path(f"/proc/{pid}/task").glob("*/children")]
    return [pid, *(one for child in told for number in child for one in family(int(number)))]


def send(host: Host, folder: Path, loops: int) -> tuple[int, float]:
    """Return how many packets went out, and how fast."""
    options = [SPEED, "--preload-pcap", f"--loop={loops}", "-i", INTERFACE, str(folder / "stream.pcap")]
    said = host.run("tcpreplay", *options, timeout_s=300).stdout
    return PACKETS * loops, number(r"([\d.]+) pps", said)


def number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    if found is None:
        raise SystemExit(f"{pattern} is not in:\n{said}")
    return float(found.group(1))


def stream() -> bytes:
    source = random.Random(7)
    packets = []
    for place in range(PACKETS):
        share = source.random()
        length, protocol = (60, 6) if share < 0.6 else (120, 17) if share < 0.8 else (600, 6)
        target = 0x0A00_0000 + source.randrange(20_000)
        ip = struct.pack("!BBHHHBBHII", 0x45, 0, length - 14, 0, 0, 64, protocol, 0, source.getrandbits(32), target)
        ports = struct.pack("!HH", source.randrange(1024, 65_536), source.choice([80, 443, 53, 22]))
        rest = struct.pack("!IIBBHHH", place, 0, 0x50, 2 if length == 60 else 0x18, 1024, 0, 0)
        if protocol == 17:
            rest = struct.pack("!HH", length - 34, 0)
        packets.append((place * 1000, (ETHERNET + ip + ports + rest).ljust(length, b"x")))
    return pcap(packets)


def receive() -> None:
    """Listen until we are interrupted, then say what was seen."""
    stopping = False

    def stop(_: int, __: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    with Ring(INTERFACE, RingSettings()) as ring:
        records = 0
        print("ready", flush=True)
        while not stopping:
            batch = ring.next(0.2)
            if batch is not None:
                records += len(batch)
        stats = ring.stats()
    print(json.dumps({"records": records, "packets": stats.packets, "drops": stats.drops}), flush=True)


def our_result(said: str) -> tuple[int, int]:
    result = json.loads(said.splitlines()[-1])
    return result["records"], result["drops"]


def tcpdump_result(said: str) -> tuple[int, int]:
    captured, dropped = (number(rf"(\d+) packets? {word}", said) for word in ("captured", "dropped by kernel"))
    return int(captured), int(dropped)


def fastnetmon_command(folder: Path) -> list[str]:
    (folder / "networks").write_text("10.0.0.0/16\n", encoding="ascii")
    (folder / "white").write_text("", encoding="ascii")
    (folder / "fastnetmon.conf").write_text(FASTNETMON.format(folder=folder, interface=INTERFACE), encoding="ascii")
    return ["fastnetmon", "--configuration_file", str(folder / "fastnetmon.conf"), "--log_to_console"]


LISTENERS = (
    Listener("netmon", lambda _: [sys.executable, "-m", "bench.live_ring", "--receive"], "ready", our_result),
    Listener(
        "tcpdump",
        lambda _: ["tcpdump", "-i", INTERFACE, "-B", str(RING_MB << 10), "-Z", "root", "-w", "/dev/null"],
        "listening on",
        tcpdump_result,
    ),
    Listener("FastNetMon", fastnetmon_command, "AF_PACKET", lambda _: (None, None), signal.SIGTERM),
)


if __name__ == "__main__":
    main()
