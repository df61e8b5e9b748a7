"""What must be done so that the desk and the Alertmanagers hold the same silences. Pure.

The desk is the hub: every silence that it shows stands once in every group of Alertmanagers that share theirs (a
cluster, or a single one), and every silence made there stands once at the desk. What somebody ends on one side ends on
the other. Links remember which is which; what they forgot is found again by our mark, or by being the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporters.alertmanager.silence_wire import Held, Wanted, comparable
from exporters.alertmanager.wire import Clock

_SAME_S = 1.5  # ends this close are the same: both sides round


@dataclass(frozen=True, slots=True)
class Link:
    """That silence `key` of ours is this one there. `ends_at` is its end there when we last saw it, in their time."""

    key: str
    ends_at: float
    server: str


@dataclass(frozen=True, slots=True)
class Group:
    """Alertmanagers that share their silences, and what those that answered hold, by id."""

    servers: frozenset[str]
    polled: frozenset[str]
    held: Mapping[str, Held]
    restarted: bool  # one of them was started anew since we last looked: it may have forgotten
    clock: Clock


@dataclass(frozen=True, slots=True)
class Post:
    """Make it there."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Expire:
    """End it there."""

    held: Held


@dataclass(frozen=True, slots=True)
class Bind:
    """Note that these are one."""

    held: Held
    key: str


@dataclass(frozen=True, slots=True)
class Import:
    """Make it here."""

    held: Held


@dataclass(frozen=True, slots=True)
class Replace:
    """It was changed there: make it anew here, and end the old one."""

    held: Held
    key: str


@dataclass(frozen=True, slots=True)
class End:
    """End it here: somebody ended it there."""

    key: str


Action = Post | Expire | Bind | Import | Replace | End


class _Plan:
    def __init__(
        self, group: Group, wanted: Mapping[str, Wanted], links: Mapping[str, Link], token: str, now: float
    ) -> None:
        self._group = group
        self._wanted = wanted
        self._links = links
        self._token = token
        self._alive = {key for key, each in wanted.items() if each.ends_at > now}
        self._keys = {held.id: self._key(held) for held in group.held.values()}
        self._standing = {self._keys[held.id] for held in group.held.values() if held.active} - {""}
        self._done: set[str] = set()  # keys that need nothing more

    def actions(self) -> Iterator[Action]:
        """Give them in the order in which they are to be done."""
        for held in self._group.held.values():
            yield from self._of_theirs(held, self._keys[held.id])
        for key in sorted(self._alive - self._standing - self._done):
            yield from self._of_ours(key)

    def _key(self, held: Held) -> str:
        """Return what it is here, empty where it is nothing yet."""
        link = self._links.get(held.id)
        if link is not None:
            return link.key
        if held.token != self._token:
            return ""
        ours = self._wanted.get(held.key)
        # Somebody who changes the matchers of ours there makes a new one with our mark: that one is theirs.
        return held.key if ours is None or comparable(ours.matchers) == comparable(held.matchers) else ""

    def _of_theirs(self, held: Held, key: str) -> Iterator[Action]:
        if not key:
            if held.active:
                twin = self._twin(held)
                yield Bind(held, twin) if twin else Import(held)
        elif held.active:
            yield from self._of_standing(held, key)
        elif key in self._alive - self._standing - self._done and self._cut_short(held, key):
            self._done.add(key)  # a part of a maintenance window that somebody ended there stays ended there
            if not self._wanted[key].maintenance:
                yield End(key)

    def _of_standing(self, held: Held, key: str) -> Iterator[Action]:
        link = self._links.get(held.id)
        if key not in self._alive:
            yield Expire(held)
        elif link is None:
            yield Bind(held, key)
        elif abs(held.ends_at - link.ends_at) > _SAME_S and not self._wanted[key].maintenance:
            yield Replace(held, key)

    def _twin(self, held: Held) -> str:
        """Return what was made here of it when there was no time left to note so."""
        linked = {link.key for link in self._links.values()}
        for key in sorted(self._alive - linked - self._done):
            ours = self._wanted[key]
            same_end = abs(ours.ends_at - self._group.clock.ours(held.ends_at)) <= _SAME_S
            if ours.foreign and same_end and comparable(ours.matchers) == comparable(held.matchers):
                self._done.add(key)
                return key
        return ""

    def _cut_short(self, held: Held, key: str) -> bool:
        """Tell whether it ended there before its time, and not by the clock."""
        link = self._links.get(held.id)
        planned = self._group.clock.theirs(self._wanted[key].ends_at) if link is None else link.ends_at
        return held.ends_at < planned - _SAME_S

    def _of_ours(self, key: str) -> Iterator[Action]:
        """Give what becomes of one that nobody there holds."""
        group = self._group
        lost = [
            link
            for held_id, link in self._links.items()
            if link.key == key and link.server in group.servers and held_id not in group.held
        ]
        if any(link.server not in group.polled for link in lost):
            return  # who holds it does not answer, but is one with those who do
        if lost and not group.restarted and not self._wanted[key].maintenance:
            yield End(key)  # ended so long ago that they have forgotten it
        else:
            yield Post(self._wanted[key])


def plan(
    group: Group, wanted: Mapping[str, Wanted], links: Mapping[str, Link], token: str, now: float
) -> Sequence[Action]:
    """Return what is to be done about one group. `wanted` has the ended ones too; `links` go by the id there."""
    return list(_Plan(group, wanted, links, token, now).actions())


def groups_of(peers: Mapping[str, tuple[str, frozenset[str]]]) -> list[frozenset[str]]:
    """Return which servers share their silences. `peers`: label → (its name in its cluster, the names of all in it)."""
    groups: list[tuple[set[str], set[str]]] = []  # labels, names
    for label, (name, names) in peers.items():
        members, known = {label}, {name, *names} - {""}
        for other in [group for group in groups if group[1] & known]:
            groups.remove(other)
            members |= other[0]
            known |= other[1]
        groups.append((members, known))
    return [frozenset(members) for members, _ in groups]
