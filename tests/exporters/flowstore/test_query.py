"""Answers are those that a plain count of the same records gives."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from exporters.flowstore import heavy
from exporters.flowstore.files import Span, look
from exporters.flowstore.query import DIMENSIONS, By, Ranked, Row, flows, matrix, timeline, top
from exporters.flowstore.terms import expression
from exporters.flowstore.words import Words, protocol_name
from netmon.api.traffic import address_text
from tests.support.kept_flows import EXPORTERS, HOUR, NETWORKS, kept, many, record

ALL = Span(0, 4e9)
WORDS = Words({(17, 443): "panggilan video"})
RECORDS = many(1_500)
RECORDS["reply_bytes"] = RECORDS["bytes"] // 3 * (RECORDS["vlan"] == 1)
RECORDS["reply_packets"] = RECORDS["packets"] // 3 * (RECORDS["vlan"] == 1)
RECORDS["reply_tcp_flags"] = np.where((RECORDS["vlan"] == 1) & (RECORDS["protocol"] == 6), 18, 0)
_only_back = np.flatnonzero(RECORDS["reply_packets"])[::9]
RECORDS["bytes"][_only_back] = RECORDS["packets"][_only_back] = 0


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the records in an hour of parts."""
    return kept(tmp_path_factory.mktemp("kept") / "flows", RECORDS)


def site(row: np.void, end: str) -> str:
    return NETWORKS.site_of(int(row[f"{end}_hi"]), int(row[f"{end}_lo"]))


def low(row: np.void) -> int:
    return min(int(row["source_port"]), int(row["destination_port"]))


def interface(row: np.void, name: str) -> str:
    return f"{EXPORTERS[row['exporter']]} {row[name]}".strip()


KEYS: dict[By, Callable[[np.void], set[str]]] = {  # besides the addresses: those are of a direction
    "port": lambda row: {str(low(row))},
    "site": lambda row: {site(row, "source"), site(row, "destination")},
    "app": lambda row: {WORDS.app(int(row["protocol"]), low(row))},
    "interface": lambda row: {interface(row, "in_interface"), interface(row, "out_interface")},
    "protocol": lambda row: {protocol_name(int(row["protocol"]))},
    "as": lambda _: {"0"},
    "exporter": lambda row: {EXPORTERS[row["exporter"]]},
    "vlan": lambda row: {str(row["vlan"])},
}


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of a flow, in plain Python: what its sender would say of it."""

    source: str
    destination: str
    ports: tuple[int, int]
    interfaces: tuple[int, int]
    flags: int
    began: bool
    sizes: tuple[int, int]
    row: np.void


def ways(row: np.void) -> list[Way]:
    source, destination = (
        address_text(int(row[f"{end}_hi"]), int(row[f"{end}_lo"])) for end in ("source", "destination")
    )
    ports = int(row["source_port"]), int(row["destination_port"])
    interfaces = int(row["in_interface"]), int(row["out_interface"])
    sent, replied = ((int(row[f"{name}bytes"]), int(row[f"{name}packets"])) for name in ("", "reply_"))
    flags = int(row["tcp_flags"]), int(row["reply_tcp_flags"])
    there = Way(source, destination, ports, interfaces, flags[0], True, sent, row)
    back = Way(destination, source, ports[::-1], interfaces[::-1], flags[1], False, replied, row)
    return [there, back] if any(replied) else [there]


Fits: TypeAlias = Callable[[Way], bool]
FILTERS: dict[str, Fits] = {
    "": lambda _: True,
    "udp or vlan 1": lambda way: way.row["protocol"] == 17 or way.row["vlan"] == 1,
    "src net 10.1.9.0/24": lambda way: way.source.startswith("10.1.9."),
    "not dst ip 10.1.9.2 and port 443": lambda way: way.destination != "10.1.9.2" and 443 in way.ports,
    "dst port 53 or in if 3": lambda way: way.ports[1] == 53 or way.interfaces[0] == 3,
    "flags SA and not flags F": lambda way: way.row["protocol"] == 6 and way.flags & 19 == 18,
    "src site rsud and began": lambda way: way.began and way.source.startswith(("10.1.9.", "2001:db8:9:")),
    "not began": lambda way: not way.began,
    "src port 40000 and packets > 500": lambda way: (
        way.ports[0] == 40_000 and int(way.row["packets"]) + int(way.row["reply_packets"]) > 500
    ),
}


def counted(
    records: NDArray[np.void], by: By | Callable[[np.void], set[str]], fits: Fits = FILTERS[""]
) -> dict[str, tuple[int, int, int]]:
    """Add up: an address has the directions that it sent or received, any other key each flow once."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in records:
        again: set[str] = set()
        for way in filter(fits, ways(row)):
            if by in {"src", "dst"}:
                keys = {way.source if by == "src" else way.destination}
            else:
                keys = (by if callable(by) else KEYS[by])(row)
            for key in keys:
                found[key][0] += way.sizes[0]
                found[key][1] += way.sizes[1]
                found[key][2] += key not in again
            again |= keys if by not in {"src", "dst"} else set()
    return {key: (one, two, three) for key, (one, two, three) in found.items()}


