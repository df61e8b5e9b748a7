"""Redundancy that is lost is said once, again when more is lost, and is over when it is back."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from netmon.api import Alert, Finding
from netmon.api.alerts import State
from netmon.core.alerts.tally import Firing
from netmon.core.causes.watch import RULE, Watch, lost_by
from tests.support.ring import START, graph


class Known(Firing):
    """The alerts that findings led to."""

    def __init__(self) -> None:
        self.ending: set[str] = set()
        super().__init__({}, self.ending.__contains__)

    def take(self, finding: Finding) -> None:
        alert = Alert(
            finding.key,
            finding.key,
            finding.rule,
            finding.target,
            "",
            finding.severity,
            State.PENDING,
            finding.summary,
            finding.labels,
            "core",
            finding.at,
            finding.at,
        )
        if finding.cleared:
            self.ending.add(alert.id)
        else:
            self.ending.discard(alert.id)
            self.put(alert, self.of_rule(RULE).get(alert.id))


def step(watch: Watch, known: Known, failed: Collection[str]) -> Mapping[str, Finding]:
    found = watch.findings(failed, known, START)
    for finding in found:
        known.take(finding)
    return {finding.key: finding for finding in found}


def test_what_is_said_is_said_once_and_over_when_it_is_over() -> None:
    watch, known = Watch(graph()), Known()
    assert step(watch, known, ()) == {}
    said = step(watch, known, ["link:ring-03"])
    assert {finding.labels["cause"] for finding in said.values()} == {"link:ring-03"}
    assert step(watch, known, ["link:ring-03"]) == {}
    over = step(watch, known, ())
    assert over.keys() == said.keys()
    assert all(finding.cleared for finding in over.values())
    assert step(watch, known, ()) == {}


def test_a_watch_that_begins_anew_goes_on_from_the_alerts() -> None:
    known = Known()
    said = step(Watch(graph()), known, ["link:ring-03"])
    assert step(Watch(graph()), known, ["link:ring-03"]) == {}
    over = step(Watch(graph()), known, [])
    assert over.keys() == said.keys()


def test_what_comes_back_while_it_is_held_is_said_again() -> None:
    watch, known = Watch(graph()), Known()
    said = step(watch, known, ["link:ring-03"])
    step(watch, known, [])
    assert step(watch, known, ["link:ring-03"]).keys() == said.keys()


def test_it_is_said_in_both_languages_where_and_whom_with_a_cap_on_names() -> None:
    said = step(Watch(graph()), Known(), ["link:ring-03"])
    worst = max(said.values(), key=lambda finding: int(str(finding.evidence["isolates"])))
    assert "one more cut between core-kominfo and acc-disdik isolates up to 11 offices" in worst.summary
    assert "11" in worst.summaries["id"]
    assert (worst.rule, worst.severity.value, worst.labels["link"]) == (RULE, "error", "ring-03")
    assert worst.evidence["between"] == "core-kominfo, acc-disdik"
    assert worst.target == "acc-rsud"  # the end that is nearer to netmon


def test_a_device_that_fails_is_its_own_target() -> None:
    said = step(Watch(graph()), Known(), ["device:acc-rsud"])
    assert said
    assert {finding.target for finding in said.values()} == {"acc-rsud"}
    assert all("link" not in finding.labels for finding in said.values())


def test_alerts_of_other_rules_and_of_packs_with_that_name_are_not_its_own() -> None:
    known = Known()
    said = step(Watch(graph()), known, ["link:ring-03"])
    alert = known.of_rule(RULE)[next(iter(said))]
    assert lost_by(alert) == "link:ring-03"
    assert lost_by(replace(alert, key="redundancy_lost/sw-1/psu")) == ""
    assert lost_by(replace(alert, rule="other")) == ""
    known.put(replace(alert, id="theirs", key="redundancy_lost/sw-1/psu"), None)
    assert "redundancy_lost/sw-1/psu" not in step(Watch(graph()), known, [])
