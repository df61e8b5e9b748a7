"""A capacity that is nearly used up is told, with who does it and what it looks like."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from netmon.api.traffic import RECORD, Second, halves
from rules.traffic.overload.rule import Overload
from rules.traffic.overload.settings import Capacity, OverloadSettings
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables import Tables

NAMES = Networks(names={halves("10.1.0.5"): "web-1"})


def records(count: int, **fields: Any) -> np.ndarray:
    rows = np.zeros(count, RECORD)
    rows["source_hi"], rows["source_lo"] = halves("198.51.100.1")
    rows["destination_hi"], rows["destination_lo"] = halves("10.1.0.5")
    rows["version"], rows["protocol"], rows["packets"], rows["sampling"] = 4, 6, 1, 1
    rows["source_port"], rows["destination_port"] = 50_000, 443
    for name, value in fields.items():
        rows[name] = value
    return rows


def address(text: str) -> int:
    return halves(text)[1]


def reversed_(rows: np.ndarray, octets: int) -> np.ndarray:
    back = rows.copy()
    for one, other in (("source", "destination"), ("destination", "source")):
        for part in ("hi", "lo", "port"):
            back[f"{one}_{part}"] = rows[f"{other}_{part}"]
    back["bytes"] = octets
    return back


def window(at: int, *parts: np.ndarray) -> Second:
    tables = Tables(TablesSettings(rows=65_536, kept=16), seed=3)
    tables.add(np.concatenate(parts))
    return tables.drain(at, at + 1, live=True)


def use(at: int, packets: int = 1_000) -> Second:
    """A download to one of ours: full frames of one sender, every second acknowledged."""
    data = records(packets, bytes=1_250)
    return window(at, data, reversed_(data[::2], 60))


def attack(at: int, packets: int = 1_000) -> Second:
    """Datagrams of forged senders, all alike, that nobody answers."""
    chance = random.Random(at)
    sources = [0xFFFF_0000_0000 | chance.getrandbits(32) for _ in range(packets)]
    return window(at, records(packets, bytes=1_250, protocol=17, source_lo=sources))


def rule(**capacity: Any) -> Overload:
    given = {"name": "office", "prefix": "10.1.0.0/16", "bits_per_second": 10e6, **capacity}
    return Overload(OverloadSettings(capacities=(Capacity.model_validate(given),), known_after_s=10), NAMES)


def watch(judge: Overload, *seconds: Second) -> list[Finding]:
    def all_of() -> Iterator[Finding]:
        for second in seconds:
            yield from judge.observe(second)

    return list(all_of())


def test_use_that_fills_a_prefix_is_told_after_it_lasted_and_closed_once() -> None:
    judge = rule()
    quiet = [use(at, 100) for at in range(30)]
    assert watch(judge, *quiet, *(use(30 + at, 950) for at in range(4))) == []
    [found] = watch(judge, use(34, 950))
    assert (found.rule, found.severity, found.target) == ("overload", Severity.WARNING, "10.1.0.0/16")
    assert found.evidence["looks_like"] == "use"
    assert found.evidence["start"] == 30
    assert found.evidence["rate_per_s"] == pytest.approx(9.5e6)
    assert found.evidence["capacity_per_s"] == pytest.approx(10e6)
    assert str(found.evidence["top_sources"]).startswith("198.51.100.1 100%")
    assert found.evidence["technique"] == ""
    assert "95%" in found.summary
    assert "pemakaian" in found.summaries["id"]
    closing = watch(judge, *(use(at, 100) for at in range(35, 80)))
    assert [finding.cleared for finding in closing] == [True]
    lasted = closing[0].evidence["lasted_s"]
    assert closing[0].summary.endswith(f" is no longer full after {lasted:g} s: at most 9.5 Mbit/s to it, of 10 Mbit/s")
    assert f" tidak lagi penuh setelah {lasted:g} dtk: paling banyak 9,5 Mbit/s masuk" in closing[0].summaries["id"]


def test_forged_senders_that_nobody_answers_look_like_an_attack() -> None:
    judge = rule()
    told = watch(judge, *(use(at, 100) for at in range(30)), *(attack(30 + at) for at in range(6)))
    [found] = told
    assert found.severity is Severity.CRITICAL
    assert found.evidence["looks_like"] == "attack"
    assert found.evidence["technique"] == "T1498"
    reasons = str(found.evidence["reasons"])
    assert "hardly any answers" in reasons
    assert "most of them new" in reasons


def test_many_known_senders_that_are_answered_look_like_use() -> None:
    chance = random.Random(1)
    sources = [address(f"198.18.{chance.randrange(200)}.{chance.randrange(250)}") for _ in range(1_000)]

    def crowd(at: int, packets: int) -> Second:
        data = records(packets, bytes=1_250, source_lo=sources[:packets])
        return window(at, data, reversed_(data[::2], 60))

    told = watch(rule(), *(crowd(at, 700) for at in range(30)), *(crowd(30 + at, 1_000) for at in range(6)))
    [found] = told
    assert found.evidence["looks_like"] == "use"
    assert found.severity is Severity.ERROR


def test_what_goes_out_is_a_matter_of_its_own() -> None:
    judge = rule()
    data = reversed_(records(1_000), 1_250)
    [found] = watch(judge, *(window(at, data, reversed_(data[::2], 60)) for at in range(6)))
    assert found.labels["direction"] == "out"


def test_a_burst_shorter_than_for_s_is_not_told() -> None:
    judge = rule()
    seconds = [use(at, 1_000 if at % 5 else 100) for at in range(40)]
    assert watch(judge, *seconds) == []


def test_connections_and_packets_have_capacities_too() -> None:
    judge = rule(bits_per_second=None, packets_per_second=1_000)
    assert [found.evidence["unit"] for found in watch(judge, *(attack(at, 950) for at in range(6)))] == ["packets"]
    judge = rule(bits_per_second=None, connections_per_second=100)
    flows = records(100, bytes=60)
    seconds = [Second(at, at + 1, begun=flows) for at in range(6)]
    assert [found.evidence["unit"] for found in watch(judge, *seconds)] == ["connections"]


def test_a_service_counts_what_goes_to_its_port() -> None:
    def busy(at: int) -> Second:
        return window(at, records(500, bytes=1_250), records(500, bytes=1_250, destination_port=80))

    service = {"prefix": None, "service": {"address": "10.1.0.5", "port": 443}}
    [found] = watch(rule(**service, bits_per_second=5.2e6), *(busy(at) for at in range(6)))
    assert found.target == "web-1"
    assert found.evidence["rate_per_s"] == pytest.approx(5e6, rel=0.05)
    assert watch(rule(**service, bits_per_second=8e6), *(busy(at) for at in range(6))) == []


def test_a_link_counts_the_flows_of_its_port() -> None:
    def told(at: int) -> Second:
        row = records(1, bytes=12_500_000, packets=10_000, exporter=1, in_interface=3, out_interface=4)
        return Second(at, at + 10, live=False, ended=row)

    judge = Overload(OverloadSettings(), NAMES)
    link = {"device": "r1", "port": "Gi0/3"}
    judge.follow(
        lambda exporter, index: (f"r{exporter}", f"Gi0/{index}"),
        [Capacity.model_validate({"name": "ring", "link": link, "bits_per_second": 10.5e6})],
    )
    [found] = watch(judge, told(0))
    assert (found.target, found.labels["direction"]) == ("r1", "in")
    assert found.evidence["rate_per_s"] == pytest.approx(10e6)


def test_a_link_that_no_exporter_tells_of_is_not_known_to_be_empty() -> None:
    judge = Overload(OverloadSettings(), NAMES)
    link = {"device": "r1", "port": "7"}
    judge.follow(
        lambda exporter, index: (f"r{exporter}", "" if index else "?"),
        [Capacity.model_validate({"name": "x", "link": link, "bits_per_second": 1e6})],
    )
    watch(judge, Second(0, 10, live=False, ended=records(1, exporter=1, in_interface=3)))
    assert judge.drain() == []
    watch(judge, Second(10, 20, live=False, ended=records(1, exporter=1, in_interface=7, bytes=1_250)))
    watch(judge, Second(20, 30, live=False))
    rates = {way: each["bits"] for _, way, each in judge.drain()}
    assert rates == {"in": 500, "out": 0}


def test_rates_for_metrics_are_means_since_they_were_last_asked_for() -> None:
    judge = rule()
    watch(judge, use(0, 100), use(1, 300))
    rates = {way: each["bits"] for _, way, each in judge.drain()}
    assert rates["in"] == pytest.approx(2e6)
    assert judge.drain() == []


def test_a_window_without_length_says_nothing() -> None:
    assert watch(rule(), Second(1, 1)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x", "bits_per_second": 1},
        {"name": "x", "prefix": "10.0.0.0/8"},
        {"name": "x", "prefix": "10.0.0.0/8", "link": {"device": "a", "port": "b"}, "bits_per_second": 1},
    ],
)
def test_a_capacity_is_of_one_thing_and_has_a_number(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Capacity.model_validate(wrong)


@pytest.mark.parametrize(
    ("prefix", "inside", "outside"),
    [
        ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
        ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
        ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
        ("::/0", "2001:db8::1", None),
    ],
)
def test_prefixes_hold_their_own(prefix: str, inside: str, outside: str | None) -> None:
    for text, expected in ((inside, 8.0), (outside, 0.0)):
        if text is None:
            continue
        judge = rule(prefix=prefix)
        hi, lo = halves(text)
        watch(judge, window(0, records(1, bytes=1, destination_hi=hi, destination_lo=lo, source_hi=1 << 60)))
        assert {way: each["bits"] for _, way, each in judge.drain()}["in"] == expected


def test_two_capacities_of_one_name_are_refused() -> None:
    one = {"name": "x", "prefix": "10.0.0.0/8", "bits_per_second": 1}
    with pytest.raises(ValidationError, match="one name"):
        OverloadSettings.model_validate({"capacities": [one, one]})