def as_counted(rows: tuple[Row, ...]) -> dict[str, tuple[int, int, int]]:
    return {row.key: (row.bytes, row.packets, row.flows) for row in rows}


def test_every_dimension_is_tested() -> None:
    assert {*KEYS, "src", "dst"} == set(DIMENSIONS)


@pytest.mark.parametrize("by", sorted(DIMENSIONS))
@pytest.mark.parametrize("text", ["", "udp or vlan 1", "src net 10.1.9.0/24"])
def test_top(directory: Path, by: By, text: str) -> None:
    answer = look(directory, ALL, lambda scan: top(scan, by, expression(text), Ranked("packets", 5), WORDS))
    expected = counted(RECORDS, by, FILTERS[text])
    first = sorted(expected.items(), key=lambda each: (-each[1][1], each[0]))[:5]
    assert as_counted(answer.rows) == dict(first)
    assert [row.packets for row in answer.rows] == [sums[1] for _, sums in first]
    (all_of_them,) = counted(RECORDS, lambda _: {""}, FILTERS[text]).values()
    assert (answer.total.bytes, answer.total.packets, answer.total.flows) == all_of_them


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_is_asked_of_each_direction(directory: Path, text: str) -> None:
    where, fits = expression(text), FILTERS[text]
    for by in ("src", "site"):
        answer = look(directory, ALL, partial(top, by=by, where=where, ranked=Ranked("bytes", 1_000), words=WORDS))
        assert as_counted(answer.rows) == counted(RECORDS, by, fits)
    chosen = [row for row in RECORDS if any(map(fits, ways(row)))]
    assert chosen
    assert answer.total.flows == len(chosen)
    listed = look(directory, ALL, lambda scan: flows(scan, where, "time", len(RECORDS)))
    assert sorted(listed["bytes"].to_list()) == sorted(int(row["bytes"]) for row in chosen)
    assert sorted(listed["source_lo"].to_list()) == sorted(int(row["source_lo"]) for row in chosen)


