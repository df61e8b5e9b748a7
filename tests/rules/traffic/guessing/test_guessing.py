"""Guessing from models and as recorded, and what looks like it and is not."""

from collections.abc import Callable
from ipaddress import ip_network

import numpy as np
import pytest

from netmon.api import Finding, Severity
from netmon.api.networks import Networks, Place
from rules.traffic.guessing.rule import Guessing
from rules.traffic.guessing.settings import GuessingSettings
from tests.rules.traffic.scans.conversations import Packet, findings, opened, refused, session, syn
from tests.rules.traffic.scans.recorded import begun as begun_in
from tests.rules.traffic.scans.recorded import replayed

CLIENT = "10.1.1.7"
SERVER = "10.1.1.22"
STRANGER = "198.51.100.66"
NETWORKS = Networks([Place(ip_network("10.0.0.0/8"), site="office", title="Office", protected=True)])
Traffic = list[Packet]


def said(packets: Traffic, **settings: object) -> list[Finding]:
    return findings(Guessing(GuessingSettings(**settings), NETWORKS), packets, quiet=320)


def begun(packets: Traffic, **settings: object) -> list[Finding]:
    first: dict[str, Finding] = {}
    for finding in said(packets, **settings):
        first.setdefault(finding.key, finding)
    return list(first.values())


def tries(source: str, host: str, port: int, sizes: tuple[int, int], *, count: int = 20, every_s: float = 2) -> Traffic:
    """Log-ins that fail: as long as the name and the word that are tried make them."""
    return [
        packet
        for place in range(count)
        for packet in session(
            syn(place * every_s, source, host, port, 33_000 + place), sizes[0] + place % 7, sizes[1], lasts=1.5
        )
    ]


FAILURES = {
    "SSH": (22, 1_600, 2_260),
    "FTP": (21, 45, 120),
    "RDP": (3389, 900, 1_500),
    "SMB": (445, 700, 800),
    "IMAP and POP3": (143, 60, 220),
    "MySQL": (3306, 110, 170),
    "PostgreSQL": (5432, 150, 190),
    "VNC": (5900, 30, 70),
    "Telnet": (23, 60, 240),
}


@pytest.mark.parametrize("service", FAILURES)
def test_brute_force(service: str) -> None:
    port, sent, received = FAILURES[service]
    found = begun(tries(STRANGER, SERVER, port, (sent, received)))
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


@pytest.mark.parametrize("sources", [1, 3, 40])
def test_a_flood_of_connections_with_a_web_server_is_no_guessing(sources: int) -> None:
    packets = [
        packet
        for place in range(2_400)
        for packet in session(
            syn(place / 120, f"198.51.100.{1 + place % sources}", SERVER, 80, 20_000 + place), 400, 9_000, lasts=0.4
        )
    ]
    assert said(packets) == []
    if sources < 10:  # of 40, each comes to 60 only
        assert said(packets, services=[{**GuessingSettings().services[-1].model_dump(), "flood_per_s": 1e6}])


def automation() -> Traffic:
    """An automation logs in to 30 hosts, each task a session or two, with a file now and then."""
    random = np.random.default_rng(1)
    told: Traffic = []
    for place in range(600):
        begin = syn(place / 5, CLIENT, f"10.1.3.{1 + place % 30}", 22, 33_000 + place)
        told += session(begin, int(random.integers(2_600, 9_000)), int(random.integers(2_960, 9_000)), lasts=0.4)
    return told


def commands_alike() -> Traffic:
    """The same short command on one host, again and again; without the newest key exchange."""
    return tries(CLIENT, SERVER, 22, (2_600, 2_980), count=120, every_s=1)


def checks() -> Traffic:
    """Monitoring opens ports and closes them, or reads the banner."""
    told: Traffic = []
    for place in range(120):
        for port in (22, 21, 3306, 5432, 3389, 993):
            told += opened(syn(place, CLIENT, SERVER, port, 33_000 + place))
        told += session(syn(place + 0.5, CLIENT, SERVER, 22, 43_000 + place), 0, 41)
        told += refused(syn(place + 0.7, CLIENT, SERVER, 1433, 53_000 + place))
    return told


def application() -> Traffic:
    """A web application without a pool of connections asks its databases."""
    random = np.random.default_rng(2)
    told: Traffic = []
    for place in range(2_000):
        port, least = ((3306, 420), (5432, 900))[place % 2]
        told += session(
            syn(place / 30, CLIENT, SERVER, port, 20_000 + place), 200, least + int(random.integers(20, 9_000))
        )
    return told


def mail_clients() -> Traffic:
    """Eighty clients behind one address ask for mail each minute."""
    random = np.random.default_rng(3)
    told: Traffic = []
    for place in range(240):
        size = int(random.integers(3_000, 60_000))
        told += session(syn(place / 1.33, STRANGER, SERVER, 993, 33_000 + place), 900, size, lasts=2)
    return told


def browsers() -> Traffic:
    random = np.random.default_rng(4)
    told: Traffic = []
    for place in range(1_200):
        sent, received = int(random.integers(300, 3_000)), int(random.integers(300, 60_000))
        told += session(syn(place / 20, STRANGER, SERVER, 443, 20_000 + place), sent, received)
    return told


def program() -> Traffic:
    """A program asks a web server the same each second, with a connection for each question."""
    return tries(CLIENT, SERVER, 8080, (300, 900), count=300, every_s=1)


def backup() -> Traffic:
    return [
        packet
        for minute in range(5)
        for packet in session(syn(60 * minute, CLIENT, SERVER, 22), 200_000, 9_000, lasts=20)
    ]


def typing_errors() -> Traffic:
    """Somebody does not remember the password, and then does."""
    failed = tries(CLIENT, SERVER, 22, (2_600, 2_300), count=3, every_s=12)
    return failed + session(syn(50, CLIENT, SERVER, 22), 9_000, 50_000, lasts=60)


@pytest.mark.parametrize(
    "model",
    [
        automation,
        commands_alike,
        checks,
        application,
        mail_clients,
        browsers,
        program,
        backup,
        typing_errors,
    ],
    ids=lambda model: model.__name__,
)
def test_nothing_is_said_of(model: Callable[[], Traffic]) -> None:
    assert [finding.summary for finding in said(model())] == []


def test_hydra_against_sshd() -> None:
    found = begun_in(Guessing(GuessingSettings(), Networks()), "guessing/hydra")
    assert [finding.rule for finding in found] == ["brute_force"]
    assert found[0].at - float(found[0].evidence["start"]) <= 5
    assert found[0].evidence["source"] == "192.0.2.2"


def test_a_session_after_hydra_is_critical() -> None:
    last = [finding for finding, begins in replayed("guessing/hydra") if not begins][-1]
    assert last.severity is Severity.CRITICAL
    assert last.evidence["success_after"] == "192.0.2.1"


def test_sessions_of_an_automation_are_quiet() -> None:
    assert begun_in(Guessing(GuessingSettings(), Networks()), "guessing/sessions") == []
