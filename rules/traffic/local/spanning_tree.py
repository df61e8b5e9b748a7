"""Spanning tree: a bridge takes over as root, the root falls silent, storms of changes or of BPDUs.

A bridge that starts says that it is the root until it hears a better one, so only a better root than the one known, or
another after that one was silent for its maximum age, is a change (IEEE 802.1D, 8.6 and 17.6).
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, mac_text
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.local.settings import SpanningTreeSettings
from rules.traffic.local.telling import dari_siapa, di_vlan, network, on_vlan

_Evidence: TypeAlias = Mapping[str, str | Value]
_TREES_MAX: Final = 4_096  # one for each VLAN there can be
_BRIDGES_MAX: Final = 512  # of one tree: 802.1D plans for 7 in a row
_MAC: Final = (1 << 48) - 1
_MEMORY: Final = np.dtype([("vlan", "u2"), ("root", "u8"), ("bridge", "u8")])


@dataclass(slots=True)
class _Tree:
    root: int
    last: float  # when the root was last heard of
    bridges: OrderedDict[int, None] = field(default_factory=OrderedDict)
    flagged: float = float("-inf")
    changes: deque[float] = field(default_factory=deque)


class SpanningTree(Closing):
    """T1557 where a machine becomes root to have the traffic go through it; or a fault that stops the network."""

    name = "spanning_tree"

    def __init__(self, settings: SpanningTreeSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._allowed = frozenset(int(root.replace(":", ""), 16) for root in settings.roots)
        self._trees: OrderedDict[int, _Tree] = OrderedDict()
        self._episodes = Episodes(self.name, "T1557", quiet_s=settings.quiet_s)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the BPDUs of one window."""
        rows = second.bridges
        for seen in self._floods(rows, second.length_s):
            yield from self._episodes.see(seen, second.end)
        names = ("at_ns", "vlan", "frame_mac", "root", "bridge", "change")
        for at_ns, vlan, frame, root, bridge, change in zip(*(rows[name].tolist() for name in names), strict=True):
            at = at_ns / 1e9
            if root:
                yield from self._root(at, vlan, frame, root, bridge, second.end)
            if change:
                yield from self._change(at, vlan, frame, second.end)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return each tree's root and its bridges."""
        rows = [(vlan, tree.root, bridge) for vlan, tree in self._trees.items() for bridge in tree.bridges]
        return {"trees": np.array(rows, _MEMORY)} if rows else {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave; when the roots were heard is not known."""
        rows = arrays.get("trees")
        if rows is None:
            return
        if rows.dtype != _MEMORY:
            raise ValueError(f"trees of another layout: {rows.dtype}")
        for vlan, root, bridge in rows.tolist():
            self._trees.setdefault(vlan, _Tree(root, float("-inf"))).bridges[bridge] = None

    def _root(self, at: float, vlan: int, frame: int, root: int, bridge: int, now: float) -> Iterator[Finding]:  # noqa: PLR0913, PLR0917 - a row
        tree = self._trees.get(vlan)
        if tree is None:
            tree = self._trees[vlan] = _Tree(root, at)
            while len(self._trees) > _TREES_MAX:
                self._trees.popitem(last=False)
            if self._allowed and root & _MAC not in self._allowed:
                yield from self._episodes.see(self._changed(vlan, frame, root, 0, new=True), now)
        elif root != tree.root:
            gone = at - tree.last > self._settings.silent_s
            if root < tree.root or gone:
                new = root & _MAC not in (each & _MAC for each in tree.bridges) and root & _MAC not in self._allowed
                lower = root < tree.root
                before, tree.root, tree.last = tree.root, root, at
                if before & _MAC != root & _MAC:  # otherwise the same bridge was given another priority
                    yield from self._episodes.see(self._changed(vlan, frame, root, before, new=new and lower), now)
        else:
            tree.last = at
        for each in (root, bridge):
            tree.bridges[each] = None
            tree.bridges.move_to_end(each)
        while len(tree.bridges) > _BRIDGES_MAX:
            tree.bridges.popitem(last=False)

    def _change(self, at: float, vlan: int, frame: int, now: float) -> Iterator[Finding]:
        """Note a topology change flag: those that follow each other are one change."""
        tree = self._trees.get(vlan)
        if tree is None:
            return  # notifications of a tree whose root was not heard yet
        settings = self._settings
        begins = at - tree.flagged > settings.change_gap_s
        tree.flagged = at
        if not begins:
            return
        tree.changes.append(at)
        while at - tree.changes[0] > settings.changes_window_s or len(tree.changes) > settings.changes:
            tree.changes.popleft()
        if len(tree.changes) >= settings.changes:
            seen = Seen(
                key=f"{vlan}/changes",
                target=network(vlan),
                severity=Severity.WARNING,
                source=mac_text(frame),
                victim=network(vlan),
                text=_TEXT,
                counts={"changes": 1},
                evidence={"how": "changes", "vlan": vlan},
                labels={"vlan": str(vlan)} if vlan else {},
                since=tree.changes[0],
            )
            yield from self._episodes.see(seen, now)

    def _changed(self, vlan: int, frame: int, root: int, before: int, *, new: bool) -> Seen:
        return Seen(
            key=f"{vlan}/root",
            target=network(vlan),
            severity=Severity.ERROR if new else Severity.WARNING,
            source=mac_text(root & _MAC),
            victim=network(vlan),
            text=_TEXT,
            counts={"root_changes": 1},
            evidence={
                "how": "takeover" if new else "root",
                "root_mac": mac_text(root & _MAC),
                "root_priority": root >> 48,
                "former_root_mac": mac_text(before & _MAC) if before else "",
                "former_root_priority": before >> 48,
                "sender_mac": mac_text(frame),
                "vlan": vlan,
            },
            labels={"vlan": str(vlan)} if vlan else {},
        )

    def _floods(self, rows: NDArray[np.void], length_s: float) -> Iterator[Seen]:
        """Return VLANs on which more BPDUs came in a window than bridges send."""
        if len(rows) <= self._settings.flood_per_s * length_s:
            return
        for vlan in np.unique(rows["vlan"]).tolist():
            here = rows[rows["vlan"] == vlan]
            senders, counts = np.unique(here["frame_mac"], return_counts=True)
            # A forger makes up a sender for each: then it is many senders with one BPDU, and more of them than bridges.
            loud = counts.max() > self._settings.flood_per_s * length_s
            if not loud and len(senders) <= _BRIDGES_MAX:
                continue
            yield Seen(
                key=f"{vlan}/flood",
                target=network(vlan),
                severity=Severity.CRITICAL,
                source=mac_text(int(senders[counts.argmax()])) if loud else f"{len(senders):,} MAC addresses",
                victim=network(vlan),
                text=_TEXT,
                counts={"bpdus": len(here)},
                peaks={"bpdus_per_window": len(here)},
                evidence={"how": "flood", "vlan": vlan},
                labels={"vlan": str(vlan)} if vlan else {},
            )


def _english(evidence: _Evidence) -> str:
    where = on_vlan(evidence["vlan"])
    if evidence["how"] == "changes":
        return f"Storm of spanning tree changes{where}, the last from {evidence['source']}"
    if evidence["how"] == "flood":
        return f"Flood of spanning tree BPDUs{where} from {evidence['source']}"
    was = f", it was {evidence['former_root_mac']}" if evidence["former_root_mac"] else ""
    what = "An unknown bridge" if evidence["how"] == "takeover" else "Another bridge"
    return f"{what}, {evidence['root_mac']}, is the root of the spanning tree{where}{was}"


def _indonesian(evidence: _Evidence) -> str:
    where = di_vlan(evidence["vlan"])
    if evidence["how"] == "changes":
        return f"Badai perubahan spanning tree{where}, terakhir dari {evidence['source']}"
    if evidence["how"] == "flood":
        return f"Banjir BPDU spanning tree{where} dari {dari_siapa(evidence['source'])}"
    was = f", sebelumnya {evidence['former_root_mac']}" if evidence["former_root_mac"] else ""
    what = "Bridge tak dikenal" if evidence["how"] == "takeover" else "Bridge lain"
    return f"{what}, {evidence['root_mac']}, menjadi root spanning tree{where}{was}"


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
