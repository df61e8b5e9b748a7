"""Channels in DNS names by the tools' own encodings, and the long names that are nobody's channel."""

import base64
import random
import re
from collections.abc import Callable, Iterable

import numpy as np
import pytest

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from netmon.api.traffic import DNS, Second, halves
from rules.traffic.dns_names import carried, is_encoded, registered
from rules.traffic.dns_tunnel import DnsTunnel
from rules.traffic.dns_tunnel_settings import DnsTunnelSettings

CLIENT, RESOLVER = "10.0.0.10", "10.0.0.2"
A, NS, CNAME, NULL, PTR, MX, TXT, AAAA, SRV, HTTPS = 1, 2, 5, 10, 12, 15, 16, 28, 33, 65
RANDOM = random.Random(7)

Question = tuple[float, str, int]  # seconds, name, type


def hexadecimal(octets: int) -> str:
    return RANDOM.randbytes(octets).hex()


def base32(octets: int) -> str:
    return base64.b32encode(RANDOM.randbytes(octets)).decode().rstrip("=").lower()


def find(questions: Iterable[Question], until: float = 0.0, **settings: object) -> list[Finding]:
    rule = DnsTunnel(DnsTunnelSettings.model_validate(settings), Networks())
    client, server = halves(CLIENT), halves(RESOLVER)
    waiting = sorted(questions)
    found: list[Finding] = []
    place = 0
    for start in range(int(max(until, waiting[-1][0] if waiting else 0)) + 1):
        rows = []
        while place < len(waiting) and waiting[place][0] < start + 1:
            at, name, kind = waiting[place]
            octets = name.lower().encode()
            rows += [
                (at * 1e9, *client, *server, kind, response, 60 + 90 * response, response, 0, 0, len(octets), octets)
                for response in (0, 1)
            ]
            place += 1
        found += rule.observe(Second(float(start), float(start + 1), dns=np.array(rows, DNS)))
    return found


def paced(count: int, per_s: float, make: Callable[[int], tuple[str, int]]) -> list[Question]:
    return [(n / per_s, *make(n)) for n in range(count)]


CHANNELS: dict[str, Callable[[int], tuple[str, int]]] = {
    "dnscat2": lambda n: (f"{hexadecimal(30)}.{hexadecimal(20)}.tunnel.example", (TXT, MX, CNAME)[n % 3]),
    "dns2tcp": lambda _: (f"{base32(30)}.{base32(10)}.dns.tunnel.example", TXT),
    "iodine, Base32": lambda n: (f"{'pqr'[n % 3]}{base32(60)[:57]}.{base32(30)}.t.tunnel.example", NULL),
    "disguised as a service": lambda n: (f"{n:x}._tcp.{hexadecimal(30)}.1-2-3-4.tunnel.example", TXT),
    "A records only": lambda n: (f"{n:06x}.{hexadecimal(28)}.{hexadecimal(28)}.tunnel.example", A),
}


@pytest.mark.parametrize("tool", CHANNELS)
def test_channels_are_found_within_seconds(tool: str) -> None:
    found = find(paced(150, 10, CHANNELS[tool]), until=600)
    first = found[0]
    assert first.severity is Severity.ERROR
    assert first.at <= 11
    assert first.evidence["domain"] == "tunnel.example"
    assert first.evidence["source"] == first.target == CLIENT
    assert first.evidence["technique"] == "T1071.004"
    assert "tunnel.example" in str(first.evidence["sample"])
    assert found[-1].cleared
    assert re.search(
        r" sends data out in DNS names of .*: [\d,]+ new names with [\d.]+ k?B, mostly \w+$", found[0].summary
    )
    assert re.search(r" sent data out in .* k?B in [\d.,]+ s, mostly \w+$", found[-1].summary)
    assert re.search(
        r": [\d.]+ nama baru berisi [\d,]+ k?B dalam [\d.,]+ dtk, terutama \w+$", found[-1].summaries["id"]
    )
    assert len({finding.key for finding in found}) == 1


def test_a_channel_to_a_server_of_its_own_needs_no_domain() -> None:
    found = find(paced(100, 10, lambda _: (f"dnscat.{hexadecimal(25)}.{hexadecimal(20)}", TXT)))
    assert found[0].evidence["domain"] == "."
    assert find(paced(300, 10, lambda n: (f"desktop-{hexadecimal(4)}{n % 10}", A))) == []


