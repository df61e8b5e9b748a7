"""Bridges that put their own MAC address in the place of those behind them: what passes them is seen twice.

An access point takes frames only from the station that is known to it, so who bridges over Wi-Fi translates: virtual
machines on a notebook, a repeater, a wireless bridge without four addresses (802.11 WDS). Where both sides are seen,
each question comes twice within microseconds, the same but for its sender's MAC address.
"""

from typing import Final, TypeAlias

import numpy as np

from netmon.api.traffic import Second

Key: TypeAlias = tuple[int, int, int, int]  # VLAN, MAC, address halves

_ECHO_NS: Final = np.uint64(1_000_000)  # a bridge takes microseconds, and two machines never ask as one
_BETWEEN: Final = 2  # how many rows further down an echo is looked for: others speak meanwhile
_QUESTIONS: Final = (
    1,
    3,
)  # of NEIGHBOUR's kinds. Attackers race for answers, nobody has a reason to race to ask
_MOST: Final = 4_096  # 400 kB: a bridge that has several /20 behind it


class Translators:
    """Knows which MAC addresses stand for which addresses that are behind them."""

    def __init__(self) -> None:
        self._known: dict[Key, None] = {}  # the one met last at the end

    def observe(self, second: Second) -> None:
        """Look for questions that were said again in another's name."""
        rows = second.neighbours
        asked = rows[np.isin(rows["kind"], _QUESTIONS)]
        for lag in range(1, _BETWEEN + 1):
            said, again = asked[:-lag], asked[lag:]
            echo = (again["at_ns"] - said["at_ns"] <= _ECHO_NS) & (again["frame_mac"] == again["claimed_mac"])
            echo &= (said["frame_mac"] == said["claimed_mac"]) & (said["frame_mac"] != again["frame_mac"])
            for name in ("vlan", "kind", "probe", "hi", "lo", "asked_hi", "asked_lo"):
                echo &= said[name] == again[name]
            told = again[echo]
            for key in zip(*(told[name].tolist() for name in ("vlan", "frame_mac", "hi", "lo")), strict=True):
                self._known.pop(key, None)
                self._known[key] = None
                if len(self._known) > _MOST:
                    del self._known[next(iter(self._known))]

    def stands_for(self, vlan: int, mac: int, hi: int, lo: int) -> bool:
        """Tell whether a MAC address was seen in the place of another's that has this address."""
        return (vlan, mac, hi, lo) in self._known
