"""Guessing from models and as recorded, and what looks like it and is not."""

import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import numpy as np
import pytest

from netmon.api import Finding, Severity
from netmon.api.networks import Networks, Place
from netmon.api.traffic import halves
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import detectors
from rules.traffic.guessing import words
from rules.traffic.guessing.rule import Guessing
from rules.traffic.guessing.settings import GuessingSettings
from tests.rules.traffic.guessing.models import (
    CLIENT,
    FAILURES,
    NETWORKS,
    SERVER,
    STRANGER,
    Traffic,
    application,
    automation,
    backup,
    binds,
    browsers,
    checks,
    commands_alike,
    mail_clients,
    program,
    telephones,
    tries,
    typing_errors,
)
from tests.rules.traffic.scans.conversations import (
    UDP,
    Packet,
    findings,
    seconds,
    session,
    syn,
    unstamped,
)
from tests.rules.traffic.scans.recorded import begun as begun_in
from tests.rules.traffic.scans.recorded import replayed


def said(packets: Traffic, **settings: object) -> list[Finding]:
    return findings(Guessing(GuessingSettings(**settings), NETWORKS), packets, quiet=320)


def begun(packets: Traffic, **settings: object) -> list[Finding]:
    first: dict[str, Finding] = {}
    for finding in said(packets, **settings):
        first.setdefault(finding.key, finding)
    return list(first.values())


@pytest.mark.parametrize("stamped", [True, False], ids=["with timestamps", "without"])
@pytest.mark.parametrize("service", FAILURES)
def test_brute_force(service: str, *, stamped: bool) -> None:
    port, sent, received = FAILURES[service]
    packets = tries(STRANGER, SERVER, port, (sent, received))
    found = begun(packets if stamped else unstamped(packets))
    assert [(finding.rule, finding.evidence["service"]) for finding in found] == [("brute_force", service)]
    assert (found[0].evidence["source"], found[0].evidence["target"]) == (STRANGER, SERVER)
    assert found[0].severity is Severity.WARNING


def test_one_finding_closed_with_its_totals() -> None:
    told = said(tries(STRANGER, SERVER, 22, (1_600, 2_260), count=200))
    assert len({finding.key for finding in told}) == 1
    assert told[-1].cleared
    assert told[-1].evidence["total_attempts"] == 200


def test_a_session_that_follows_is_critical() -> None:
    failed = tries(STRANGER, SERVER, 22, (1_600, 2_260))
    then = session(syn(60, STRANGER, SERVER, 22), 9_000, 60_000, lasts=30)
    assert said(failed)[-1].severity is Severity.WARNING
    last = said(failed + then)[-1]
    assert last.severity is Severity.CRITICAL
    assert last.evidence["success_after"] == SERVER


def test_spraying_by_one_source() -> None:
    packets = [
        packet
        for place in range(24)
        for packet in session(syn(place * 5, CLIENT, f"10.1.2.{1 + place % 12}", 3389, 33_000 + place), 900, 1_500)
    ]
    found = begun(packets)
    assert [finding.rule for finding in found] == ["password_spraying"]
    assert found[0].severity is Severity.ERROR


def test_guessing_by_many_sources() -> None:
    packets = [
        packet
        for place in range(90)
        for packet in session(syn(place * 3, f"198.51.100.{1 + place % 45}", SERVER, 22), 1_600 + place % 9, 2_260)
    ]
    found = begun(packets)
    assert [finding.rule for finding in found] == ["password_spraying"]
    assert found[0].evidence["target"] == SERVER


def test_some_tries_in_each_connection() -> None:
    """A person, or a slow program: one to three tries each, so that sizes fall on few levels."""
    packets = [
        packet
        for place, levels in enumerate([3, 1, 1, 1, 2, 3, 1, 1, 2, 1, 1])
        for packet in session(
            syn(place * 6.5, STRANGER, SERVER, 22, 33_000 + place), 2_441 + 152 * levels, 2_288 + 56 * levels, lasts=4
        )
    ]
    assert [finding.rule for finding in begun(packets)] == ["brute_force"]


@pytest.mark.parametrize("every_s", [0.12, 1, 4, 12], ids="{}s".format)
@pytest.mark.parametrize(("port", "sizes"), [(143, (60, 220)), (993, (700, 3_020))], ids=["IMAP", "IMAPS"])
def test_guessing_where_mail_is_polled(port: int, sizes: tuple[int, int], every_s: float) -> None:
    """At rates of sixteen tasks at once where a server lets them, where it delays them, and of one task."""
    attempts = {143: 12, 993: 15}[port]
    (found,) = begun(tries(STRANGER, SERVER, port, sizes, count=50, every_s=every_s))
    assert found.rule == "brute_force"
    needed = attempts if every_s * attempts <= 60 else 2.5 * attempts
    assert found.at - float(found.evidence["start"]) <= needed * every_s + 3


