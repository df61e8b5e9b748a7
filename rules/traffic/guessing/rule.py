"""Guessing as one rule: attempts of the last minutes by pair, by source and by host, and what follows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second
from rules.traffic import telling
from rules.traffic.counting import Distinct
from rules.traffic.episode import Episodes, Seen
from rules.traffic.flooding import Flooding
from rules.traffic.guessing import brute_force, password_spraying, words
from rules.traffic.guessing.attempts import ATTEMPT, Reader, alike
from rules.traffic.guessing.calm import Calm
from rules.traffic.guessing.settings import GuessingSettings, Service
from rules.traffic.memory import Memory, by_key

_MATTERS: Final = 2_000  # at once, 2 kB each
_KEYS: Final = ("host", "source", "pair")
_ROUGHLY: Final = 2  # times as many are counted exactly as are looked at: rough counts are a few too high
_TOLD: Final = 20  # hosts that evidence names
_PART_S: Final = 3.0  # of a window in parts that is judged at once: each time the busiest are looked at anew


_Found: TypeAlias = tuple[int, Service, NDArray[np.void]]  # what a matter is known by, and its ATTEMPTs


@dataclass(slots=True)
class Matter:
    """Guessing that goes on."""

    rule: str
    by: str  # the field whose value it is known by: pair, source or host
    service: Service
    first: np.void  # ATTEMPT
    since: float
    last: float
    middle: float  # median octets of its failures
    sources: Distinct = field(default_factory=Distinct)
    victims: Distinct = field(default_factory=Distinct)
    hosts: dict[str, None] = field(default_factory=dict)  # the first of them
    new: int = 0
    success: str = ""  # the host that a session followed with

    @property
    def source(self) -> tuple[int, int]:
        """Return who guesses, or the first of those who do."""
        return int(self.first["source_hi"]), int(self.first["source_lo"])


class Guessing:
    """Finds brute force (T1110.001) and password spraying (T1110.003)."""

    name = "guessing"
    judges_flows = True
    rules: Final = (brute_force.NAME, password_spraying.NAME)
    """The names that findings carry."""

    def __init__(self, settings: GuessingSettings, networks: Networks) -> None:
        """Know nothing yet of anybody."""
        self._settings = settings
        self._networks = networks
        self.flooding = Flooding()
        self._reader = Reader(settings)
        self._calm = Calm(settings)
        self._recent = Memory(settings.long_window_s, settings.recent, ATTEMPT, *_KEYS, mark="fits")
        self._least = {by: np.array([_least(by, each, settings) for each in settings.services]) for by in _KEYS}
        self._waiting: list[NDArray[np.void]] = []  # ATTEMPTs of a window's parts that are not judged yet
        self._waiting_s = 0.0
        self._matters: dict[int, Matter] = {}
        techniques = {brute_force.NAME: brute_force.TECHNIQUE, password_spraying.NAME: password_spraying.TECHNIQUE}
        self._episodes = {
            rule: Episodes(rule, technique, quiet_s=settings.quiet_s, repeat_s=settings.repeat_s)
            for rule, technique in techniques.items()
        }

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge one window."""
        if second.live and len(second.begun):
            self._reader.note(second.begun)
        rows = self._reader.read(second.ended, live=second.live)
        rows = rows[self._calm.worth(rows, second.length_s, self.flooding)]
        self._recent.add(rows, second.end)
        touched = self._go_on(rows, second.end) if len(rows) else set()
        if len(rows := self._unjudged(rows, second)):
            touched |= self._judge(rows, second.end)
        matters = [self._matters[key] for key in sorted(touched)]
        records = telling.by_address(second.ended, "source", [matter.source for matter in matters])
        for matter in matters:
            yield from self._episodes[matter.rule].see(self._seen(matter, records[matter.source]), second.end)
        for episodes in self._episodes.values():
            yield from episodes.tick(second.end)
        over = [key for key, each in self._matters.items() if second.end - each.last >= self._settings.quiet_s]
        for key in over:
            del self._matters[key]

    def finish(self, now: float) -> Iterator[Finding]:
        """Close what goes on with its totals: nobody looks any more."""
        for episodes in self._episodes.values():
            yield from episodes.finish(now)

    @property
    def dropped(self) -> int:
        """Return how much there was no room for: attempts, matters."""
        return self._recent.dropped + sum(episodes.dropped for episodes in self._episodes.values())

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: guessing that goes on is seen again."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _unjudged(self, rows: NDArray[np.void], second: Second) -> NDArray[np.void]:
        """Return these and what came before and was not judged: of a window in parts once enough of it is there."""
        self._waiting.append(rows)
        self._waiting_s += second.length_s
        if second.follows and self._waiting_s < _PART_S:
            return rows[:0]
        rows = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
        self._waiting.clear()
        self._waiting_s = 0.0
        return rows

    def _go_on(self, rows: NDArray[np.void], now: float) -> set[int]:
        """Add this window's conversations to the guessing that goes on; return whose."""
        touched = set()
        known = np.array(list(self._matters), np.uint64)
        for by in _KEYS if len(known) else ():
            for key, mine in by_key(rows, by, known).items():
                matter = self._matters[key]
                if matter.by == by:
                    self._add(matter, mine[np.isin(mine["port"], matter.service.ports)], now)
                    touched.add(key)
        return touched

    def _add(self, matter: Matter, rows: NDArray[np.void], now: float) -> None:
        failed = rows[rows["fits"] != 0]
        if len(failed):
            matter.last = now
        matter.new += len(failed)
        matter.sources.add(failed["source"])
        matter.victims.add(failed["host"])
        for row in failed[: 4 * _TOLD]:
            if len(matter.hosts) < _TOLD:
                matter.hosts[telling.address(row["destination_hi"], row["destination_lo"])] = None
        for row in rows[(rows["fits"] == 0) & (rows["octets"] >= self._settings.session_times * matter.middle)][:1]:
            if matter.by != "host":  # where many guess, others log in as ever
                matter.success = telling.address(row["destination_hi"], row["destination_lo"])

    def _judge(self, rows: NDArray[np.void], now: float) -> set[int]:
        """Look at every pair, source and host that had a new attempt; return the keys of guessing that begins."""
        touched: set[int] = set()
        fits = rows["fits"] != 0
        services = rows["service"][fits]
        for by in _KEYS if len(services) else ():
            found: list[_Found] = []
            for key, rows_of_key in self._candidates(by, rows[by][fits], services):
                if key in self._matters:
                    continue
                newest = rows_of_key["service"][-1]
                service = self._settings.services[int(newest)]
                same = rows_of_key["service"] == newest
                if np.count_nonzero(same & (rows_of_key["fits"] != 0)) < self._least[by][newest]:
                    continue
                mine = self._not_told(rows_of_key if same.all() else telling.picked(rows_of_key, np.flatnonzero(same)))
                mine = self._calm.settled(mine, service, now, self.flooding)
                if len(mine) and self._is_guessing(by, mine, service, now):
                    found.append((key, service, mine))
            touched |= self._begin_all(by, found, now)
        return touched

    def _candidates(
        self, by: str, keys: NDArray[np.uint64], services: NDArray[np.uint8]
    ) -> list[tuple[int, NDArray[np.void]]]:
        """Return the remembered conversations of whoever had a new one and has enough, the busiest first.

        `keys`, `services`: of the conversations of this window that may be failures.
        """
        enough = self._recent.rough_marked(by, keys) >= self._least[by][services]
        keys = keys[enough]
        rough = self._recent.rough(by, keys)
        keys, first = np.unique(keys, return_index=True)
        if not len(keys):
            return []
        busiest = np.argsort(-rough[first], kind="stable")[: _ROUGHLY * self._settings.candidates]
        found = self._recent.of(by, keys[busiest])
        return sorted(found.items(), key=lambda each: -len(each[1]))[: self._settings.candidates]

    def _begin_all(self, by: str, found: Sequence[_Found], now: float) -> set[int]:
        """Begin the matters of one kind; pairs on one host that would be too many by themselves are one, the host's."""
        together: dict[int, list[_Found]] = {}
        for each in found:
            host = int(each[2]["host"][0])
            together.setdefault(host if by == "pair" else each[0], []).append(each)
        touched: set[int] = set()
        for host, mine in together.items():
            told = sum(each.by == "pair" and int(each.first["host"]) == host for each in self._matters.values())
            many = by == "pair" and len(mine) + told >= self._settings.sources_apart
            as_one = [(host, mine[0][1], np.concatenate([rows for _, _, rows in mine]))]
            begins = "host" if many else by
            for key, service, rows in as_one if many else mine:
                if len(self._matters) < _MATTERS:
                    rule = brute_force.NAME if by == "pair" else password_spraying.NAME
                    self._matters[key] = self._begin(rule, begins, rows, service, now)
                    touched.add(key)
        return touched

    def _not_told(self, rows: NDArray[np.void]) -> NDArray[np.void]:
        """Leave out what belongs to guessing that is told already: one finding for one attack."""
        if not self._matters:
            return rows
        told = np.array(list(self._matters), np.uint64)
        known = np.isin(rows["pair"], told) | np.isin(rows["source"], told) | np.isin(rows["host"], told)
        return rows[~known] if known.any() else rows

    def _is_guessing(self, by: str, rows: NDArray[np.void], service: Service, now: float) -> bool:
        if by == "pair":
            return brute_force.judge(rows, service, self._settings, int(now * 1e9))
        if by == "source":
            return password_spraying.judge(rows, service, self._settings)
        outside = rows[~self._networks.own(rows["source_hi"], rows["source_lo"])] if self._networks.places else rows
        return len(outside) > 0 and password_spraying.judge_many(outside, service, self._settings)

    def _begin(self, rule: str, by: str, rows: NDArray[np.void], service: Service, now: float) -> Matter:
        failed = rows[rows["fits"] != 0]
        middle = alike(failed["octets"], service.spread)[1]
        matter = Matter(rule, by, service, failed[0].copy(), float(failed["at_ns"].min()) / 1e9, now, middle)
        self._add(matter, failed, now)
        return matter

    def _seen(self, matter: Matter, records: NDArray[np.void]) -> Seen:
        first, networks, source = matter.first, self._networks, matter.source
        host = int(first["destination_hi"]), int(first["destination_lo"])
        ours = bool(networks.places) and bool(
            networks.own(first["source_hi"].reshape(1), first["source_lo"].reshape(1))[0]
        )
        who = telling.address(*source) if matter.by != "host" else telling.addresses(len(matter.sources))
        victim = telling.address(*host) if matter.by != "source" else telling.addresses(len(matter.victims))
        whose = telling.named(networks.name_of(*source), len(matter.sources) if matter.by == "host" else 1)
        whom = telling.named(networks.name_of(*host), len(matter.victims) if matter.by == "source" else 1)
        new, matter.new = matter.new, 0
        evidence: dict[str, str | Value] = {
            "service": matter.service.name,
            "port": int(first["port"]),
            "hosts": len(matter.victims),
            "sources": len(matter.sources),
            "first_hosts": ", ".join(matter.hosts),
            "octets_each": round(matter.middle),
            "success_after": matter.success,
            "from_inside": "yes" if ours else "no",
            **telling.samples(records),
        }
        target = networks.name_of(*(source if ours and matter.by == "source" else host))
        source_key, victim_key = who if matter.by != "host" else "many", victim if matter.by != "source" else "many"
        return Seen(
            key=f"{source_key}/{victim_key}/{matter.service.name}",
            target=target,
            severity=Severity.CRITICAL if matter.success else Severity.ERROR if ours else Severity.WARNING,
            source=who,
            victim=victim,
            text={language: words.text(language, whose[language], whom[language]) for language in whose},
            counts={"attempts": new},
            evidence=evidence,
            labels={"service": matter.service.name},
            since=matter.since,
        )


def _least(by: str, service: Service, settings: GuessingSettings) -> float:
    """Return how many failed log-ins with a service there are at least where a pair, source or host is guessing."""
    if by == "pair":
        return service.attempts
    if by == "source":
        return settings.spray_attempts * max(1.0, service.attempts / 10)
    return settings.spray_tries if service.distributed else np.inf
