"""The names of findings that settings choose among are those that the detectors give."""

from netmon.api.networks import Networks
from netmon.app.catalog import TRAFFIC_RULES
from netmon.app.traffic.findings import by_name
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings


def test_the_names_are_those_that_the_detectors_give() -> None:
    theirs: dict[str, str] = {}
    for listing in TRAFFIC_RULES:
        detector = listing.load()
        assert getattr(detector, "name", None) == listing.name
        theirs |= dict.fromkeys(getattr(detector, "rules", (listing.name,)), listing.name)
    assert by_name() == theirs


def test_floods_have_the_names_of_their_detectors() -> None:
    floods = Floods(FloodSettings(), Networks([]))
    names = [each.name for each in floods._detectors]
    assert sorted([*names, floods._carpet.name, floods._outbound.name, floods._held.name]) == sorted(floods.rules)
