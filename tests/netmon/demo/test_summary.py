import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from netmon.core.ledger.faults import Fault, Wrong
from netmon.core.ledger.report import Report
from netmon.demo.outcome import Outcome
from netmon.demo.packets.stage import Happened
from netmon.demo.summary import Failure, Run, complete, missed, read_page, show

PAGE = """\
# TYPE netmon_up gauge
netmon_up{instance="a",job="snmp"} 1
netmon_up{instance="b",job="snmp"} 0
netmon_up{instance="c",job="snmp"} 1
netmon_up{instance="c",job="node"} 0
# TYPE netmon_collect_samples gauge
netmon_collect_samples{instance="a",collector="snmp",part="if_mib"} 700
netmon_collect_samples{instance="c",collector="snmp",part="system"} 4
# TYPE netmon_collect_failure gauge
netmon_collect_failure{instance="a",collector="snmp",part="ups",reason="timeout"} 1
netmon_collect_failure{instance="a",collector="host",part="zfs",reason="not_supported"} 1
netmon_collect_failure{instance="b",collector="snmp",part="",reason="refused"} 1
# TYPE netmon_polls counter
netmon_polls_total{collector="snmp",result="ok"} 8
netmon_polls_total{collector="snmp",result="timeout"} 2
# TYPE process_cpu_seconds counter
process_cpu_seconds_total 3.5
"""


def test_the_page_says_who_was_read() -> None:
    facts = read_page(PAGE)
    assert facts.reached == ("a",)
    assert facts.unreached == ("b", "c")
    assert (facts.series, facts.values_a_round, facts.polls, facts.cpu_s) == (12, 704, 10, 3.5)
    assert facts.failures == (Failure("a", "ups", "timeout"), Failure("b", "", "refused"))


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_LANG", "en")


RUN = Run(seconds=10, expected=("a", "b", "d"), cpu_before_s=1.5, varbinds=12_340, simulation_cpu_s=0.5)
GOOD = Report(records=12, sealed=12)


QUIET = Outcome()


def shown(run: Run, found: Outcome = QUIET, report: Report = GOOD) -> str:
    output = io.StringIO()
    show(Console(file=output, width=160), read_page(PAGE), run, found, report)
    return output.getvalue()


def alert(**values: object) -> dict[str, object]:
    at = "2026-01-15T08:00:00Z"
    usual = {"id": "0dc3ba3bfec5", "target": "ups-1", "site": "kominfo", "severity": "critical", "state": "firing"}
    words = {"summary": "ups-1 runs on battery", "summaries": {}, "note": "", "muted_by": [], "flapping": False}
    where = {"incident": "I1", "effect_of": ""}
    return {**usual, **words, **where, "starts_at": at, "fired_at": at, "acknowledged_by": "", **values}


def incident(**values: object) -> dict[str, object]:
    usual = {"id": "I1", "title": "", "titles": {}, "explanation": {}, "severity": "critical", "state": "firing"}
    rest = {"acknowledged_by": "", "note": "", "opened_at": "2026-01-15T08:00:00Z", "resolved_at": None}
    return {**usual, **rest, **values}


def test_the_summary_names_what_failed_and_what_never_came() -> None:
    assert missed(read_page(PAGE), RUN) == ("b", "d")
    text = shown(RUN)
    for wanted in ("After 10 s", "1 / 3", "1.23 k/s", "15.0 %", "5.0 %", "a: ups: timeout", "b: -: refused", "d was"):
        assert wanted in text
    assert "No alert fired." in text


def test_what_the_story_switched_off_is_no_failure_and_is_told_as_what_it_is() -> None:
    run = replace(RUN, expected=("a", "b"), silenced=("b",))
    facts = read_page(PAGE)
    assert missed(facts, run) == ()
    assert complete(facts, run, GOOD)
    text = shown(run)
    assert "1 / 2" in text
    assert "b does not answer: the demonstration has switched it off" in text
    assert "b: -: refused" not in text
    assert "a: ups: timeout" in text


def test_a_ledger_that_does_not_verify_is_a_failure() -> None:
    facts, run = read_page(PAGE), replace(RUN, expected=("a",))
    assert complete(facts, run, GOOD)
    assert not complete(facts, run, Report(records=12))
    bad = Report(records=12, sealed=12, faults=[Fault(Wrong.GAP, "segments/7", seq=7, values={"next": 8})])
    assert not complete(facts, run, bad)
    text = shown(run, report=bad)
    assert "BAD" in text
    assert "record 7 is missing" in text


def test_the_summary_tells_of_alerts_of_messages_and_of_who_took_what() -> None:
    taken = alert(state="acknowledged", acknowledged_by="dewi", note="on my way")
    over = alert(id="1", state="resolved", incident="I2", summary="port [red]down", acknowledged_by="budi")
    mine = incident(title="ups-1 runs on battery", acknowledged_by="dewi", note="on my way")
    other = incident(id="I2", title="port [red]down", state="resolved", resolved_at="2026-01-15T08:02:03Z")
    text = shown(replace(RUN, delivered={"siti": 3, "grace": 0}), Outcome((taken, over), (mine, other)))
    for wanted in (
        "ups-1 runs on battery (I1)",
        "(dewi: on my way)",
        "port [red]down (I2)",
        "What happened: 2 incidents, 1 of them over",
        "siti: 3, grace: 0",
        "I1: dewi, I2: budi",
        "12, of which signed: 12",
        "good: nothing was changed",
    ):
        assert wanted in text


def test_the_sensors_share_of_a_core_is_shown_where_there_was_one() -> None:
    assert "CPU of the sensor" not in shown(RUN)
    assert re.search(r"CPU of the sensor +│ 2\.5 %", shown(replace(RUN, sensor_cpu_s=0.25)))


def test_attacks_are_told_above_the_figures() -> None:
    text = shown(replace(RUN, happened=(Happened("began", "port_scan", 1_768_464_000.0),)))
    assert text.index("port scan") < text.index("Targets read")
    assert "not named" in text
