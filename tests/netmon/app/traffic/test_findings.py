from netmon.app.catalog import TRAFFIC_RULES
from netmon.app.traffic.findings import by_name


def test_the_names_are_those_that_the_detectors_give() -> None:
    theirs: dict[str, str] = {}
    for listing in TRAFFIC_RULES:
        detector = listing.load()
        assert getattr(detector, "name", None) == listing.name
        theirs |= dict.fromkeys(getattr(detector, "rules", (listing.name,)), listing.name)
    assert by_name() == theirs
