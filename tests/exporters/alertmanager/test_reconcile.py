"""The plan for silences, played out: after any story both sides hold the same, each thing once."""

from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.alertmanager.reconcile import Bind, End, Expire, Group, Import, Link, Post, Replace, groups_of, plan
from exporters.alertmanager.silence_wire import Held, Wanted
from exporters.alertmanager.wire import Clock
from netmon.api import Matcher

FAR = 1e6  # an end that no story reaches


@dataclass
class Manager:
    """A group of Alertmanagers, as one."""

    name: str
    held: dict[str, Held] = field(default_factory=dict)
    start: int = 0
    reachable: bool = True

    def end(self, held_id: str, now: float) -> None:
        held = self.held[held_id]
        self.held[held_id] = replace(held, active=False, ends_at=now)


@dataclass
class World:
    """Desk, links and Alertmanagers; `round` does what the exporter does. What a thing is about is its comment."""

    managers: list[Manager]
    now: float = 0.0
    made: int = 0
    desk: dict[str, Wanted] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=dict)
    meant: set[str] = field(default_factory=set)  # comments of what somebody made here
    ended: set[str] = field(default_factory=set)  # comments of what somebody ended
    acts: int = 0

    def number(self) -> int:
        self.made += 1
        return self.made

    def make_here(self, comment: str, ends_at: float, *, foreign: bool = False) -> str:
        key = f"S{self.number()}"
        self.desk[key] = Wanted(key, (Matcher("instance", comment),), self.now, ends_at, "x", comment, foreign)
        return key

    def make_there(self, manager: Manager, comment: str, key: str = "") -> str:
        held_id = f"H{self.number()}"
        matchers, token = (Matcher("instance", comment),), "ours" if key else ""
        manager.held[held_id] = Held(held_id, True, matchers, self.now, FAR, "x", comment, key, token)
        return held_id

    def end_here(self, key: str) -> None:
        self.desk[key] = replace(self.desk[key], ends_at=self.now)

    def alive(self) -> list[Wanted]:
        return [each for each in self.desk.values() if each.ends_at > self.now]

    def round(self) -> None:
        self.now += 1
        for manager in self.managers:
            if manager.reachable:
                self._group(manager)

    def _group(self, manager: Manager) -> None:
        name = manager.name
        restarted = self.started.get(name) != manager.start
        group = Group(frozenset({name}), frozenset({name}), dict(manager.held), restarted, Clock())
        for action in plan(group, self.desk, self.links, "ours", self.now):
            self.acts += 1
            match action:
                case Post(wanted):
                    self.links[self.make_there(manager, wanted.comment, wanted.key)] = Link(wanted.key, FAR, name)
                case Expire(held):
                    manager.end(held.id, self.now)
                case Bind(held, key):
                    self.links[held.id] = Link(key, held.ends_at, name)
                case Import(held):
                    key = self.make_here(held.comment, held.ends_at, foreign=True)
                    self.links[held.id] = Link(key, held.ends_at, name)
                case Replace(held, key):
                    new = self.make_here(held.comment, held.ends_at, foreign=True)
                    self.links[held.id] = Link(new, held.ends_at, name)
                    self.desk[key] = replace(self.desk[key], ends_at=self.now)
                case End(key):
                    self.end_here(key)
        self.started[name] = manager.start

    def settle(self) -> None:
        """Look again and again until there is nothing to do; that must be soon."""
        for manager in self.managers:
            manager.reachable = True
        for _ in range(6):
            before = self.acts
            self.round()
            if self.acts == before:
                return
        raise AssertionError("they never come to rest")

    def check(self) -> None:
        here = Counter(each.comment for each in self.alive())
        assert not here or max(here.values()) == 1, here
        assert self.meant - self.ended <= here.keys()
        for manager in self.managers:
            there = Counter(held.comment for held in manager.held.values() if held.active)
            assert there == here, (manager.name, there, here)


def play(world: World, story: list[tuple[str, int]]) -> None:
    """Let these things happen; numbers choose what they happen to. What cannot happen now is a round instead."""
    for what, number in story:
        manager = world.managers[number % len(world.managers)]
        if not (fate(manager, what) or act(world, manager, what, number)):
            if what == "forget links":
                world.links.clear()
                world.started.clear()
            world.round()


def fate(manager: Manager, what: str) -> bool:
    """Do what happens to an Alertmanager by itself."""
    match what:
        case "away":
            manager.reachable = not manager.reachable
        case "retention":  # it forgets what has ended
            manager.held = {held.id: held for held in manager.held.values() if held.active}
        case "lose data":
            manager.held.clear()
            manager.start += 1
        case _:
            return False
    return True


