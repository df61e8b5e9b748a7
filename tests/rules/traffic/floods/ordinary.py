"""Ordinary traffic of an office and its servers, second by second, from simple models; and bundles to make more of it.

A bundle is a run of like packets from one end to another. Its rates are those of a busy site: what is bursty in life
(web, DNS) is Poisson here, what is steady (cameras, calls, transfers) is steady.
"""

from collections.abc import Iterator
from ipaddress import ip_network

import numpy as np

from netmon.api.networks import Networks, Place
from netmon.api.traffic import MAPPED, RECORD, halves

TCP, UDP, ICMP = 6, 17, 1
SYN, SYN_ACK, ACK, PUSH, FIN, RST = 0x02, 0x12, 0x10, 0x18, 0x11, 0x04
START = 1_795_000_000

_COLUMNS = ("source", "destination", "source_port", "destination_port", "protocol", "flags", "size", "count")


def address(text: str) -> int:
    return halves(text)[1]


WEB, RESOLVER, MAIL, BACKUP, FILES, RECORDER, LOGS, MONITOR, GATEWAY = (
    address(text)
    for text in (
        "10.20.1.80",
        "10.20.1.53",
        "10.20.1.25",
        "10.20.1.90",
        "10.20.1.91",
        "10.20.1.70",
        "10.20.1.14",
        "10.20.1.5",
        "203.0.113.2",
    )
)
CLIENTS = address("10.20.2.0")
NAMES = {(0, WEB): "web1", (0, RESOLVER): "resolver", (0, GATEWAY): "gateway"}
NETWORKS = Networks(
    [
        Place(ip_network("10.20.0.0/16"), site="office", title="Office", protected=True),
        Place(ip_network("203.0.113.0/24"), site="office", title="Public", protected=True),
    ],
    NAMES,
)


def packets(**columns: object) -> np.ndarray:
    """Make records, one for each packet; addresses are low halves; columns broadcast."""
    values = {"source_port": 0, "destination_port": 0, "flags": 0, "size": 60, "kind": 0, "fragment": 0, **columns}
    arrays = np.broadcast_arrays(*(np.asarray(value) for value in values.values()))
    told = dict(zip(values, arrays, strict=True))
    records = np.zeros(arrays[0].shape, RECORD)
    records["source_lo"], records["destination_lo"] = told["source"], told["destination"]
    records["source_port"], records["destination_port"] = told["source_port"], told["destination_port"]
    records["protocol"], records["tcp_flags"], records["bytes"] = told["protocol"], told["flags"], told["size"]
    records["icmp_type"], records["fragment"] = told["kind"], told["fragment"]
    records["version"], records["packets"], records["sampling"], records["ethertype"] = 4, 1, 1, 0x0800
    records["start_ns"] = records["end_ns"] = START * 10**9
    return records


