"""What netmon promises when it is killed or its power is cut, in short; `bench/faults` does it at length."""

from pathlib import Path

from bench.fault_scenarios.kills import kills
from bench.fault_scenarios.torn import power_cuts


def test_nothing_acknowledged_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    outcome = kills(tmp_path / "kills", 4)
    assert outcome.broken == []
    assert outcome.figures["lost"] == outcome.figures["doubled"] == 0


def test_torn_ends_are_cut_off_and_recorded(tmp_path: Path) -> None:
    outcome = power_cuts(tmp_path / "cuts", 2)
    assert outcome.broken == []
    assert outcome.figures["repairs recorded"] == 2
