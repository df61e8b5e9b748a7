"""Counter samples: the words of those records that are kept."""

from typing import Any, Final

import numpy as np

from collectors.traffic.flows.sflow.octets_kernel import word
from collectors.traffic.flows.sflow.places import COUNTERS_UNREAD, INTERFACES, MALFORMED_RECORD, PROCESSORS
from collectors.traffic.packet.octets_kernel import compiled

U = np.uint64

GENERIC_WORDS: Final = U(22)  # of the records that are kept: generic interface counters,
ETHERNET_WORDS: Final = U(13)
PROCESSOR_WORDS: Final = U(7)


@compiled
def _keep(buffer: Any, at: Any, count: Any, who: Any, sub_agent: Any, row: Any) -> None:
    """Copy the words of a counter record into a row; those behind them become 0."""
    row.at_ns = who.received_ns
    row.exporter = who.exporter
    row.sub_agent = sub_agent
    words = row.words
    for i in range(len(words)):
        words[i] = word(buffer, at + (U(i) << U(2))) if U(i) < count else U(0)


@compiled
def counters(
    buffer: Any,
    at: Any,
    end: Any,
    rows: Any,
    who: Any,
    interfaces: Any,
    processors: Any,
    filled: Any,
    counts: Any,
    agents: Any,
    agent: Any,
) -> None:
    """Read the records of one counter sample. `who`: a DATAGRAM row; `filled`: interfaces, processors in use."""
    p = at
    row = U(len(interfaces))  # the interface that this sample is of
    sub_agent = filled[2]
    while rows > U(0):
        rows -= U(1)
        if end - p < U(8) or word(buffer, p + U(4)) > end - p - U(8):
            counts[MALFORMED_RECORD] += U(1)
            agents[agent].malformed += U(1)
            return
        form = word(buffer, p)
        length = word(buffer, p + U(4))
        p += U(8)
        if form == U(1) and length >= U(4) * GENERIC_WORDS:
            if filled[0] >= U(len(interfaces)):
                counts[COUNTERS_UNREAD] += U(1)
            else:
                row = filled[0]
                filled[0] += U(1)
                counts[INTERFACES] += U(1)
                _keep(buffer, p, GENERIC_WORDS, who, sub_agent, interfaces[row])
        elif form == U(2) and length >= U(4) * ETHERNET_WORDS and row < U(len(interfaces)):
            words = interfaces[row].words
            words[GENERIC_WORDS] = word(buffer, p)  # dot3StatsAlignmentErrors
            words[GENERIC_WORDS + U(1)] = word(buffer, p + U(4))  # dot3StatsFCSErrors
            words[GENERIC_WORDS + U(2)] = word(buffer, p + U(48))  # dot3StatsSymbolErrors
            words[GENERIC_WORDS + U(3)] = 1
        elif form == U(1001) and length >= U(4) * PROCESSOR_WORDS:
            if filled[1] >= U(len(processors)):
                counts[COUNTERS_UNREAD] += U(1)
            else:
                _keep(buffer, p, PROCESSOR_WORDS, who, sub_agent, processors[filled[1]])
                filled[1] += U(1)
                counts[PROCESSORS] += U(1)
        elif form == U(1) or form == U(1001):
            counts[MALFORMED_RECORD] += U(1)
            agents[agent].malformed += U(1)
        p += length
