"""Names that do not exist: floods of them, and the ordinary failures of a day."""

import random
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from netmon.api import Severity
from netmon.api.networks import Networks, Place
from netmon.api.traffic import Second
from rules.traffic.dns_failures.rule import DnsFailures
from rules.traffic.dns_failures.settings import DnsFailureSettings
from tests.support.failing_names import (
    FAR,
    NONE,
    NXDOMAIN,
    RESOLVER,
    SERVFAIL,
    START,
    Asked,
    begun,
    drawn,
    findings,
    messages,
)

WORDS = ("anggaran", "kepegawaian", "surat", "layanan", "portal", "berkas", "jaringan", "berita", "dinas", "warga")


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
    kind = "yang tidak ada" if code == NXDOMAIN else "yang jawabannya gagal atau tidak datang"
    assert first.summaries["id"].endswith(f"tentang nama di korban.example {kind}: 100 nama baru/dtk, 100% gagal")
    kind = "that do not exist" if code == NXDOMAIN else "whose answers fail or do not come"
    assert first.summary.endswith(f"for names in korban.example {kind}: 100 new names/s, 100% fail")


@pytest.mark.parametrize("through", [True, False])
def test_a_flood_that_is_over_is_told_with_its_totals_and_not_with_what_comes_after(through: bool) -> None:
    """Somebody goes on to ask for a name or two each second, for hours before it and as long as anybody looks."""
    draw = random.Random(23)
    few = [Asked(0.5 + at, "10.20.2.10", f"{drawn(draw)}.korban.example", through=through) for at in range(60)]
    flood = [replace(one, at=one.at + 30) for one in torture(500, 5.9, 20, through=through)]
    last = findings([*few, *flood], quiet=60)[-1]
    assert last.cleared
    assert last.evidence["total_names"] == pytest.approx(2_956, abs=2)
    assert last.evidence["lasted_s"] == 6
    told = f"{last.evidence['total_names']:,}"
    where = last.target
    assert last.summary == (
        f"The flood of questions to {where} for names in korban.example that do not exist is over after 6 s: "
        f"{told} new names in all, at most 501/s, from 20 addresses"
    )
    assert last.summaries["id"] == (
        f"Banjir pertanyaan ke {where} tentang nama di korban.example yang tidak ada selesai setelah 6 dtk: "
        f"seluruhnya {told.replace(',', '.')} nama baru, paling banyak 501/dtk, dari 20 alamat"
    )


def any_names(per_s: float, seconds: float, clients: int, code: int = NXDOMAIN, *, through: bool = True) -> list[Asked]:
    """New names of ever other domains: words with a number behind."""
    draw = random.Random(5)
    return [
        Asked(
            place / per_s,
            f"10.20.{4 + place % clients // 250}.{place % clients % 250}",
            f"{draw.choice(WORDS)}{place}.{draw.choice(WORDS)}{place}.com",
            code,
            through,
        )
        for place in range(int(per_s * seconds))
    ]


def test_a_flood_of_any_names_that_is_over_is_told_with_its_totals() -> None:
    over = [one for one in findings(any_names(200, 15, 20), quiet=61) if one.cleared]
    assert {one.rule for one in over} == {"nxdomain_flood"}
    assert len(over) == 2
    for one in over:
        assert one.evidence["total_names"] == pytest.approx(3_000, rel=0.01)
        assert one.evidence["lasted_s"] == pytest.approx(15, abs=1)
        told = (
            f"is over after {one.evidence['lasted_s']:.0f} s: {one.evidence['total_names']:,} new names in all, at most"
        )
        assert told in one.summary
        assert one.evidence["peak_names_per_s"] == pytest.approx(200, rel=0.05)


def test_totals_are_right_where_only_part_is_read_and_names_are_many() -> None:
    last = findings(torture(3_000, 9, 50), quiet=61)[-1]
    assert last.cleared
    assert last.evidence["total_names"] == pytest.approx(27_000, rel=0.1)
    assert last.evidence["peak_names_per_s"] == pytest.approx(3_000, rel=0.15)


