"""All floods as one rule: they share the view of a window and what is normal, and know of each other's findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding
from netmon.api.networks import Networks
from netmon.api.traffic import Second
from rules.traffic.episode import Episodes, Seen
from rules.traffic.flooding import Flooding
from rules.traffic.floods.ack_flood import AckFlood
from rules.traffic.floods.amplification import Amplification
from rules.traffic.floods.carpet_bombing import CarpetBombing
from rules.traffic.floods.connection_flood import ConnectionFlood
from rules.traffic.floods.flood import Attack, Detector, tell, victim_of, with_effect
from rules.traffic.floods.fragment_flood import FragmentFlood
from rules.traffic.floods.held_connections import HeldConnections
from rules.traffic.floods.icmp_flood import IcmpFlood
from rules.traffic.floods.names import NAMES
from rules.traffic.floods.outbound_flood import OutboundFlood
from rules.traffic.floods.rst_flood import RstFlood
from rules.traffic.floods.settings import FloodSettings
from rules.traffic.floods.syn_ack_flood import SynAckFlood
from rules.traffic.floods.syn_flood import SynFlood
from rules.traffic.floods.udp_flood import UdpFlood
from rules.traffic.floods.view import FEATURES, Limits, View, look
from rules.traffic.learned import Learned

_OUTBOUND: Final = ("syn_flood", "ack_flood", "rst_flood", "udp_flood", "icmp_flood", "fragment_flood")
_REFLECTING: Final = {"en": "Amplified answers", "id": "Jawaban amplifikasi"}
_TOLD: Final = "told"  # whatever the flood is: until it is over, its weaker windows teach nothing either
_PENDING: Final = 10_000  # attacks that wait for their next window; more begin anew


@dataclass(slots=True)
class _Pending:
    """What an attack came to in the windows that were held back."""

    windows: int
    last: float
    since: float
    counts: Mapping[str, int]
    peaks: Mapping[str, float]


class Floods:
    """Finds floods on our addresses and from them."""

    name = "floods"
    rules: Final = NAMES
    """The names that findings carry."""

    def __init__(self, settings: FloodSettings, networks: Networks) -> None:
        """Know nothing yet of what is normal."""
        self._settings = settings
        self._networks = networks
        self.flooding = Flooding()
        syn, ack, udp = SynFlood(settings.syn_flood), AckFlood(settings.ack_flood), UdpFlood(settings.udp_flood)
        self._doubting = (syn, ack, udp)
        # The order matters: those below leave out what those above have told of an address.
        self._detectors: tuple[Detector, ...] = (
            Amplification(settings.amplification),
            FragmentFlood(settings.fragment_flood),
            syn,
            SynAckFlood(settings.syn_ack_flood),
            RstFlood(settings.rst_flood),
            ack,
            udp,
            IcmpFlood(settings.icmp_flood),
            ConnectionFlood(settings.connection_flood),
        )
        self._inwards: tuple[Detector, ...] = tuple(
            each for each in self._detectors if getattr(settings, each.name).enabled
        )
        self._carpet = CarpetBombing(settings.carpet_bombing, settings.learned)
        self._outbound = OutboundFlood(settings.outbound_flood, networks)
        self._held = HeldConnections(settings.held_connections, settings.learned, networks)
        self._learned = Learned(FEATURES, settings.learned)
        floors = {name: floor for detector in self._detectors for name, floor in detector.floors.items()}
        least, odd = settings.judged_per_s, settings.ack_flood.odd_floor_per_s
        bounds = np.array([floors.get(feature, np.inf) for feature in FEATURES])
        self._inwards_from = Limits(least, bounds, odd)
        reflected = settings.outbound_flood.reflected_per_s
        self._outwards_from = Limits(self._outbound_least(), bounds, odd, reflected)
        self._episodes = {
            each.name: Episodes(each.name, each.technique, quiet_s=settings.quiet_s, repeat_s=settings.repeat_s)
            for each in (*self._detectors, self._carpet, self._outbound)
        }
        self._pending: dict[tuple[str, str], _Pending] = {}

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge one window; one without length says nothing."""
        if second.length_s <= 0:
            return
        quiet = max(self._settings.quiet_s, 2.5 * second.length_s)
        for episodes in self._episodes.values():
            episodes.quiet_s = quiet
        if len(second.destinations) or len(second.sources):
            yield from self._inbound(second)
            if self._settings.outbound_flood.enabled:
                yield from self._outwards(second)
        if self._settings.held_connections.enabled:
            yield from self._held.observe(second, self._is_flooded)
        for episodes in self._episodes.values():
            yield from episodes.tick(second.end)
        old = [key for key, pending in self._pending.items() if pending.last <= second.start]
        for key in old:
            del self._pending[key]

    def finish(self, now: float) -> Iterator[Finding]:
        """Close what goes on with its totals: nobody looks any more."""
        for episodes in (*self._episodes.values(), self._held.episodes):
            yield from episodes.finish(now)

    @property
    def dropped(self) -> int:
        """Return how many matters there was no room for."""
        return self._held.dropped + sum(episodes.dropped for episodes in self._episodes.values())

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what is normal."""
        hosts = {f"hosts_{name}": column for name, column in self._learned.save().items()}
        services = {f"services_{name}": column for name, column in self._held.learned.save().items()}
        return {**hosts, **services, **{f"prefixes_{name}": it for name, it in self._carpet.learned.save().items()}}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave; ValueError where that cannot be."""
        for learned, word in (
            (self._learned, "hosts_"),
            (self._held.learned, "services_"),
            (self._carpet.learned, "prefixes_"),
        ):
            learned.restore({name[len(word) :]: column for name, column in arrays.items() if name.startswith(word)})

    def _is_flooded(self, victim: str, at: float) -> bool:
        """Tell whether an address has a flood that is told; the connections that it left open are a part of it."""
        told = [self._episodes[name] for name in ("syn_flood", "connection_flood") if victim in self._episodes[name]]
        for episodes in told:
            episodes.lasts(victim, at)
        return bool(told)

    def _outbound_least(self) -> float:
        """Return below how many packets a second no address that is not ours can be judged to be flooded."""
        settings = self._settings
        floors = [floor for each in self._detectors if each.name in _OUTBOUND for floor in each.floors.values()]
        least = min(*floors, settings.outbound_flood.reflected_per_s, settings.ack_flood.odd_floor_per_s)
        return max(least, settings.judged_per_s)

    def _inbound(self, second: Second) -> Iterator[Finding]:
        judged = look(second, self._networks, self._learned, self._inwards_from)
        view = judged.view
        taken: dict[int, set[str]] = {}
        found: list[tuple[Detector, Attack]] = []
        for detector in self._inwards:
            for attack in detector.judge(view, taken):
                taken.setdefault(attack.row, set()).add(detector.name)
                found.append((detector, attack))
        if self._settings.outbound_flood.enabled:
            found = [one for one in found if one[0].name not in _OUTBOUND or not self._outbound.tells(view, one[1])]
        carpets = []
        if self._settings.carpet_bombing.enabled:
            alone = [(detector.name, int(judged.suspects[attack.row])) for detector, attack in found]
            carpets = self._carpet.judge(judged, alone)
        covered = np.zeros(len(judged), np.bool_)
        for carpet in carpets:
            covered[carpet.rows] = True
        for detector, attack in with_effect(view, found, self._settings.severity):
            if not covered[judged.suspects[attack.row]] or victim_of(view, attack) in self._episodes[detector.name]:
                seen = tell(detector, view, attack, self._networks, self._settings.severity)
                yield from self._say(detector.name, seen, attack.rate / attack.bound, second)
        for carpet in carpets:
            place = self._networks.place_of(carpet.hi, carpet.lo)
            whole = place is not None and place.network.prefixlen <= carpet.length
            seen = self._carpet.seen(carpet, judged, place.title if place is not None and whole else "")
            yield from self._say(self._carpet.name, seen, carpet.rate / carpet.bound, second)
        self._say_flooded(view, found)
        doubted = [row for each in self._doubting for row in each.doubted]
        covered[judged.suspects[[*taken, *doubted]]] = True
        covered |= self.flooding.lasts(_TOLD, judged.hi, judged.lo, second.end)
        self._learned.learn(
            judged.hi,
            judged.lo,
            judged.rates,
            floors=self._inwards_from.floors,
            held=covered[:, np.newaxis],
            at=second.end,
            length_s=second.length_s,
        )

    def _say_flooded(self, view: View, found: Sequence[tuple[Detector, Attack]]) -> None:
        """Tell other judges whose datagrams and connections are a flood's, from the window before this one on.

        Datagrams at once, since a scan is told in the first second. Connections when the flood is told, since above
        the bound there are windows of guessing too, and until it would be over, since some of its own are below.
        """
        start, end, quiet_s = view.second.start, view.second.end, self._episodes["udp_flood"].quiet_s
        told = [one for one in found if victim_of(view, one[1]) in self._episodes[one[0].name]]
        for kind, attacks, until in (
            ("udp_flood", [one for one in found if one[0].name == "udp_flood"], end + view.second.length_s),
            *(
                (name, [one for one in told if one[0].name == name], end + view.second.length_s)
                for name in ("syn_flood", "ack_flood")
            ),
            ("connection_flood", [one for one in told if one[0].name == "connection_flood"], end + quiet_s),
            (_TOLD, told, end + quiet_s),
        ):
            hosts = view.rows[[attack.row for _, attack in attacks]]
            self.flooding.take(kind, hosts["hi"], hosts["lo"], start - view.second.length_s, until)

    def _outwards(self, second: Second) -> Iterator[Finding]:
        view = look(second, self._outbound.ours, None, self._outwards_from).view
        if not len(view):
            return
        taken: dict[int, set[str]] = {}
        found: list[tuple[Mapping[str, str], Attack]] = []
        for attack in self._outbound.reflecting(view):
            taken.setdefault(attack.row, set()).add("amplification")
            found.append((_REFLECTING, attack))
        for detector in self._detectors:
            if detector.name in _OUTBOUND:
                for attack in detector.judge(view, taken):
                    taken.setdefault(attack.row, set()).add(detector.name)
                    found.append((detector.titles, attack))
        for titles, attack in found:
            seen = self._outbound.seen(titles, view, attack)
            if seen is not None:
                yield from self._say(self._outbound.name, seen, attack.rate / attack.bound, second)

    def _say(self, name: str, seen: Seen, ratio: float, second: Second) -> Iterator[Finding]:
        """Give a finding where the attack lasted for enough windows, or is far enough above its bound."""
        settings, episodes = self._settings, self._episodes[name]
        key = (name, seen.key)
        pending = self._pending.pop(key, None)
        if seen.key not in episodes:
            needed = 1 if second.length_s >= settings.long_window_s else settings.windows_needed
            windows = 1 if pending is None else pending.windows + 1
            if pending is not None:
                seen = seen.after(pending.since, pending.counts, pending.peaks)
            if windows < needed and ratio < settings.at_once_times:
                if len(self._pending) < _PENDING:
                    since = second.start if seen.since is None else seen.since
                    self._pending[key] = _Pending(windows, second.end, since, seen.counts, seen.peaks)
                return
        yield from episodes.see(seen, second.end)