def act(world: World, manager: Manager, what: str, number: int) -> bool:
    """Do what people do."""
    standing = [held for held in manager.held.values() if held.active]
    alive = world.alive()
    match what:
        case "make here":
            world.meant.add(world.desk[world.make_here(f"c{world.number()}", FAR)].comment)
        case "make there":
            world.make_there(manager, f"c{world.number()}")
        case "end here" if alive:
            mine = alive[number % len(alive)]
            world.ended.add(mine.comment)
            world.end_here(mine.key)
        case "end there" if standing:
            held = standing[number % len(standing)]
            world.ended.add(held.comment)
            manager.end(held.id, world.now)
        case "prolong there" if standing:
            held = standing[number % len(standing)]
            manager.held[held.id] = replace(held, ends_at=held.ends_at + 100)
        case _:
            return False
    return True


QUIET = ["make here", "make there", "end here", "end there", "away", "retention", "round", "round"]
FAULTS = [*QUIET, "lose data", "forget links"]
EDITS = [*QUIET, "lose data", "prolong there"]


def stories(words: list[str]) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Begin with something on both sides, so that what follows has an effect."""
    begin = [("make here", 0), ("make there", 0), ("round", 0)]
    return st.lists(st.tuples(st.sampled_from(words), st.integers(0, 20)), max_size=40).map(lambda rest: begin + rest)


@settings(max_examples=500)
@given(stories(QUIET), st.integers(1, 3))
def test_both_sides_come_to_hold_the_same(story: list[tuple[str, int]], count: int) -> None:
    world = World([Manager(f"am{number}") for number in range(count)])
    play(world, story)
    world.settle()
    world.check()
    assert not world.ended & {each.comment for each in world.alive()}  # what somebody ended stays ended


@settings(max_examples=500)
@given(st.one_of(stories(FAULTS), stories(EDITS)))
def test_even_when_they_forget(story: list[tuple[str, int]]) -> None:
    """Links and Alertmanagers' data are lost at any moment: nothing is doubled, and all comes to rest."""
    world = World([Manager("am0")])
    play(world, story)
    world.settle()
    world.check()


def test_maintenance_ended_there_by_hand_stays_ended_there() -> None:
    matchers = (Matcher("site", "north"),)
    window = Wanted("M1/0", matchers, 0, FAR, "x", "work")
    held = Held("H1", False, matchers, 0, 10, "x", "work", "M1/0", "ours")
    group = Group(frozenset({"a"}), frozenset({"a"}), {"H1": held}, False, Clock())
    links = {"H1": Link("M1/0", FAR, "a")}
    assert plan(group, {"M1/0": window}, links, "ours", 20) == []


def test_who_holds_it_is_away_but_one_with_who_answers() -> None:
    ours = Wanted("S1", (Matcher("site", "north"),), 0, FAR, "x", "work")
    links = {"H1": Link("S1", FAR, "a")}
    both = frozenset({"a", "b"})
    assert plan(Group(both, frozenset({"b"}), {}, False, Clock()), {"S1": ours}, links, "ours", 1) == []
    alone = Group(frozenset({"b"}), frozenset({"b"}), {}, False, Clock())
    assert plan(alone, {"S1": ours}, links, "ours", 1) == [Post(ours)]


def test_an_end_by_the_clock_is_nobodys_act() -> None:
    """Their clock is three seconds ahead, so theirs ends first."""
    ours = Wanted("S1", (Matcher("site", "north"),), 0, 100, "x", "work")
    held = Held("H1", False, ours.matchers, 0, 100, "x", "work", "S1", "ours")
    group = Group(frozenset({"a"}), frozenset({"a"}), {"H1": held}, False, Clock(3))
    assert [action for action in plan(group, {"S1": ours}, {}, "ours", 98) if isinstance(action, End)] == []


def test_another_netmons_mark_is_not_ours() -> None:
    ours = Wanted("S1", (Matcher("site", "north"),), 0, FAR, "x", "work")
    held = Held("H1", True, ours.matchers, 0, FAR, "x", "work", "S1", "theirs")
    group = Group(frozenset({"a"}), frozenset({"a"}), {"H1": held}, False, Clock())
    assert plan(group, {"S1": ours}, {}, "ours", 1) == [Import(held), Post(ours)]


def test_groups() -> None:
    alone = ("", frozenset[str]())
    pair = frozenset({"A", "B"})
    found = groups_of({"x": alone, "a": ("A", pair), "y": alone, "b": ("B", pair), "c": ("C", frozenset({"C"}))})
    assert sorted(map(sorted, found)) == [["a", "b"], ["c"], ["x"], ["y"]]
