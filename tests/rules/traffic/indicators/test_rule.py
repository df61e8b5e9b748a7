"""Meetings with listed addresses and names become findings: one for each entry and host of ours."""

from ipaddress import ip_network
from typing import Any

import numpy as np

from netmon.api import Severity
from netmon.api.networks import Networks, Place
from netmon.api.traffic import DNS, RECORD, FlowState, Second, halves
from rules.traffic.indicators.lists import Indicators
from rules.traffic.indicators.rule import ListedPeers
from rules.traffic.indicators.settings import IndicatorList, IndicatorSettings

OURS = Networks([Place(ip_network("10.1.0.0/16"), "dc")], {halves("10.1.0.5"): "web-1"})
FEED = IndicatorList(name="feed", file="feed.txt", severity="critical", technique="T1071.001")


def flow(source: str, destination: str, state: FlowState, **fields: Any) -> np.ndarray:
    row = np.zeros(1, RECORD)
    row["source_hi"], row["source_lo"] = halves(source)
    row["destination_hi"], row["destination_lo"] = halves(destination)
    row["version"], row["protocol"], row["destination_port"], row["state"] = 4, 6, 443, state
    for name, value in fields.items():
        row[name] = value
    return row


def question(client: str, name: str) -> np.ndarray:
    row = np.zeros(1, DNS)
    row["client_hi"], row["client_lo"] = halves(client)
    row["name"], row["name_length"] = name, len(name)
    return row


def rule(text: str = "203.0.113.7\n198.51.100.0/24\nevil.example\n", networks: Networks = OURS) -> ListedPeers:
    made = ListedPeers(IndicatorSettings(lists=(FEED,)), networks)
    made.adopt([Indicators(FEED, text.encode(), 100)])
    return made


def test_our_host_that_contacts_a_listed_address_is_told_at_once_and_closed_with_totals() -> None:
    judge = rule()
    [found] = judge.observe(Second(100, 101, begun=flow("10.1.0.5", "203.0.113.7", FlowState.BEGUN)))
    assert (found.rule, found.target, found.severity) == ("indicators", "web-1", Severity.CRITICAL)
    assert found.evidence["list"] == "feed"
    assert found.evidence["entry"] == "203.0.113.7"
    assert found.evidence["technique"] == "T1071.001"
    assert (found.evidence["source"], found.evidence["target"]) == ("10.1.0.5", "203.0.113.7")
    assert found.summary == "web-1 contacted 203.0.113.7, which is on the list feed (TCP 443 (HTTPS), 0 B)"
    assert found.summaries["id"].startswith("web-1 menghubungi 203.0.113.7, yang ada di daftar feed (")
    for at in range(101, 110):
        begun = flow("10.1.0.5", "203.0.113.7", FlowState.BEGUN)
        assert list(judge.observe(Second(at, at + 1, begun=begun))) == []
    ended = flow("10.1.0.5", "203.0.113.7", FlowState.CLOSED, bytes=700, packets=5, reply_bytes=300, reply_packets=4)
    assert list(judge.observe(Second(110, 111, ended=ended))) == []
    [over] = judge.observe(Second(2_000, 2_001))
    assert over.cleared
    assert (over.evidence["total_flows"], over.evidence["total_bytes"]) == (10, 1_000)


def test_a_listed_address_that_knocks_is_information_until_somebody_answers() -> None:
    judge = rule()
    [knock] = judge.observe(Second(1, 2, begun=flow("198.51.100.9", "10.1.0.5", FlowState.BEGUN)))
    assert knock.severity is Severity.INFO
    assert knock.evidence["entry"] == "198.51.100.0/24"
    assert list(judge.observe(Second(2, 3, ended=flow("198.51.100.9", "10.1.0.5", FlowState.REFUSED)))) == []
    answered = flow("198.51.100.9", "10.1.0.5", FlowState.CLOSED, reply_packets=3)
    [spoken] = judge.observe(Second(3, 4, ended=answered))
    assert spoken.severity is Severity.CRITICAL


def test_each_host_and_entry_is_a_finding_of_its_own() -> None:
    begun = np.concatenate(
        [
            flow("10.1.0.5", "203.0.113.7", FlowState.BEGUN),
            flow("10.1.0.6", "203.0.113.7", FlowState.BEGUN),
            flow("10.1.0.5", "198.51.100.1", FlowState.BEGUN),
            flow("10.1.0.5", "198.51.100.2", FlowState.BEGUN),  # the same entry
            flow("10.1.0.5", "192.0.2.1", FlowState.BEGUN),
        ]
    )
    found = list(rule().observe(Second(1, 2, begun=begun)))
    assert sorted((each.target, str(each.evidence["entry"])) for each in found) == [
        ("10.1.0.6", "203.0.113.7"),
        ("web-1", "198.51.100.0/24"),
        ("web-1", "203.0.113.7"),
    ]


def test_a_listed_name_or_a_name_below_it() -> None:
    rows = np.concatenate([question("10.1.0.5", "cdn.evil.example"), question("10.1.0.5", "example.org")])
    [found] = rule().observe(Second(1, 2, dns=rows))
    assert (found.evidence["entry"], found.evidence["listed"]) == ("evil.example", "cdn.evil.example")
    assert found.evidence["total_questions"] == 1


def test_exported_flows_count_where_they_are_over() -> None:
    ended = flow("10.1.0.5", "203.0.113.7", FlowState.UNKNOWN, bytes=100, packets=1)
    [found] = rule().observe(Second(0, 10, live=False, ended=ended))
    assert (found.evidence["total_flows"], found.evidence["total_bytes"]) == (1, 100)


def test_a_list_with_private_prefixes_does_not_make_strangers_of_ours() -> None:
    judge = rule("10.0.0.0/8\n224.0.0.0/8\n127.0.0.0/8\n")
    begun = np.concatenate(
        [
            flow("10.1.0.5", "10.1.0.6", FlowState.BEGUN),
            flow("10.1.0.5", "224.0.0.251", FlowState.BEGUN),
            flow("127.0.0.1", "127.0.0.1", FlowState.BEGUN),
        ]
    )
    assert list(judge.observe(Second(1, 2, begun=begun))) == []


def test_hits_beyond_the_cap_of_a_window_are_counted() -> None:
    judge = ListedPeers(IndicatorSettings(lists=(FEED,), hits_per_window=2), OURS)
    judge.adopt([Indicators(FEED, b"198.51.100.0/24", 100)])
    begun = np.concatenate([flow(f"10.1.0.{one}", "198.51.100.1", FlowState.BEGUN) for one in range(5)])
    assert len(list(judge.observe(Second(1, 2, begun=begun)))) == 2
    assert judge.dropped == 3


def test_lists_that_are_swapped_count_from_the_next_window_on() -> None:
    judge = rule()
    judge.adopt([Indicators(FEED, b"192.0.2.1", 100)])
    begun = np.concatenate(
        [flow("10.1.0.5", "203.0.113.7", FlowState.BEGUN), flow("10.1.0.5", "192.0.2.1", FlowState.BEGUN)]
    )
    [found] = judge.observe(Second(1, 2, begun=begun))
    assert found.evidence["entry"] == "192.0.2.1"
