"""What looks like a sweep for web servers, and is a client that cannot reach the Internet."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks
from rules.traffic.scans.contact import TCP
from rules.traffic.scans.found import source_of
from rules.traffic.scans.matter import is_ours
from rules.traffic.scans.network_sweep import WEB
from rules.traffic.scans.settings import ScanSettings

_MOST: Final = 1_000  # sources of which it is asked whether they are ours


def is_outage(rows: NDArray[np.void], recent: NDArray[np.void], settings: ScanSettings, networks: Networks) -> bool:
    """Tell whether a sweep (CONTACT) of ours is a client without Internet: several are, or its IPv6 is broken.

    `recent`: all that failed in the last time (CONTACT).
    """
    if not np.isin(rows["port"], WEB).all() or not np.isin(rows["protocol"], TCP).all():
        return False
    if source_of(rows)[0]:  # nobody sweeps IPv6 for web servers
        return not networks.places or is_ours(source_of(rows), networks)
    if not is_ours(source_of(rows), networks):
        return False
    recent = recent[np.isin(recent["port"], WEB) & (recent["protocol"] == TCP)]
    first = np.unique(recent["source"], return_index=True, return_counts=True)
    many = recent[first[1][first[2] >= settings.web_hosts // 4]]
    ours = sum(is_ours(source_of(many[place : place + 1]), networks) for place in range(min(len(many), _MOST)))
    return ours >= settings.outage_sources
