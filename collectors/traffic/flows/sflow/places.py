"""Numbers that the compiled loops share: where each count stands, and what a pass over the datagrams writes."""

from typing import Final

import numpy as np

from collectors.traffic.flows.sflow.words import COUNTS

U = np.uint64

(
    DATAGRAMS,
    FLOW_SAMPLES,
    COUNTER_SAMPLES,
    RECORDS,
    INTERFACES,
    PROCESSORS,
    MALFORMED_DATAGRAM,
    MALFORMED_SAMPLE,
    MALFORMED_RECORD,
    UNKNOWN_SAMPLE,
    UNKNOWN_HEADER,
    NO_PACKET,
    IMPLAUSIBLE,
    RATE_0,
    TO_DEVICE,
    TO_MANY,
    DISCARDED,
    DATAGRAMS_LOST,
    SAMPLES_LOST,
    SAMPLES_DROPPED,
    DUPLICATES,
    LATE,
    RESTARTS,
    TRACKS_REPLACED,
    COUNTERS_UNREAD,
) = (U(place) for place in range(len(COUNTS)))

PARSED: Final = 0  # what a pass writes: records that need no decoding of a header,
ETHERNET: Final = 1  # those with Ethernet headers,
IP: Final = 2  # or those with IPv4 and IPv6 headers
NONE: Final = 3
