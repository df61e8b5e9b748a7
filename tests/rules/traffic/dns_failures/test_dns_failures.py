"""Names that do not exist: floods of them, programs that look for their master, and the ordinary failures of a day."""

import random
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from netmon.api.traffic import DNS, Second, halves
from rules.traffic.dns_failures.rule import DnsFailures
from rules.traffic.dns_failures.settings import DnsFailureSettings

START = 1_795_000_000
RESOLVER, FAR = "10.20.1.53", "198.51.100.1"
INFECTED = "10.20.2.77"
NXDOMAIN, SERVFAIL, NONE = 3, 2, -1
WORDS = ("anggaran", "kepegawaian", "surat", "layanan", "portal", "berkas", "jaringan", "berita", "dinas", "warga")
LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its answer, directly or through our resolver."""

    at: float
    client: str
    name: str
    code: int = NXDOMAIN  # 0: there; NONE: no answer
    through: bool = True  # through our resolver, both of whose sides are seen


def _rows(asked: Iterable[Asked]) -> Iterator[tuple[float, str, str, str, int, int]]:
    for one in asked:
        legs = [(one.client, RESOLVER, 0.0), (RESOLVER, FAR, 0.001)] if one.through else [(one.client, FAR, 0.0)]
        for client, server, later in legs:
            yield one.at + later, client, server, one.name, 0, 0
            if one.code != NONE:
                yield one.at + 0.03 - later, client, server, one.name, 1, one.code


def messages(asked: Iterable[Asked]) -> np.ndarray:
    told = sorted(_rows(asked))
    rows = np.zeros(len(told), DNS)
    known: dict[str, tuple[int, int]] = {}
    for row, (at, client, server, name, response, code) in zip(rows, told, strict=True):
        row["at_ns"] = int((START + at) * 1e9)
        row["client_hi"], row["client_lo"] = known.setdefault(client, halves(client))
        row["server_hi"], row["server_lo"] = known.setdefault(server, halves(server))
        row["name"], row["response"], row["code"] = name.encode(), response, code
        row["answers"], row["query_type"] = response and not code, 1
    return rows


def findings(asked: Iterable[Asked], *, quiet: int = 0, **settings: object) -> list[Finding]:
    rule = DnsFailures(DnsFailureSettings(**settings), Networks())
    rows = messages(asked)
    windows = (rows["at_ns"] // 10**9).astype(np.int64) - START
    found: list[Finding] = []
    for second in range(int(windows.max()) + 1 + quiet):
        at = START + second
        found += rule.observe(Second(at, at + 1, dns=rows[windows == second]))
    return found


def begun(found: Iterable[Finding]) -> list[Finding]:
    first: dict[str, Finding] = {}
    for finding in found:
        first.setdefault(finding.key, finding)
    return list(first.values())


def drawn(draw: random.Random, length: int = 12) -> str:
    return "".join(draw.choice(LETTERS) for _ in range(length))


def torture(per_s: float, seconds: float, clients: int, code: int = NXDOMAIN, *, through: bool = True) -> list[Asked]:
    """Twelve random letters below one domain, as Mirai asks for them."""
    draw = random.Random(3)
    return [
        Asked(place / per_s, f"10.20.2.{10 + place % clients}", f"{drawn(draw)}.korban.example", code, through)
        for place in range(int(per_s * seconds))
    ]


@pytest.mark.parametrize("code", [NXDOMAIN, SERVFAIL, NONE])
@pytest.mark.parametrize("through", [True, False])
def test_random_subdomains_are_one_finding_with_its_domain(code: int, through: bool) -> None:
    found = findings(torture(100, 12, 20, code, through=through), quiet=80)
    assert {finding.key for finding in found} == {"random_subdomains\x1fkorban.example"}
    first, last = found[0], found[-1]
    assert first.at - START <= 4
    assert (first.evidence["technique"], first.evidence["domain"]) == ("T1499.002", "korban.example")
    assert (first.evidence["clients"], first.evidence["source"]) == (20, "20 addresses")
    assert first.evidence["names_per_s"] == pytest.approx(100, rel=0.05)
    assert first.evidence["failed_share"] == 1
    assert first.target == (RESOLVER if through else FAR)
    assert last.cleared
    assert first.summaries["id"].endswith(
        "tentang nama di korban.example yang tidak ada: 100/dtk nama baru, 100% gagal"
    )


def test_the_rate_is_right_where_only_part_is_read() -> None:
    found = begun(findings(torture(1_500, 4, 200), rows_per_s=300))
    assert [finding.rule for finding in found] == ["random_subdomains"]
    assert found[0].evidence["names_per_s"] == pytest.approx(1_500, rel=0.25)
    assert found[0].severity is Severity.ERROR


def test_a_slow_flood_is_below_the_bound() -> None:
    assert findings(torture(20, 40, 20)) == []
    assert findings(torture(20, 40, 20), names_per_s=10)


def test_names_of_any_domains_are_a_flood_of_the_server() -> None:
    draw = random.Random(5)
    asked = [
        Asked(place / 300, f"10.20.3.{place % 200}", f"{draw.choice(WORDS)}{place}.{draw.choice(WORDS)}{place}.com")
        for place in range(3_600)
    ]
    found = begun(findings(asked))
    assert {finding.rule for finding in found} == {"nxdomain_flood"}
    assert RESOLVER in {finding.target for finding in found}


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


def names_of(kind: str, draw: random.Random, place: int) -> str:
    quad = ".".join(str(draw.randrange(1, 255)) for _ in range(4))
    word = draw.choice(WORDS)
    return {
        "block list by address": f"{quad}.zen.daftar.example",
        "block list by domain": f"{word}{place}.com.dbl.daftar.example",
        "block list by hash": f"{drawn(draw, 32)}.md5.hashserver.cs.trendmicro.com",
        "reverse": f"{quad}.in-addr.arpa",
        "search list": f"{word}{place}.co.id.kantor.go.id",
        "Kubernetes": f"{word}{place}.default.svc.cluster.local",
        "services": f"_ldap._tcp.{word}{place}.kantor.go.id",
        "one dead name": "mati.kantor.go.id",
        "typing errors": f"{word}{draw.choice(WORDS)}.co.id",
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "block list by address",
        "block list by domain",
        "block list by hash",
        "reverse",
        "search list",
        "Kubernetes",
        "services",
        "one dead name",
        "typing errors",
    ],
)
def test_ordinary_failures_are_quiet(kind: str) -> None:
    draw = random.Random(11)
    asked = [Asked(place / 120, f"10.20.2.{place % 40}", names_of(kind, draw, place)) for place in range(2_400)]
    assert findings(asked) == []


def test_new_names_of_a_content_network_are_there() -> None:
    draw = random.Random(13)
    asked = [Asked(at / 200, f"10.20.2.{at % 40}", f"{drawn(draw)}.cdn.example", 0) for at in range(3_000)]
    assert findings(asked) == []
    assert findings([Asked(one.at, one.client, one.name) for one in asked])


def test_a_resolver_that_is_dead_is_no_flood() -> None:
    """Everybody asks again for what everybody asks for."""
    draw = random.Random(17)
    names = [f"www.{word}{number}.{end}" for word in WORDS for number in range(40) for end in ("com", "co.id")]
    asked = [Asked(place / 150, f"10.20.2.{place % 200}", draw.choice(names), NONE) for place in range(4_500)]
    assert findings(asked) == []


def test_forged_names_cannot_take_more_room_than_there_is() -> None:
    draw = random.Random(19)
    rule = DnsFailures(DnsFailureSettings(keys=64, rows_per_s=100_000), Networks())
    for second in range(4):
        asked = [
            Asked(at / 600, f"10.{at % 250}.{second}.9", f"{drawn(draw)}.{drawn(draw)}.com", through=False)
            for at in range(600)
        ]
        list(rule.observe(Second(START + second, START + second + 1, dns=messages(asked))))
    assert rule.dropped >= 2_000
    assert len(rule._clients._clients) <= 64
    assert len(rule._of_domains._all) <= 64