@pytest.mark.parametrize("order", ["bytes", "packets", "flows"])
@pytest.mark.parametrize("at_once", [1, 20, 10**9])
@pytest.mark.parametrize("limit", [1, 7, 1_000])
def test_the_heaviest_are_exact_however_they_are_counted(
    directory: Path, monkeypatch: pytest.MonkeyPatch, order: Any, at_once: int, limit: int
) -> None:
    """Few buckets, so that keys share them; few keys at once, so that there are passes."""
    monkeypatch.setattr(heavy, "_WORTH", 0)
    monkeypatch.setattr(heavy, "_BUCKETS", 16)
    monkeypatch.setattr(heavy, "_FIRST", 2)
    monkeypatch.setattr(heavy, "_KEYS_AT_ONCE", at_once)
    bys: tuple[By, By] = ("src", "dst")
    for by in bys:
        question = partial(top, by=by, where=None, ranked=Ranked(order, limit), words=WORDS)
        answer = look(directory, ALL, question)
        place = ("bytes", "packets", "flows").index(order)
        expected = counted(RECORDS, by)
        weights = sorted((sums[place] for sums in expected.values()), reverse=True)[:limit]
        assert [getattr(row, order) for row in answer.rows] == weights
        assert all(expected[key] == sums for key, sums in as_counted(answer.rows).items())
        assert answer.total.flows == len(RECORDS)


def test_only_the_time_that_was_asked_for(directory: Path) -> None:
    ends = RECORDS["end_ns"] // 10**6
    for since, until in ((HOUR + 600, HOUR + 1_200), (HOUR + 601.5, HOUR + 602.25), (HOUR - 9, HOUR + 0.5)):
        expected = int(np.count_nonzero((ends >= since * 1000) & (ends < until * 1000)))
        answer = look(directory, Span(since, until), lambda scan: top(scan, "vlan", None, Ranked(), WORDS))
        assert answer.total.flows == expected
        opened = look(directory, Span(since, until), lambda scan: scan.records)
        assert opened <= expected + 2 * 100, "only files of that time are opened"
    assert look(directory, Span(1, 2), lambda scan: top(scan, "src", None, Ranked(), WORDS)).rows == ()
    assert look(directory, Span(1, 2), lambda scan: len(matrix(scan, None))) == 0
    assert look(directory, Span(1, 2), lambda scan: len(flows(scan, None, "time", 5))) == 0


def test_matrix(directory: Path) -> None:
    expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in RECORDS:
        ends = site(row, "source"), site(row, "destination")
        for place, way in enumerate(ways(row)):
            sums = expected[ends if way.began else ends[::-1]]
            sums[0] += way.sizes[0]
            sums[1] += way.sizes[1]
            sums[2] += not place
    answer = look(directory, ALL, lambda scan: matrix(scan, None))
    found = {(row[0], row[1]): list(row[2:]) for row in answer.iter_rows()}
    assert found == dict(expected)
    assert answer["bytes"].is_sorted(descending=True)


def test_timeline(directory: Path) -> None:
    answer = look(directory, ALL, lambda scan: timeline(scan, expression("tcp"), 300))
    chosen = RECORDS[RECORDS["protocol"] == 6]
    expected = counted(chosen, lambda row: {str(int(row["end_ns"]) // 10**9 // 300 * 300)})
    assert {str(begin): (row.bytes, row.packets, row.flows) for begin, row in answer.items()} == expected


def test_flows(directory: Path) -> None:
    latest = look(directory, ALL, lambda scan: flows(scan, None, "time", 5))
    assert latest["end"].dt.epoch("ms").to_list() == (RECORDS["end_ns"] // 10**6)[-5:].tolist()
    largest = look(directory, ALL, lambda scan: flows(scan, None, "bytes", 3))
    both = np.sort(RECORDS["bytes"] + RECORDS["reply_bytes"])[::-1]
    assert (largest["bytes"] + largest["reply_bytes"]).to_list() == both[:3].tolist()


def test_files_with_and_without_ipv6(tmp_path: Path) -> None:
    records = np.concatenate(
        [record(end=HOUR + 1), record(end=HOUR + 70, source="2001:db8::1"), record(end=HOUR + 130)]
    )
    answer = look(kept(tmp_path / "flows", records), ALL, lambda scan: top(scan, "src", None, Ranked("flows"), WORDS))
    assert as_counted(answer.rows) == {"10.1.2.3": (200, 2, 2), "2001:db8::1": (100, 1, 1)}
