"""What two hosts say to each other, packet by packet: TCP with its states, datagrams, names asked for.

Times are Unix seconds, sizes octets of payload, rates octets a second. Every function returns packets in no order.
"""

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.detection.packets import ACK, FIN, ICMP, PSH, RST, SYN, TCP, UDP, Packets, packets, payload

MSS: Final = 1_448
SYN_AGAIN_S: Final = (0.0, 1.0, 3.0, 7.0)  # Linux: 1 s, doubled (RFC 6298); most programs give up by then
Turn = tuple[int, int, float]  # octets up, octets down, pause afterwards
Ends = tuple[int, int, int, int]  # client, server, client's port, server's port


def _segments(octets: int) -> NDArray[np.int64]:
    full, rest = divmod(octets, MSS)
    return np.array([MSS] * full + [rest] * (rest > 0), np.int64)


class Tcp:
    """A connection: packets are added in its own order, `rows` gives them."""

    def __init__(self, rng: Generator, at: float, ends: Ends, *, rtt_s: float, version: int = 4) -> None:
        self.rng, self.at, self.ends, self.rtt_s, self.version = rng, at, ends, rtt_s, version
        self.up, self.down = (int(number) for number in rng.integers(1, 2**32 - 1, 2))
        self._columns: list[tuple[object, ...]] = []
        self._opened = False

    @property
    def is_open(self) -> bool:
        """Tell whether the handshake was added, also in a part that went ahead."""
        return self._opened

    def go_on(self, rng: Generator, at: float) -> "Tcp":
        """Begin the next part, without the packets of those before it."""
        self.rng, self.at = rng, at
        self._columns = []
        return self

    def _add(self, at: object, forth: bool, flags: object, seq: object, ack: object, size: object) -> None:  # noqa: PLR0913, PLR0917 - each says what is special about it
        self._columns.append((at, forth, flags, seq, ack, size))

    def open(self) -> "Tcp":
        """Add the handshake. The sensor stands at the client's side of the way."""
        self._opened = True
        self._add(self.at, True, SYN, self.up, 0, 0)
        self._add(self.at + self.rtt_s, False, SYN | ACK, self.down, self.up + 1, 0)
        self._add(self.at + self.rtt_s + 0.0001, True, ACK, self.up + 1, self.down + 1, 0)
        self.up, self.down, self.at = self.up + 1, self.down + 1, self.at + self.rtt_s + 0.0002
        return self

    def send(self, octets: int, *, forth: bool, rate: float = 2e6, loss: float = 0.001) -> "Tcp":
        """Add data one way, acknowledged every other segment; some segments are lost behind us and sent again."""
        sizes = _segments(octets)
        if not len(sizes):
            return self
        mine, theirs = (self.up, self.down) if forth else (self.down, self.up)
        ends = np.cumsum(sizes)
        at = self.at + (ends - sizes[0]) / rate
        flags = np.full(len(sizes), ACK)
        flags[-1] |= PSH
        self._add(at, forth, flags, mine + ends - sizes, theirs, sizes)
        lost = np.flatnonzero(self.rng.random(len(sizes)) < loss)
        if len(lost):
            self._add(at[lost] + self.rtt_s * 1.5, forth, flags[lost], mine + (ends - sizes)[lost], theirs, sizes[lost])
        acked = np.unique(np.append(np.arange(1, len(sizes), 2), len(sizes) - 1))
        late = self.rtt_s if forth else 0.0002
        self._add(at[acked] + late, not forth, ACK, theirs, mine + ends[acked], 0)
        if forth:
            self.up += int(ends[-1])
        else:
            self.down += int(ends[-1])
        self.at = float(at[-1]) + late
        return self

    def turns(self, turns: Sequence[Turn], rate: float = 2e6) -> "Tcp":
        """Add questions with their answers."""
        for up, down, pause in turns:
            self.send(up, forth=True).send(down, forth=False, rate=rate)
            self.at += pause
        return self

    def close(self, *, forth: bool = True) -> "Tcp":
        """Add FIN both ways."""
        first, second = ((self.up, self.down), (self.down, self.up))[:: 1 if forth else -1]
        self._add(self.at, forth, FIN | ACK, *first, 0)
        self._add(self.at + self.rtt_s, not forth, FIN | ACK, second[0], first[0] + 1, 0)
        self._add(self.at + self.rtt_s + 0.0001, forth, ACK, first[0] + 1, second[0] + 1, 0)
        return self

    def reset(self, *, forth: bool = True) -> "Tcp":
        """Add RST, as programs that are ended send it."""
        self._add(self.at, forth, RST | ACK, self.up if forth else self.down, self.down if forth else self.up, 0)
        return self

    def rows(self) -> Packets:
        """Return the packets."""
        client, server, client_port, server_port = self.ends
        parts = []
        for column in self._columns:
            at, *rest = np.broadcast_arrays(*(np.atleast_1d(np.asarray(each)) for each in column))
            parts.append((at, np.stack([np.asarray(each, np.int64) for each in rest])))
        at = np.concatenate([each for each, _ in parts])
        forth, flags, seq, ack, size = np.concatenate([each for _, each in parts], axis=1)
        return packets(
            at=at,
            source=np.where(forth, client, server),
            destination=np.where(forth, server, client),
            source_port=np.where(forth, client_port, server_port),
            destination_port=np.where(forth, server_port, client_port),
            seq=seq & 0xFFFFFFFF,
            ack=ack & 0xFFFFFFFF,
            size=size,
            flags=flags,
            protocol=TCP,
            version=self.version,
        )


