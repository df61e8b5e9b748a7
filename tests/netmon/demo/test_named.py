"""How soon an attack was named is the time from its first frame to the first alert by a rule that means it."""

from typing import Any

from netmon.demo.named import Named, named
from netmon.demo.packets.stage import Happened

BEGAN = 1_768_464_000.0  # 2026-01-15T08:00:00Z


def alert(rule: str, second: int, fired: int | None = None) -> dict[str, Any]:
    stamp = "2026-01-15T08:{:02}:{:02}Z"
    fired_at = None if fired is None else stamp.format(*divmod(fired, 60))
    return {"rule": rule, "starts_at": stamp.format(*divmod(second, 60)), "fired_at": fired_at}


def test_the_first_alert_by_its_rule_counts() -> None:
    happened = [Happened("began", "syn_flood", BEGAN + 10.5), Happened("ended", "syn_flood", BEGAN + 20, 9)]
    first, later = alert("syn_flood", 12, 14), alert("syn_flood", 18, 19)
    assert list(named(happened, [later, alert("port_scan", 11, 11), first])) == [
        Named("syn_flood", BEGAN + 10.5, 1.5, 3.5, first)
    ]


def test_what_was_there_before_names_nothing() -> None:
    happened = [Happened("began", "port_scan", BEGAN + 10)]
    assert list(named(happened, [alert("port_scan", 8, 9)])) == [Named("port_scan", BEGAN + 10)]


def test_each_round_has_its_own() -> None:
    happened = [Happened("began", "brute_force", BEGAN + at) for at in (5, 425)]
    early, late = alert("brute_force", 9), alert("brute_force", 430, 431)
    found = list(named(happened, [late, early]))
    assert [one.found_s for one in found] == [4, 5]
    assert [one.fired_s for one in found] == [None, 6]
    assert [one.found_s for one in named(happened, [late])] == [None, 5]


def test_an_attack_that_has_not_begun_is_not_told() -> None:
    assert list(named([], [alert("syn_flood", 1, 2)])) == []
