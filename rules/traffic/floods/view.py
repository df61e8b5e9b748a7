"""One window as floods are judged by: who received much, what each sent back, and what is normal for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks
from netmon.api.traffic import ENDPOINT, Second
from rules.traffic import telling
from rules.traffic.floods.join_kernel import join
from rules.traffic.floods.strays import strays
from rules.traffic.learned import Keys, Learned, Numbers
from rules.traffic.tables.sketch import distinct

FEATURES: Final = (
    "half_open",  # SYN that no ACK followed
    "syn_ack",  # that no SYN asked for
    "rst",  # beyond those that end connections
    "segments",  # TCP packets within connections, or pretending to be: ACK, FIN, without or with odd flags
    "strays",  # those of them that no answer of the address explains
    "udp",  # that the address did not answer
    "udp_all",
    "icmp",
    "fragments",
    "reflected",  # from amplifiers' ports, that no question asked for
    "connections",  # handshakes completed
    "answers",  # what it sends: packets but for SYN and ACK, RST and ICMP
    "bits",
)
"""What is learned of each address: packets a second, connections a second, bits a second."""

CONVERSING: Final = frozenset({443, 500, 1194, 3389, 3478, 5060, 6881, 8888, 27015})
"""Amplifiers' ports of protocols that converse: many packets may follow one that was sent."""

_ANSWERS_EACH: Final = 3.0  # answers that one question to an amplifier's port may bring, without being an attack
_ANSWERS_CONVERSING: Final = 25.0  # the same where protocols converse: QUIC acknowledges one packet in up to 25
_UDP_EACH: Final = 25.0  # UDP packets that may come for one that is sent back
_SYN_EACH: Final = 1.5  # SYN and ACK for one SYN that was sent: they are sent again
_ACKNOWLEDGED: Final = 0.01  # of the segments that one sends: receivers gather, but hardly a hundred
_RST_EACH: Final = 3.0  # RST for one connection: browsers that close early send one for each packet under way


@dataclass(frozen=True)  # without slots: what is read from sketches is kept
class View:
    """The addresses that received enough to be judged, row by row; rates are for each second."""

    second: Second
    rows: NDArray[np.void]  # ENDPOINT: what they received
    sent: NDArray[np.void]  # ENDPOINT: what the same addresses sent; zeros where they were not seen to
    rates: Numbers  # f8[n, FEATURES]
    levels: Numbers  # f8[n, FEATURES]: what is normal
    bounds: Numbers  # f8[n, FEATURES]: what is too much

    def __len__(self) -> int:
        return len(self.rows)

    def rate(self, feature: str) -> Numbers:
        """Return a feature's rates (f8[n])."""
        return self.rates[:, FEATURES.index(feature)]

    def level(self, feature: str) -> Numbers:
        """Return what is normal of a feature (f8[n])."""
        return self.levels[:, FEATURES.index(feature)]

    def bound(self, feature: str) -> Numbers:
        """Return from where on a feature is too much (f8[n])."""
        return self.bounds[:, FEATURES.index(feature)]

    def each_s(self, column: str) -> Numbers:
        """Return a count of what was received, for each second (f8[n])."""
        return np.asarray(self.rows[column] / self.second.length_s)

    def sent_s(self, column: str) -> Numbers:
        """Return a count of what was sent, for each second (f8[n])."""
        return np.asarray(self.sent[column] / self.second.length_s)

    @cached_property
    def peers(self) -> Numbers:
        """Return from how many addresses each received (f8[n], estimated)."""
        return distinct(self.rows["peers"])

    @property
    def sampled(self) -> float:
        """Return which share of the window's records its sample has."""
        return len(self.second.sample) / max(self.second.records, len(self.second.sample), 1)

    @cached_property
    def ports(self) -> Numbers:
        """Return at how many ports each received (f8[n], estimated)."""
        return distinct(self.rows["ports"])

    @cached_property
    def flows(self) -> Numbers:
        """Return from how many addresses and ports together each received (f8[n], estimated, 1,597 at most)."""
        return distinct(self.rows["flows"])

    @cached_property
    def silent(self) -> NDArray[np.bool_]:
        """Tell who was not seen to send anything: it is down or overwhelmed, or we are blind to that direction."""
        return np.asarray(self.sent["packets"] == 0)

    @cached_property
    def blind(self) -> NDArray[np.bool_]:
        """Tell whose sending we cannot see: connections are completed with it, and yet it is, and was, silent."""
        completed = (self.rows["handshakes"] > 0) & (2.0 * self.rows["handshakes"] > self.rows["syn"])
        return np.asarray(self.silent & completed & (self.level("answers") < 1))

    def records_to(self, row: int) -> NDArray[np.void]:
        """Return the sample's records that went to the address of a row."""
        return telling.chosen(self.second.sample, destination=(int(self.rows["hi"][row]), int(self.rows["lo"][row])))


