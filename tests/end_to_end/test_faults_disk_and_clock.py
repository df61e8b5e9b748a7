"""What netmon promises when its disk is full or its clock is set, in short; `bench/faults` does it at length."""

import os
from pathlib import Path

import pytest

from bench.fault_scenarios.clock import clock_steps, find_library
from bench.fault_scenarios.disks import core_disk_full
from tests.support.alertmanager import need_alertmanager


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount the small disk that is filled")
def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    need_alertmanager()
    outcome = core_disk_full(tmp_path / "full", 2)
    assert outcome.broken == []


@pytest.mark.skipif(find_library() is None, reason="libfaketime is not installed")
def test_a_clock_that_is_set_changes_no_alert(tmp_path: Path) -> None:
    need_alertmanager()
    outcome = clock_steps(tmp_path / "clock", 5)  # so long that chance cannot hide a timetable that stands still
    assert outcome.broken == []
