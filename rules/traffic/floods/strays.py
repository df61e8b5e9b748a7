"""TCP segments that no answer of their receiver explains, also beside clients that are served.

Two signs. A receiver acknowledges one segment of a hundred at least, though its network card gathers them. And each
end that it answers explains a handful of segments, while those of forged sources come from as many ends as there are
segments: in a uniform sample, they are ends that are met once (Good and Turing tell so how much is still unseen). Of a
connection with s segments of which one in f is sampled, s exp(-s / f) are expected to be taken for such, which is at
most f / e; so each end that is answered explains f of them.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.learned import Keys, Numbers, hashed
from rules.traffic.tables.sketch import distinct

_SEGMENTS_EACH: Final = 100.0  # segments that one answer may stand for: receivers gather, but hardly a hundred
_LEAST_SAMPLED: Final = 20  # records of one address that tell how many of its ends are met once
_TOLD_APART: Final = 1_200.0  # ends that a sketch of 256 bits tells; of more it knows only that they are many
_PORT: Final = np.uint64(0x9E37_79B9_7F4A_7C15)


def strays(rows: NDArray[np.void], sent: NDArray[np.void], segments: Numbers, second: Second) -> Numbers:
    """Return for each address (ENDPOINT, with what the same sent) how many segments are unexplained (f8[n])."""
    answers = np.maximum(sent["tcp"].astype(np.float64) - sent["rst"] - sent["syn_ack"], 0.0)
    unanswered = segments - _SEGMENTS_EACH * answers
    if not second.live or not len(second.sample):  # a flow's record is an end for itself
        return np.asarray(np.maximum(unanswered, 0.0))
    once = segments * _met_once(rows, second.sample)
    ends = distinct(sent["flows"])
    sampling = max(second.packets / len(second.sample), 1.0)
    explained = np.where(ends < _TOLD_APART, (1.0 + sampling) * ends, np.inf)
    return np.asarray(np.maximum(np.maximum(unanswered, once - explained), 0.0))


def _met_once(rows: NDArray[np.void], sample: NDArray[np.void]) -> Numbers:
    """Return the share of the sampled segments to each address that come from ends met once (f8[n])."""
    plain = (sample["protocol"] == 6) & (sample["tcp_flags"] & 6 == 0) & (sample["fragment"] != 2)
    records = sample[plain]
    to = hashed(records["destination_hi"], records["destination_lo"])
    ends = hashed(hashed(records["source_hi"] ^ to, records["source_lo"]), records["source_port"] * _PORT)
    _, first, met = np.unique(ends, return_index=True, return_counts=True)
    wanted, receivers = hashed(rows["hi"], rows["lo"]), np.sort(to)
    alone = np.sort(to[first[met == 1]])
    total, single = _count(receivers, wanted), _count(alone, wanted)
    return np.asarray(np.where(total >= _LEAST_SAMPLED, single / np.maximum(total, 1), 0.0))


def _count(keys: Keys, wanted: Keys) -> Numbers:
    """Return how often each wanted key stands among sorted ones (f8[n])."""
    found = np.searchsorted(keys, wanted, side="right") - np.searchsorted(keys, wanted, side="left")
    return np.asarray(found, np.float64)
