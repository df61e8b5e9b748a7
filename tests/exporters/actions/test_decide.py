"""Which findings are acted on, for how long, and why others are not."""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from exporters.actions.decide import Decider, End, Refusal, Step
from exporters.actions.settings import ActionSettings
from netmon.api import Finding, Severity

FILE: Mapping[str, Any] = {"file": "/nowhere/routes"}


def settings(**given: Any) -> ActionSettings:
    """Return settings of actions that announce, for a documentation prefix."""
    return ActionSettings.model_validate({"enabled": True, "announcement": FILE, "allow": ["192.0.2.0/24"]} | given)


def finding(victim: str = "192.0.2.7", rule: str = "syn_flood", *, cleared: bool = False, **evidence: Any) -> Finding:
    """Return what a detector says of an attack on this victim."""
    told = {"target": victim, "source": "9 addresses", **evidence}
    key = f"{rule}\x1f{victim}"
    return Finding(rule, "web", 0.0, Severity.CRITICAL, "A flood", key, told, cleared=cleared)


def _why(step: Step | None) -> Refusal | End | str | None:
    return "nothing" if step is None else step.why


@pytest.mark.parametrize(
    ("victim", "given", "why"),
    [
        ("192.0.2.7", {}, None),
        ("198.51.100.7", {}, Refusal.NOT_ALLOWED),
        ("2001:db8::7", {}, Refusal.NOT_ALLOWED),
        ("2001:db8::7", {"allow": ["2001:db8::/32"]}, None),
        ("192.0.2.7", {"never": ["192.0.2.7/32"]}, Refusal.NEVER),
        ("192.0.2.0/28", {"never": ["192.0.2.7/32"], "widest_ipv4": 24}, Refusal.NEVER),
        ("192.0.2.0/28", {}, Refusal.TOO_WIDE),
        ("192.0.2.0/28", {"widest_ipv4": 28}, None),
        ("192.0.2.0/23", {"widest_ipv4": 16}, Refusal.NOT_ALLOWED),
        ("48 addresses", {}, Refusal.NO_ADDRESS),
        ("48 addresses", {"announcement": None, "script": {"command": ["/bin/true"]}}, Refusal.NO_ADDRESS),
        ("48 addresses", {"allow": []}, Refusal.NO_ADDRESS),
        ("48 addresses", {"announcement": None, "script": {"command": ["/bin/true"]}, "allow": []}, None),
    ],
)
def test_only_victims_that_may_be_cut_off_are(victim: str, given: dict[str, Any], why: Refusal | None) -> None:
    decider = Decider(settings(**given))
    assert _why(decider.take(finding(victim), 0)) == why
    assert len(decider.active) == (why is None)
    assert sum(decider.refused.values()) == (why is not None)
    assert decider.take(finding(victim), 1) is None  # said again: neither done nor told twice


def test_where_nothing_is_allowed_the_protected_prefixes_are() -> None:
    protected = [ip_network("203.0.113.0/24")]
    assert _why(Decider(settings(allow=[]), protected).take(finding("203.0.113.9"), 0)) is None
    assert _why(Decider(settings(allow=[]), protected).take(finding(), 0)) is Refusal.NOT_ALLOWED
    assert _why(Decider(settings(), protected).take(finding("203.0.113.9"), 0)) is Refusal.NOT_ALLOWED
    assert _why(Decider(settings(allow=[])).take(finding(), 0)) is Refusal.NOT_ALLOWED


def test_other_rules_findings_are_left_alone() -> None:
    assert Decider(settings()).take(finding(rule="port_scan"), 0) is None


def test_an_action_ends_with_its_attack_but_not_too_soon_and_lasts_no_longer_than_it_may() -> None:
    decider = Decider(settings(least_s=60, hold_s=600))
    decider.take(finding(), 0)
    decider.take(finding(cleared=True), 10)
    assert list(decider.tick(59)) == []
    decider.take(finding(), 59)  # it is back: cutting it off had made it look over
    assert list(decider.tick(61)) == []
    decider.take(finding(cleared=True), 70)
    assert [step.why for step in decider.tick(71)] == [End.CLEARED]
    decider.take(finding(rule="udp_flood"), 80)
    decider.take(finding(rule="udp_flood", cleared=True), 90)
    assert [step.why for step in decider.tick(140)] == [End.CLEARED]  # to the second
    assert decider.active == ()
    decider.take(finding(), 100)
    assert [step.why for step in decider.tick(700)] == [End.HELD]
    assert decider.take(finding(), 710) is None  # it lasts: enough was done
    decider.take(finding(cleared=True), 720)
    assert _why(decider.take(finding(), 730)) is None  # another attack