def test_many_connections_with_mail_are_guessing_also_where_tries_in_each_differ() -> None:
    random = np.random.default_rng(6)
    packets = [
        packet
        for place in range(240)
        for packet in session(
            syn(place / 3, STRANGER, SERVER, 993, 33_000 + place), 640 + 60 * int(random.integers(4)), 3_020, lasts=1
        )
    ]
    assert [finding.rule for finding in begun(packets)] == ["brute_force"]
    assert begun([replace(packet, at=packet.at * 3) for packet in packets]) == []


def test_many_sources_on_one_web_form_are_one_finding() -> None:
    packets = [
        packet
        for place in range(1_300)
        for packet in session(syn(place / 30, f"198.51.100.{1 + place % 6}", SERVER, 443, 20_000 + place), 520, 4_700)
    ]
    found = begun(packets)
    assert {finding.rule for finding in found} == {"brute_force"}
    assert len(found) <= 3
    last = [finding for finding in said(packets) if "many/" in finding.key][-1]
    assert last.evidence["target"] == SERVER
    assert int(last.evidence["sources"]) >= 3


def web(per_s: int, sources: int, *, count: int = 1_500, host: str = SERVER) -> Traffic:
    """Requests on connections of their own, or log-ins: flows do not tell which."""
    return [
        packet
        for place in range(count)
        for packet in session(
            syn(place / per_s + 0.3, f"198.51.100.{1 + place % sources}", host, 80, 20_000 + place),
            400,
            9_000,
            lasts=0.4,
        )
    ]


@pytest.mark.parametrize(("per_s", "sources", "expected"), [
    (60, 1, "brute_force"), (90, 1, "brute_force"), (120, 1, "connection_flood"), (180, 1, "connection_flood"),
    (130, 3, "connection_flood"),
])  # fmt: skip
def test_web_log_ins_are_guessing_or_a_flood_and_never_both(per_s: int, sources: int, expected: str) -> None:
    rules = detectors(TrafficSettings(), NETWORKS)[:3]
    told = [one for second in seconds(web(per_s, sources), quiet=20) for rule in rules for one in rule.observe(second)]
    assert {finding.rule for finding in told} == {expected}


def test_what_is_open_when_the_traffic_ends_counts_too() -> None:
    """All of it is told in one window, as if it were more a second than anybody guesses."""
    rule, windows = Guessing(GuessingSettings(), NETWORKS), list(seconds(web(90, 1), quiet=5))
    last = replace(windows[14], ended=np.concatenate([second.ended for second in windows[14:]]))
    assert len(last.ended) > 200
    for second in (*windows[:14], last):
        list(rule.observe(second))
    (closed,) = rule.finish(last.end)
    assert closed.evidence["total_attempts"] == 1_500


def in_steps(every_s: float, words: int, count: int = 60) -> Traffic:
    """One to three tries in each connection with IMAP; `words`: by how much names and words differ in length."""
    random = np.random.default_rng(11)
    told: Traffic = []
    for place in range(count):
        turns = 1 + place % 3
        asked = 20 + sum(22 + int(random.integers(words)) for _ in range(turns))
        told += session(syn(place * every_s, STRANGER, SERVER, 143, 33_000 + place), asked, 130 + 52 * turns, lasts=1)
    return told


def test_refusals_come_in_steps_where_mail_is_polled() -> None:
    (found,) = begun(in_steps(5, 12))
    assert found.rule == "brute_force"
    assert begun(in_steps(5, 1)) == []  # three programs that ask the same each time
    random = np.random.default_rng(12)
    boxes = [
        packet
        for place in range(120)
        for packet in session(
            syn(place * 4.0, STRANGER, SERVER, 143, 33_000 + place),
            60 + place % 12,
            200 + 37 * (place % 12) + int(random.integers(30)),
        )
    ]
    assert begun(boxes) == []


def test_what_one_program_asks_all_the_time_is_no_guessing() -> None:
    assert said(web(200, 1)) == []
    assert said(web(200, 1), services=[{**GuessingSettings().services[-1].model_dump(), "flood_per_s": 1e6}])


