"""DNS tunnelling: a client asks one domain for ever new, long, encoded names, as data are carried out in them.

Kept for each client and registered domain, over a short and a long window: how many names were new, how many octets
they carry below the domain, how many look encoded, which types were asked. What a channel can carry is bounded by the
new octets in its names (Paxson et al., USENIX Security 2013), whatever the tool; so the octets decide, and the rest
tells it from the ordinary traffic that has long names too.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text
from rules.traffic import telling
from rules.traffic.dns_names import ROOT, carried, is_encoded, registered
from rules.traffic.dns_share import FairShare
from rules.traffic.dns_tunnel_settings import NAMES_MAX, DnsTunnelSettings
from rules.traffic.dns_window import Asked, DnsWindow
from rules.traffic.episode import Closing, Episodes, Seen

_Evidence: TypeAlias = Mapping[str, str | Value]
_MEMO: Final = 16_384  # names remembered with what they say: 4 MB. Most of an office's are asked again and again
_SAMPLES: Final = 3  # names told in evidence

CARRIERS: Final = {5: "CNAME", 10: "NULL", 15: "MX", 16: "TXT", 25: "KEY", 33: "SRV", 65399: "PRIVATE"}
"""Types whose answers hold many octets, and which ordinary clients do not ask for by long names."""


@dataclass(slots=True)
class _Window:
    """What one client asked of one domain since a time."""

    since: float
    names: dict[int, float] = field(default_factory=dict)  # hash of the name, and when it was first asked
    again: set[int] = field(default_factory=set)  # asked for in a later second too: a cache's expiry, not data
    octets: int = 0  # of new names, below the domain
    encoded: int = 0  # how many of the new names look encoded
    encoded_octets: int = 0  # that these carry
    carriers: int = 0  # how many of the new names were asked with a carrier's type
    carrier_octets: int = 0


@dataclass(slots=True)
class _Pair:
    short: _Window
    long: _Window
    queries: int = 0
    answered_octets: int = 0
    types: dict[int, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)


class _Name(NamedTuple):
    text: str
    domain: str  # that somebody registered
    payload: int  # octets that it carries below it
    encoded: bool  # whether these look so


class DnsTunnel(Closing):
    """T1071.004: data in the names of DNS questions (over TCP and UDP port 53)."""

    name = "dns_tunnel"

    def __init__(self, settings: DnsTunnelSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._ignored = frozenset(settings.ignored_domains)
        self._suffixes = frozenset(settings.public_suffixes)
        self._pairs: OrderedDict[tuple[int, int, str], _Pair] = OrderedDict()
        self._episodes = Episodes(self.name, "T1071.004", quiet_s=settings.quiet_s)
        self._window = DnsWindow()
        self._share = FairShare()
        self._read = lru_cache(_MEMO)(self._read_name)
        self.dropped = 0  # pairs forgotten for want of room
        self.skipped = 0  # messages not judged, for want of time

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the questions of one window."""
        touched = self._take(second)
        while len(self._pairs) > self._settings.pairs:
            self._pairs.popitem(last=False)
            self.dropped += 1
        for (hi, lo, domain), pair in touched.items():
            window = self._crossed(pair)
            if window is not None:
                yield from self._episodes.see(self._seen((hi, lo), domain, pair, window), second.end)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: a channel that goes on is seen again."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _take(self, second: Second) -> dict[tuple[int, int, str], _Pair]:
        """Take the messages of a window; return who asked for new names."""
        touched: dict[tuple[int, int, str], _Pair] = {}
        rows = second.dns
        if not len(rows):
            return touched
        most = max(int(self._settings.rows_per_s * second.length_s), 1)
        places, _ = self._share.of(rows["client_hi"], rows["client_lo"], most)
        self.skipped += len(rows) - len(places)
        names = self._window.names(rows, places)
        told = [self._read(text) for text in names.texts]
        carries = np.array([name.payload > 0 for name in told], np.bool_)
        for asked in self._window.asked(rows, names, carries):
            name = told[asked.name]
            key = (*asked.client, name.domain)
            pair = self._pairs.get(key)
            if pair is None:
                pair = self._pairs[key] = _Pair(_Window(second.end), _Window(second.end))
            self._pairs.move_to_end(key)
            pair.queries += asked.questions
            pair.answered_octets += asked.answer_octets
            if asked.query_type in pair.types or len(pair.types) < 16:
                pair.types[asked.query_type] = pair.types.get(asked.query_type, 0) + asked.messages
            if self._note(pair, name, asked, second.end):
                touched[key] = pair
        return touched

    def _read_name(self, octets: bytes) -> _Name:
        """Return what a name says."""
        text = octets.decode("ascii")
        domain = registered(text, self._suffixes)
        below = text if domain == ROOT else text[: -len(domain) - 1]
        labels = text.split(".")
        if any(".".join(labels[-count:]) in self._ignored for count in range(2, min(len(labels), 6) + 1)):
            return _Name(text, domain, 0, encoded=False)
        payload = carried(below)
        return _Name(text, domain, payload, encoded=payload > 0 and is_encoded(below))

    def _note(self, pair: _Pair, name: _Name, asked: Asked, now: float) -> bool:
        """Add a name to both windows; tell whether it was new. An answer counts where its question was not seen."""
        settings = self._settings
        number = hash(name.text)
        if now - pair.short.since > settings.short_s:
            pair.short = _Window(now)
        if now - pair.long.since > settings.long_s:
            pair.long = _Window(now)
        new = False
        for window in (pair.short, pair.long):
            first = window.names.get(number)
            if first is not None:
                if first < now and asked.questions:
                    window.again.add(number)
                continue
            if len(window.names) >= NAMES_MAX:
                new = True  # so many: all thresholds are behind us
                continue
            window.names[number] = now
            window.octets += name.payload
            if name.encoded:
                window.encoded += 1
                window.encoded_octets += name.payload
            if asked.query_type in CARRIERS:
                window.carriers += 1
                window.carrier_octets += name.payload
            new = True
        if new and name.encoded and len(pair.samples) < _SAMPLES:
            pair.samples.append(name.text)
        return new

    def _crossed(self, pair: _Pair) -> _Window | None:
        """Return the window in which a pair looks like a channel."""
        settings = self._settings
        for window, plain_names, plain_octets in (
            (pair.short, settings.plain_names, settings.plain_octets),
            (pair.long, settings.plain_names_long, settings.plain_octets_long),
        ):
            count = len(window.names)
            carrier = window.carriers >= settings.carrier_names and window.carrier_octets >= settings.carrier_octets
            plain = count >= plain_names and window.octets >= max(plain_octets, settings.plain_mean_octets * count)
            if (
                (carrier or plain)
                # By octets: a tunnel that idles asks for short names, which say too little to look like anything.
                and window.encoded_octets >= settings.encoded_share * window.octets
                and window.encoded >= settings.encoded_share * settings.carrier_names
                and count - len(window.again) >= settings.fresh_share * count
            ):
                return window
        return None

    def _seen(self, client: tuple[int, int], domain: str, pair: _Pair, window: _Window) -> Seen:
        most = max(pair.types, key=lambda each: pair.types[each])
        return Seen(
            key=f"{address_text(*client)}/{domain}",
            target=self._networks.name_of(*client),
            severity=Severity.ERROR,
            source=address_text(*client),
            victim=domain,
            text=_TEXT,
            evidence={
                "domain": domain,
                "names": len(window.names),
                "name_octets": window.octets,
                "encoded_names": window.encoded,
                "carrier_names": window.carriers,
                "queries": pair.queries,
                "answer_octets": pair.answered_octets,
                "query_type": CARRIERS.get(most, {1: "A", 28: "AAAA", 65: "HTTPS"}.get(most, f"TYPE{most}")),
                "sample": " ".join(pair.samples),
            },
            labels={"domain": domain},
            since=window.since,
        )


_FORMS: Final = {
    "en": "{source} {sends} data out in DNS names of {domain}: {names} new names with {octets}{lasted}, mostly {type}",
    "id": "{source} mengirim data lewat nama DNS {domain}: {names} nama baru berisi {octets}{lasted}, terutama {type}",
}
_LASTED: Final = {"en": " in {}", "id": " dalam {}"}


def _text(language: str) -> Callable[[_Evidence], str]:
    def make(evidence: _Evidence) -> str:
        over = "lasted_s" in evidence
        lasted = telling.duration(float(evidence.get("lasted_s", 0)), language)
        return _FORMS[language].format(
            source=evidence["source"],
            sends="sent" if over else "sends",
            domain=evidence["domain"],
            names=telling.number(float(evidence["names"]), language),
            octets=telling.octets(float(evidence["name_octets"]), language),
            lasted=_LASTED[language].format(lasted) if over else "",
            type=evidence["query_type"],
        )

    return make


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {language: _text(language) for language in _FORMS}
