"""Gathers the messages of one window out of batches of packets: buffers with caps, what is dropped is counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.messages.layout import DNS_ROW, KINDS, NAME_AT, NAME_MAX, OUTCOMES, OVER_CAP, TAKEN
from collectors.traffic.messages.pick_kernel import pick
from collectors.traffic.messages.settings import MessageSettings
from collectors.traffic.messages.share_kernel import LEVEL, SEED, make_room
from netmon.api.memory import Again
from netmon.api.traffic import DNS, MAC_SEEN, Traffic

_COOKED: Final = 276  # LINKTYPE_LINUX_SLL2: one of several interfaces saw a frame, which no station tells
_TOUCHED: Final = 20_000  # messages of a window whose memory is taken at the start, 6 MB
_FEW: Final = 256  # DNS messages that are copied, 80 kB
_KEPT: Final = 3  # tables of DNS messages: one is filled, one waits, one is judged
_NEXT: Final = 0x9E37_79B9_7F4A_7C15  # from one window's seed to the next
_FILLED: Final = 0.75  # of the table, by DNS messages, where more come than it has room for
_NO_STATIONS: Final = np.zeros(0, np.uint64)
Rows: TypeAlias = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Drained:
    """What one window held, in the order seen; each of the dtype that netmon.api.traffic names.

    They are whoever's they are given to: rows are not written again as long as somebody has them.
    """

    dns: Rows  # DNS
    neighbours: Rows  # NEIGHBOUR
    leases: Rows  # LEASE
    routers: Rows  # ROUTER
    bridges: Rows  # BRIDGE
    macs: Rows  # MAC_SEEN, one for each MAC address, VLAN and interface


class Messages:
    """Reads DNS, ARP, neighbour discovery, DHCP, router advertisements and BPDUs, and who sent frames."""

    def __init__(self, settings: MessageSettings | None = None) -> None:
        settings = settings or MessageSettings()
        caps = (
            settings.dns_messages,
            settings.neighbour_messages,
            settings.lease_messages,
            settings.router_messages,
            settings.bridge_messages,
        )
        self._tables = [np.zeros(cap, dtype) for cap, dtype in zip(caps, KINDS.values(), strict=True)]
        self._memory = Again(DNS)
        self._tables[DNS_ROW] = self._memory.take(settings.dns_messages)
        self._names = _names(self._tables[DNS_ROW])
        self._macs = np.zeros(settings.mac_addresses, MAC_SEEN)
        self._slots = np.zeros(1 << (2 * settings.mac_addresses).bit_length(), np.uint32)
        self._all = np.arange(0, dtype=np.uint32)
        self._used = np.zeros(len(KINDS) + 1, np.uint64)
        self._counts = np.zeros((len(KINDS) + 1, len(OUTCOMES)), np.uint64)
        self._askers = np.zeros(1 << max(settings.dns_messages // 2, 1).bit_length() - 1, np.uint32)
        self._share = np.zeros(2, np.uint64)
        self._share[SEED] = np.random.default_rng().integers(1 << 63)  # so that nobody can choose whom it hides
        self._share[LEVEL] = settings.dns_messages
        self._came = 0  # DNS messages, before this window

    def touch(self) -> None:
        """Take the memory of DNS messages from the system, of two windows: one is judged while another is filled."""
        self._memory.touch(len(self._tables[DNS_ROW]), _TOUCHED, _TOUCHED)

    def add(self, traffic: Traffic) -> None:
        """Take a batch; records without frames have no messages."""
        frames = traffic.frames
        if frames is None or not len(traffic):
            return
        dns, neighbours, leases, routers, bridges = self._tables
        rows, stations = self._noted(traffic, frames.link_type)
        if int(self._used[DNS_ROW]) + len(rows) > len(dns):
            make_room(dns, dns.view(np.uint8), self._askers, self._share, self._used, self._counts)
        pick(
            frames.buffer,
            frames.index,
            traffic.records,
            rows,
            stations,
            frames.link_type,
            dns,
            neighbours,
            leases,
            routers,
            bridges,
            self._macs,
            self._names,
            self._slots,
            self._askers,
            self._share,
            self._used,
            self._counts,
        )

    def _noted(self, traffic: Traffic, link_type: int) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        """Return the rows to be looked at, and the stations of all, as far as the decoder noted them."""
        notes = traffic.notes
        if notes is None:
            if len(traffic) > len(self._all):
                self._all = np.arange(len(traffic), dtype=np.uint32)
            return self._all[: len(traffic)], _NO_STATIONS
        return notes.rows, _NO_STATIONS if link_type == _COOKED else notes.stations

    def drain(self) -> Drained:
        """Return what came since the last call, and begin anew."""
        used = [int(rows) for rows in self._used]
        dns = self._dns(used[DNS_ROW])
        others = zip((*self._tables[1:], self._macs), used[1:], strict=True)
        kept = [dns, *(table[:rows].copy() for table, rows in others)]
        self._slots[:] = 0
        self._used[:] = 0
        self._askers[:] = 0
        self._share[SEED] = (int(self._share[SEED]) + _NEXT) % 2**64  # who is hidden by chance is seen the next time
        self._share[LEVEL] = self._level(used[DNS_ROW])
        return Drained(*kept)

    def _level(self, used: int) -> int:
        """Return how many DNS messages of a client the next window begins with, by what this one came to.

        Where too many came, as many as would have filled most of the table: what is taken first and given up then costs
        as much as what is kept. Where all would have found room, all there is.
        """
        rows = len(self._tables[DNS_ROW])
        came = int(self._counts[DNS_ROW, TAKEN] + self._counts[DNS_ROW, OVER_CAP])
        new, self._came = came - self._came, came
        if new <= rows:
            return rows
        return min(max(int(self._share[LEVEL]) * ceil(_FILLED * rows) // max(used, 1), 1), rows)

    def _dns(self, used: int) -> Rows:
        """Return the DNS messages as they lie, where they are many, and go on in a table that nobody has any more.

        A copy of thousands costs more than to read them: the system gives its memory anew for each window.
        """
        table = self._tables[DNS_ROW]
        if used <= _FEW:
            return table[:used].copy()
        self._tables[DNS_ROW] = self._memory.take(len(table))
        self._memory.shed(_KEPT)
        self._names = _names(self._tables[DNS_ROW])
        return table[:used]

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many candidates of each kind were taken, over the cap, malformed or of no use, since the start.

        Keys are as `dns_taken`, `leases_malformed`. `macs_taken` counts rows, `macs_over_cap` frames without one.
        """
        kinds = (*KINDS, "macs")
        return {
            f"{kind}_{outcome}": int(self._counts[row, column])
            for row, kind in enumerate(kinds)
            for column, outcome in enumerate(OUTCOMES)
            if kind != "macs" or outcome in ("taken", "over_cap")
        }


def _names(table: Rows) -> NDArray[np.uint8]:
    """Return the octets of the names of a table (DNS[n]): u8[n, 255]."""
    octets = table.view(np.uint8).reshape(len(table), -1)
    return octets[:, NAME_AT : NAME_AT + NAME_MAX]
