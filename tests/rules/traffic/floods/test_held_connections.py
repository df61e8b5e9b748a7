"""Connections that are kept open: by attackers as Slowloris and GoldenEye are, and by browsers, proxies and offices."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from netmon.api import Finding
from netmon.api.traffic import FlowState
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from rules.traffic.tables.tables import Tables
from tests.rules.traffic.floods.ordinary import ACK, FIN, NETWORKS, PUSH, START, SYN, TCP, WEB, address, packets

BOT = address("198.51.100.66")
Begin = Callable[[int], list[tuple[int, int]]]


class Server:
    """Connections with one web server, by how long they last and what their clients send each second."""

    def __init__(self, lasts_s: int, octets_each: int = 0, port: int = 80, answer: int = 1_400) -> None:
        self._lasts_s = lasts_s
        self._octets = octets_each
        self._port = port
        self._answer = answer
        self._open: list[tuple[int, np.ndarray, np.ndarray]] = []
        self._used = 1_024

    def second(self, number: int, begin: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return packets, flows begun and flows ended; `begin`: sources with how many connections each begins."""
        sources = np.repeat([source for source, _ in begin], [count for _, count in begin]).astype(np.int64)
        ports = 1_024 + (self._used + np.arange(len(sources))) % 64_000
        self._used += len(sources)
        flows = self._flows(sources, ports)
        gone = [one for one in self._open if one[0] <= number]
        self._open = [one for one in self._open if one[0] > number] + [(number + self._lasts_s, sources, ports)]
        ended = np.concatenate([flows[:0], *(self._flows(*one[1:]) for one in gone)])
        ended["end_reason"], ended["state"] = 3, FlowState.CLOSED
        begun = flows.copy()
        begun["state"] = FlowState.BEGUN
        ack = flows.copy()
        ack["tcp_flags"] = ACK
        answers = packets(
            source=WEB,
            destination=sources,
            source_port=self._port,
            destination_port=ports,
            protocol=TCP,
            flags=PUSH,
            size=self._answer,
        )
        parts = [flows, ack, answers]
        if self._octets:
            for _, those, theirs in self._open:
                used = self._flows(those, theirs)
                used["tcp_flags"], used["bytes"] = PUSH, self._octets
                parts.append(used)
        return np.concatenate(parts), begun, ended

    def _flows(self, sources: np.ndarray, ports: np.ndarray) -> np.ndarray:
        return packets(
            source=sources, destination=WEB, source_port=ports, destination_port=self._port, protocol=TCP, flags=SYN
        )


def run(server: Server, begin: Begin, seconds: int, rule: Floods | None = None, first: int = 0) -> list[Finding]:
    rule = rule or Floods(FloodSettings(), NETWORKS)
    tables = Tables(seed=1)
    found: list[Finding] = []
    for number in range(first, first + seconds):
        records, begun, ended = server.second(number, begin(number))
        tables.add(records)
        second = tables.drain(START + number, START + number + 1)
        found += rule.observe(replace(second, begun=begun, ended=ended))
    return found


def test_slowloris() -> None:
    """60 connections a second, hardly any octets, none ended."""
    found = run(Server(1_000, answer=66), lambda _: [(BOT, 60)], 6)
    assert [(finding.rule, finding.target) for finding in found] == [("held_connections", "web1")]
    assert found[0].at == START + 4
    assert found[0].evidence["source"] == "198.51.100.66"
    assert "hardly used" in found[0].summary
    assert "hampir tidak dipakai" in found[0].summaries["id"]


def test_slowloris_by_several_sources_is_one_finding() -> None:
    sources = [BOT + place for place in range(20)]
    found = run(Server(1_000, answer=66), lambda number: [(source, 3) for source in sources[number % 2 :: 2]], 60)
    assert len({finding.key for finding in found}) == 1
    assert found[0].at <= START + 20
    assert found[0].evidence["distinct_sources"] == 20
    assert "by 20 addresses" in found[0].summary
    assert "oleh 20 alamat" in found[0].summaries["id"]


def test_connections_of_one_source_that_are_kept_busy() -> None:
    """As GoldenEye: 17 connections a second for 12 s each, in use all the while."""
    found = run(Server(12, octets_each=1_000), lambda _: [(BOT, 17)], 60)
    assert {(finding.rule, finding.evidence["used"]) for finding in found} == {("held_connections", "yes")}
    assert len({finding.key for finding in found}) == 1
    assert found[0].at <= START + 8


def test_a_proxy_in_front_of_the_server_is_learned_and_ten_times_as_many_are_not() -> None:
    rule, server = Floods(FloodSettings(), NETWORKS), Server(60, octets_each=2_000)
    assert run(server, lambda number: [(BOT, 1 + number % 3)], 240, rule) == []
    found = run(server, lambda _: [(BOT, 90)], 16, rule, first=240)
    assert "held_connections" in {finding.rule for finding in found}


