"""netmon's daemon and Debian's snmp_exporter on the same switches: CPU from the poll to the page that was scraped.

    .venv/bin/python -m bench.end_to_end [--quick] [--versions v2c v3]

A fleet of switches in a process of its own (`bench.agents`) answers the system group, ifTable and ifXTable: 48 ports x
40 columns = 1,920 varbinds, of which 23 columns change between two polls. Both programs read all 40 columns of each
switch once per interval and write them with ifIndex, ifName, ifAlias and ifDescr; a client with Prometheus's headers
(OpenMetrics wanted, gzip) fetches a page for each switch once per interval over a connection that it keeps, and for
netmon, in rounds of their own, the one page with everything instead. snmp_exporter polls when its page is asked for,
netmon by its own timetable. Rounds alternate; each starts its program anew and is measured after one interval.

CPU is user and system time of the whole process from /proc. What netmon does besides in the same time: sysUpTime and
the time of the last table change are read again after each poll, counters are watched for wraps and resets, the speed,
octets and state of each port under names of its own, what it says of itself, and ten looks at its own event loop a
second. What that costs without any switch is shown as `idle`.
"""

import gzip
import http.client
import json
import statistics
import tempfile
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.agents import CREDENTIALS, PASSWORD, USER, VARBINDS, Fleet, fleet
from tests.support.daemon import daemon, write_config
from tests.support.processes import cpu_s, memory_mb
from tests.support.snmp_exporter import if_mib_module, snmp_exporter

