"""UDP floods: more datagrams than an address ever answers, to fill its line or to keep it busy with refusing them.

One-way streams of ordinary use (cameras, logs, flow exports, telephony) come in few flows of large or of steady
packets; a flood comes from many ends, to many ports, or in a hail of small ones. One flow that is neither is told by
what its receiver says: the receiver of a stream reports now and then, or is a collector; who is flooded says nothing,
or refuses. A scan of one host visits each port once or a few times, with probes that are nearly empty, and is over.
What amplifiers reflect is told apart (amplification.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rules.traffic import telling
from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import UdpFloodSettings
from rules.traffic.floods.view import View

_SAMPLED: Final = 200  # records of the sample from which they tell ends apart better than sketches of all protocols
_LASTING: Final = 1_000  # victims that are watched at once, 300 B each
_TOLD_PORTS: Final = 600.0  # ports that a sketch of 256 bits tells within some percent
_TWICE: Final = 2  # windows at least: exporters report the two directions of a flow apart
_PAUSE: Final = 2.5  # windows without enough datagrams, after which what lasted begins anew

_End: TypeAlias = tuple[int, ...]


@dataclass(slots=True)
class _Lasting:
    """What has come to one address without a pause."""

    last: float
    fresh: bool = True  # whether this window was not counted yet: an address may be in two views of it
    datagrams: float = 0.0
    end: _End = ()  # the one flow's source and destination port
    silent_s: float = 0.0  # for how long that had no answer, or errors alone
    silent: int = 0  # windows
    heard: bool = False  # whether its source was ever told anything but errors
    refused: int = 0  # windows in a row in which it had errors


class UdpFlood:
    """UDP floods on one address."""

    name = "udp_flood"
    technique = "T1498.001"
    titles: Mapping[str, str] = {"en": "UDP flood", "id": "Banjir UDP"}

    def __init__(self, settings: UdpFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.doubted: list[int] = []
        """Rows of the last view whose one flow may yet be a flood: nothing is to be learned of them."""
        self._lasting: dict[_End, _Lasting] = {}
        self.floors: Mapping[str, float] = {"udp": settings.floor_per_s, "udp_all": settings.answered_floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:
        """Give the addresses with far more datagrams than they answer, or than they ever had."""
        self.doubted = []
        reflected = _taken(view, taken, "amplification")
        fragments = _taken(view, taken, "amplification", "fragment_flood")
        less = np.where(reflected, view.each_s("reflected"), 0.0) + np.where(fragments, view.rate("fragments"), 0.0)
        rate, every = np.maximum(view.rate("udp") - less, 0.0), np.maximum(view.rate("udp_all") - less, 0.0)
        unanswered = (rate > view.bound("udp")) & ~view.blind
        unanswered[unanswered] = [self._shaped(view, int(row), rate[row]) for row in np.flatnonzero(unanswered)]
        answered = (every > view.bound("udp_all")) & (view.flows >= self._settings.many)
        for row in crossed(unanswered | answered, every):
            feature = "udp" if unanswered[row] else "udp_all"
            records = view.records_to(row)
            records = records[records["protocol"] == 17]
            size = float(view.rows["udp_bytes"][row]) / max(float(view.rows["udp"][row]), 1.0)
            yield Attack(
                row=row,
                rate=float(every[row]),
                bits_per_s=float(every[row]) * size * 8,
                bound=float(view.bound(feature)[row]),
                normal=float(view.level(feature)[row]),
                records=records,
                evidence={
                    "distinct_ports": round(float(view.ports[row])),
                    "udp_sent_per_s": round(float(view.sent_s("udp")[row]), 1),
                },
            )

    def _shaped(self, view: View, row: int, rate: float) -> bool:
        """Tell whether an address's datagrams look like a flood rather than like streams or a scan."""
        settings = self._settings
        records = view.records_to(row)
        records = records[(records["protocol"] == 17) & (records["fragment"] != 2)]
        if len(records) >= _SAMPLED:
            sources = len(telling.top(records, "source_hi", "source_lo", count=len(records)))
            flows = len(telling.top(records, "source_hi", "source_lo", "source_port", count=len(records)))
            ports = len(np.unique(records["destination_port"]))
        else:
            sources, flows, ports = (round(float(of[row])) for of in (view.peers, view.flows, view.ports))
        if ports >= settings.ports and sources <= settings.scan_sources and rate < settings.scan_per_s:
            return self._outgrows_scan(view, row, records, rate * view.second.length_s)
        if max(sources, flows) >= settings.many or ports >= settings.ports:
            return True
        if rate >= settings.dense_per_s and not view.silent[row]:
            return True
        size = float(view.rows["udp_bytes"][row]) / max(float(view.rows["udp"][row]), 1.0)
        one = telling.top(records, "source_hi", "source_lo", "source_port", "destination_port", count=1)
        if not one:
            return False
        small, of_one = size < settings.small_bytes, rate * one[0][1]
        if small and of_one >= settings.flow_per_s:
            return True
        whole = of_one > float(view.bound("udp")[row]) and bool((records["sampling"] <= 1).all())
        return whole and self._unheard(view, row, one[0][0], small=small)

    def _outgrows_scan(self, view: View, row: int, records: NDArray[np.void], datagrams: float) -> bool:
        """Tell whether what comes to many ports (RECORD; so many datagrams in this window) is more than a scan.

        Streams may come to the same address: the port with most is left out, sizes are of the middle one of the ports.
        Who records calls gets many streams of one source, and says so to it.
        """
        settings, lasting = self._settings, self._last(view, row)
        _, first, tries = np.unique(records["destination_port"], return_index=True, return_counts=True)
        if not len(first):
            return False
        (source, _), *_ = telling.top(records, "source_hi", "source_lo", count=1)
        said, errors = _said_to(view, *source)
        if said > errors:
            return False
        scattered = datagrams * (1.0 - float(tries.max()) / len(records))
        lasting.datagrams += scattered if lasting.fresh else 0.0
        ports = float(view.ports[row])
        comes_back = ports < _TOLD_PORTS and scattered >= settings.scan_tries * ports
        sizes = records["bytes"][first] / np.maximum(records["packets"][first], 1)
        goes_on = lasting.datagrams >= settings.scan_datagrams
        self.doubted.append(row)
        return bool(comes_back or goes_on or np.median(sizes) >= settings.scan_bytes)

    def _last(self, view: View, row: int) -> _Lasting:
        """Return what is known of an address that gets many datagrams without a pause."""
        at, length_s = view.second.end, view.second.length_s
        victim = int(view.rows["hi"][row]), int(view.rows["lo"][row])
        lasting = self._lasting.get(victim)
        if lasting is None or at - lasting.last > _PAUSE * length_s:
            if len(self._lasting) >= _LASTING:
                self._lasting = {
                    key: each for key, each in self._lasting.items() if at - each.last <= _PAUSE * length_s
                }
            lasting = _Lasting(at)
            if len(self._lasting) < _LASTING:
                self._lasting[victim] = lasting
        else:
            lasting.fresh = lasting.last < at
        lasting.last = at
        return lasting

    def _unheard(self, view: View, row: int, end: _End, *, small: bool) -> bool:
        """Tell whether nobody has said anything to the source of one flow for long, or that it is refused.

        `end`: the source's halves and port, and the destination's port. Where the receiver was never seen to send, we
        may be blind to what it says; small datagrams in such numbers are no stream even so.
        """
        settings = self._settings
        if end[3] in settings.collector_ports or (view.silent[row] and not small):
            return False
        lasting = self._last(view, row)
        if lasting.end != end:
            lasting.end, lasting.heard = end, False
            lasting.silent_s, lasting.silent, lasting.refused = 0.0, 0, 0
        said, errors = _said_to(view, end[0], end[1])
        if said > errors:
            lasting.heard = True
            lasting.silent_s, lasting.silent, lasting.refused = 0.0, 0, 0
            return False
        if not lasting.heard:
            self.doubted.append(row)
        if not lasting.fresh:
            return self._is_unheard(lasting)
        refused = errors > 0 and view.sent["icmp"][row] > 0 and view.rows["icmp"][row] == 0
        lasting.refused = lasting.refused + 1 if refused else 0
        lasting.silent_s += view.second.length_s
        lasting.silent += 1
        return self._is_unheard(lasting)

    def _is_unheard(self, lasting: _Lasting) -> bool:
        silent = lasting.silent_s >= self._settings.silent_s and lasting.silent >= _TWICE
        return silent or lasting.refused >= self._settings.refused_windows


def _said_to(view: View, hi: int, lo: int) -> tuple[int, int]:
    """Return how many packets an address (halves) got from anybody, and how many of those were ICMP."""
    table = view.second.destinations
    rows = np.flatnonzero((table["lo"] == np.uint64(lo)) & (table["hi"] == np.uint64(hi)))
    return int(table["packets"][rows].sum()), int(table["icmp"][rows].sum())


def _taken(view: View, taken: Mapping[int, set[str]], *names: str) -> NDArray[np.bool_]:
    mask = np.zeros(len(view), np.bool_)
    mask[[row for row, told in taken.items() if told & set(names)]] = True
    return mask