def look(second: Second, networks: Networks, learned: Learned | None, floors: Sequence[float], least: float) -> View:
    """Return the view of our addresses, or without `learned` of those that are not ours.

    `floors`: of FEATURES, the least that bounds are; `least`: packets a second from which an address is judged.
    """
    table = second.destinations
    many = np.flatnonzero(table["packets"] >= least * second.length_s)
    hi, lo = table["hi"][many], table["lo"][many]
    mine = networks.protected(hi, lo) if learned is not None else ~networks.own(hi, lo)
    rows = _taken(table, many[mine & ~_multicast(hi, lo)])
    sent, receivers = _joined(rows, second)
    rates = _rates(rows, sent, receivers, second)
    lowest = np.asarray(floors, np.float64)
    if learned is not None:
        levels, bounds = learned.normal(rows["hi"], rows["lo"], lowest, second.end)
    else:
        levels, bounds = np.zeros_like(rates), np.tile(lowest, (len(rows), 1))
    return View(second, rows, sent, rates, levels, bounds)


def _taken(table: NDArray[np.void], places: NDArray[np.intp]) -> NDArray[np.void]:
    """Return some rows of ENDPOINT, copied as octets: numpy's own way goes through them field by field."""
    return _octets(table)[places].reshape(-1).view(ENDPOINT)


def _octets(table: NDArray[np.void]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(table).view(np.uint8).reshape(len(table), ENDPOINT.itemsize)


def _joined(rows: NDArray[np.void], second: Second) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """Return what the address of each row sent, zeros where it was not seen to; and the row each sampled record is to.

    A record that is to none of them has row -1.
    """
    sent, receivers = np.zeros(len(rows), ENDPOINT), np.full(len(second.sample), -1, np.int32)
    if not len(rows):
        return sent, receivers
    index, places = np.zeros(1 << (2 * len(rows)).bit_length(), np.uint64), np.empty(len(rows), np.int32)
    join(rows, np.ascontiguousarray(second.sources), np.ascontiguousarray(second.sample), index, places, receivers)
    hit = np.flatnonzero(places >= 0)
    _octets(sent)[hit] = _octets(second.sources)[places[hit]]
    return sent, receivers


def _rates(rows: NDArray[np.void], sent: NDArray[np.void], receivers: NDArray[np.int32], second: Second) -> Numbers:
    """Return FEATURES of each row, for each second; `receivers`: the row that each sampled record is to."""

    def got(name: str) -> Numbers:
        return np.asarray(rows[name], np.float64)

    def gave(name: str) -> Numbers:
        return np.asarray(sent[name], np.float64)

    # Later fragments have no flags; what is cut is judged as fragments.
    segments = np.maximum(got("tcp") - got("syn") - got("syn_ack") - got("rst") - got("fragments"), 0)
    # Who sends segments that nobody acknowledges gets resets for them.
    astray = np.where(segments < _ACKNOWLEDGED * gave("tcp"), gave("tcp"), 0)
    # Exporters sample and report late: there, three segments for each SYN stand for a handshake.
    finished = got("handshakes") if second.live else np.maximum(got("handshakes"), np.minimum(segments / 3, got("syn")))
    columns = {
        "half_open": got("syn") - finished,
        "syn_ack": got("syn_ack") - _SYN_EACH * gave("syn"),
        "rst": got("rst") - _RST_EACH * (gave("syn") + got("syn") + got("fin")) - astray,
        "segments": segments,
        "strays": strays(receivers, sent, segments, second),
        "udp": got("udp") - _UDP_EACH * gave("udp"),
        "udp_all": got("udp"),
        "icmp": got("icmp"),
        "fragments": got("fragments"),
        "reflected": _unasked(rows, sent),
        "connections": finished,
        "answers": gave("packets") - gave("syn_ack") - gave("rst") - gave("icmp"),
        "bits": 8 * got("bytes"),
    }
    table = np.stack([columns[name] for name in FEATURES], axis=1)
    return np.asarray(np.maximum(table, 0.0) / second.length_s)


def _unasked(rows: NDArray[np.void], sent: NDArray[np.void]) -> Numbers:
    """Return how many packets from amplifiers' ports came that no question of the same address explains.

    Questions to another port than most answers come from explain none of these; votes tell the two apart. A port's
    votes are at most its packets, and what did not vote for it is at least the packets of all others.
    """
    conversing = np.isin(rows["reflected_port"], list(CONVERSING))
    each = np.where(conversing, _ANSWERS_CONVERSING, _ANSWERS_EACH)
    got, gave = np.asarray(rows["reflected"], np.float64), np.asarray(sent["reflected"], np.float64)
    other = rows["reflected_port"] != sent["reflected_port"]
    of_port = np.asarray(rows["reflected_votes"], np.float64) - each * (gave - sent["reflected_votes"])
    return np.maximum(got - each * gave, np.where(other, of_port, 0.0))


def _multicast(hi: Keys, lo: Keys) -> NDArray[np.bool_]:
    """Tell which addresses are of many: 224.0.0.0/4 and above (with the broadcast address), ff00::/8."""
    four = (hi == 0) & (lo >> np.uint64(32) == 0xFFFF)
    return np.asarray((four & (lo & np.uint64(0xFFFF_FFFF) >= np.uint64(0xE000_0000))) | (hi >> np.uint64(56) == 0xFF))
