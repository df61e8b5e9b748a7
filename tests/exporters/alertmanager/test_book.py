"""What should stand there, what is still to be told, and what survives us: without a network."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.alertmanager.book import Book
from exporters.alertmanager.journal import Journal
from exporters.alertmanager.queue import Queue
from exporters.alertmanager.wire import Posting
from netmon.api import Alert, Severity, State

NOW = 1_700_000_000.0


def alert(number: int, state: State = State.FIRING, **more: object) -> Alert:
    base = Alert(
        id=f"a{number}",
        key=str(number),
        rule="LinkDown",
        target=f"sw-{number}",
        site="",
        severity=Severity.WARNING,
        state=state,
        summary="down",
        labels={"alertname": "LinkDown", "instance": f"sw-{number}"},
        source="noc",
        starts_at=NOW,
        updated_at=NOW,
        resolved_at=NOW + 5 if state is State.RESOLVED else None,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields as a test names them


def shown(postings: list[Posting]) -> list[tuple[str, float | None]]:
    return [(json.loads(each.key)["instance"], each.ends_at) for each in postings]


def test_only_what_is_new_is_sent() -> None:
    book = Book(None, 10)
    assert shown(book.look([alert(1), alert(2, State.PENDING)], NOW)) == [("sw-1", None)]
    assert book.look([alert(1, updated_at=NOW + 60)], NOW) == []
    assert shown(book.look([alert(1, summary="still down")], NOW)) == [("sw-1", None)]
    assert shown(book.look([alert(1, State.RESOLVED)], NOW)) == [("sw-1", NOW + 5)]
    assert book.firing == {}


def test_two_with_the_same_labels_are_one_until_both_are_over() -> None:
    book = Book(None, 10)
    twin = alert(2, labels=alert(1).labels, starts_at=NOW - 50)
    assert shown(book.look([alert(1), twin], NOW)) == [("sw-1", None)]
    (posting,) = book.firing.values()
    assert posting.starts_at == NOW - 50
    assert shown(book.look([replace(twin, state=State.RESOLVED, resolved_at=NOW)], NOW)) == [("sw-1", None)]
    assert shown(book.look([alert(1, State.RESOLVED)], NOW)) == [("sw-1", NOW + 5)]


def test_labels_that_change_end_the_old_set_and_a_swap_ends_none() -> None:
    book = Book(None, 10)
    book.look([alert(1), alert(2)], NOW)
    moved = replace(alert(1), labels={**alert(1).labels, "severity": "critical"})
    assert shown(book.look([moved], NOW + 1)) == [("sw-1", None), ("sw-1", NOW + 1)]
    assert len(book.firing) == 2
    one, two = replace(moved, labels=alert(2).labels), replace(alert(2), labels=moved.labels)
    book.look([one, two], NOW + 2)
    assert len(book.firing) == 2


def test_what_the_desk_shows_no_more_ends_and_what_it_never_showed_stays() -> None:
    book = Book(None, 10)
    book.look([alert(1)], NOW)
    assert book.settle({"a1"}, NOW, 0) == []
    book.tell([alert(2), alert(3, expires_s=100.0)], NOW, 10)
    assert shown(book.settle(set(), NOW + 60, 60)) == [("sw-1", NOW + 60)]
    assert shown(book.settle(set(), NOW + 200, 111)) == [("sw-3", NOW + 200)]
    assert list(book.firing) == [b'{"alertname":"LinkDown","instance":"sw-2"}']
    assert shown(book.tell([alert(2, State.RESOLVED)], NOW, 300)) == [("sw-2", NOW + 5)]


def test_told_again_lives_on() -> None:
    book = Book(None, 10)
    for at in (0, 80, 160):
        book.tell([alert(1, expires_s=100.0, updated_at=NOW + at)], NOW, at)
        assert book.settle(set(), NOW, at + 70) == []


def test_there_is_a_cap() -> None:
    book = Book(None, 2)
    book.look([alert(number) for number in range(5)], NOW)
    assert (len(book.firing), book.dropped) == (2, 3)
    book.look([alert(0, State.RESOLVED)], NOW)
    book.settle({"a1", "a2"}, NOW, 0)
    assert shown(book.look([alert(2)], NOW)) == [("sw-2", None)]  # there is room again


def taken(queue: Queue, at: float = 0) -> list[tuple[str, float | None]]:
    """Let the Alertmanager take all that is pending."""
    batch = queue.batch(100)
    queue.sending(batch)
    queue.taken(batch, at)
    return shown(batch)


def posting(number: int, ends_at: float | None = None) -> Posting:
    key = b'{"instance":"%d"}' % number
    return Posting(key, b'{"labels":' + key, NOW, ends_at)


def test_an_end_goes_only_to_who_may_know_the_beginning() -> None:
    queue = Queue(900)
    queue.want([posting(1)])
    queue.want([posting(1, NOW)])
    assert queue.pending == {}  # fired and ended while it was away
    queue.want([posting(2)])
    queue.sending(queue.batch(9))  # asked, no answer: it may know
    queue.want([posting(2, NOW)])
    assert taken(queue) == [("2", NOW)]


def test_what_changes_on_the_way_is_sent_again() -> None:
    queue = Queue(900)
    queue.want([posting(1)])
    batch = queue.batch(9)
    queue.sending(batch)
    queue.want([posting(1, NOW)])
    queue.taken(batch, 0)
    assert taken(queue) == [("1", NOW)]


def test_an_end_is_said_for_a_while() -> None:
    queue = Queue(900)
    queue.want([posting(1)])
    taken(queue)
    queue.want([posting(1, NOW)])
    taken(queue, at=100)
    assert queue.want_all({}, 500) == []
    assert taken(queue, at=500) == [("1", NOW)]
    assert queue.want_all({}, 1000) == [posting(1).key]
    assert queue.pending == {}
    assert queue.known == []


def test_fires_again_while_its_end_is_still_said() -> None:
    queue = Queue(900)
    again = posting(1)
    for each in (posting(1), posting(1, NOW), again):
        queue.want([each])
        taken(queue)
    assert queue.want_all({again.key: again}, 2000) == []
    assert taken(queue) == [("1", None)]


def test_refused_is_not_tried_each_time() -> None:
    queue = Queue(900)
    bad, better = posting(1), posting(1)
    queue.want([bad])
    queue.sending([bad])
    queue.refused(bad, at=0)
    queue.want_all({bad.key: bad}, 60)
    assert queue.pending == {}
    queue.want_all({better.key: better}, 120)
    assert list(queue.pending.values()) == [better]  # it has changed
    queue.refused(better, at=120)
    queue.want_all({better.key: better}, 800)
    assert list(queue.pending.values()) == [better]  # it may have been somebody else's fault


def test_strangers_end() -> None:
    queue = Queue(900)
    queue.adopt([posting(1), posting(2), posting(3)])
    queue.want([posting(2, NOW - 7)])
    queue.end_strangers({posting(1).key: posting(1)}, NOW)
    assert sorted(taken(queue)) == [("2", NOW - 7), ("3", NOW)]


@given(
    st.lists(st.tuples(st.sampled_from(["fire", "end", "send", "lose answer", "all"]), st.integers(0, 3)), max_size=60)
)
def test_it_comes_to_believe_what_is_true(story: list[tuple[str, int]]) -> None:
    """Whatever is lost on the way: once answers arrive, the other side fires what fires and nothing else."""
    queue, firing, believed = Queue(0), dict[bytes, Posting](), dict[bytes, float | None]()
    at = 0.0
    for what, number in [*story, ("all", 0), ("send", 0)]:
        at += 1
        if what == "fire" and posting(number).key not in firing:
            new = posting(number)
            firing[new.key] = new
            queue.want([new])
        elif what == "end" and firing.pop(posting(number).key, None) is not None:
            queue.want([posting(number, NOW)])
        elif what == "all":
            queue.want_all(firing, at)
        elif what in {"send", "lose answer"}:
            batch = queue.batch(100)
            queue.sending(batch)
            believed.update((each.key, each.ends_at) for each in batch)
            if what == "send":
                queue.taken(batch, at)
    assert {key for key, ends_at in believed.items() if ends_at is None} == set(firing)
    assert queue.pending == {}


def test_the_journal_keeps_what_is_not_over(tmp_path: Path) -> None:
    path = tmp_path / "new" / "am.jsonl"
    journal = Journal(path)
    assert journal.load() == []
    one, two = posting(1), replace(posting(2), body=b'{"labels":{"instance":"2"},"annotations":{"summary":"x}"}')
    journal.told([one, two])
    journal.over([one.key], [two])
    (found,) = Journal(path).load()
    assert (found.key, found.body, found.starts_at, found.ends_at) == (two.key, two.body, NOW, None)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_journal_is_cut_anywhere(tmp_path: Path) -> None:
    """A torn last line is left out, and what is written after it can be read."""
    path = tmp_path / "am.jsonl"
    Journal(path).told([posting(1)])
    first = path.stat().st_size
    Journal(path).told([posting(2)])
    whole = path.read_bytes()
    for length in range(first, len(whole)):
        path.write_bytes(whole[:length])
        journal = Journal(path)
        found = {each.key for each in journal.load()}
        assert posting(1).key in found
        journal.told([posting(3)])
        assert {each.key for each in Journal(path).load()} == found | {posting(3).key}


def test_the_journal_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "am.jsonl"
    journal = Journal(path)
    journal.load()
    journal.told([posting(9)])
    for _ in range(40):
        journal.told([posting(number) for number in range(100, 150)])
        journal.over([posting(number).key for number in range(100, 150)], [posting(9)])
    assert len(path.read_bytes().splitlines()) < 1_200
    assert [each.key for each in Journal(path).load()] == [posting(9).key]


def test_a_journal_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "am.jsonl").mkdir()
    with pytest.raises(OSError, match="directory"):
        Journal(tmp_path / "am.jsonl").told([posting(1)])
