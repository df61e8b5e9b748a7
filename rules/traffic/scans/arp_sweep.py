"""Who asks for a whole subnet, most of which does not answer (T1018): arp-scan, nmap -sn on its own network.

By ARP, or with IPv6 by neighbour discovery (RFC 4861, 7.2).
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rules.traffic.scans.contact import CONTACT, Kind, Outcome
from rules.traffic.scans.contacts import distinct, keyed
from rules.traffic.scans.settings import ScanSettings

_REQUEST, _REPLY, _SOLICITATION, _ADVERTISEMENT = 1, 2, 3, 4


def asked(neighbours: NDArray[np.void]) -> NDArray[np.void]:
    """Return requests (NEIGHBOUR) as contacts of who asks with who is asked for, each once."""
    rows = neighbours[np.isin(neighbours["kind"], (_REQUEST, _SOLICITATION)) & (neighbours["probe"] == 0)]
    told = np.zeros(len(rows), CONTACT)
    told["source_hi"], told["source_lo"] = rows["hi"], rows["lo"]
    told["destination_hi"], told["destination_lo"] = rows["asked_hi"], rows["asked_lo"]
    told["at_ns"], told["outcome"] = rows["at_ns"], Outcome.PENDING
    told["kind"] = np.where(rows["kind"] == _REQUEST, Kind.ARP, Kind.NEIGHBOUR)
    told = keyed(told)
    return distinct(told[told["source"] != told["destination"]])


def answers(neighbours: NDArray[np.void]) -> NDArray[np.void]:
    """Return replies (NEIGHBOUR) as contacts the way that they were asked for; an advertisement says not by whom."""
    rows = neighbours[np.isin(neighbours["kind"], (_REPLY, _ADVERTISEMENT))]
    told = np.zeros(len(rows), CONTACT)
    told["source_hi"], told["source_lo"] = rows["asked_hi"], rows["asked_lo"]
    told["destination_hi"], told["destination_lo"] = rows["hi"], rows["lo"]
    told["at_ns"], told["outcome"] = rows["at_ns"], Outcome.GOOD
    told["kind"] = np.where(rows["kind"] == _REPLY, Kind.ARP, Kind.NEIGHBOUR)
    return distinct(keyed(told))


def sweeps(
    fresh: NDArray[np.void],
    asked_for: NDArray[np.void],
    replied: NDArray[np.void],
    contacts: Callable[[], NDArray[np.void]],
    settings: ScanSettings,
) -> Iterator[NDArray[np.void]]:
    """Yield what was not answered of each source that sweeps, of those that asked in this window (`fresh`)."""
    keys, counts = np.unique(asked_for["source"], return_counts=True)
    many = keys[(counts >= settings.arp_hosts) & np.isin(keys, fresh["source"])]
    for key in many.tolist()[: settings.candidates]:
        mine = asked_for[asked_for["source"] == key]
        silent = unanswered(mine, replied, contacts(), settings.arp_hosts, settings.failed_share)
        if len(silent):
            yield silent


def unanswered(
    asked_for: NDArray[np.void], replied: NDArray[np.void], contacts: NDArray[np.void], needed: int, share: float
) -> NDArray[np.void]:
    """Return the contacts of one source that were not answered, where that is a sweep; otherwise none.

    `contacts`: what crossed the network to hosts. A router asks for hosts that somebody else tries to reach.
    """
    rows = distinct(asked_for)
    there = replied["destination"][replied["kind"] == Kind.NEIGHBOUR]
    silent = rows[~np.isin(rows["contact"], replied["contact"]) & ~np.isin(rows["destination"], there)]
    if len(silent) < max(needed * share, share * len(rows)) or len(rows) < needed:
        return silent[:0]
    others = contacts["destination"][contacts["source"] != rows["source"][0]]
    routed = np.count_nonzero(np.isin(silent["destination"], others))
    return silent[:0] if routed > 0.3 * len(silent) else silent
