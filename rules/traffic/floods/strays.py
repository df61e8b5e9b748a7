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
from rules.traffic.learned import Numbers, hashed
from rules.traffic.tables.sketch import distinct

_SEGMENTS_EACH: Final = 100.0  # segments that one answer may stand for: receivers gather, but hardly a hundred
_LEAST_SAMPLED: Final = 20  # records of one address that tell how many of its ends are met once
_TOLD_APART: Final = 1_200.0  # ends that a sketch of 256 bits tells; of more it knows only that they are many
_PORT: Final = np.uint64(0x9E37_79B9_7F4A_7C15)


def strays(receivers: NDArray[np.int32], sent: NDArray[np.void], segments: Numbers, second: Second) -> Numbers:
    """Return for each address how many segments are unexplained (f8[n]).

    `receivers`: the row of the address that each record of the sample is to, -1 for none (i4[sample]); `sent`: what
    the addresses sent (ENDPOINT[n]).
    """
    answers = np.maximum(sent["tcp"].astype(np.float64) - sent["rst"] - sent["syn_ack"], 0.0)
    unanswered = segments - _SEGMENTS_EACH * answers
    if not second.live or not len(second.sample):  # a flow's record is an end for itself
        return np.asarray(np.maximum(unanswered, 0.0))
    once = segments * _met_once(receivers, len(sent), second.sample)
    ends = distinct(sent["flows"])
    sampling = max(second.packets / len(second.sample), 1.0)
    explained = np.where(ends < _TOLD_APART, (1.0 + sampling) * ends, np.inf)
    return np.asarray(np.maximum(np.maximum(unanswered, once - explained), 0.0))


def _met_once(receivers: NDArray[np.int32], count: int, sample: NDArray[np.void]) -> Numbers:
    """Return the share of the sampled segments to each address that come from ends met once (f8[count])."""
    plain = (sample["protocol"] == 6) & (sample["tcp_flags"] & 6 == 0) & (sample["fragment"] != 2) & (receivers >= 0)
    to = receivers[plain]
    total = np.bincount(to, minlength=count)
    enough = total >= _LEAST_SAMPLED
    share = np.zeros(count)
    if enough.any():
        sources = sample["source_hi"][plain], sample["source_lo"][plain]
        ends = hashed(hashed(sources[0] ^ to.astype(np.uint64), sources[1]), sample["source_port"][plain] * _PORT)
        _, first, met = np.unique(ends, return_index=True, return_counts=True)
        alone = np.bincount(to[first[met == 1]], minlength=count)
        share[enough] = alone[enough] / total[enough]
    return share