def test_more_askers_than_are_counted_are_at_least_so_many() -> None:
    asked = any_names(600, 8, 4_500)
    found = findings(asked, quiet=61, rows_per_s=100_000)
    at_resolver = [one for one in found if one.evidence["target"] == RESOLVER]
    assert f"is asked by {at_resolver[0].evidence['clients']:,} addresses for" in at_resolver[0].summary
    last = at_resolver[-1]
    assert last.cleared
    assert (last.evidence["clients"], last.evidence["source"]) == (4_096, "at least 4,096 addresses")
    assert last.summary.endswith("from at least 4,096 addresses")
    assert last.summaries["id"].endswith("dari sedikitnya 4.096 alamat")


def test_askers_are_at_least_so_many_where_only_part_of_the_names_is_read() -> None:
    found = findings(torture(1_500, 4, 200), quiet=61, rows_per_s=300)
    assert "is asked by at least " in found[0].summary
    assert "ditanyai sedikitnya " in found[0].summaries["id"]
    assert found[-1].cleared
    assert ", from at least " in found[-1].summary


def test_a_resolver_whose_uplink_is_gone_is_not_said_to_be_asked_for_what_does_not_exist() -> None:
    found = findings(any_names(200, 15, 100, SERVFAIL, through=False), quiet=61)
    assert {one.rule for one in found} == {"nxdomain_flood"}
    assert {one.cleared for one in found} == {False, True}
    assert all("names whose answers fail or do not come" in one.summary for one in found)
    assert all("nama yang jawabannya gagal atau tidak datang" in one.summaries["id"] for one in found)


@pytest.mark.parametrize(("absent", "words"), [(0.6, "that do not exist"), (0.4, "whose answers fail or do not come")])
def test_a_flood_is_told_by_most_of_its_answers(absent: float, words: str) -> None:
    asked = torture(200, 12, 20, through=False)
    mixed = [replace(one, code=NXDOMAIN if at % 10 < 10 * absent else SERVFAIL) for at, one in enumerate(asked)]
    found = findings(mixed, quiet=61)
    assert found[-1].cleared
    assert all(f"names in korban.example {words}" in one.summary for one in found)


def test_the_rate_is_right_where_only_part_is_read() -> None:
    found = begun(findings(torture(1_500, 4, 200), rows_per_s=300))
    assert [finding.rule for finding in found] == ["random_subdomains"]
    assert found[0].evidence["names_per_s"] == pytest.approx(1_500, rel=0.25)
    assert found[0].severity is Severity.ERROR


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("strangers", [0, 1])
def test_a_flood_is_an_error_where_all_who_ask_are_ours_however_many(named: bool, strangers: int) -> None:
    clients = [f"10.20.{2 + place // 250}.{1 + place % 250}" for place in range(300)] + ["45.9.20.9"] * strangers
    draw = random.Random(5)
    asked = [
        Asked(place / 200, clients[place % len(clients)], f"{drawn(draw)}.korban.example", through=False)
        for place in range(200 * 12)
    ]
    networks = Networks([Place(IPv4Network("10.0.0.0/8"), "center")]) if named else None
    last = max(findings(asked, networks=networks), key=lambda one: int(one.evidence["clients"]))
    assert (last.evidence["clients"], last.evidence["clients_of_ours"]) == (300 + strangers, 300)
    assert last.severity is (Severity.WARNING if strangers else Severity.ERROR)


def test_a_slow_flood_is_below_the_bound() -> None:
    assert findings(torture(20, 40, 20)) == []
    assert findings(torture(20, 40, 20), names_per_s=10)


def test_names_of_any_domains_are_a_flood_of_the_server() -> None:
    found = begun(findings(any_names(300, 12, 200)))
    assert {finding.rule for finding in found} == {"nxdomain_flood"}
    assert RESOLVER in {finding.target for finding in found}


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


def test_names_of_what_is_not_asked_any_more_take_no_room() -> None:
    rule = DnsFailures(DnsFailureSettings(), Networks())
    for at, domain in ((0, "satu"), (1, "dua"), (10, "tiga")):
        asked = [Asked(place / 100, "10.20.2.10", f"{place}-{domain}.{domain}.example") for place in range(50)]
        list(rule.observe(Second(START + at, START + at + 1, dns=messages(asked))))
    assert set(rule._of_domains._all) == {"dua.example", "tiga.example"}


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
