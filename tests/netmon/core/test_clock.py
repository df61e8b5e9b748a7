"""Steps of the clock are told from time that passes; the kernel's word on its offset is read right."""

import errno
import re
import shutil
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.timex import Timex
from netmon.core import clock
from netmon.core.clock import StepDetector, boottime, clock_offset


def test_the_first_look_sees_no_step() -> None:
    assert StepDetector().see(1_700_000_000.0, 5.0) == 0.0


@pytest.mark.parametrize("step", [3600.0, -3600.0, 0.6, -0.6])
def test_a_step_is_told_once_with_its_sign(step: float) -> None:
    detector = StepDetector()
    detector.see(1000.0, 5.0)
    assert detector.see(1010.0 + step, 15.0) == pytest.approx(step)
    assert detector.see(1020.0 + step, 25.0) == 0.0


def test_slewing_is_no_step_however_long_it_lasts() -> None:
    detector = StepDetector()
    for second in range(10_000):
        assert detector.see(1000 + second * 1.0005, float(second)) == 0.0


def test_what_is_below_the_threshold_is_no_step() -> None:
    detector = StepDetector(threshold_s=2)
    detector.see(0.0, 0.0)
    assert detector.see(2.9, 1.0) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e5, 1e5)), max_size=20))
def test_steps_add_up_to_what_the_wall_clock_gained(looks: list[tuple[float, float]]) -> None:
    detector, wall, monotonic, told = StepDetector(threshold_s=0), 1e9, 0.0, 0.0
    detector.see(wall, monotonic)
    for passed, step in looks:
        wall, monotonic = wall + passed + step, monotonic + passed
        told += detector.see(wall, monotonic)
    assert told == pytest.approx(sum(step for _, step in looks), abs=1e-3)


def test_boottime_runs_with_the_monotonic_clock_or_ahead_of_it() -> None:
    before = time.monotonic()
    assert boottime() >= before
    assert boottime() <= boottime()


def test_the_offset_is_what_adjtimex_says() -> None:
    offset = clock_offset()
    if shutil.which("adjtimex") is None:
        assert offset is None or abs(offset) < 1
        return
    said = subprocess.run(["adjtimex", "--print"], capture_output=True, text=True, check=True).stdout
    status = int(re.search(r"status: (\d+)", said)[1])  # type: ignore[index]
    assert (offset is None) == bool(status & 0x40)


@pytest.mark.parametrize(
    ("state", "status", "offset", "expected"),
    [
        (0, 0x2001, 1_500_000, -0.0015),
        (0, 0x0001, -1_500, 0.0015),
        (0, 0x2001, 0, 0.0),
        (5, 0x2001, 1_500_000, None),
        (0, 0x2041, 1_500_000, None),
    ],
    ids=["nanoseconds", "microseconds", "in step", "state says so", "status says so"],
)
def test_unsynchronised_is_unknown_and_units_follow_the_status(
    state: int, status: int, offset: int, expected: float | None
) -> None:
    assert clock._offset(state, status, offset) == expected


def test_where_the_kernel_is_not_asked_the_offset_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> tuple[int, Timex]:
        raise OSError(errno.EPERM, "Operation not permitted", "adjtimex")

    monkeypatch.setattr(clock, "timex", refused)
    assert clock_offset() is None
