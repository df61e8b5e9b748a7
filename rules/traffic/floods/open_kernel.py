"""Compiled: which of a window's flows are connections with web servers, and by what marks they are told apart."""

from typing import Any, Final

import numpy as np
from numba import njit

from netmon.api.traffic import EndReason, FlowState
from rules.traffic.numbering_kernel import mixed

U = np.uint64
_0, _1 = U(0), U(1)
_ACTIVE, _ONE_WAY, _REFUSED = int(EndReason.ACTIVE), int(FlowState.ONE_WAY), int(FlowState.REFUSED)
_TCP: Final = 6


@njit(cache=True, nogil=True)
def connections(flows: Any, web: Any, over: Any, rows: Any, services: Any, pairs: Any) -> Any:
    """Note the rows of TCP flows (RECORD[n]) with ports of web servers, and their marks; return how many they are.

    `web` (u1[65536]): 1 at these ports. `over`: only those that were connections and are over. `rows` (u4[n]) gets the
    rows, `services` and `pairs` (u8[n]) the marks of servers with ports, and of those with their clients.
    """
    count = _0
    for i in range(len(flows)):
        flow = flows[i]
        if flow.protocol != _TCP or web[U(flow.destination_port)] == 0:
            continue
        if over and (flow.end_reason == _ACTIVE or flow.state == _ONE_WAY or flow.state == _REFUSED):
            continue
        service = mixed(mixed(U(flow.destination_hi), U(flow.destination_lo)), U(flow.destination_port))
        rows[count] = i
        services[count] = service
        pairs[count] = mixed(mixed(U(flow.source_hi), U(flow.source_lo)), service)
        count += _1
    return count
