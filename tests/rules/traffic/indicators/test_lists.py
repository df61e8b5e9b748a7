"""What is read as an entry of a list, and whether each is found again, and nothing else is."""

import ipaddress
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.networks import Networks
from netmon.api.traffic import DNS, RECORD, halves
from rules.traffic.indicators.lists import Indicators
from rules.traffic.indicators.reading import read_entries
from rules.traffic.indicators.settings import IndicatorList

SETTINGS = IndicatorList(name="test", file="test.txt")


def listed(text: str, most: int = 1_000) -> Indicators:
    return Indicators(SETTINGS, text.encode(), most)


def numbers(indicators: Indicators, *addresses: str) -> list[int]:
    flows = np.zeros(len(addresses), RECORD)
    flows["source_hi"], flows["source_lo"] = np.array([halves(each) for each in addresses], np.uint64).T
    return [int(number) for number in indicators.find_ends(flows, "source", Networks())]


def names(indicators: Indicators, *asked: str) -> list[str]:
    rows = np.zeros(len(asked), DNS)
    rows["name"] = asked
    rows["name_length"] = [len(name) for name in asked]
    found = indicators.find_names(rows["name"], rows["name_length"]).tolist()
    return ["" if number < 0 else indicators.entry(number).text for number in found]


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7\r", "203.0.113.7"),
        ("  203.0.113.7  # seen in a campaign", "203.0.113.7"),
        ("203.0.113.7,2026-01-01,C2", "203.0.113.7"),
        ('"203.0.113.7","C2"', "203.0.113.7"),
        ("203.0.113.7:8443", "203.0.113.7"),
        ("203[.]0[.]113[.]7", "203.0.113.7"),
        ("203.0.113.7/32", "203.0.113.7"),
        ("203.0.113.0/24 ; SBL1", "203.0.113.0/24"),
        ("203.0.113.9/24", "203.0.113.0/24"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:db8:1::/48", "2001:db8:1::/48"),
        ("Evil.Example", "evil.example"),
        ("*.evil.example", "evil.example"),
        (".evil.example", "evil.example"),
        ("||evil.example^", "evil.example"),
        ("0.0.0.0 evil.example", "evil.example"),
        ("https://user@evil.example:8080/a/b?c=1#d", "evil.example"),
        ("http://203.0.113.7/x.sh", "203.0.113.7"),
        ("hxxp://evil[.]example/x", "evil.example"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_line_in_the_ways_of_feeds(line: str, entry: str) -> None:
    indicators = listed(f"# a feed\n\n{line}\n")
    assert (indicators.count, indicators.bad) == (1, 0)
    assert indicators.entry(0).text == entry
    assert indicators.entry(0).line == line.strip()


@pytest.mark.parametrize(
    "line",
    [
        "com",
        "localhost",
        "0.0.0.0/0",
        "10.0.0.0/7",
        "2000::/3",
        "300.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "a b",
        ",",
        "-",
        "é",
    ],
)
def test_a_line_that_is_none_is_counted_with_its_number(line: str) -> None:
    indicators = listed(f"203.0.113.1\n{line}\n203.0.113.2\n")
    assert (indicators.count, indicators.bad, indicators.bad_lines) == (2, 1, (2,))


def test_columns_that_a_first_line_names() -> None:
    indicators = listed("uuid,event_id,category,type,value,comment\n1,2,Network,ip-dst,203.0.113.7,C2\n")
    assert numbers(indicators, "203.0.113.7") == [0]
    assert indicators.entry(0).line.endswith("C2")


def test_entries_beyond_the_cap_are_counted() -> None:
    indicators = listed("203.0.113.1\n203.0.113.2\n203.0.113.3\n", most=2)
    assert (indicators.count, indicators.beyond) == (2, 1)


def test_addresses_go_before_prefixes_and_the_longest_prefix_counts() -> None:
    indicators = listed("203.0.113.0/24\n203.0.113.128/25\n203.0.113.200\n2001:db8::/32\n")
    found = numbers(indicators, "203.0.113.1", "203.0.113.129", "203.0.113.200", "2001:db8::1", "192.0.2.1", "::1")
    told = [indicators.entry(number).text if number >= 0 else "" for number in found]
    assert told == ["203.0.113.0/24", "203.0.113.128/25", "203.0.113.200", "2001:db8::/32", "", ""]


def test_a_name_its_parents_and_nothing_like_it() -> None:
    indicators = listed("evil.example\nworse.evil.example\nother.test\n")
    asked = [
        "evil.example",
        "a.b.evil.example",
        "x.worse.evil.example",
        "notevil.example",
        "evil.example.org",
        "example",
        "",
    ]
    assert names(indicators, *asked) == ["evil.example", "evil.example", "worse.evil.example", "", "", "", ""]


def test_a_name_of_all_255_octets() -> None:
    name = ".".join(["a" * 61] * 4)[:240] + ".evil.example"
    assert names(listed("evil.example"), name[-253:]) == ["evil.example"]


@given(st.sets(st.integers(0, 2**32 - 1), max_size=300), st.lists(st.integers(0, 2**32 - 1), max_size=100))
def test_every_address_is_found_and_no_other(there: set[int], asked: list[int]) -> None:
    indicators = listed("\n".join(str(ipaddress.IPv4Address(each)) for each in there))
    asked += there
    if asked:
        found = numbers(indicators, *(str(ipaddress.IPv4Address(each)) for each in asked))
        assert [number >= 0 for number in found] == [each in there for each in asked]


@given(st.binary(max_size=400))
def test_any_file_is_read(raw: bytes) -> None:
    entries = read_entries(raw, 10)
    assert len(entries) + entries.bad + entries.beyond <= raw.count(b"\n") + 1
    assert Indicators(SETTINGS, raw, 10).count == len(entries)


def test_many_entries_are_all_found() -> None:
    chance = random.Random(7)
    there = [str(ipaddress.IPv4Address(chance.getrandbits(32))) for _ in range(20_000)]
    indicators = listed("\n".join(there), most=20_000)
    assert min(numbers(indicators, *there)) >= 0
