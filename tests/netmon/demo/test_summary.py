import io

import pytest
from rich.console import Console

from netmon.demo.summary import Failure, Run, missed, read_page, show

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


def test_the_summary_names_what_failed_and_what_never_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_LANG", "en")
    run = Run(seconds=10, expected=("a", "b", "d"), cpu_before_s=1.5, varbinds=12_340, simulation_cpu_s=0.5)
    facts = read_page(PAGE)
    assert missed(facts, run) == ("b", "d")
    output = io.StringIO()
    show(Console(file=output, width=120), facts, run)
    text = output.getvalue()
    for wanted in ("After 10 s", "1 / 3", "1.23 k/s", "15.0 %", "5.0 %", "a: ups: timeout", "b: -: refused", "d was"):
        assert wanted in text
