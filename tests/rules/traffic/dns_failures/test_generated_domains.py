"""Programs that look for their master among domains that do not exist."""

import random

import numpy as np
import pytest

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from netmon.api.traffic import RECORD, FlowState, Second, halves
from rules.traffic.dns_failures.rule import DnsFailures
from rules.traffic.dns_failures.settings import DnsFailureSettings
from tests.support.failing_names import RESOLVER, START, Asked, begun, drawn, findings, messages

INFECTED = "10.20.2.77"


def generated(every_s: float, count: int, client: str = INFECTED, *, through: bool = True) -> list[Asked]:
    draw = random.Random(7)
    ends = ("com", "net", "biz", "info")
    return [
        Asked(place * every_s, client, f"{drawn(draw, 11)}.{draw.choice(ends)}", through=through)
        for place in range(count)
    ]


@pytest.mark.parametrize("every_s", [0.2, 1, 5])
def test_a_program_that_looks_for_its_master_is_named_and_the_resolver_is_not(every_s: float) -> None:
    found = begun(findings(generated(every_s, 120)))
    assert [(finding.rule, finding.target) for finding in found] == [("generated_domains", INFECTED)]
    assert found[0].severity is Severity.ERROR
    assert found[0].evidence["technique"] == "T1568.002"
    assert found[0].at - START <= 45 * every_s + 1


def test_where_the_resolver_alone_is_seen_it_is_named() -> None:
    found = begun(findings(generated(1, 60, RESOLVER, through=False)))
    assert [(finding.rule, finding.target) for finding in found] == [("generated_domains", RESOLVER)]
    assert findings(generated(1, 60, RESOLVER, through=False), allow=("10.20.1.53/32",)) == []


def test_a_resolver_whose_clients_are_seen_is_not_named_for_what_it_asks_in_many_names() -> None:
    typing_error = Asked(0.5, "10.20.30.40", "www.dinass.example.net")
    assert findings([typing_error, *generated(1, 60, RESOLVER, through=False)]) == []


def beside_mail(port: int, every_s: float, count: int, state: FlowState) -> list[Finding]:
    """Return what is said of who asks while somebody has a connection with it each second."""
    rule, rows = DnsFailures(DnsFailureSettings(), Networks()), messages(generated(every_s, count))
    windows = (rows["at_ns"] // 10**9).astype(np.int64) - START
    flow = np.zeros(1, RECORD)
    flow["source_hi"], flow["source_lo"] = halves("198.51.100.25")
    flow["destination_hi"], flow["destination_lo"] = halves(INFECTED)
    flow["destination_port"], flow["protocol"], flow["version"], flow["state"] = port, 6, 4, state
    flow["tcp_flags"], flow["reply_tcp_flags"] = 27, 27 if state == FlowState.CLOSED else 20
    found: list[Finding] = []
    for second in range(int(windows.max()) + 1):
        at = START + second
        found += rule.observe(Second(at, at + 1, dns=rows[windows == second], ended=flow))
    return begun(found)


def test_a_mail_server_looks_up_who_sends_spam() -> None:
    assert beside_mail(25, 2, 250, FlowState.CLOSED) == []
    assert [finding.rule for finding in beside_mail(25, 2, 60, FlowState.REFUSED)] == ["generated_domains"]
    assert [finding.rule for finding in beside_mail(443, 2, 60, FlowState.CLOSED)] == ["generated_domains"]
    assert [finding.rule for finding in beside_mail(25, 0.5, 600, FlowState.CLOSED)] == ["generated_domains"]


def test_who_looks_for_its_master_is_seen_whoever_else_asks_in_vain() -> None:
    """Twenty names a second and more for each one that is read: of who asks little each is read all the same."""
    asked = generated(1, 50, through=False)
    draw = random.Random(5)
    loud = [
        Asked(place / 600, "10.20.9.9", f"{drawn(draw)}{place}.example.com", through=False) for place in range(600 * 50)
    ]
    found = begun(findings([*loud, *asked], rows_per_s=30))
    assert ("generated_domains", INFECTED) in {(finding.rule, finding.target) for finding in found}
    assert {finding.rule for finding in found} == {"generated_domains", "random_subdomains"}


def test_who_asks_for_as_many_domains_as_a_flood_is_none_that_looks_for_something() -> None:
    """Also where few of them are read."""
    draw = random.Random(5)
    asked = [
        Asked(place / 1_000, "10.20.9.9", f"{drawn(draw)}{place % 10}.com", through=False) for place in range(10_000)
    ]
    found = begun(findings(asked, rows_per_s=100))
    assert {finding.rule for finding in found} == {"nxdomain_flood"}
