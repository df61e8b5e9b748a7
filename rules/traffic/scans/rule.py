"""All scans as one rule: they share the recent contacts, and one scan is one finding, whichever judge sees it first."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding
from netmon.api.networks import Networks, PrefixMap
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.episode import Episodes
from rules.traffic.learned import hashed
from rules.traffic.recent import Recent
from rules.traffic.scans import arp_sweep, hurried, network_sweep, port_scan, slow_scan, stealth_scan, udp_scan
from rules.traffic.scans.contacts import BAD, CONTACT, TCP, Kind, Outcome, contacts
from rules.traffic.scans.found import Found, View
from rules.traffic.scans.matter import Matter, is_ours, seen
from rules.traffic.scans.settings import ScanSettings

_JUDGES: Final = (stealth_scan.judge, port_scan.judge, network_sweep.judge, udp_scan.judge)
_SETTLED_S: Final = 6.5  # after which a contact that fails is known to: the flow table gives SYN 5 s
_OPEN: Final = (Outcome.GOOD, Outcome.HALF, Outcome.EMPTY)
_MATTERS: Final = 2_000  # scans at once, 20 kB each
_FLOOD_SOURCES: Final = (
    250  # of failures with one port of one host in one window: its clients, or a flood's forged ones
)
_TECHNIQUE: Final = "T1046"


class Scans:
    """Finds scans: T1046, from outside T1595.001."""

    name = "scans"
    rules: Final = (port_scan.NAME, network_sweep.NAME, stealth_scan.NAME, udp_scan.NAME, slow_scan.NAME)
    """The names that findings carry."""

    def __init__(self, settings: ScanSettings, networks: Networks) -> None:
        """Know nothing yet of anybody."""
        self._settings = settings
        self._networks = networks
        self._allowed = PrefixMap(settings.allow)
        self._failed = Recent(settings.window_s, settings.recent, CONTACT)
        self._tried = Recent(settings.window_s, settings.recent, CONTACT)
        self._opened = Recent(settings.window_s, settings.recent, CONTACT)
        self._asked = Recent(settings.arp_window_s, settings.recent, CONTACT)
        self._replied = Recent(settings.arp_window_s, settings.recent, CONTACT)
        self._hurried = hurried.Hurried(settings)
        self._walks = slow_scan.Walks(settings)
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
        ended = self._watched(contacts(second.ended, live=second.live))
        begun = self._watched(contacts(second.begun, live=second.live))
        failed = _without_floods(ended[np.isin(ended["outcome"], BAD)])
        answered = ended[np.isin(ended["outcome"], _OPEN)]
        self._failed.add(failed, now)
        self._opened.add(answered, now)
        self._tried.add(begun if second.live else ended[~np.isin(ended["outcome"], BAD)], now)
        touched = self._go_on(failed, answered, now)
        for found in self._found(second, failed, begun):
            touched |= self._open(found, now)
        touched |= self._slow(ended, failed, now)
        for key in sorted(touched):
            matter = self._matters[key]
            records = telling.chosen(second.ended, source=matter.source)
            records = records if len(records) else telling.chosen(second.begun, source=matter.source)
            yield from self._episodes[matter.rule].see(seen(matter, self._networks, records), now)
        for rule, episodes in self._episodes.items():
            yield from episodes.tick(now)
            quiet_s = episodes.quiet_s
            for key in [key for key, each in self._matters.items() if each.rule == rule and now - each.last >= quiet_s]:
                del self._matters[key]

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
        known = np.array(list(self._matters), np.uint64)
        for rows, opened in ((failed, False), (answered, True)):
            mine = rows[np.isin(rows["source"], known)]
            for source in np.unique(mine["source"]).tolist():
                matter, those = self._matters[source], mine[mine["source"] == source]
                if opened:
                    matter.add_open(those)
                else:
                    matter.add(those, now)
                touched.add(source)
        return touched

    def _found(self, second: Second, failed: NDArray[np.void], begun: NDArray[np.void]) -> list[Found]:
        """Return what the quick judges find of sources that have no open scan."""
        settings, now_ns = self._settings, int(second.end * 1e9)
        rows = self._failed.rows
        least = min(settings.odd_contacts, settings.ports, settings.hosts, settings.udp_ports, settings.echo_hosts)
        keys, counts = np.unique(rows["source"], return_counts=True)
        many = keys[(counts >= least) & np.isin(keys, failed["source"])]
        many = many[np.argsort(-counts[np.searchsorted(keys, many)], kind="stable")]
        quick = self._hurried.take(second, begun)
        known_ns = now_ns - int(_SETTLED_S * 1e9) if second.live else now_ns
        found = []
        for key in [*quick, *(int(each) for each in many if int(each) not in quick)][: settings.candidates]:
            if key in self._matters:
                continue
            mine = rows[rows["source"] == key]
            if key in quick:
                mine = np.concatenate([mine, quick[key]])
            tried = self._tried.rows
            tried = tried[tried["source"] == key]
            view = View(mine, tried[tried["at_ns"] <= known_ns], settings)
            told = next(filter(None, (judge(view) for judge in _JUDGES)), None)
            if told is not None:
                found.append(told)
        return self._without_outage(found + self._arp(second))

    def _arp(self, second: Second) -> list[Found]:
        settings = self._settings
        fresh = self._watched(arp_sweep.asked(second.neighbours))
        self._asked.add(fresh, second.end)
        self._replied.add(arp_sweep.answers(second.neighbours), second.end)
        rows = self._asked.rows
        keys, counts = np.unique(rows["source"], return_counts=True)
        found = []
        for key in keys[(counts >= settings.arp_hosts) & np.isin(keys, fresh["source"])].tolist()[
            : settings.candidates
        ]:
            mine = rows[rows["source"] == key]
            contacted = np.concatenate([self._tried.rows, self._failed.rows])
            silent = arp_sweep.unanswered(
                mine, self._replied.rows, contacted, settings.arp_hosts, settings.failed_share
            )
            if len(silent):
                found.append(Found(network_sweep.NAME, silent, one_host=False))
        return found

    def _without_outage(self, found: list[Found]) -> list[Found]:
        """Leave out what clients look like that cannot reach the Internet, by web ports alone."""
        return [each for each in found if each.one_host or not self._is_outage(each.rows)]

    def _is_outage(self, rows: NDArray[np.void]) -> bool:
        """Tell whether a sweep of ours is a client without Internet: several are, or its IPv6 is broken."""
        if not np.isin(rows["port"], network_sweep.WEB).all() or not np.isin(rows["protocol"], TCP).all():
            return False
        if _source(rows)[0]:  # nobody sweeps IPv6 for web servers
            return not self._networks.places or is_ours(_source(rows), self._networks)
        if not is_ours(_source(rows), self._networks):
            return False
        recent = self._failed.rows
        recent = recent[np.isin(recent["port"], network_sweep.WEB) & (recent["protocol"] == TCP)]
        first = np.unique(recent["source"], return_index=True, return_counts=True)
        many = recent[first[1][first[2] >= self._settings.web_hosts // 4]]
        ours = sum(is_ours(_source(many[place : place + 1]), self._networks) for place in range(min(len(many), 1_000)))
        return ours >= self._settings.outage_sources

    def _open(self, found: Found, now: float) -> set[int]:
        """Begin a scan, or add to the one of the host that others scan too; return whose."""
        key = int(found.rows["source"][0])
        host = ~int(found.rows["destination"][0]) & 0xFFFF_FFFF_FFFF_FFFF
        if key in self._matters:  # ARP and IP
            self._matters[key].add(found.rows, now)
            return {key}
        together = self._together(found, host)
        if together:
            key = host
        if key not in self._matters:
            if len(self._matters) >= _MATTERS:
                return set()
            self._matters[key] = self._matter(found, together=together)
        matter = self._matters[key]
        matter.add(found.rows, now)
        opened = self._opened.rows[self._opened.rows["source"] == found.rows["source"][0]]
        near = np.isin(opened["destination"], found.rows["destination"])
        matter.add_open(opened[near if found.one_host else near | np.isin(opened["port"], found.rows["port"])])
        return {key}

    def _matter(self, found: Found, *, together: bool) -> Matter:
        source, victim = _source(found.rows), _victim(found.rows)
        key = f"to {telling.address(*victim)}" if together else telling.address(*source)
        since = float(found.rows["at_ns"].min()) / 1e9
        return Matter(found.rule, key, source, victim, found.one_host, since, by_host=together)

    def _together(self, found: Found, host: int) -> bool:
        """Tell whether a scan of one host is one of several at once."""
        if not found.one_host:
            return False
        if host in self._matters:
            return True
        victim = _victim(found.rows)
        others = [each for each in self._matters.values() if each.one_host and each.victim == victim]
        return len(others) >= self._settings.distributed_sources - 1

    def _slow(self, ended: NDArray[np.void], failed: NDArray[np.void], now: float) -> set[int]:
        """Let the contacts walk; return whose scans were seen by it."""
        known = np.array([*self._matters, 0], np.uint64)
        good = ended[ended["outcome"] == Outcome.GOOD]
        rows = np.concatenate([failed, good])
        touched = set()
        for group in self._walks.take(rows[~np.isin(rows["source"], known)], now):
            if group.source in self._matters:
                continue
            members = np.array(group.failed)
            tried = self._tried.rows
            same = (tried["source"] == group.source) & (tried["protocol"] == members["protocol"][0])
            side = "destination" if group.one_host else "port"
            same &= tried[side] == members[side][0]
            same &= tried["at_ns"] < int((now - _SETTLED_S) * 1e9)
            if not group.one_host and self._is_outage(members):
                continue
            if self._walks.answered(group, tried["contact"][same]):
                quick = now - float(members["at_ns"].min()) / 1e9 <= self._settings.window_s
                touched |= self._open(
                    Found(_quick_name(group) if quick else slow_scan.NAME, members, group.one_host), now
                )
        return touched


def _quick_name(group: slow_scan.Group) -> str:
    if int(group.failed[0]["kind"]) == Kind.UDP:
        return udp_scan.NAME
    return port_scan.NAME if group.one_host else network_sweep.NAME


def _source(rows: NDArray[np.void]) -> tuple[int, int]:
    return int(rows["source_hi"][0]), int(rows["source_lo"][0])


def _victim(rows: NDArray[np.void]) -> tuple[int, int]:
    return int(rows["destination_hi"][0]), int(rows["destination_lo"][0])


def _without_floods(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Leave out failures with one port of one host that very many sources have: it is down, or flooded."""
    if len(rows) < _FLOOD_SOURCES:
        return rows
    ends = hashed(rows["destination"], rows["port"].astype(np.uint64))
    _, inverse, counts = np.unique(ends, return_inverse=True, return_counts=True)
    return rows[counts[inverse] < _FLOOD_SOURCES]
