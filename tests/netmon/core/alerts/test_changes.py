"""How changes stand in the ledger, and which steps are legal."""

from dataclasses import replace

import pytest

from netmon.api import Alert, Incident, Severity
from netmon.api.alerts import State
from netmon.core.alerts.changes import Change, Timers, What, from_record, is_legal, to_entry
from netmon.core.ledger import record
from netmon.core.ledger.record import Entry, Kind, Record
from tests.support.alerts import START, engine, finding, maintenance, silence


def back(entry: Entry) -> Record:
    read = record.decode(record.encode(entry, 7, START))
    assert isinstance(read, Record)
    return read


def firing() -> tuple[Change, Change]:
    opened, fired = engine().say(finding(impact=None, evidence={"loss": 1.0, "polls": 3}), "here", START)
    return opened, fired


def test_an_alert_in_the_ledger() -> None:
    entry = to_entry(replace(firing()[1], by="budi", note="x", was=State.PENDING), START, "core")
    assert (entry.kind, entry.target, entry.severity, entry.source) == (Kind.ALERT, "sw-1", Severity.CRITICAL, "core")
    assert (entry.data["what"], entry.data["was"], entry.data["by"], entry.data["note"]) == (
        "firing",
        "pending",
        "budi",
        "x",
    )
    assert entry.data["alert"]["key"] == "down/sw-1"
    assert entry.data["timers"]["flips"] == (START,)


def test_an_incident_in_the_ledger_has_its_target_where_there_is_one() -> None:
    opened = firing()[0]
    assert to_entry(opened, START, "core").target == "sw-1"
    assert isinstance(opened.thing, Incident)
    two = replace(opened, thing=replace(opened.thing, targets=("a", "b")))
    assert to_entry(two, START, "core").target == ""


def test_everything_comes_back_as_it_was() -> None:
    alerts = engine()
    changes = [
        *alerts.say(finding(), "here", START),
        *alerts.silence(silence("sw-1", 100), "budi", START)[1],
        *alerts.maintain(maintenance("site:kota", 100), "budi", START)[1],
        *alerts.say(finding(cleared=True), "here", START),
    ]
    assert {type(change.thing).__name__ for change in changes} == {"Alert", "Incident", "Silence", "Maintenance"}
    for change in changes:
        assert from_record(back(to_entry(change, START, "core"))) == change


def test_other_records_are_no_changes() -> None:
    assert from_record(back(Entry(Kind.SYSTEM, START, "core", {"what": "started"}))) is None


@pytest.mark.parametrize(
    "data", [{}, {"what": "firing"}, {"what": "firing", "alert": {"id": 3}}, {"what": "no such", "alert": None}]
)
def test_damaged_records_are_said_to_be(data: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # some are msgspec's own words
        from_record(back(Entry(Kind.ALERT, START, "core", data)))


def test_steps_that_no_alert_takes() -> None:
    fired = firing()[1]
    assert is_legal(fired)
    assert not is_legal(replace(fired, what=What.RESOLVED))
    assert not is_legal(replace(fired, what=What.OPENED))
    assert not is_legal(replace(fired, was=State.ACKNOWLEDGED))
    assert isinstance(fired.thing, Alert)
    assert not is_legal(replace(fired, what=What.DROPPED, was=State.FIRING))


def test_timers_move_with_the_clock() -> None:
    assert Timers(1.0, None, 2.0, (3.0,)).shifted(10) == Timers(11.0, None, 12.0, (13.0,))
    assert Timers().due() is None
    assert Timers(fires_at=5, quiet_at=3).due() == 3
