"""What goes over the wire: golden, made valid, with times that Alertmanager can believe."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.alertmanager.silence_wire import (
    Status,
    Wanted,
    author_here,
    author_there,
    decode_silence_id,
    decode_silences,
    decode_status,
    encode_silence,
    wanted_of,
)
from exporters.alertmanager.wire import (
    Clock,
    label_key,
    label_name,
    render,
    timed,
    timestamp,
    unix_seconds,
    valid_labels,
)
from netmon.api import Alert, Impact, Maintenance, Matcher, Severity, Silence, State

ALERT = Alert(
    id="0123456789ab",
    key="LinkDown/sw-1/Te1/1",
    rule="LinkDown",
    target="sw-1",
    site="north",
    severity=Severity.CRITICAL,
    state=State.ACKNOWLEDGED,
    summary='Link "ring east" is down',
    labels={"severity": "critical", "alertname": "LinkDown", "instance": "sw-1", "if-name": "Te1/1", "empty": ""},
    source="noc",
    starts_at=1_700_000_000.25,
    updated_at=1_700_000_100.0,
    acknowledged_by="budi",
    note="on my way",
    incident="I42",
    muted_by=("S1", "M2"),
    evidence={"rx_power_dbm": -31.256789, "neighbor": "sw-2"},
    summaries={"id": "Sambungan putus", "pt-BR": "Enlace caído"},
    impact=Impact(1_700_003_600, 1_700_007_200, 1_700_010_800),
    runbook="https://runbook.example.net/link",
    effect_of="link:ring-03",
)


def test_golden() -> None:
    posting = render(ALERT, label_key(ALERT.labels), "https://netmon.example.net")
    assert json.loads(timed(posting, Clock(), 1_700_000_200.0, 180)) == {
        "labels": {"alertname": "LinkDown", "if_name": "Te1/1", "instance": "sw-1", "severity": "critical"},
        "annotations": {
            "summary": 'Link "ring east" is down',
            "summary_id": "Sambungan putus",
            "summary_pt_BR": "Enlace caído",
            "description": "rx_power_dbm: -31.2568\nneighbor: sw-2",
            "runbook_url": "https://runbook.example.net/link",
            "netmon_alert_id": "0123456789ab",
            "netmon_incident": "I42",
            "netmon_effect_of": "link:ring-03",
            "netmon_acknowledged": "budi: on my way",
            "netmon_muted_by": "S1 M2",
            "netmon_impact_at": "2023-11-15T00:13:20.000Z",
            "netmon_impact_between": "2023-11-14T23:13:20.000Z 2023-11-15T01:13:20.000Z",
        },
        "generatorURL": "https://netmon.example.net/alerts/0123456789ab",
        "startsAt": "2023-11-14T22:13:20.250Z",
        "endsAt": "2023-11-14T22:19:40.000Z",
    }


def test_much_evidence_is_cut() -> None:
    posting = render(replace(ALERT, evidence={f"e{number}": number for number in range(25)}), b"{}", None)
    said = json.loads(posting.body + b"}")["annotations"]["description"]
    assert said.splitlines()[-2:] == ["e19: 19", "and 5 more"]


@pytest.mark.parametrize(
    ("given", "valid"),
    [("if-name", "if_name"), ("1st", "_1st"), ("", "_"), ("über", "_ber"), ("a.b c", "a_b_c"), ("ok_1", "ok_1")],
)
def test_names(given: str, valid: str) -> None:
    assert label_name(given) == valid


def test_two_labels_do_not_become_one() -> None:
    labels = {"a-b": "1", "a_b": "2", "a.b": "3"}
    assert valid_labels(labels) == {"a_b": "2", "a_b_": "1", "a_b__": "3"}


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=6))
def test_any_labels_become_valid_and_stay_apart(labels: dict[str, str]) -> None:
    valid = valid_labels(labels)
    assert sorted(valid.values()) == sorted(value for value in labels.values() if value)
    assert all(name.isascii() and name.isidentifier() for name in valid)
    assert label_key(labels) == label_key(dict(reversed(labels.items())))


def test_what_utf_8_cannot_carry_is_replaced() -> None:
    broken = replace(ALERT, summary="\udcff", labels={"instance": "\ud800"}, summaries={"id": "\udc80"})
    assert json.loads(render(broken, label_key(broken.labels), None).body + b"}")["labels"] == {"instance": "?"}


@given(
    st.floats(-1e5, 1e5),
    st.floats(1.6e9, 1.8e9),
    st.one_of(st.none(), st.floats(1.6e9, 1.8e9)),
    st.floats(1.6e9, 1.8e9),
)
def test_times_that_alertmanager_believes(offset_s: float, starts: float, ends: float | None, now: float) -> None:
    """Whatever our clock was when: it never ends before it starts, and fires or not as it should by their clock."""
    posting = replace(render(ALERT, b"{}", None), starts_at=starts, ends_at=ends)
    said = json.loads(timed(posting, Clock(offset_s), now, 180))
    their_now = now + offset_s
    assert unix_seconds(said["startsAt"]) <= unix_seconds(said["endsAt"])
    if ends is None:
        assert unix_seconds(said["endsAt"]) > their_now + 170
    else:
        assert unix_seconds(said["endsAt"]) <= their_now + 0.001


def test_timestamps() -> None:
    assert timestamp(0.9999) == "1970-01-01T00:00:01.000Z"
    assert timestamp(1e18) == "9999-12-31T23:59:59.000Z"
    assert unix_seconds("2023-11-14T22:13:20.123456789Z") == pytest.approx(1_700_000_000.123456)
    assert unix_seconds("2023-11-15T05:13:20.1+07:00") == pytest.approx(1_700_000_000.1)
    with pytest.raises(ValueError, match="Invalid isoformat"):
        unix_seconds("yesterday")


WANTED = Wanted("S1", (Matcher("if-name", "Te.*", True, False),), 10, 20, "budi", "fiber work")
GETTABLE = """[{{"id":"uuid","status":{{"state":"{state}"}},"updatedAt":"2023-11-14T22:13:20Z","comment":"{comment}",
"createdBy":"budi","startsAt":"2023-11-14T22:13:20.5Z","endsAt":"2023-11-15T22:13:20Z",
"matchers":[{{"name":"a","value":"b","isRegex":true{equal}}}]}}]"""


def test_a_silence_there_and_back() -> None:
    posted = json.loads(encode_silence(WANTED, "cafe", 1_700_000_000, 1_700_003_600))
    assert posted == {
        "matchers": [{"name": "if_name", "value": "Te.*", "isRegex": True, "isEqual": False}],
        "startsAt": "2023-11-14T22:13:20.000Z",
        "endsAt": "2023-11-14T23:13:20.000Z",
        "createdBy": "budi",
        "comment": "fiber work [netmon:S1@cafe]",
    }
    (held,) = decode_silences(GETTABLE.format(state="active", comment=posted["comment"], equal="").encode())
    assert (held.id, held.active, held.key, held.token, held.comment) == ("uuid", True, "S1", "cafe", "fiber work")
    assert held.matchers == (Matcher("a", "b", True, True),)  # isEqual is absent before Alertmanager 0.22
    assert held.starts_at == 1_700_000_000.5


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_id_is_found_again(key: str) -> None:
    posted = json.loads(encode_silence(replace(WANTED, key=f"{key}@2026-11-22/0"), "cafe", 0, 1))
    shown = json.loads(GETTABLE.format(state="active", comment="", equal=""))
    shown[0]["comment"] = posted["comment"]
    (held,) = decode_silences(json.dumps(shown).encode())
    assert (held.key, held.token, held.comment) == (f"{key}@2026-11-22/0", "cafe", "fiber work")


def test_what_others_wrote_is_tamed() -> None:
    text = "a\\u0000b\\u001b[31m" + "x" * 5_000
    (held,) = decode_silences(GETTABLE.format(state="expired", comment=text, equal=',"isEqual":false').encode())
    assert not held.active
    assert held.comment.startswith("a b [31mxxx")
    assert len(held.comment) == 1_000
    assert held.matchers[0].is_equal is False


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'[{"id":"x"}]', b"<html>", b"\xff", GETTABLE.encode()])
def test_what_is_no_list_of_silences(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expected|Object|truncated"):
        decode_silences(body)


def test_status() -> None:
    body = b'{"uptime":"2023","cluster":{"name":"A","status":"ready","peers":[{"name":"A"},{"name":"B"}]}}'
    assert decode_status(body) == Status("2023", "A", frozenset({"A", "B"}))
    assert decode_status(b'{"uptime":"x","cluster":{"status":"disabled","peers":null}}') == Status("x", "", frozenset())
    with pytest.raises(ValueError, match="Expected"):
        decode_status(b"[]")
    with pytest.raises(ValueError, match="silenceID"):
        decode_silence_id(b"{}")


def test_maintenance_is_one_silence_for_each_part() -> None:
    scope = ((Matcher("site", "north"),), (Matcher("instance", "sw-9"),))
    work = Maintenance("M1", "ring east", scope, 10, 20, "budi", "splicing")
    ours = Silence("S1", scope[0], 1, 2, "siti", "noise", origin="am1")
    found = wanted_of([ours], [work])
    assert [(each.key, each.maintenance, each.foreign, each.comment) for each in found.values()] == [
        ("S1", False, True, "noise"),
        ("M1/0", True, False, "ring east: splicing"),
        ("M1/1", True, False, "ring east: splicing"),
    ]


@pytest.mark.parametrize(
    ("said", "author"),
    [
        ("otto", "otto (via am1)"),
        ("", "am1"),
        ("otto (via am1)", "otto (via am1)"),  # it lost its data and got it back from us
        ("otto (via am2)", "otto (via am1)"),  # we carried it over, somebody changed it there
        ("otto (via am1) (via am2)", "otto (via am1)"),
        (" (via am2)", "am1"),
        ("otto (via elsewhere)", "otto (via elsewhere) (via am1)"),
    ],
)
def test_who_made_a_silence_in_an_alertmanager_is_told_apart(said: str, author: str) -> None:
    assert author_here(said, "am1", ["am1", "am2"]) == author
    assert author_there("otto (via am1)", "am1") == "otto"
    assert author_there("otto (via am2)", "am1") == "otto (via am2)"
    assert author_there("otto", "am1") == "otto"