ACCEPT = (  # Prometheus 2.42's
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
EXPORTER_AUTH: dict[str, tuple[int, dict[str, Any]]] = {
    "v2c": (2, {"community": "public"}),
    "v3": (
        3,
        {
            "username": USER,
            "security_level": "authPriv",
            "auth_protocol": "SHA",
            "password": PASSWORD,
            "priv_protocol": "AES",
            "priv_password": PASSWORD,
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Program:
    """What is measured: a process, its port, and the paths of its pages. All of them hold every switch once."""

    name: str
    pid: int
    port: int
    paths: Sequence[str]


@dataclass(frozen=True, slots=True)
class Round:
    """One round's figures. `asked` and `given` are the agents' requests and varbinds for each switch and interval."""

    us: float
    rss_mb: float
    peak_mb: float
    asked: float
    given: float
    series: int
    page_kb: float


@contextmanager
def netmon(agents: Fleet, version: str, interval_s: float, *, one_page: bool) -> Iterator[Program]:
    """Run netmon's daemon over these agents; `one_page` asks for everything at once."""
    devices = {f"sw{number:04}": address for number, address in enumerate(agents.addresses())}
    settings = {
        "snmp": {"interval_s": interval_s},
        "host": {"interval_s": 86_400, "slow_interval_s": 86_400},  # snmp_exporter does not watch its own host
        "credentials": {"default": CREDENTIALS[version]},
    }
    with tempfile.TemporaryDirectory() as folder:
        directory, port = write_config(Path(folder), devices, settings)
        with daemon(directory, port, TEST_PASSWORD=PASSWORD) as running:
            running.wait_ready()
            paths = ["/metrics"] if one_page else [f"/targets/{name}/metrics" for name in devices]
            yield Program("netmon, one page" if one_page else "netmon", running.process.pid, port, paths)


@contextmanager
def exporter(agents: Fleet, version: str) -> Iterator[Program]:
    """Run snmp_exporter."""
    number, auth = EXPORTER_AUTH[version]
    with tempfile.TemporaryDirectory() as folder, snmp_exporter(Path(folder), if_mib_module(auth, number)) as running:
        paths = [f"/snmp?target={host}:{port}&module=if_mib" for host, port in agents.addresses()]
        yield Program("snmp_exporter", running.pid, running.port, paths)


class Client:
    """Fetches pages as Prometheus does."""

    def __init__(self, program: Program) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=30)
        self.last = b""

    def get(self, path: str) -> None:
        """Fetch a page and drop it but for the last one."""
        self._connection.request("GET", path, headers={"Accept": ACCEPT, "Accept-Encoding": "gzip"})
        answer = self._connection.getresponse()
        self.last = answer.read()
        if answer.status != 200 or answer.getheader("Content-Encoding") != "gzip":
            raise SystemExit(f"{path}: status {answer.status}, {self.last[:300]!r}")

    def scrape(self, paths: Sequence[str], interval_s: float) -> None:
        """Fetch every page once, spread over the interval."""
        begin = time.monotonic()
        for number, path in enumerate(paths):
            time.sleep(max(0.0, begin + interval_s * number / len(paths) - time.monotonic()))
            self.get(path)
        time.sleep(max(0.0, begin + interval_s - time.monotonic()))


def measure(program: Program, agents: Fleet, options: Namespace) -> Round:
    """Measure one round of a program that runs."""
    client = Client(program)
    client.scrape(program.paths, options.interval)
    before, cpu = agents.counts(), cpu_s(program.pid)
    for _ in range(options.intervals):
        client.scrape(program.paths, options.interval)
    spent, after = cpu_s(program.pid) - cpu, agents.counts()
    scrapes = options.switches * options.intervals
    page = gzip.decompress(client.last).decode()
    lines = sum(not line.startswith("#") for line in page.splitlines())
    return Round(
        us=spent / scrapes / VARBINDS * 1e6,
        rss_mb=memory_mb(program.pid),
        peak_mb=memory_mb(program.pid, "VmHWM"),
        asked=(after.requests - before.requests) / scrapes,
        given=(after.varbinds - before.varbinds) / scrapes,
        series=lines * len(program.paths) // options.switches,
        page_kb=len(client.last) * len(program.paths) / options.switches / 1e3,
    )


def idle(options: Namespace) -> float:
    """Return the CPU of netmon without switches, in ms a second."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"host": {"interval_s": 86_400, "slow_interval_s": 86_400}}
        directory, port = write_config(Path(folder), {}, settings)
        with daemon(directory, port) as running:
            running.wait_ready()
            time.sleep(options.interval)
            before, wait_s = cpu_s(running.process.pid), 2 * float(options.interval)
            time.sleep(wait_s)
            return (cpu_s(running.process.pid) - before) / wait_s * 1e3


def compare(version: str, options: Namespace) -> None:
    """Print the figures of one SNMP version."""
    rounds: dict[str, list[Round]] = {}
    with fleet(options.switches, version) as agents:
        for _ in range(options.rounds):
            for start in (
                netmon(agents, version, options.interval, one_page=False),
                netmon(agents, version, options.interval, one_page=True),
                exporter(agents, version),
            ):
                with start as program:
                    rounds.setdefault(program.name, []).append(measure(program, agents, options))
    theirs = statistics.median(each.us for each in rounds["snmp_exporter"])
    for name, each in rounds.items():
        ours = statistics.median(one.us for one in each)
        print(
            f"{version:4} {name:17} {ours:6.2f} us/varbind ({min(o.us for o in each):.2f} to"
            f" {max(o.us for o in each):.2f}), 1/{theirs / ours:.1f} of snmp_exporter's;"
            f" RSS {each[-1].rss_mb:.0f} MB, peak {each[-1].peak_mb:.0f} MB; for each switch: {each[-1].asked:.0f}"
            f" requests, {each[-1].given:.0f} varbinds, {each[-1].series} lines, {each[-1].page_kb:.1f} kB"
        )
        if options.json:
            print(json.dumps({"version": version, "program": name, "us": [one.us for one in each]}))


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--switches", type=int, default=50)
    parser.add_argument("--interval", type=float, default=5, help="seconds between two polls of a switch")
    parser.add_argument("--intervals", type=int, default=2, help="measured in each round")
    parser.add_argument("--rounds", type=int, default=3, help="of each program")
    parser.add_argument("--versions", nargs="+", choices=tuple(CREDENTIALS), default=list(CREDENTIALS))
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--json", action="store_true", help="print every round's figure too")
    options = parser.parse_args()
    if options.quick:
        options.rounds = 1
    print(f"{options.switches} switches x {VARBINDS} varbinds every {options.interval:g} s, {options.rounds} rounds")
    for version in options.versions:
        compare(version, options)
    print(f"     netmon, idle      {idle(options):.1f} ms CPU a second")


if __name__ == "__main__":
    main()
