"""Held connections, as Slowloris makes them: many that one source opens with a web server and hardly uses.

They bring almost no traffic, so that no rate shows them. What shows is how many flows one source has begun with one
service and not ended, while it sends next to nothing. Needs a sensor's flows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import EndReason, Second
from rules.traffic import telling
from rules.traffic.episode import Episodes, Seen
from rules.traffic.floods.flood import Text
from rules.traffic.floods.settings import HeldConnectionsSettings

_Key = tuple[int, int, int, int, int]  # source and destination halves, port


@dataclass(slots=True)
class _Held:
    open: int
    at: float  # when one was begun last
    since: float


class HeldConnections:
    """Connections held open on our web servers."""

    name = "held_connections"
    technique = "T1499.002"

    def __init__(self, settings: HeldConnectionsSettings, networks: Networks) -> None:
        """Follow nobody yet."""
        self._settings = settings
        self._networks = networks
        self._held: dict[_Key, _Held] = {}
        self.dropped = 0  # sources that there was no room for
        self.episodes = Episodes(self.name, self.technique, quiet_s=settings.quiet_s)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge one window."""
        if second.live:
            self._follow(second)
        for key, held in self._held.items():
            if held.open >= self._settings.held and self._idle(second, key, held):
                yield from self.episodes.see(self._seen(key, held, second), second.end)
        yield from self.episodes.tick(second.end)

    def _follow(self, second: Second) -> None:
        settings = self._settings
        done = second.ended[second.ended["end_reason"] != EndReason.ACTIVE] if len(second.ended) else second.ended
        for key, count in self._groups(done):
            if key in self._held:
                self._held[key].open = max(0, self._held[key].open - count)
        for key, count in self._groups(second.begun):
            held = self._held.get(key)
            if held is None:
                if count < settings.begun:
                    continue
                if len(self._held) >= settings.followed:
                    self.dropped += 1
                    continue
                held = self._held[key] = _Held(0, second.end, second.start)
            held.open += min(count, self._completed(second, key))
            held.at = second.end
        gone = [key for key, held in self._held.items() if held.open == 0 or second.end - held.at >= settings.forget_s]
        for key in gone:
            del self._held[key]

    def _groups(self, flows: NDArray[np.void]) -> list[tuple[_Key, int]]:
        """Return how many of these flows each source has with each web service of ours."""
        flows = flows[(flows["protocol"] == 6) & np.isin(flows["destination_port"], self._settings.ports)]
        if len(flows):
            flows = flows[self._networks.protected(flows["destination_hi"], flows["destination_lo"])]
        if not len(flows):
            return []
        columns = [flows[name].astype(np.uint64) for name in _FIELDS]
        keys, counts = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
        return [
            ((int(key[0]), int(key[1]), int(key[2]), int(key[3]), int(key[4])), int(count))
            for key, count in zip(keys, counts, strict=True)
        ]

    @staticmethod
    def _completed(second: Second, key: _Key) -> int:
        """Return how many handshakes the source completed in this window: SYN alone holds nothing."""
        return int(_sent_by(second, key)["handshakes"].sum())

    def _idle(self, second: Second, key: _Key, held: _Held) -> bool:
        used = float(_sent_by(second, key)["tcp_bytes"].sum()) / second.length_s
        return used <= self._settings.idle_bytes_per_s * held.open

    def _seen(self, key: _Key, held: _Held, second: Second) -> Seen:
        source, victim = telling.address(key[0], key[1]), telling.address(key[2], key[3])
        name, service = self._networks.name_of(key[2], key[3]), telling.service(key[4])
        mine = telling.chosen(second.begun, source=key[:2], destination=key[2:4])
        return Seen(
            key=f"{source}>{victim}:{key[4]}",
            target=name,
            severity=Severity.CRITICAL if held.open >= 5 * self._settings.held else Severity.ERROR,
            source=source,
            victim=victim,
            text={language: _text(form, name, service) for language, form in _FORMS.items()},
            peaks={"held_connections": held.open},
            evidence={"held_connections": held.open, "service": service, **telling.samples(mine)},
            since=held.since,
        )


def _sent_by(second: Second, key: _Key) -> NDArray[np.void]:
    rows = second.sources
    mine: NDArray[np.void] = rows[(rows["lo"] == np.uint64(key[1])) & (rows["hi"] == np.uint64(key[0]))]
    return mine


_FIELDS: Final = ("source_hi", "source_lo", "destination_hi", "destination_lo", "destination_port")
_FORMS: Final = {
    "en": "Connections held open on {target}, port {service}: {count} by {source}, hardly used",
    "id": "Koneksi ditahan terbuka di {target}, port {service}: {count} oleh {source}, hampir tidak dipakai",
}


def _text(form: str, name: str, service: str) -> Text:
    def make(evidence: Mapping[str, str | Value]) -> str:
        return form.format(
            target=name,
            service=service,
            count=telling.number(float(evidence["held_connections"])),
            source=evidence["source"],
        )

    return make