def test_log_ins_on_a_busy_server_are_seen() -> None:
    visits = [
        packet
        for place in range(3_000)
        for packet in session(
            syn(place / 100, f"203.0.113.{place % 250}", SERVER, 80, 20_000 + place), 400, 500 + place % 5_000
        )
    ]
    assert {finding.evidence["source"] for finding in said(web(10, 1, count=260) + visits)} == {"198.51.100.1"}


def test_names_tried_on_a_directory_are_guessing_and_people_who_log_in_are_not() -> None:
    """Kerberos, over UDP: no such name, or a wrong word; who is let in asks twice and gets tickets, which are long."""
    tried = [Packet(place / 20, CLIENT, SERVER, 50_000 + place, 88, UDP, 0, 195 + place % 9) for place in range(14)]
    refusals = [each.back(size=144 if place % 3 else 240) for place, each in enumerate(tried)]
    assert [(one.rule, one.evidence["service"]) for one in begun(tried + refusals)] == [("brute_force", "Kerberos")]
    tickets = [
        packet
        for place, each in enumerate(tried)
        for port, size in ((51_000, 310), (52_000, 1_450))
        for asks in [replace(each, source_port=port + place, size=size)]
        for packet in (asks, asks.back(size=1_500))
    ]
    assert said(tried + refusals + tickets) == []


@pytest.mark.parametrize(
    "model",
    [
        automation,
        commands_alike,
        checks,
        application,
        mail_clients,
        telephones,
        browsers,
        binds,
        program,
        backup,
        typing_errors,
    ],
    ids=lambda model: model.__name__,
)
def test_nothing_is_said_of(model: Callable[[], Traffic]) -> None:
    packets = model()
    assert [finding.summary for finding in said(packets)] == []
    assert [finding.summary for finding in said(unstamped(packets))] == []


def test_the_summary_names_whom_the_inventory_names() -> None:
    networks = Networks([Place(ip_network("10.0.0.0/8"), site="office")], {halves(SERVER): "files"})
    first = findings(Guessing(GuessingSettings(), networks), tries(STRANGER, SERVER, 22, (1_600, 2_260)))[0]
    assert re.fullmatch(f"{STRANGER} guesses passwords of SSH on files: 5 connections in [\\d.]+ s", first.summary)
    assert first.summaries["id"].startswith(f"{STRANGER} menebak sandi SSH di files: 5 koneksi dalam ")
    assert (first.evidence["target"], first.target) == (SERVER, "files")


def test_hydra_against_sshd() -> None:
    found = begun_in(Guessing(GuessingSettings(), Networks()), "guessing/hydra")
    assert [finding.rule for finding in found] == ["brute_force"]
    assert found[0].at - float(found[0].evidence["start"]) <= 5
    assert found[0].evidence["source"] == "192.0.2.2"


def test_a_session_after_hydra_is_critical() -> None:
    last = [finding for finding, begins in replayed("guessing/hydra") if not begins][-1]
    assert last.severity is Severity.CRITICAL
    assert last.evidence["success_after"] == "192.0.2.1"
    assert " guessed passwords of SSH on " in last.summary
    assert last.summary.endswith("; then a longer session with 192.0.2.1: a password was probably right")
    assert last.summaries["id"].endswith("; lalu ada sesi lebih panjang dengan 192.0.2.1: mungkin ada sandi yang benar")


@pytest.mark.parametrize(
    ("service", "english", "indonesian"),
    [
        ("IMAPS and POP3S", "passwords of IMAPS and POP3S on files", "sandi IMAPS dan POP3S di files"),
        ("web", "passwords of web pages on files", "sandi halaman web di files"),
    ],
)
def test_services_are_called_as_people_call_them(service: str, english: str, indonesian: str) -> None:
    evidence: dict[str, str | float] = {
        "service": service,
        "total_attempts": 1_800,
        "start": 10.0,
        "end": 40.0,
        "success_after": "",
    }
    assert f"{english}: 1,800 connections in 30 s" in words.text("en", STRANGER, "files")(evidence)
    assert f"{indonesian}: 1.800 koneksi dalam 30 dtk" in words.text("id", STRANGER, "files")(evidence)


def test_sessions_of_an_automation_are_quiet() -> None:
    assert begun_in(Guessing(GuessingSettings(), Networks()), "guessing/sessions") == []


@pytest.mark.parametrize("name", ["postgresql", "postgresql-plain"])
def test_hydra_against_postgresql_weighs_the_same_with_timestamps_and_without(name: str) -> None:
    (found,) = begun_in(Guessing(GuessingSettings(), Networks()), f"guessing/{name}")
    assert (found.rule, found.evidence["service"]) == ("brute_force", "PostgreSQL")
    assert found.evidence["octets_each"] == pytest.approx(469, abs=6)
