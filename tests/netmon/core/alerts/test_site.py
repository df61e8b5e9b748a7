"""When alerts of several targets are one incident of their site: on evidence for a common cause, and not on less."""

import time

import pytest

from netmon.api import Alert, Impact
from netmon.core.alerts.engine import Alerts
from netmon.core.alerts.site import BySite
from tests.support.alerts import START, World, finding, settings

TARGETS = [f"srv-{number}" for number in range(1, 8)]
SOON = Impact(START + 1e5, START + 2e5, START + 3e5)


def site_of(target: str) -> str:
    return "kominfo" if target.startswith("srv-") else ""


def world(there: int = len(TARGETS), error_s: float = 0, **given: object) -> World:
    """Return a world with one site that has so many targets."""
    made = World()
    chosen = settings(pending_for_s={"info": 0, "warning": 0, "error": error_s, "critical": 0}, **given)
    made.alerts = Alerts(chosen, BySite(chosen, targets_at=lambda _site: there), site_of, lambda _scope: ())
    return made


def keys(made: World) -> dict[str, list[str]]:
    """Return the keys of open incidents, each with its alerts' keys."""
    found: dict[str, list[str]] = {}
    for alert in made.alerts.alerts():
        if alert.state.value == "firing":
            found.setdefault(made.alerts.incident(alert.incident).key, []).append(alert.key)
    return {key: sorted(alerts) for key, alerts in found.items()}


def test_the_same_rule_on_several_targets_is_the_sites() -> None:
    made = world()
    for target in TARGETS[:3]:
        made.say(f"hot/{target}", "warning")
    assert keys(made) == {"site:kominfo": ["hot/srv-1", "hot/srv-2", "hot/srv-3"]}
    made.say("hot/srv-4", "warning")
    assert keys(made) == {"site:kominfo": ["hot/srv-1", "hot/srv-2", "hot/srv-3", "hot/srv-4"]}


def test_unrelated_rules_on_few_of_many_targets_are_not() -> None:
    made = world()
    for rule, target in zip(("disk", "fan", "clock"), TARGETS, strict=False):
        made.say(f"{rule}/{target}", "error")
    assert keys(made) == {
        "target:srv-1": ["disk/srv-1"],
        "target:srv-2": ["fan/srv-2"],
        "target:srv-3": ["clock/srv-3"],
    }


def test_errors_on_a_good_share_of_the_targets_are() -> None:
    made = world()
    for rule, target in zip(("disk", "fan", "clock"), TARGETS, strict=False):
        made.say(f"{rule}/{target}", "error")
    made.say("load/srv-5", "warning")
    assert "site:kominfo" not in keys(made)
    made.say("door/srv-4", "error")  # four of seven
    assert keys(made) == {
        "site:kominfo": ["clock/srv-3", "disk/srv-1", "door/srv-4", "fan/srv-2"],
        "target:srv-5": ["load/srv-5"],
    }


@pytest.mark.parametrize(
    ("there", "share", "is_site"), [(7, 0.4, True), (7, 0.5, False), (2, 0.5, True), (0, 0.1, False)]
)
def test_the_share_is_of_all_targets_that_the_site_has(there: int, share: float, *, is_site: bool) -> None:
    made = world(there, site_share=share)
    for rule, target in zip(("disk", "fan", "clock"), TARGETS, strict=False):
        made.say(f"{rule}/{target}", "error")
    assert ("site:kominfo" in keys(made)) is is_site


@pytest.mark.parametrize(
    ("more", "own"),
    [({"severity": "info"}, "target:srv-{0}"), ({"impact": SOON}, "forecast:{1}/srv-{0}")],
)
def test_infos_and_forecasts_neither_count_nor_are_taken_along(more: dict[str, object], own: str) -> None:
    made = world()
    made.say("full/srv-1", **more)  # type: ignore[arg-type]
    for target in TARGETS[1:3]:
        made.say(f"full/{target}", "error")
    assert "site:kominfo" not in keys(made)
    made.say("full/srv-4", "error")
    assert keys(made) == {
        "site:kominfo": ["full/srv-2", "full/srv-3", "full/srv-4"],
        own.format(1, "full"): ["full/srv-1"],
    }
    made.say("gone/srv-2", **more)  # type: ignore[arg-type]
    assert keys(made)[own.format(2, "gone")] == ["gone/srv-2"]


def test_what_else_befalls_its_targets_joins_and_what_was_there_before_stays() -> None:
    made = world()
    made.say("old/srv-1", "error", expires_s=10_000)
    made.now += 400
    for target in TARGETS[:3]:
        made.say(f"down/{target}", "error")
    made.say("hot/srv-2", "warning")
    made.say("hot/srv-6", "warning")
    assert keys(made) == {
        "site:kominfo": ["down/srv-1", "down/srv-2", "down/srv-3", "hot/srv-2"],
        "target:srv-1": ["old/srv-1"],
        "target:srv-6": ["hot/srv-6"],
    }
    made.now += 301
    made.say("fan/srv-2", "error")  # much later: another matter
    assert keys(made)["target:srv-2"] == ["fan/srv-2"]


def test_what_fires_together_is_one_incident_at_once() -> None:
    made = world(error_s=30)
    for target in TARGETS[:3]:
        made.say(f"down/{target}", "error")
    assert made.later(30)[0] == "incident I1 opened"
    assert list(keys(made)) == ["site:kominfo"]


def test_alerts_that_somebody_else_places_do_not_count() -> None:
    made = world()
    chosen = settings(pending_for_s={"error": 0})

    def is_theirs(alert: Alert) -> bool:
        return alert.target == "srv-2"

    made.alerts.configure(chosen, BySite(chosen, is_theirs))
    for target in TARGETS[:3]:
        made.say(f"down/{target}", "error")
    assert "site:kominfo" not in keys(made)


def test_thousands_that_have_little_in_common_are_looked_at_cheaply() -> None:
    made = world(there=5_000)
    began = time.process_time()
    for number in range(2_000):
        made.alerts.say(finding(f"rule-{number % 1_000}/srv-{number}", "error"), "here", START + number / 100)
    assert time.process_time() - began < 10  # a second here
    assert len(made.alerts.incidents()) == 2_000