class Bundles:
    """Runs of like packets, in the order in which they are added."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []

    def add(self, **columns: object) -> None:
        values = {"source_port": 0, "destination_port": 0, "flags": 0, "size": 60, "count": 1, **columns}
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(values[name], np.int64)) for name in _COLUMNS))
        self._parts.append(np.stack(arrays, axis=1))

    def records(self) -> np.ndarray:
        table = np.concatenate(self._parts)
        table = np.repeat(table, table[:, -1], axis=0)
        return packets(**{name: table[:, place] for place, name in enumerate(_COLUMNS[:-1])})

    def connections(self, client: object, server: object, port: int, ports: object, *, up: int, down: int) -> None:
        """TCP connections that begin, carry some data and end."""
        there = {"source": client, "destination": server, "source_port": ports, "destination_port": port}
        back = {"source": server, "destination": client, "source_port": port, "destination_port": ports}
        self.add(**there, protocol=TCP, flags=SYN)
        self.add(**back, protocol=TCP, flags=SYN_ACK)
        self.add(**there, protocol=TCP, flags=ACK)
        self.add(**there, protocol=TCP, flags=PUSH, size=500, count=up)
        self.add(**back, protocol=TCP, flags=ACK, size=1_400, count=down)
        self.add(**there, protocol=TCP, flags=ACK, count=max(1, down // 2))
        self.add(**there, protocol=TCP, flags=FIN)
        self.add(**back, protocol=TCP, flags=FIN)

    def transfer(self, sender: int, receiver: int, port: int, rate: int, each: int = 22) -> None:
        """A transfer under way: full segments, acknowledged as network cards that gather segments do."""
        self.add(
            source=sender, destination=receiver, source_port=port, destination_port=50_123, protocol=TCP, flags=ACK,
            size=1_514, count=rate,
        )  # fmt: skip
        self.add(
            source=receiver, destination=sender, source_port=50_123, destination_port=port, protocol=TCP, flags=ACK,
            size=66, count=rate // each,
        )  # fmt: skip

    def asked(self, client: object, server: object, port: int, count: object, *, question: int, answer: int) -> None:
        """UDP questions and their answers."""
        ends = {"source_port": 40_000, "destination_port": port, "protocol": UDP}
        self.add(source=client, destination=server, size=question, count=count, **ends)
        ends.update(source_port=port, destination_port=40_000)
        self.add(source=server, destination=client, size=answer, count=count, **ends)

    def stream(self, source: object, destination: object, ports: tuple[int, int], count: object, size: int) -> None:
        """UDP one way."""
        self.add(
            source=source, destination=destination, source_port=ports[0], destination_port=ports[1], protocol=UDP,
            size=size, count=count,
        )  # fmt: skip


def second(number: int, draw: np.random.Generator) -> np.ndarray:
    """Return the packets of one second of an ordinary hour."""
    made = Bundles()

    def internet(count: int) -> np.ndarray:
        return MAPPED + draw.integers(0x0C000000, 0xC0000000, count)

    def clients(count: int) -> np.ndarray:
        return CLIENTS + draw.integers(1, 200, count)

    def high(count: int) -> np.ndarray:
        return draw.integers(1_024, 65_535, count)

    crowd = 700 if 1_500 <= number % 3_600 < 1_560 else 0  # a crowd of real clients, for a minute
    count = draw.poisson(60 + crowd)
    made.connections(internet(count), WEB, 443, high(count), up=2, down=10)
    count = draw.poisson(80)
    made.connections(clients(count), internet(count), 443, high(count), up=2, down=20)
    count = draw.poisson(400)  # everybody else, behind one address
    made.connections(GATEWAY, internet(count), 443, high(count), up=2, down=12)
    count = draw.poisson(3)
    made.connections(internet(count), MAIL, 25, high(count), up=20, down=8)
    count = draw.poisson(300)
    made.asked(clients(count), RESOLVER, 53, 1, question=75, answer=160)
    count = draw.poisson(100)
    made.asked(RESOLVER, internet(count), 53, 1, question=80, answer=300)
    made.asked(clients(5), MAPPED + 0x0D_0A_0B_0C, 3478, 300, question=1_000, answer=1_000)  # video calls
    made.asked(clients(1), internet(1), 443, 200, question=80, answer=80)
    made.stream(MAPPED + 0x0D_0A_0B_0D, CLIENTS + 7, (443, 50_000), 3_000, 1_250)  # a large download by QUIC
    made.stream(CLIENTS + 7, MAPPED + 0x0D_0A_0B_0D, (50_000, 443), 300, 80)
    made.stream(CLIENTS - 256 + np.arange(8), RECORDER, (5_004, 5_004), 400, 1_300)  # cameras
    made.stream(CLIENTS + np.arange(40), LOGS, (514, 514), draw.poisson(6, 40), 250)
    made.stream(MAPPED + 0x0A140001, LOGS, (2_055, 2_055), 100, 1_400)  # flow exports
    made.asked(MONITOR, CLIENTS + np.arange(50), 161, 4, question=120, answer=1_300)  # SNMP, in bulk
    made.asked(clients(3), MAPPED + 0x0D_0A_0B_01, 123, 1, question=90, answer=90)
    made.add(source=MONITOR, destination=CLIENTS + np.arange(60), protocol=ICMP, size=98)
    made.add(source=CLIENTS + np.arange(60), destination=MONITOR, protocol=ICMP, size=98)
    if number % 600 < 300:
        made.transfer(FILES, BACKUP, 873, 8_000)
    if number % 600 in range(320, 330):
        made.transfer(MAPPED + 0x0D_0A_0B_0E, CLIENTS + 9, 443, 40_000)  # a speed test, down
    if number % 600 in range(330, 340):
        made.transfer(CLIENTS + 9, MAPPED + 0x0D_0A_0B_0E, 443, 40_000)  # and up
    if number % 600 in range(350, 380):
        made.transfer(MAPPED + 0x0D_0A_0B_0F, GATEWAY, 443, 20_000, each=40)
    return made.records()


def seconds(first: int, count: int, seed: int = 1) -> Iterator[np.ndarray]:
    """Give the packets of some seconds of an hour, one second at a time."""
    draw = np.random.default_rng(seed)
    for number in range(first, first + count):
        yield second(number, draw)
