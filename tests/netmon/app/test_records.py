"""Every kind of record reads as a sentence, also one that lacks what we expect; a spreadsheet runs none of it."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import Alert, Event, Finding, Incident, Maintenance, Severity, Silence, State
from netmon.app import recordshow
from netmon.app.recordtext import describe
from netmon.app.text import speaking
from netmon.core.alerts.changes import Change, What, to_entry
from netmon.core.intake import event_entry, finding_entry
from netmon.core.ledger.record import Entry, Kind, encode

ALERT = Alert(
    "0123456789ab",
    "down/sw-1/Gi0/1",
    "limits",
    "sw-1",
    "hub",
    Severity.ERROR,
    State.ACKNOWLEDGED,
    "Port Gi0/1 is down",
    {},
    "poller",
    1.0,
    1.0,
    summaries={"id": "Port Gi0/1 mati"},
)
INCIDENT = Incident("I7", "site:hub", "3 alerts at hub", {}, "hub", Severity.ERROR, State.FIRING, 1.0, 1.0)
SILENCE = Silence("s1", (), 1.0, 2.0, "budi", "splicing")
WINDOW = Maintenance("m1", "Replace the UPS", (), 1.0, 2.0, "sari", "it is old")
FINDING = Finding("limits", "sw-1", 1.0, Severity.ERROR, "Port Gi0/1 is down", "k", summaries={"id": "Port mati"})
EVENT = Event(1.0, "syslog", "sw-1", "network", Severity.INFO, {"message": "Link down"})


def record(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(encode(entry, 0, 1.0))
    return found


def changed(thing: Any, what: What, **more: Any) -> Entry:
    return to_entry(Change(what, thing, **more), 1.0, "core")


def entry(kind: Kind, **data: Any) -> Entry:
    return Entry(kind, 1.0, "core", data)


@pytest.mark.parametrize(
    ("made", "english", "indonesian"),
    [
        (event_entry(EVENT, "poller", ""), "Link down", "Link down"),
        (event_entry(replace(EVENT, fields={}, raw=b"<13>raw"), "poller", ""), "<13>raw", "<13>raw"),
        (event_entry(replace(EVENT, fields={"event.action": "login"}), "poller", ""), "event.action=login", None),
        (finding_entry(FINDING, "poller", ""), "Port Gi0/1 is down", "Port mati"),
        (finding_entry(replace(FINDING, cleared=True), "poller", ""), "over: Port Gi0/1 is down", "selesai: Port mati"),
        (
            changed(ALERT, What.ACKNOWLEDGED, by="budi", note="on my way", was=State.FIRING),
            "firing → acknowledged by budi: Port Gi0/1 is down (on my way)",
            "menyala → ditangani oleh budi: Port Gi0/1 mati (on my way)",
        ),
        (
            changed(replace(ALERT, state=State.FIRING), What.RAISED, was=State.ACKNOWLEDGED),
            "acknowledged → firing (severity raised): Port Gi0/1 is down",
            None,
        ),
        (changed(ALERT, What.MUTED, was=State.ACKNOWLEDGED), "muted: Port Gi0/1 is down", "diredam: Port Gi0/1 mati"),
        (changed(INCIDENT, What.OPENED), "opened: I7 3 alerts at hub", "dibuka: I7 3 alerts at hub"),
        (changed(SILENCE, What.CREATED), "created by budi: s1 (splicing)", "dibuat oleh budi: s1 (splicing)"),
        (changed(SILENCE, What.ENDED, by="sari"), "ended by sari: s1 (splicing)", None),
        (changed(WINDOW, What.STARTED), "started: m1 Replace the UPS (it is old)", None),
        (
            entry(Kind.ACTION, what="end_silence", by="budi", ids=["a1", "a2"], note="done"),
            "end silence by budi: ids=a1, a2 (done)",
            None,
        ),
        (
            entry(Kind.NOTIFICATION, what="sent", notice={"person": "budi", "incident": "I7", "why": "opened"}),
            "sent → budi: I7, opened",
            None,
        ),
        (entry(Kind.SYSTEM, what="clock stepped", seconds=3600.0), "clock stepped: seconds=3600.0", None),
        (entry(Kind.LEDGER, what="segment", sources={"a": 1}), "a new segment begins", "segmen baru dimulai"),
        (
            entry(Kind.LEDGER, what="purged", segment=0, category="network", before="2024", count=7, digest="00"),
            "7 records of category network written before 2024 go, in segment 0",
            None,
        ),
        (
            entry(Kind.LEDGER, what="repaired", segment=0, bytes=9, sha256="00"),
            "9 bytes of a record that was never acknowledged were cut off segment 0",
            None,
        ),
        (entry(Kind.LEDGER, what="purged"), "what=purged", None),
    ],
)
def test_a_record_reads_as_a_sentence(made: Entry, english: str, indonesian: str | None) -> None:
    with speaking("en"):
        assert describe(record(made)) == english
    with speaking("id"):
        assert describe(record(made)) == (english if indonesian is None else indonesian) or indonesian is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
NAMES = (
    "what",
    "by",
    "was",
    "note",
    "alert",
    "incident",
    "silence",
    "maintenance",
    "notice",
    "fields",
    "raw",
    "summary",
)


@given(st.sampled_from([*Kind, "wonder"]), st.dictionaries(st.sampled_from(NAMES), JSON))
def test_a_record_of_another_version_is_no_fault(kind: str, data: Mapping[str, Any]) -> None:
    assert isinstance(describe({"kind": kind, "data": data}), str)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_what_looks_like_a_formula_is_text(cell: str) -> None:
    assert recordshow.harmless(cell) == f"'{cell}"


def test_other_cells_are_as_they_are() -> None:
    assert recordshow.harmless("sw-1 = ok") == "sw-1 = ok"
    assert recordshow.harmless("") == ""


def test_raw_octets_that_are_no_text_are_shown_all_the_same() -> None:
    raw = base64.b64encode(b"\xff\x00ok").decode()
    assert describe({"kind": "event", "data": {"fields": {}, "raw": raw}}).endswith("ok")
