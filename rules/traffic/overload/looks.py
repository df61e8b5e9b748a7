"""Attack or use: what the traffic that fills a capacity looks like, with the reasons in words.

No sign decides alone. An attack's packets come from many who never came before, get no answer, are small or all
alike; use is answered, comes from those who always come, and moves much with few.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rules.traffic.telling import number, share

Records: TypeAlias = NDArray[np.void]
Keys: TypeAlias = NDArray[np.uint64]

_ENOUGH: Final = 100  # records from which shares of them say something
_ONE_WAY: Final = 0.05  # answers for each packet: QUIC downloads are acknowledged with one in ten to twenty
_ANSWERED: Final = 0.2
_NEW: Final = 0.2  # known share of the senders' networks below which they are new, and above which they are known
_KNOWN: Final = 0.6
_MANY: Final = 100  # networks of senders in the sample
_ALONE: Final = 0.8  # share of records whose sender is there once only: forged senders do not come twice
_EQUAL: Final = 0.9  # share of the most frequent size; that of full frames says nothing
_SMALL_OCTETS: Final = 150
_FULL_OCTETS: Final = 1_200  # QUIC's datagrams have so many (RFC 9000, 14.1)
_LARGE_OCTETS: Final = 600
_PAIR: Final = 0.15  # share of the bytes between two ends
_BITS: Final = 16  # of the bitmap: 65,536 networks, a quarter of it set at 19,000


class Regulars:
    """Who usually comes: networks (/24, IPv6 /48) in two bitmaps, of this generation and of the one before."""

    def __init__(self, generation_s: float) -> None:
        self._generation_s = generation_s
        self._now = np.zeros(1 << _BITS, np.bool_)
        self._before = np.zeros(1 << _BITS, np.bool_)
        self._turned: float | None = None
        self.since: float | None = None  # Unix seconds of the first lesson

    def learn(self, records: Records, at: float) -> None:
        """Remember the senders of a window in which nothing was wrong."""
        if self._turned is None:
            self._turned = self.since = at
        if at - self._turned >= self._generation_s:
            self._before, self._now = self._now, np.zeros(1 << _BITS, np.bool_)
            self._turned = at
        self._now[_place(networks(records))] = True

    def known(self, keys: Keys) -> float:
        """Return which share of these networks came before."""
        places = _place(keys)
        return float((self._now[places] | self._before[places]).mean()) if len(keys) else 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What it looks like: `attack`, `use` or `unclear`, and why, in words by language."""

    like: str
    reasons: dict[str, str]


def networks(records: Records) -> Keys:
    """Return the networks of the senders: /24, of IPv6 /48, each once for each record."""
    four = records["version"] != 6
    key: Keys = np.where(four, records["source_lo"] >> np.uint64(8), records["source_hi"] >> np.uint64(16))
    return key


def judge(records: Records, answered: float | None, known: float | None) -> Look:
    """Weigh the signs. `known`: share of the senders' networks that came before, None where nobody knows yet."""
    attack: list[tuple[str, str]] = []
    use: list[tuple[str, str]] = []
    if answered is not None and answered < _ONE_WAY:
        attack.append(("hardly any answers", "hampir tanpa jawaban"))
    elif answered is not None and answered >= _ANSWERED:
        use.append(("it is answered", "dijawab"))
    if len(records) >= _ENOUGH:
        _senders(records, known, attack, use)
        _sizes(records, attack, use)
        _pairs(records, use)
    like = "unclear"
    if len(attack) >= 2 and len(attack) > len(use):
        like = "attack"
    elif len(use) >= 2 and len(use) > len(attack):
        like = "use"
    said = attack if like == "attack" else use if like == "use" else attack + use
    none = ("too little is known", "terlalu sedikit yang diketahui")
    return Look(
        like, {code: ", ".join(one[place] for one in said or [none]) for place, code in enumerate(("en", "id"))}
    )


def _senders(records: Records, known: float | None, attack: list[tuple[str, str]], use: list[tuple[str, str]]) -> None:
    count = len(np.unique(networks(records)))
    if known is not None and known < _NEW and count >= _MANY:
        attack.append(
            (f"{number(count)} networks, most of them new", f"{number(count, 'id')} jaringan, kebanyakan baru")
        )
    elif known is not None and known >= _KNOWN:
        use.append((f"{share(known)} of the senders came before", f"{share(known)} pengirim sudah pernah datang"))
    _, times = np.unique(
        records["source_hi"] * np.uint64(0x9E37_79B9_7F4A_7C15) ^ records["source_lo"], return_counts=True
    )
    alone = float(np.count_nonzero(times == 1)) / len(records)
    if alone >= _ALONE and (known is None or known < _KNOWN):
        attack.append(
            ("senders that come once, as forged ones do", "pengirim yang hanya muncul sekali, seperti alamat palsu")
        )


def _sizes(records: Records, attack: list[tuple[str, str]], use: list[tuple[str, str]]) -> None:
    sizes = records["bytes"] // np.maximum(records["packets"], 1)
    values, times = np.unique(sizes, return_counts=True)
    most = int(times.argmax())
    mean = float(records["bytes"].sum(dtype=np.float64)) / max(float(records["packets"].sum(dtype=np.float64)), 1.0)
    if mean < _SMALL_OCTETS:
        attack.append((f"small packets ({number(mean)} B)", f"paket kecil ({number(mean, 'id')} B)"))
    elif times[most] >= _EQUAL * len(records) and values[most] < _FULL_OCTETS:
        attack.append((f"packets all alike ({int(values[most])} B)", f"paket seragam ({int(values[most])} B)"))
    elif mean >= _LARGE_OCTETS:
        use.append((f"large packets ({number(mean)} B)", f"paket besar ({number(mean, 'id')} B)"))


def _pairs(records: Records, use: list[tuple[str, str]]) -> None:
    mixed = records["source_lo"] * np.uint64(0x9E37_79B9_7F4A_7C15) ^ records["destination_lo"]
    _, place = np.unique(mixed, return_inverse=True)
    octets = np.bincount(place, weights=records["bytes"].astype(np.float64))
    part = float(octets.max()) / (float(octets.sum()) or 1.0)
    if part >= _PAIR:
        use.append((f"two ends move {share(part)} of it", f"dua ujung memindahkan {share(part)} darinya"))


def _place(keys: Keys) -> NDArray[np.intp]:
    mixed = keys * np.uint64(0x9E37_79B9_7F4A_7C15)
    return (mixed >> np.uint64(64 - _BITS)).astype(np.intp)
