"""Nanoseconds for each flow record that is decoded from NetFlow v5, v9 and IPFIX, beside nfcapd receiving the same.

    python -m bench.flow_decode [--records 1000000] [--exporters 1 100] [--no-nfcapd]

Datagrams are made once in memory, as a busy router sends them: full to 1,400 octets, a template in every 20th of an
exporter. Our figure is CPU of `NetFlow.decode` over batches of 256 datagrams; nfcapd's is the CPU of its process over
the same datagrams through a socket, receiving and writing files included, so the two are not the same work.
"""

import random
import resource
import socket
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path

from collectors.traffic.flows.netflow.decoder import NetFlow
from tests.support import exporters as make
from tests.support.processes import cpu_s, free_port, running

BATCH = 256  # datagrams, as the receiver hands them on
# What a router's default template has: addresses, next hop, interfaces, counts, times, ports, protocol, flags, TOS, AS.
ROUTER = [(8, 4), (12, 4), (15, 4), (10, 4), (14, 4), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2), (6, 1)]
ROUTER += [(4, 1), (5, 1), (9, 1), (13, 1), (16, 4), (17, 4), (61, 1)]
IPFIX = [(8, 4), (12, 4), (15, 4), (10, 4), (14, 4), (2, 8), (1, 8), (152, 8), (153, 8), (7, 2), (11, 2), (6, 2)]
IPFIX += [(4, 1), (5, 1), (9, 1), (13, 1), (16, 4), (17, 4), (136, 1)]
REFRESH = 20


def _values(fields: Sequence[tuple[int, int]], rng: random.Random) -> bytes:
    known = {22: 990_000, 21: 999_000, 152: make.NOW_S * 1000 - 10_000, 153: make.NOW_S * 1000 - 1_000, 4: 6}
    octets = [make.number(known.get(element, 0) or rng.getrandbits(8 * size), size) for element, size in fields]
    return b"".join(octets)


def _v5(rng: random.Random, sequence: int) -> tuple[bytes, int, int]:
    record = [make.v5_record(octets=rng.randrange(1 << 20), ports=(rng.randrange(65_536), 443)) for _ in range(28)]
    return make.v5(record, sequence=sequence), 28, 28


def _v9(rng: random.Random, sequence: int) -> tuple[bytes, int, int]:
    sets = [make.flowset(0, make.template(256, *ROUTER))] if sequence % REFRESH == 0 else []
    count = 25
    sets.append(make.flowset(256, *(_values(ROUTER, rng) for _ in range(count))))
    return make.v9(*sets, sequence=sequence, count=count), count, 1


def _ipfix(rng: random.Random, sequence: int) -> tuple[bytes, int, int]:
    count = 20
    sets = [make.flowset(2, make.template(256, *IPFIX))] if sequence % (REFRESH * count) == 0 else []
    sets.append(make.flowset(256, *(_values(IPFIX, rng) for _ in range(count))))
    return make.ipfix(*sets, sequence=sequence), count, count


MAKERS: dict[str, Callable[[random.Random, int], tuple[bytes, int, int]]] = {"v5": _v5, "v9": _v9, "IPFIX": _ipfix}


def messages(protocol: str, records: int, exporters: int) -> tuple[list[tuple[int, bytes]], int]:
    """Return (exporter, datagram) of so many exporters in turn, and how many records they hold."""
    rng = random.Random(5)
    sequences = [0] * exporters
    made: list[tuple[int, bytes]] = []
    total = 0
    while total < records:
        row = len(made) % exporters
        octets, count, units = MAKERS[protocol](rng, sequences[row])
        sequences[row] += units
        made.append((row + 1, octets))
        total += count
    return made, total


def ours(made: Sequence[tuple[int, bytes]]) -> tuple[float, int]:
    """Return CPU seconds of decoding, and the records that came out; the first batch is for warming up."""
    netflow = NetFlow()
    batches = [make.mixed(made[at : at + BATCH]) for at in range(0, len(made), BATCH)]
    records = len(netflow.decode(batches[0]))
    begun = time.process_time()
    for batch in batches[1:]:
        records += len(netflow.decode(batch))
    used = time.process_time() - begun
    dropped = {reason: count for reason, count in netflow.counts.dropped.items() if count}
    missed = sum(domain.missed for domain in netflow.domains())
    if dropped or missed:
        raise SystemExit(f"dropped {dropped}, missed {missed}: the figure would not be of all records")
    return used * len(batches) / max(1, len(batches) - 1), records


def nfcapds(made: Sequence[tuple[int, bytes]]) -> tuple[float, int]:
    """Return CPU seconds of nfcapd for the same datagrams, and the flows that it wrote."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "flows"
        folder.mkdir()
        port = free_port(socket.SOCK_DGRAM)
        command = ["nfcapd", "-w", str(folder), "-p", str(port), "-b", "127.0.0.1", "-t", "3600", "-B", str(64 << 20)]
        with running(command, Path(name) / "log") as process, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            make.wait_bound(process, port, Path(name) / "log")
            before = cpu_s(process.pid)
            for number, (_, octets) in enumerate(made):
                out.sendto(octets, ("127.0.0.1", port))
                if number % 32 == 31:
                    time.sleep(0.001)  # paced, so that nothing is lost
            time.sleep(0.5)
            used = cpu_s(process.pid) - before
        flows = make.nfdump(folder, "-I")
    return used, int(next(line.split(":")[1] for line in flows.splitlines() if line.startswith("Flows:")))


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--exporters", type=int, nargs="*", default=[1, 100])
    parser.add_argument("--no-nfcapd", action="store_true")
    chosen = parser.parse_args()
    print(f"{'protocol':10}{'exporters':>10}{'records':>10}{'ns/record':>11}  by")
    for protocol in MAKERS:
        for count in chosen.exporters:
            made, total = messages(protocol, chosen.records, count)
            used, records = ours(made)
            if records != total:
                raise SystemExit(f"{records} records of {total}")
            print(f"{protocol:10}{count:10}{records:10}{used / records * 1e9:11.1f}  NetFlow.decode", flush=True)
            if count == 1 and not chosen.no_nfcapd:
                used, records = nfcapds(made)
                lost = f", {total - records} lost" if records != total else ""
                print(f"{protocol:10}{count:10}{records:10}{used / records * 1e9:11.1f}  nfcapd{lost}", flush=True)
    print(f"largest resident memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")


if __name__ == "__main__":
    main()
