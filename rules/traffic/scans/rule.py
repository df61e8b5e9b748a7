"""All scans as one rule: they share the recent contacts, and one scan is one finding, whichever judge sees it first."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding
from netmon.api.networks import Networks, PrefixMap
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.episode import Episodes
from rules.traffic.flooding import Flooding
from rules.traffic.memory import Memory, by_key
from rules.traffic.numbering import Numbering
from rules.traffic.recent import Recent
from rules.traffic.scans import (
    arp_sweep,
    hurried,
    network_sweep,
    outage,
    port_scan,
    protocol_scan,
    slow_scan,
    stealth_scan,
    udp_scan,
)
from rules.traffic.scans.contact import CONTACT, Kind, Outcome
from rules.traffic.scans.contacts import Reader
from rules.traffic.scans.flooded import Flooded
from rules.traffic.scans.found import Found, View, source_of, victim_of
from rules.traffic.scans.matter import Matter, seen
from rules.traffic.scans.settings import ScanSettings

_JUDGES: Final = (stealth_scan.judge, port_scan.judge, network_sweep.judge, udp_scan.judge)
_PROTOCOL_JUDGES: Final = (protocol_scan.judge, network_sweep.judge_protocols)
_SETTLED_S: Final = 6.5  # after which a contact that fails is known to: the flow table gives SYN 5 s
_MATTERS: Final = 2_000  # scans at once, 20 kB each
_TECHNIQUE: Final = "T1046"


class Scans:
    """Finds scans: T1046, from outside T1595.001."""

    name = "scans"
    judges_flows = True
    rules: Final = tuple(
        scan.NAME for scan in (port_scan, network_sweep, stealth_scan, udp_scan, protocol_scan, slow_scan)
    )
    """The names that findings carry."""

    def __init__(self, settings: ScanSettings, networks: Networks) -> None:
        """Know nothing yet of anybody."""
        self._settings = settings
        self._networks = networks
        self.flooding = Flooding()
        self._allowed = PrefixMap(settings.allow)
        self._failed = Memory(settings.window_s, settings.recent, CONTACT, "source")
        self._tried = Memory(settings.window_s, settings.recent, CONTACT, "source")
        self._opened = Memory(settings.window_s, settings.recent, CONTACT, "source")
        self._asked = Recent(settings.arp_window_s, settings.recent, CONTACT)
        self._replied = Recent(settings.arp_window_s, settings.recent, CONTACT)
        self._numbering = Numbering()
        self._reader = Reader(self._numbering)
        self._flooded = Flooded(settings, self._numbering)
        self._hurried = hurried.Hurried(settings, self._numbering)
        self._walks = slow_scan.Walks(settings, self._numbering, networks)
        self._matters: dict[int, Matter] = {}  # by the hash of the source; scans by many: of the host, complemented
        self._episodes = {
            rule: Episodes(
                rule,
                _TECHNIQUE,
                quiet_s=settings.slow_quiet_s if rule == slow_scan.NAME else settings.quiet_s,
                repeat_s=settings.repeat_s,
            )
            for rule in self.rules
        }

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge one window."""
        now = second.end
        if self._is_nothing(second):
            yield from self._tick(now)
            return
        failed, answered = (self._watched(rows) for rows in self._reader.read(second.ended, live=second.live))
        at_once, begun = (self._watched(rows) for rows in self._reader.read(second.begun, live=second.live))
        if len(at_once):  # protocols without ports: that they are tried is enough
            failed = np.concatenate([failed, at_once])
        failed = protocol_scan.with_probes(failed, self._matters)
        self._flooded.take(second)
        failed = self._flooded.without_many(self._flooded.without(failed, second, self.flooding))
        begun = self._flooded.without_beginning(self._flooded.without(begun, second, self.flooding), second)
        self._failed.add(failed, now)
        self._opened.add(answered, now)
        self._tried.add(begun if second.live else answered[answered["outcome"] != Outcome.HALF], now)
        touched = self._go_on(failed, answered, now)
        for found in self._found(second, failed, begun):
            touched |= self._open(found, now)
        touched |= self._slow(answered, failed, now)
        yield from self._told(sorted(touched), second)
        yield from self._tick(now)

    def _is_nothing(self, second: Second) -> bool:
        """Tell whether nothing came, and no window before counts any more; what goes by time is forgotten later."""
        came = (second.ended, second.begun, second.destinations, second.neighbours)
        return not any(map(len, came)) and self._hurried.is_idle and self._flooded.is_idle

    def _tick(self, now: float) -> Iterator[Finding]:
        """Close what is over, and say again what lasts."""
        for rule, episodes in self._episodes.items():
            yield from episodes.tick(now)
            quiet_s = episodes.quiet_s
            for key in [key for key, each in self._matters.items() if each.rule == rule and now - each.last >= quiet_s]:
                del self._matters[key]

    def finish(self, now: float) -> Iterator[Finding]:
        """Close what goes on with its totals: nobody looks any more."""
        for episodes in self._episodes.values():
            yield from episodes.finish(now)

    def _told(self, touched: Sequence[int], second: Second) -> Iterator[Finding]:
        """Say what these scans came to, with some of their flows of this window."""
        sources = [self._matters[key].source for key in touched]
        ended = telling.by_address(second.ended, "source", sources)
        begun = telling.by_address(second.begun, "source", [each for each in sources if not len(ended[each])])
        for key, source in zip(touched, sources, strict=True):
            matter = self._matters[key]
            records = ended[source] if len(ended[source]) else begun[source]
            yield from self._episodes[matter.rule].see(seen(matter, self._networks, records), second.end)

    @property
    def dropped(self) -> int:
        """Return how much there was no room for: contacts, groups, scans."""
        recent = (self._failed, self._tried, self._opened, self._asked, self._replied)
        rows = sum(each.dropped for each in recent)
        matters = sum(episodes.dropped for episodes in self._episodes.values())
        return rows + matters + self._walks.dropped + self._walks.skipped

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: a scan that goes on is seen again."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _watched(self, rows: NDArray[np.void]) -> NDArray[np.void]:
        if not self._settings.allow or not len(rows):
            return rows
        return rows[self._allowed.find(rows["source_hi"], rows["source_lo"]) < 0]

    def _go_on(self, failed: NDArray[np.void], answered: NDArray[np.void], now: float) -> set[int]:
        """Add this window's contacts to the scans that go on; return whose."""
        if not self._matters:
            return set()
        touched = set()
        known, protocols = np.array(list(self._matters), np.uint64), failed["kind"] == Kind.PROTOCOL
        for mine, apart in ((failed[~protocols], 0), (failed[protocols], protocol_scan.APART)):
            for source, rows in by_key(mine, "source", known ^ np.uint64(apart)).items():
                self._matters[source ^ apart].add(rows, now)
                touched.add(source ^ apart)
        for source, rows in by_key(answered, "source", known).items():
            self._matters[source].add_open(rows)
            touched.add(source)
        return touched

    def _found(self, second: Second, failed: NDArray[np.void], begun: NDArray[np.void]) -> list[Found]:
        """Return what the quick judges find of sources that have no open scan of ports, or none of protocols."""
        settings, now_ns = self._settings, int(second.end * 1e9)
        quick = self._hurried.take(second, begun)
        rows = self._candidates(failed, quick)
        known_ns = now_ns - int(_SETTLED_S * 1e9) if second.live else now_ns
        tried = self._tried.of("source", np.fromiter(rows, np.uint64, len(rows))) if rows else {}
        found = []
        for key, mine in rows.items():
            others = tried.get(key, mine[:0])
            view = View(mine, others[others["at_ns"] <= known_ns], settings)
            for judges, apart in ((_JUDGES, 0), (_PROTOCOL_JUDGES, protocol_scan.APART)):
                told = next(filter(None, (judge(view) for judge in judges)), None)
                if told is not None and key ^ apart not in self._matters:
                    found.append(told)
        return self._without_outage(found + self._arp(second))

    def _candidates(
        self, failed: NDArray[np.void], quick: Mapping[int, NDArray[np.void]]
    ) -> dict[int, NDArray[np.void]]:
        """Return what failed (CONTACT) of the sources to look at, by their hash: those that hurry, then the busiest.

        `failed`: this window's failures. Who scans ports, and is told, is looked at where it tries protocols as well.
        """
        settings, failing = self._settings, failed["source"]
        protocols = set(failing[failed["kind"] == Kind.PROTOCOL].tolist())
        least = min(settings.odd_contacts, settings.ports, settings.hosts, settings.udp_ports, settings.echo_hosts)
        keys = np.unique(failing[self._failed.rough("source", failing) >= least]).tolist()
        keys = [key for key in (*quick, *keys) if key not in self._matters or key in protocols]
        if not keys:
            return {}
        rows = self._failed.of("source", np.array(keys, np.uint64))
        told = {
            key: np.concatenate([rows.pop(key, pending[:0]), pending])
            for key, pending in quick.items()
            if key not in self._matters
        }
        told |= sorted(rows.items(), key=lambda each: -len(each[1]))
        return {
            key: mine for key, mine in islice(told.items(), settings.candidates) if key in quick or len(mine) >= least
        }

    def _arp(self, second: Second) -> list[Found]:
        settings = self._settings
        fresh = self._watched(arp_sweep.asked(second.neighbours))
        self._asked.add(fresh, second.end)
        self._replied.add(arp_sweep.answers(second.neighbours), second.end)
        if not len(fresh):
            return []
        swept = arp_sweep.sweeps(fresh, self._asked.rows, self._replied.rows, self._crossed, settings)
        return [Found(network_sweep.NAME, silent, one_host=False) for silent in swept]

    def _crossed(self) -> NDArray[np.void]:
        """Return the contacts that crossed the network to hosts."""
        return np.concatenate([self._tried.rows, self._failed.rows])

    def _without_outage(self, found: list[Found]) -> list[Found]:
        """Leave out what clients look like that cannot reach the Internet, by web ports alone."""
        return [each for each in found if each.one_host or not self._is_outage(each.rows)]

    def _is_outage(self, rows: NDArray[np.void]) -> bool:
        # The ring is copied only where it may be one.
        web = bool(np.isin(rows["port"], network_sweep.WEB).all())
        return web and outage.is_outage(rows, self._failed.rows, self._settings, self._networks)

    def _open(self, found: Found, now: float) -> set[int]:
        """Begin a scan, or add to the one of the host that others scan too; return whose."""
        protocols = bool(found.rows["kind"][0] == Kind.PROTOCOL)
        key = int(found.rows["source"][0]) ^ (protocol_scan.APART if protocols else 0)
        host = ~int(found.rows["destination"][0]) & 0xFFFF_FFFF_FFFF_FFFF
        if key in self._matters:  # ARP and IP
            self._matters[key].add(found.rows, now)
            return {key}
        together = not protocols and self._together(found, host)
        if together:
            key = host
        if key not in self._matters:
            if len(self._matters) >= _MATTERS:
                return set()
            self._matters[key] = self._matter(found, together=together)
        matter = self._matters[key]
        matter.add(found.rows, now)
        source = found.rows["source"][:1]
        opened = self._opened.of("source", source).get(int(source[0]), found.rows[:0])
        near = np.isin(opened["destination"], found.rows["destination"])
        matter.add_open(opened[near if found.one_host else near | np.isin(opened["port"], found.rows["port"])])
        return {key}

    def _matter(self, found: Found, *, together: bool) -> Matter:
        source, victim = source_of(found.rows), victim_of(found.rows)
        key = f"to {telling.address(*victim)}" if together else telling.address(*source)
        key += " (IP protocols)" if found.rows["kind"][0] == Kind.PROTOCOL else ""
        since = float(found.rows["at_ns"].min()) / 1e9
        return Matter(found.rule, key, source, victim, found.one_host, since, by_host=together)

    def _together(self, found: Found, host: int) -> bool:
        """Tell whether a scan of one host is one of several at once."""
        if not found.one_host:
            return False
        if host in self._matters:
            return True
        victim = victim_of(found.rows)
        ports = [each for each in self._matters.values() if each.rule != protocol_scan.NAME]
        others = sum(each.one_host and each.victim == victim for each in ports)
        return others >= self._settings.distributed_sources - 1

    def _slow(self, answered: NDArray[np.void], failed: NDArray[np.void], now: float) -> set[int]:
        """Let the contacts walk; return whose scans were seen by it."""
        if self._matters:
            known = np.array(list(self._matters), np.uint64)
            failed = failed[~np.isin(failed["source"], known)]
            answered = answered[~np.isin(answered["source"], known)]
        groups = self._walks.take(failed, answered, now)
        tried = self._tried.of("source", np.array([group.source for group in groups], np.uint64)) if groups else {}
        touched: set[int] = set()
        for group in groups:
            members = group.failed
            if group.source in self._matters or (not group.one_host and self._is_outage(members)):
                continue
            same = tried.get(group.source, members[:0])
            side = "destination" if group.one_host else "port"
            same = same[(same["protocol"] == members["protocol"][0]) & (same[side] == members[side][0])]
            if self._walks.answered(group, same["contact"][same["at_ns"] < int((now - _SETTLED_S) * 1e9)]):
                quick = now - float(members["at_ns"].min()) / 1e9 <= self._settings.window_s
                name = _quick_name(group) if quick else slow_scan.NAME
                touched |= self._open(Found(name, members, group.one_host), now)
        return touched


def _quick_name(group: slow_scan.Group) -> str:
    if int(group.failed[0]["kind"]) == Kind.UDP:
        return udp_scan.NAME
    return port_scan.NAME if group.one_host else network_sweep.NAME
