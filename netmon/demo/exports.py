"""What the simulated routers export: flows that add up to what their ports carry, as NetFlow v9 and as IPFIX.

The first core switch speaks NetFlow v9 (RFC 3954), the others IPFIX (RFC 7011), so that both are shown. Every office's
load, as its switch counts it, is divided among what offices do. `Exporter` is pure; `Exports` has the sockets.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from random import Random
from typing import Final

from netmon.demo.layout import INTERNET_PORT, Kind, Node
from netmon.demo.packets.frames import TCP, UDP
from netmon.demo.packets.places import OUTSIDE, Places, free_port
from netmon.demo.ring import Ring

INTERVAL_S: Final = 5.0
RECORDS_A_DATAGRAM: Final = 24  # 46 octets each, of IPFIX 54: with the template below an Ethernet's 1,500
SET: Final = 256  # of the one template
_TCP_FLAGS: Final = 0x1B  # FIN, SYN, PSH, ACK: a connection from its beginning to its end
_MEAN_OCTETS: Final = 740  # of a packet
_COUNTED: Final = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (10, 4), (14, 4), (1, 8), (2, 8))
"""Addresses, ports, protocol, TCP flags, interfaces, octets, packets: the numbers are the same in both protocols."""
_V9_TIMES: Final = ((22, 4), (21, 4))  # FIRST_SWITCHED, LAST_SWITCHED: milliseconds since the exporter's start
_IPFIX_TIMES: Final = ((152, 8), (153, 8))  # flowStartMilliseconds, flowEndMilliseconds
_FIELDS: Final = struct.Struct("!4s4sHHBBIIQQ")


@dataclass(frozen=True, slots=True)
class _Use:
    """What offices do: with whom, over which port, and which share of their load that is."""

    port: int
    protocol: int
    up: float
    down: float
    server: int | None  # its place in the inventory; None: somebody in the internet


_USES: Final = (
    _Use(443, TCP, 0.42, 0.58, None),
    _Use(8_801, UDP, 0.12, 0.08, None),
    _Use(443, TCP, 0.26, 0.25, 0),
    _Use(5_432, TCP, 0.06, 0.04, 6),
    _Use(993, TCP, 0.08, 0.04, 5),
    _Use(53, UDP, 0.01, 0.002, 7),
    _Use(873, TCP, 0.05, 0.008, 9),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One direction of a flow."""

    source: IPv4Address
    destination: IPv4Address
    source_port: int
    destination_port: int
    protocol: int
    in_interface: int
    out_interface: int
    octets: int

    def packed(self) -> bytes:
        """Return the fields that both protocols have."""
        flags = _TCP_FLAGS if self.protocol == TCP else 0
        addresses = self.source.packed, self.destination.packed
        ends = self.source_port, self.destination_port, self.protocol, flags, self.in_interface, self.out_interface
        return _FIELDS.pack(*addresses, *ends, self.octets, max(1, self.octets // _MEAN_OCTETS))


class Exporter:
    """One core switch: the flows of the offices that are nearest to it, as datagrams."""

    def __init__(self, ring: Ring, core: Node, places: Places, *, ipfix: bool) -> None:
        self.core = core
        self._ring = ring
        self._places = places
        self._ipfix = ipfix
        self._offices = [office for office in _near(ring, core) if office.site in places.offices]
        self._datagrams = self._records = 0

    def datagrams(self, now: float) -> Iterator[bytes]:
        """Give what is exported of the interval that ends now (Unix seconds). Templates come with each."""
        records = [record for office in self._offices for record in self._of(office, now)]
        for begin in range(0, len(records), RECORDS_A_DATAGRAM):
            some = records[begin : begin + RECORDS_A_DATAGRAM]
            yield self._written(some, now)
            self._datagrams += 1
            self._records += len(some)

    def _of(self, office: Node, now: float) -> Iterator[Record]:
        """Give what an office did: it asks (up) and is answered (down)."""
        ports = [port.index for port in office.ports if not port.optic and not port.virtual]
        loads = [self._ring.load(office.name, index, now) for index in ports]
        up, down = sum(load.in_bps for load in loads), sum(load.out_bps for load in loads)
        near = self._port_to(office.name, now)
        if near is None:
            return  # out of reach: nothing of it comes by
        chance = Random(f"{office.name} {now // INTERVAL_S}")  # noqa: S311 - a simulation's chance
        for use in _USES:
            host = self._places.offices[office.site][chance.randrange(10, 40)]
            far, out = self._far(use, chance, now)
            mine = free_port(chance)
            asked, answered = (int(bps * INTERVAL_S / 8) for bps in (up * use.up, down * use.down))
            if asked and answered:
                yield Record(host, far, mine, use.port, use.protocol, near, out, asked)
                yield Record(far, host, use.port, mine, use.protocol, out, near, answered)

    def _far(self, use: _Use, chance: Random, now: float) -> tuple[IPv4Address, int]:
        """Return who is at the other end, and the port that leads there; 0: none does now."""
        servers = list(self._places.servers.items())
        if use.server is None or not servers:
            network = chance.choice(OUTSIDE)
            return network[chance.randrange(1, 60)], INTERNET_PORT
        name, address = servers[use.server % len(servers)]
        switch, port = self._ring.layout.switch_of(name)
        return address, port if switch == self.core.name else self._port_to(switch, now) or 0

    def _port_to(self, switch: str, now: float) -> int | None:
        """Return the port that leads to another switch; None where no way does."""
        route = self._ring.layout.route(self.core.name, switch, self._ring.story.cut(now))
        return route[0].far(route[0].far(self.core.name)[0])[1] if route else None

    def _written(self, records: Sequence[Record], now: float) -> bytes:
        if self._ipfix:
            times = struct.pack("!QQ", int((now - INTERVAL_S) * 1_000), int(now * 1_000))
            body = _template(2, _COUNTED + _IPFIX_TIMES) + _data(records, times)
            return struct.pack("!HHIII", 10, 16 + len(body), int(now), self._records, 1) + body
        since_ms = int((now - self._ring.boot(self.core.name, now)) * 1_000) & 0xFFFF_FFFF
        times = struct.pack("!II", (since_ms - int(INTERVAL_S * 1_000)) & 0xFFFF_FFFF, since_ms)
        body = _template(0, _COUNTED + _V9_TIMES) + _data(records, times)
        return struct.pack("!HHIIII", 9, 1 + len(records), since_ms, int(now), self._datagrams, 1) + body


def _template(set_id: int, fields: Sequence[tuple[int, int]]) -> bytes:
    body = struct.pack("!HH", SET, len(fields)) + b"".join(struct.pack("!HH", *field) for field in fields)
    return struct.pack("!HH", set_id, 4 + len(body)) + body


def _data(records: Sequence[Record], times: bytes) -> bytes:
    body = b"".join(record.packed() + times for record in records)
    padding = b"\0" * (-len(body) % 4)
    return struct.pack("!HH", SET, 4 + len(body) + len(padding)) + body + padding


def _near(ring: Ring, core: Node) -> Iterator[Node]:
    """Give the offices to which no other core is nearer; of two as near, the first has it."""
    cores = [one.name for one in ring.layout.of(Kind.CORE)]
    for office in ring.layout.of(Kind.ACCESS):
        if min(cores, key=lambda name: len(ring.layout.route(name, office.name) or ())) == core.name:
            yield office


class Exports:
    """The exporters of a ring, each from its own address, to where the daemon listens. Inert until `start`."""

    def __init__(self, ring: Ring, places: Places, to: tuple[str, int]) -> None:
        cores = ring.layout.of(Kind.CORE)
        self._exporters = [Exporter(ring, core, places, ipfix=number > 0) for number, core in enumerate(cores)]
        self._to = to
        self._sockets: list[socket.socket] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to export, every INTERVAL_S. OSError where an address is not this machine's."""
        for exporter in self._exporters:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sockets.append(sock)
            sock.setblocking(False)
            sock.bind((exporter.core.address.partition(":")[0], 0))
        self._task = asyncio.create_task(self._export())

    async def stop(self) -> None:
        """Export no more; safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        while self._sockets:
            self._sockets.pop().close()

    async def _export(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            for exporter, sock in zip(self._exporters, self._sockets, strict=True):
                for datagram in exporter.datagrams(time.time()):
                    try:
                        sock.sendto(datagram, self._to)
                    except OSError:  # nobody listens yet, or its buffer is full: UDP loses it, as a network would
                        continue