def talk(  # noqa: PLR0913 - each says what is special about it
    rng: Generator,
    at: float,
    ends: Ends,
    turns: Sequence[Turn],
    *,
    rtt_s: float = 0.02,
    rate: float = 2e6,
    end: str = "fin",
    version: int = 4,
) -> Packets:
    """Return a whole connection. `end`: fin, server (closes first), rst, open."""
    one = Tcp(rng, at, ends, rtt_s=rtt_s, version=version).open().turns(turns, rate)
    if end == "rst":
        one.reset()
    elif end != "open":
        one.close(forth=end == "fin")
    return one.rows()


def unanswered(at: float, ends: Ends, tries: int = 4, *, version: int = 4) -> Packets:
    """Return a connection to who is not there."""
    client, server, client_port, server_port = ends
    times = at + np.array(SYN_AGAIN_S[:tries])
    ports = {"source_port": client_port, "destination_port": server_port}
    made = packets(
        at=times, source=client, destination=server, **ports, protocol=TCP, flags=SYN, seq=int(at * 7919) & 0xFFFFFFFF
    )
    made["version"] = version
    return made


def refused(at: float, ends: Ends, rtt_s: float = 0.02) -> Packets:
    """Return a connection to a port that is closed."""
    client, server, client_port, server_port = ends
    return packets(
        at=[at, at + rtt_s],
        source=[client, server],
        destination=[server, client],
        source_port=[client_port, server_port],
        destination_port=[server_port, client_port],
        flags=[SYN, RST | ACK],
        seq=[1_000, 0],
        ack=[0, 1_001],
        protocol=TCP,
    )


def datagrams(  # noqa: PLR0913, PLR0917 - each says what is special about it
    rng: Generator, at: float, ends: Ends, seconds: float, per_s: float, size: tuple[int, int], *, jitter: float = 0.1
) -> Packets:
    """Return a stream one way: so many a second, spaced evenly but for `jitter` of the gap."""
    count = max(int(seconds * per_s), 1)
    times = at + (np.arange(count) + rng.uniform(0, jitter, count)) / per_s
    client, server, client_port, server_port = ends
    return packets(
        at=times,
        source=client,
        destination=server,
        source_port=client_port,
        destination_port=server_port,
        size=rng.integers(size[0], size[1] + 1, count),
        protocol=UDP,
    )


def exchange(at: float, ends: Ends, up: int, down: int, rtt_s: float = 0.02) -> Packets:
    """Return one datagram and its answer; `down` 0: none."""
    client, server, client_port, server_port = ends
    both = 2 if down else 1
    return packets(
        at=[at, at + rtt_s][:both],
        source=[client, server][:both],
        destination=[server, client][:both],
        source_port=[client_port, server_port][:both],
        destination_port=[server_port, client_port][:both],
        size=[up, down][:both],
        protocol=UDP,
    )


def echo(at: float, ends: tuple[int, int, int], number: int, *, answered: bool = True, size: int = 56) -> Packets:
    """Return a ping. `ends`: who asks, whom, identifier."""
    both = 2 if answered else 1
    source, destination, ident = ends
    return packets(
        at=[at, at + 0.004][:both],
        source=[source, destination][:both],
        destination=[destination, source][:both],
        source_port=[8 << 8, 0][:both],
        destination_port=ident,
        seq=number,
        size=size,
        protocol=ICMP,
    )


def question(name: str, kind: int = 1) -> bytes:
    """Return a DNS question's octets."""
    labels = b"".join(bytes([len(each)]) + each.encode() for each in name.split("."))
    return struct.pack(">HHHHHH", 0x2B2B, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def answer(name: str, kind: int = 1, answers: int = 1, code: int = 0, extra: int = 0) -> bytes:
    """Return a DNS answer's octets: A records (or as many octets of data), and `extra` octets more."""
    asked = question(name, kind)[12:]
    head = struct.pack(">HHHHHH", 0x2B2B, 0x8180 | code, 1, answers, 0, 0)
    data = b"\xc0\x0c" + struct.pack(">HHIHI", 1, 1, 300, 4, 0xC6336401)
    return head + asked + data * answers + bytes(extra)


def lookup(  # noqa: PLR0913 - each says what is special about it
    at: float,
    ends: tuple[int, int, int],
    name: str,
    kind: int = 1,
    *,
    code: int = 0,
    rtt_s: float = 0.004,
    answers: int = 1,
    version: int = 4,
) -> Packets:
    """Return a name asked for and answered. `ends`: client, server, client's port."""
    client, server, port = ends
    asked, told = question(name, kind), answer(name, kind, 0 if code else answers, code)
    made = exchange(at, (client, server, port, 53), len(asked), len(told), rtt_s)
    made["payload"] = [payload(asked), payload(told)]
    made["version"] = version
    return made