def test_what_a_proxy_holds_outlives_a_restart() -> None:
    def proxy(number: int) -> list[tuple[int, int]]:
        return [(BOT, 4 + number % 3)]

    rule = Floods(FloodSettings(), NETWORKS)
    run(Server(60, octets_each=2_000), proxy, 120, rule)
    again = Floods(FloodSettings(), NETWORKS)
    again.restore(rule.save())
    hasty = Server(60, octets_each=2_000)
    assert run(hasty, lambda _: [(BOT, 20)], 15, again, first=121) == []  # it connects anew
    assert run(Server(60, octets_each=2_000), lambda _: [(BOT, 20)], 15)


def test_browsers_that_keep_connections_open_are_quiet() -> None:
    def browsers(number: int) -> list[tuple[int, int]]:
        return [(address("45.0.0.1") + number * 12 + place, 6) for place in range(12)]

    assert run(Server(75), browsers, 120) == []


def test_offices_behind_one_address_each_are_quiet() -> None:
    """30 offices with 40 people, who keep a connection or two each for a minute."""
    draw = np.random.default_rng(2)

    def offices(_number: int) -> list[tuple[int, int]]:
        return [(address("45.0.0.1") + place, int(draw.integers(0, 3))) for place in range(30)]

    assert run(Server(60, octets_each=120), offices, 120) == []


@pytest.mark.parametrize("lasts_s", [1, 2])
def test_connections_that_end_soon_are_not_held(lasts_s: int) -> None:
    draw = np.random.default_rng(3)
    assert run(Server(lasts_s), lambda _: [(BOT, int(draw.integers(5, 90)) // lasts_s)], 200) == []


def test_connections_that_are_over_but_not_yet_told_so_are_not_held() -> None:
    """A flow is told as ended some seconds after its last packet."""

    class Closing(Server):
        def second(self, number: int, begin: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            records, begun, ended = super().second(number, begin)
            fin = begun.copy()
            fin["tcp_flags"], fin["state"] = FIN, 0
            return np.concatenate([records, fin]), begun, ended

    settings = FloodSettings.model_validate({"connection_flood": {"enabled": False}})
    assert run(Closing(2), lambda _: [(BOT, 150)], 30, Floods(settings, NETWORKS)) == []
    assert run(Server(2), lambda _: [(BOT, 150)], 30, Floods(settings, NETWORKS)) != []


def test_connections_that_end_in_the_window_they_began_in_are_not_held() -> None:
    """However unevenly: what ended is not forgotten where it was not yet counted."""
    draw = np.random.default_rng(3)

    class Hasty(Server):
        def second(self, number: int, begin: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            records, begun, ended = super().second(number, begin)
            at, sources, ports = self._open.pop()
            stay = int(draw.integers(0, len(sources) // 2))
            self._open.append((at, sources[:stay], ports[:stay]))
            over = self._flows(sources[stay:], ports[stay:])
            over["end_reason"], over["state"] = 3, FlowState.CLOSED
            return records, begun, np.concatenate([ended, over])

    settings = FloodSettings.model_validate({"held_connections": {"held": 60}})  # less than half of 95 stay
    assert run(Hasty(1), lambda _: [(BOT, int(draw.integers(5, 95)))], 100, Floods(settings, NETWORKS)) == []


def test_a_connection_flood_that_leaves_connections_open_is_one_finding() -> None:
    for octets in (0, 900):
        found = run(Server(5, octets_each=octets), lambda _: [(BOT, 160)], 20)
        assert {finding.rule for finding in found} == {"connection_flood"}


def test_a_burst_of_connections_that_are_then_held_is_one_finding_until_they_are_gone() -> None:
    server, rule = Server(40, answer=66), Floods(FloodSettings(), NETWORKS)
    found = run(server, lambda number: [(BOT, 200)] if number < 3 else [], 70, rule)
    assert {finding.rule for finding in found} == {"connection_flood"}
    assert found[-1].cleared
    assert found[-1].at >= START + 50


def test_connections_that_were_never_made_are_not_held() -> None:
    rule, tables = Floods(FloodSettings(), NETWORKS), Tables(seed=1)
    for number in range(20):
        syn = packets(
            source=BOT, destination=WEB, source_port=1_024 + number * 50 + np.arange(50), destination_port=80,
            protocol=TCP, flags=SYN,
        )  # fmt: skip
        tables.add(syn)
        second = tables.drain(START + number, START + number + 1)
        assert list(rule.observe(replace(second, begun=syn))) == []