def test_not_too_many_at_once_and_not_too_many_a_minute() -> None:
    decider = Decider(settings(max_active=3, per_minute=600))
    whys = [_why(decider.take(finding(f"192.0.2.{number}"), 0)) for number in range(5)]
    assert whys == [None, None, None, Refusal.TOO_MANY, Refusal.TOO_MANY]
    decider = Decider(settings(max_active=100, per_minute=2))
    assert [_why(decider.take(finding(f"192.0.2.{number}"), number)) for number in range(3)][-1] is Refusal.TOO_FAST
    assert _why(decider.take(finding("192.0.2.2"), 60)) is None  # it still lasts, and now there is room


def test_a_refusal_is_told_once_for_each_attack() -> None:
    decider = Decider(settings())
    other = "198.51.100.1"
    assert _why(decider.take(finding(other), 0)) is Refusal.NOT_ALLOWED
    assert decider.take(finding(other), 30) is None
    assert decider.take(finding(other, cleared=True), 60) is None
    assert _why(decider.take(finding(other), 90)) is Refusal.NOT_ALLOWED  # another attack
    assert decider.refused["not_allowed"] == 2


def test_refusals_are_remembered_of_so_many_attacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporters.actions.decide._REMEMBERED", 2)
    decider = Decider(settings())
    first, second, third = (f"198.51.100.{number}" for number in (1, 2, 3))
    assert [_why(decider.take(finding(one), 0)) for one in (first, second)] == [Refusal.NOT_ALLOWED] * 2
    assert [decider.take(finding(one), 1) for one in (first, second)] == [None, None]
    assert _why(decider.take(finding(third), 2)) is Refusal.NOT_ALLOWED
    assert decider.take(finding(second), 3) is None
    assert _why(decider.take(finding(first), 4)) is Refusal.NOT_ALLOWED  # the oldest is forgotten, and told again


def test_everything_is_over_when_netmon_stops() -> None:
    decider = Decider(settings())
    decider.take(finding(), 0)
    decider.take(finding("192.0.2.8"), 0)
    assert [step.why for step in decider.stop()] == [End.STOPPED] * 2
    assert decider.active == ()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.booleans(), st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1"])
        ),
        max_size=60,
    )
)
def test_what_begins_ends_and_limits_hold(said: list[tuple[int, bool, str]]) -> None:
    decider, now = Decider(settings(max_active=2, per_minute=5, least_s=1, hold_s=3)), 0.0
    open_keys: set[str] = set()
    begun: list[float] = []
    for wait, cleared, victim in said:
        now += wait
        for step in decider.tick(now):
            assert step.active.finding.key in open_keys
            open_keys.remove(step.active.finding.key)
        step_or_none = decider.take(finding(victim, cleared=cleared), now)
        if step_or_none is not None and step_or_none.why is None:
            assert victim.startswith("192.0.2.")
            open_keys.add(step_or_none.active.finding.key)
            begun.append(now)
        assert len(open_keys) <= 2
        assert sum(one > now - 60 for one in begun) <= 5
    assert {step.active.finding.key for step in decider.stop()} == open_keys


def test_settings_that_would_do_nothing_or_harm_are_refused() -> None:
    assert ActionSettings().enabled is False
    assert ActionSettings().dry_run is True
    for wrong in (
        {"announcement": None},
        {"least_s": 10, "hold_s": 5},
        {"announcement": {"file": "routes"}},
        {"announcement": {**FILE, "communities": ["65535:666]; drop"]}},
        {"announcement": {**FILE, "communities": ["64512:65536"]}},
    ):
        with pytest.raises(ValidationError):
            settings(**wrong)