def test_a_channel_that_carried_something_and_idles_is_found() -> None:
    """iodine's pings are eight letters, each time others: too short to look like anything."""
    sent = paced(25, 5, lambda _: (f"1a{base32(100)[:57]}.{base32(60)}.tunnel.example", NULL))
    pings = paced(80, 6, lambda n: (f"pafic{base32(2)[:2]}{n}.tunnel.example", NULL))
    found = find([*sent, *((at + 5, name, kind) for at, name, kind in pings)])
    assert {finding.evidence["domain"] for finding in found} == {"tunnel.example"}
    assert find(pings) == []  # that alone carries nothing


def test_slow_channels_are_found_down_to_the_bound() -> None:
    """A beacon that carries 20 octets a minute in TXT questions is found within the hour; one in two hours is not."""
    found = find(paced(60, 1 / 50, lambda n: (f"{hexadecimal(10)}.{n:x}.c2.example", TXT)))
    assert found
    assert found[0].at <= 3_000
    assert find(paced(60, 1 / 300, lambda n: (f"{hexadecimal(10)}.{n:x}.c2.example", TXT))) == []


def test_answers_alone_are_enough() -> None:
    rule = DnsTunnel(DnsTunnelSettings(), Networks())
    rows = [
        (0, *halves(CLIENT), *halves(RESOLVER), TXT, 1, 300, 1, 0, 0, 71, f"{hexadecimal(30)}.x.example".encode())
        for _ in range(60)
    ]
    assert len(list(rule.observe(Second(0.0, 1.0, dns=np.array(rows, DNS))))) == 1


def words(*parts: str) -> str:
    return RANDOM.choice(parts)


def address() -> str:
    return ".".join(str(RANDOM.randrange(256)) for _ in range(4))


def ordinary() -> dict[str, list[Question]]:
    """What an office, its mail server and its resolver ask in ten minutes, each kind by itself."""
    mix: dict[str, Callable[[int], tuple[str, int]]] = {
        "reverse look-ups": lambda _: (f"{address()}.in-addr.arpa", PTR),
        "reverse look-ups of IPv6": lambda _: (".".join(hexadecimal(16)) + ".ip6.arpa", PTR),
        "block lists": lambda _: (f"{address()}.zen.blocklist.example", A),
        "block lists with a key": lambda _: (f"{address()}.k3y5fghijklm2345nopq.zen.dq.blocklist.example", TXT),
        "block lists of IPv6": lambda _: (".".join(hexadecimal(16)) + ".dnsbl.example", A),
        "virus scanner": lambda _: (f"{hexadecimal(24)}.4.1.00.s.sophosxl.net", TXT),
        "file reputation": lambda _: (f"0.11-a3.{hexadecimal(16)}.{hexadecimal(8)}.avts.mcafee.com", A),
        "DKIM and DMARC": lambda n: (
            f"{words('selector1', 's2048', '_dmarc', hexadecimal(16))}._domainkey.kantor{n}.go.id", TXT),
        "one sender's DKIM keys": lambda _: (f"{base32(20)}._domainkey.amazonses.example", TXT),
        "ACME": lambda _: (f"_acme-challenge.{hexadecimal(8)}.kab.go.id", TXT),
        "services": lambda n: (f"_ldap._tcp.site{n}._sites.dc._msdcs.kab.go.id", SRV),
        "DNS-SD": lambda n: (f"printer {n}._ipp._tcp.kab.go.id", SRV),
        "rented machines": lambda _: (f"ec2-{address().replace('.', '-')}.compute.amazonaws.com", A),
        "CDN, long labels, again and again": lambda n: (
            f"d{n % 40:013x}{n % 40:016x}abcdef.cdn.example", (A, AAAA, HTTPS)[n % 3]),
        "video": lambda _: (f"rr{RANDOM.randrange(9)}---sn-{base32(6)[:8]}.googlevideo.com", A),
        "hosts of the regency, all polled": lambda n: (
            f"sw-lt{n % 9}-rak{n // 9}.puskesmas-sukamaju.kab.go.id", (A, AAAA)[n % 2]),
        "mail domains": lambda n: (f"kecamatan{n}.go.id", MX),
        "web": lambda n: (
            f"{words('www', 'static', 'api', 'img', 'fonts', 'login')}.situs{n % 300}.com", (A, AAAA, HTTPS)[n % 3]),
        "advertising": lambda _: (f"{hexadecimal(16)}.safeframe.googlesyndication.com", A),
    }  # fmt: skip
    return {name: paced(1_200, 2, make) for name, make in mix.items()}


