"""Many IP protocols of one host, tried by one source (T1046): what it speaks beside TCP, UDP and ICMP."""

from collections.abc import Container
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.scans.contact import SCTP, Kind
from rules.traffic.scans.found import Found, View, chosen, most

NAME = "protocol_scan"
APART: Final = 0x9E37_79B9_7F4A_7C15
"""Scans of IP protocols are matters beside their sources' scans of ports: by this their keys differ."""


def judge(view: View) -> Found | None:
    """Give the scan of the host with most protocols, answered or not: two routers speak half a dozen."""
    rows = chosen(view.failed, (Kind.PROTOCOL,))
    host, protocols = most(rows, "destination", "port")
    if protocols < view.settings.protocols:
        return None
    return Found(NAME, rows[rows["destination"] == host], one_host=True)


def with_probes(failed: NDArray[np.void], going: Container[int]) -> NDArray[np.void]:
    """Return contacts (CONTACT[n]) in which the SCTP probe of a scan of IP protocols is one of these, and no port.

    `going`: the keys of scans. A scan of protocols tries SCTP as it tries others, once (nmap -sO); who tries several
    SCTP ports in one window scans those.
    """
    sctp = np.flatnonzero(failed["kind"] == Kind.SCTP)
    _, first, counts = np.unique(failed["source"][sctp], return_index=True, return_counts=True)
    once = sctp[first[counts == 1]]
    probes = [place for place in once.tolist() if int(failed["source"][place]) ^ APART in going]
    if probes:
        failed = failed.copy()
        failed["kind"][probes], failed["port"][probes] = Kind.PROTOCOL, SCTP
    return failed
