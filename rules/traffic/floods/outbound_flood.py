"""Outbound floods: our own hosts attack others, because somebody else commands them or has them answer in his name.

The detectors of floods judge addresses that are not ours, and what they find is told of the host of ours that sends
it. Reflecting is told by octets: a server of ours that gives a stranger many times what it was asked for, on a port of
amplifiers, serves an attack, whoever asked. Where no prefix is known, a private address is ours and a public one is
not.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from ipaddress import ip_network
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Severity, Value
from netmon.api.networks import Networks, Place
from rules.traffic import telling
from rules.traffic.episode import Seen
from rules.traffic.floods.flood import Attack, Text, counted, from_whom
from rules.traffic.floods.senders import senders
from rules.traffic.floods.settings import OutboundFloodSettings
from rules.traffic.floods.view import CONVERSING, View
from rules.traffic.tables.amplifiers import AMPLIFIERS

_PRIVATE: Final = Networks(
    [
        Place(ip_network(text), protected=True)
        for text in (
            "10.0.0.0/8",  # RFC 1918
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",  # RFC 6598
            "169.254.0.0/16",  # RFC 3927
            "fc00::/7",  # RFC 4193
            "fe80::/10",
        )
    ]
)


class OutboundFlood:
    """Floods that our own hosts send."""

    name = "outbound_flood"
    technique = "T1498.001"

    def __init__(self, settings: OutboundFloodSettings, networks: Networks) -> None:
        """Judge by these settings, with these networks as ours."""
        self._settings = settings
        self._networks = networks
        self.ours = networks if networks.places else _PRIVATE

    def tells(self, view: View, attack: Attack) -> bool:
        """Tell whether a flood on one of our addresses is rather one by ours, where only private addresses tell."""
        if self._networks.places or not len(attack.records):
            return False
        victim = view.rows[attack.row : attack.row + 1]
        return not self.ours.own(victim["hi"], victim["lo"])[0] and self._from_us(attack) >= self._settings.own_share

    def seen(self, kind: Mapping[str, str], view: View, attack: Attack) -> Seen | None:
        """Return a flood on an address that is not ours as it is said of who sends it; None where ours do not."""
        records = attack.records
        if not len(records) or self._from_us(attack) < self._settings.own_share:
            return None
        return self._say(kind, view, attack, records[self.ours.own(records["source_hi"], records["source_lo"])])

    def reflecting(self, view: View) -> Iterator[Attack]:
        """Give the addresses that our amplifiers answer far more than was asked in their name."""
        settings = self._settings
        rate = view.each_s("reflected")
        gave = (view.rows["reflected_bytes"] + view.rows["fragment_bytes"]).astype(np.float64)
        asked = view.sent["reflected_bytes"].astype(np.float64)
        mask = (
            (rate >= settings.reflected_per_s)
            & (asked > 0)
            & (gave >= settings.reflected_times * asked)
            & (gave >= settings.reflected_bytes * view.rows["reflected"])
            & ~np.isin(view.rows["reflected_port"], list(CONVERSING))
        )
        for row in np.flatnonzero(mask):
            records = view.records_to(int(row))
            port = int(view.rows["reflected_port"][row])
            yield Attack(
                row=int(row),
                rate=float(rate[row]),
                bits_per_s=float(gave[row]) * 8 / view.second.length_s,
                bound=settings.reflected_per_s,
                normal=0.0,
                records=records[records["protocol"] == 17],
                evidence={
                    "protocol": AMPLIFIERS.get(port, f"UDP port {port}"),
                    "amplification": round(float(gave[row] / asked[row]), 1),
                },
            )

    def _from_us(self, attack: Attack) -> float:
        """Return which share of an attack's sampled packets our addresses send."""
        return float(self.ours.own(attack.records["source_hi"], attack.records["source_lo"]).mean())

    def _say(self, kind: Mapping[str, str], view: View, attack: Attack, records: NDArray[np.void]) -> Seen:
        row, seconds = view.rows[attack.row], view.second.length_s
        victim = telling.address(row["hi"], row["lo"])
        (high, low), part = telling.top(records, "source_hi", "source_lo", count=1)[0]
        one = part >= _ONE  # otherwise many of ours, or somebody forges addresses of ours
        who = senders(records, partial(view.records_to, attack.row), view.sampled, float(view.peers[attack.row]))
        source = telling.address(high, low) if one else who.words()
        ratio = attack.rate / max(attack.bound, 1e-9)
        target = self._networks.name_of(high, low) if one else victim
        return Seen(
            key=telling.address(high, low) if one else f">{victim}",
            target=target,
            severity=Severity.CRITICAL if ratio >= 50 else Severity.ERROR,
            source=source,
            victim=victim,
            text={language: _text(kind[language], target if one else "", victim, language) for language in _FORMS},
            counts={"packets": round(attack.rate * seconds), "bytes": round(attack.bits_per_s / 8 * seconds)},
            peaks={
                "packets_per_s": round(attack.rate, 1),
                "bits_per_s": round(attack.bits_per_s),
                "distinct_sources": float(who.all),
                "sampled_sources": float(who.met),
            },
            evidence={
                "kind": kind["en"],
                "packets_per_s": round(attack.rate, 1),
                "bits_per_s": round(attack.bits_per_s),
                "bound_per_s": round(attack.bound, 1),
                "ratio": round(ratio, 1),
                "distinct_sources": who.all,
                "sampled_sources": who.met,
                "top_sources": telling.top_sources(records),
                "top_destination_ports": telling.top_ports(records),
                **attack.evidence,
                **telling.samples(records),
            },
            since=view.second.start,
        )


_ONE: Final = 0.5  # of the sampled packets from one host: it is told of
_FORMS: Final = {
    "en": "{kind} from our own network: {source} {sends} {rate}, {bits}, to {victim}",
    "id": "{kind} dari jaringan sendiri: {source} mengirim {rate}, {bits}, ke {victim}",
}
_OVER: Final = {
    "en": "{kind} from our own network is over after {lasted}: {source} sent {count} and {octets} in all, "
    "at most {rate}, {bits}, to {victim}",
    "id": "{kind} dari jaringan sendiri selesai setelah {lasted}: {source} mengirim seluruhnya {count} dan {octets}, "
    "paling banyak {rate}, {bits}, ke {victim}",
}


def _text(kind: str, source: str, victim: str, language: str) -> Text:
    """Return what makes a summary of evidence. `source`: the host that sends; empty where many do."""

    def make(evidence: Mapping[str, str | Value]) -> str:
        over = "lasted_s" in evidence
        which = "peak_" if over else ""
        return (_OVER if over else _FORMS)[language].format(
            kind=kind,
            sends="sends" if source else "send",
            source=source or from_whom(evidence, which, language),
            victim=victim,
            rate=telling.packets(float(evidence[f"{which}packets_per_s"]), language),
            bits=telling.bits(float(evidence[f"{which}bits_per_s"]), language),
            count=counted(evidence, "packets", language),
            octets=telling.octets(float(evidence.get("total_bytes", 0)), language),
            lasted=telling.duration(float(evidence.get("lasted_s", 0)), language),
        )

    return make
