"""Data carried out: a server of ours that sends far more to outside than it is known to.

Three volumes of each server are added up over an hour, and the most that each came to before is remembered: what it
sends of its own accord, to all outside and to networks that it never sent to; and what one address outside fetches from
its services. A web server's downloads and a backup's mirror are thus known by their size. Nothing is told of a host
until a week of it was seen, and nothing of work stations, whose staff upload as they like.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.hidden.exfiltration_hosts import HOST, KNOWN, Host, Volume
from rules.traffic.hidden.exfiltration_words import TEXT
from rules.traffic.hidden.settings import ExfiltrationSettings
from rules.traffic.hidden.sides import (
    Address,
    Look,
    Sides,
    ends,
    grouped,
    is_finite,
    is_named,
    network_of,
    networks_of,
)
from rules.traffic.hidden.sides_kernel import (
    DESTINATION_OUTSIDE,
    DESTINATION_OWN,
    REPLIED,
    SOURCE_OUTSIDE,
    SOURCE_OWN,
)
from rules.traffic.learned import hashed

_Pairing: TypeAlias = tuple[Address, Address, bool]  # our host, the address outside, whether ours served
_KINDS: Final = ("sent", "sent_to_new", "served")
_SENT: Final = SOURCE_OWN | DESTINATION_OUTSIDE
_SERVED: Final = DESTINATION_OWN | SOURCE_OUTSIDE
_PORT: Final = np.uint32(0xFFFF)
_SHORTEST_S: Final = 1.0  # for which octets are asked at least: the parts of a busy collector's window are shorter
_BYTES: Final = ("bytes", "reply_bytes")
_DESTINATION: Final = ("destination_hi", "destination_lo")


class Exfiltration(Closing):
    """T1048: volumes sent out that are far from what a server is known for."""

    name = "exfiltration"
    judges_flows = True

    def __init__(self, settings: ExfiltrationSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._sides = Sides(networks, settings.ignored)
        self._hosts: OrderedDict[Address, Host] = OrderedDict()
        self._pairs: OrderedDict[_Pairing, Volume] = OrderedDict()
        self._known: OrderedDict[tuple[Address, Address], None] = OrderedDict()  # our host and a network outside
        self._episodes = Episodes(self.name, "T1048", quiet_s=settings.quiet_s, repeat_s=settings.repeat_s)
        self.dropped = 0  # hosts and pairs forgotten for want of room
        self.skipped = 0  # pairs of a window not added up, for want of time

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the flows that ended in one window."""
        if len(second.ended):
            look = self._sides.look(second)
            self._note_servers(second, look)
            for served in (False, True):
                yield from self._add_up(second, look, served=served)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what is known of our hosts, and to which networks they send."""
        rows = [
            (*address, host.first_s, host.last_s, host.answered, len(host.peers), tuple(host.most))
            for address, host in self._hosts.items()
        ]
        known = [(*host, *network) for host, network in self._known]
        return {"hosts": np.array(rows, HOST), "known": np.array(known, KNOWN)} if rows else {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave; ValueError where that is of another layout."""
        hosts, known = arrays.get("hosts"), arrays.get("known")
        if hosts is None or known is None:
            return
        if hosts.dtype != HOST or known.dtype != KNOWN:
            raise ValueError("hosts of another layout")
        if not is_finite(hosts, "first_s", "last_s", "most"):
            raise ValueError("hosts that cannot be")
        for hi, lo, first, last, answered, peers, most in hosts[-self._settings.hosts :].tolist():
            host = self._hosts[hi, lo] = Host(first, last, Volume(last), Volume(last), list(most), answered)
            host.peers = {(0, number) for number in range(min(peers, self._settings.server_peers))}
        for hi, lo, network_hi, network_lo in known[-self._settings.known :].tolist():
            self._known[(hi, lo), (network_hi, network_lo)] = None

    def _note_servers(self, second: Second, look: Look) -> None:
        """Count what our hosts answered: who is a server is learned."""
        rows = look.rows(REPLIED | DESTINATION_OWN)
        rows = rows[(look.services[rows] & _PORT) != 0]
        if not len(rows):
            return
        order, edges = grouped(look.pairs[rows])
        firsts, counts = rows[order[edges[:-1]]], np.diff(edges)  # one for each who asked
        order, edges = grouped(look.hosts[firsts])
        answered, edges = np.add.reduceat(counts[order], edges[:-1]), edges[: self._most(second) + 1]
        flows, firsts = second.ended, firsts[order[: edges[-1]]]
        rank = np.arange(len(firsts)) - np.repeat(edges[:-1], np.diff(edges))
        peers = firsts[rank < self._settings.server_peers]
        sources = zip(*(flows[name][peers].tolist() for name in ("source_hi", "source_lo")), strict=True)
        hosts = zip(*(flows[name][firsts[edges[:-1]]].tolist() for name in _DESTINATION), strict=True)
        sizes = np.minimum(np.diff(edges), self._settings.server_peers).tolist()
        for address, count, size in zip(hosts, answered.tolist(), sizes, strict=False):
            host, asked = self._host(address, second.end), list(islice(sources, size))
            host.answered = min(host.answered + count, 1 << 30)
            room = self._settings.server_peers - len(host.peers)
            if room > 0:
                host.peers.update([source for source in asked if source not in host.peers][:room])

    def _add_up(self, second: Second, look: Look, *, served: bool) -> Iterator[Finding]:
        """Add up what each pair's flows carried in one window, where it may be as much as counts."""
        least, flows = self._settings.least_octets * max(second.length_s, _SHORTEST_S), second.ended
        rows = look.may_send(look.rows(_SERVED if served else _SENT), least, served=served)
        inside, outside = ("destination", "source") if served else ("source", "destination")
        rows = self._sides.unless_ignored(flows, rows, outside)
        if not len(rows):
            return
        order, edges = grouped(look.pairs[rows])
        rows, starts = rows[order], edges[:-1]
        out, returned = (np.add.reduceat(flows[name][rows], starts) for name in (_BYTES[::-1] if served else _BYTES))
        large = np.flatnonzero(out >= least)
        most = self._most(second)
        self.skipped += max(0, len(large) - most)
        large = large[np.argsort(-out[large].astype(np.float64), kind="stable")][:most]
        halves = {side: ends(flows, rows[starts[large]], side) for side in (inside, outside)}
        by_host = np.argsort(hashed(*halves[inside]), kind="stable")  # so that each is looked up once
        columns = (*halves[inside], *halves[outside], *networks_of(*halves[outside]), out[large], returned[large])
        yield from self._take(zip(*(column[by_host].tolist() for column in columns), strict=True), second.end, served)

    def _take(self, told: Iterable[tuple[int, ...]], now: float, served: bool) -> Iterator[Finding]:
        """Add what pairs' flows carried, and judge the volumes that are beyond their floors then.

        `told`: our host, theirs and its network in halves, octets out and back; a host's pairs stand together.
        """
        settings, known, ours, host = self._settings, self._known, None, None
        for hi, lo, other_hi, other_lo, network_hi, network_lo, out, back in told:
            if host is None or (hi, lo) != ours:
                ours = hi, lo
                host = self._host(ours, now)
                self._renew(host, now)
            key = ours, (other_hi, other_lo), served
            pair = self._volume(key, now)
            pair.out += out
            pair.back += back
            if served:
                if pair.out > settings.served_floor_octets:
                    yield from self._judge(host, "served", key, pair, (out, now))
                continue
            host.sent.add(out, back)
            pairing = ours, (network_hi, network_lo)
            is_known = pairing in known
            if is_known:
                known.move_to_end(pairing)
            else:
                host.sent_to_new.add(out, back)
            if host.sent.out > settings.floor_octets:
                yield from self._judge(host, "sent", key, host.sent, (out, now))
                if not is_known:
                    yield from self._judge(host, "sent_to_new", key, host.sent_to_new, (out, now))

    def _judge(
        self, host: Host, kind: str, key: _Pairing, volume: Volume, news: tuple[int, float]
    ) -> Iterator[Finding]:
        """Tell a volume that is beyond what is known; `news` are the octets that came to it and the time."""
        out, now = news
        ours, theirs, _ = key
        bound = self._bound(host, kind)
        settings = self._settings
        if volume.out <= bound or volume.out < settings.ratio * volume.back:
            return
        if now - host.first_s < settings.learning_s or not (settings.every_host or self._is_server(ours, host)):
            return
        name, source = self._networks.name_of(*ours), telling.address(*ours)
        most = host.most[_KINDS.index(kind)]
        victim = telling.address(*theirs)
        seen = Seen(
            key=f"{source}/{kind}" + (f">{victim}" if kind == "served" else ""),
            target=name,
            severity=Severity.ERROR if volume.out >= 10 * bound else Severity.WARNING,
            source=source,
            victim=victim,
            text=TEXT,
            counts={"octets": volume.out if f"{source}/{kind}" not in self._episodes else out},
            evidence={
                "host": name,
                "kind": kind,
                "destination": victim,
                "octets": volume.out,
                "octets_back": volume.back,
                "usual_most_octets": round(most),
                "bound_octets": round(bound),
                "window_s": round(now - volume.since),
            },
            labels={"kind": kind, "destination": victim},
            since=volume.since,
        )
        yield from self._episodes.see(seen, now)

    def _bound(self, host: Host, kind: str) -> float:
        settings = self._settings
        floor = settings.served_floor_octets if kind == "served" else settings.floor_octets
        return max(float(floor), settings.factor * host.most[_KINDS.index(kind)])

    def _is_server(self, address: Address, host: Host) -> bool:
        settings = self._settings
        learned = host.answered >= settings.server_flows and len(host.peers) >= settings.server_peers
        return learned or is_named(self._networks, address, telling.address(*address))

    def _host(self, address: Address, now: float) -> Host:
        host = self._hosts.get(address)
        if host is None:
            host = self._hosts[address] = Host(now, now, Volume(now), Volume(now))
            if len(self._hosts) > self._settings.hosts:
                self._hosts.popitem(last=False)
                self.dropped += 1
        if now > host.last_s:
            faded = 0.5 ** ((now - host.last_s) / self._settings.half_life_s)
            host.most = [most * faded for most in host.most]
            host.last_s = now
            self._hosts.move_to_end(address)  # once in a window
        return host

    def _renew(self, host: Host, now: float) -> None:
        """Learn from the hour that is over, and begin the next."""
        before = now - self._settings.window_s
        if host.sent.since < before:
            self._learn(host, "sent", host.sent.out)
            host.sent = Volume(now)
        if host.sent_to_new.since < before:
            self._learn(host, "sent_to_new", host.sent_to_new.out)
            host.sent_to_new = Volume(now)

    def _volume(self, key: _Pairing, now: float) -> Volume:
        """Return what a pair came to in its hour; learn from the one that is over."""
        volume = self._pairs.get(key)
        if volume is not None and now - volume.since > self._settings.window_s:
            self._close(key, volume)
            volume = None
        if volume is None:
            volume = self._pairs[key] = Volume(now)
        self._pairs.move_to_end(key)
        while len(self._pairs) > self._settings.pairs:
            old, gone = self._pairs.popitem(last=False)
            self._close(old, gone)
            self.dropped += 1
        return volume

    def _close(self, key: _Pairing, volume: Volume) -> None:
        ours, theirs, served = key
        host = self._hosts.get(ours)
        if host is not None and served:
            self._learn(host, "served", volume.out)
        if not served and volume.out >= self._settings.known_octets:
            self._known[ours, network_of(theirs)] = None
            while len(self._known) > self._settings.known:
                self._known.popitem(last=False)

    def _learn(self, host: Host, kind: str, octets: int) -> None:
        """Remember the most; of what passed the bound only the bound, so that one theft does not make it usual."""
        place, age = _KINDS.index(kind), host.last_s - host.first_s
        if kind == "sent_to_new" and age < self._settings.learning_s / 2:
            return  # at first every network is new
        young = age < self._settings.learning_s
        host.most[place] = max(host.most[place], octets if young else min(octets, self._bound(host, kind)))

    def _most(self, second: Second) -> int:
        return max(1, int(self._settings.groups_per_s * second.length_s))