ORDINARY = ordinary()


@pytest.mark.parametrize("kind", ORDINARY)
def test_ordinary_names_are_no_channel(kind: str) -> None:
    assert find(ORDINARY[kind]) == []


def test_a_resolver_that_asks_for_a_whole_office_is_quiet_and_the_channel_among_it_is_not() -> None:
    everything = [question for questions in ORDINARY.values() for question in questions]
    assert find(everything) == []
    channel = [(300 + n / 5, f"{hexadecimal(25)}.evil.example", TXT) for n in range(100)]
    found = find([*everything, *channel])
    assert {finding.evidence["domain"] for finding in found} == {"evil.example"}


def test_pairs_are_capped_and_counted() -> None:
    rule = DnsTunnel(DnsTunnelSettings(pairs=16), Networks())
    names = [f"x.domain{n}.example".encode() for n in range(50)]
    rows = [
        (0, *halves(CLIENT), *halves(RESOLVER), A, 0, 60, 0, 0, 0, len(n), b"host-name." + n.split(b".", 1)[1])
        for n in names
    ]
    assert list(rule.observe(Second(0.0, 1.0, dns=np.array(rows, DNS)))) == []
    assert len(rule._pairs) == 16
    assert rule.dropped == 34


def test_of_very_many_questions_some_are_judged_and_the_others_counted() -> None:
    rule = DnsTunnel(DnsTunnelSettings(rows_per_s=1_000), Networks())
    names = [f"{hexadecimal(30)}.evil.example".encode() for _ in range(4_000)]
    rows = [(0, *halves(CLIENT), *halves(RESOLVER), TXT, 0, 60, 0, 0, 0, len(name), name) for name in names]
    assert len(list(rule.observe(Second(0.0, 1.0, dns=np.array(rows, DNS))))) == 1
    assert rule.skipped == 3_000


def test_who_asks_little_is_read_whole_whoever_asks_much() -> None:
    rule = DnsTunnel(DnsTunnelSettings(rows_per_s=1_000), Networks())
    loud = [(0, *halves("10.0.0.9"), *halves(RESOLVER), A, 0, 60, 0, 0, 0, 11, b"example.com")] * 9_960
    names = [f"{hexadecimal(30)}.evil.example".encode() for _ in range(40)]
    quiet = [(0, *halves(CLIENT), *halves(RESOLVER), TXT, 0, 60, 0, 0, 0, len(name), name) for name in names]
    found = list(rule.observe(Second(0.0, 1.0, dns=np.array(loud + quiet, DNS))))
    assert [finding.evidence["names"] for finding in found] == [40]
    assert rule.skipped == 9_000


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("www.example.com", "example.com"),
        ("a.b.dinkes.kab.go.id", "kab.go.id"),
        ("x.y.ox.ac.uk", "ox.ac.uk"),
        ("a.b.co", "b.co"),
        ("com", "com"),
        ("www.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
        ("dnscat.0a1b", "."),
        ("a.b.c.example.ddns.net", "ddns.net"),
    ],
)
def test_registered_domains(name: str, domain: str) -> None:
    assert registered(name) == domain


def test_a_suffix_of_the_settings() -> None:
    assert registered("a.b.mine.ddns.net", {"ddns.net"}) == "mine.ddns.net"


def test_words_and_codes_are_told_apart() -> None:
    for name in ("fonts-gstatic", "outlook-office365", "puskesmas-sukamaju.dinkes", "mobile-collector.newrelic", "www"):
        assert not is_encoded(name)
    assert sum(is_encoded(hexadecimal(20)) for _ in range(200)) >= 198
    assert sum(is_encoded(base32(20)) for _ in range(200)) >= 196
    assert carried("4.3.2.1.zen") == 0
    assert carried("_dmarc") == 0
    assert carried("abc.def") == 0
    assert carried("abcde.fghij") == 10
