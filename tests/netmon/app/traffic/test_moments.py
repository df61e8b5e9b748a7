"""Captures of the moment: which finding names which."""

from pathlib import Path

import pytest

from netmon.api import Finding, Severity
from netmon.app.settings.traffic import MomentSettings
from netmon.app.traffic.moments import Moments


class Ring:
    """Writes what is asked for, or fails."""

    def __init__(self) -> None:
        self.fails = False
        self.written: list[str] = []

    def write(self, path: Path, max_bytes: int) -> str:
        if self.fails:
            raise OSError("no space")
        path.write_bytes(b"x" * max_bytes)
        self.written.append(path.name)
        return str(path)


@pytest.fixture
def ring() -> Ring:
    return Ring()


def moments(ring: Ring, folder: Path, **settings: float) -> Moments:
    given = {"file_bytes": 65_536, "interval_s": 10, **settings}
    return Moments(MomentSettings.model_validate(given), folder / "moments", ring.write, name="eth 0")


def found(key: str, start: float, at: float, *, cleared: bool = False) -> Finding:
    return Finding("scans", "10.0.0.1", at, Severity.WARNING, "a scan", key, {"start": start}, cleared=cleared)


def path_of(finding: Finding) -> str:
    return Path(str(finding.evidence.get("pcap", ""))).name


def test_a_finding_names_the_capture_of_its_moment_until_it_is_over(tmp_path: Path, ring: Ring) -> None:
    kept = moments(ring, tmp_path)
    (begun,) = kept.attach([found("one", 999, 1000)], 1000)
    (again,) = kept.attach([found("one", 999, 1030)], 1030)
    (over,) = kept.attach([found("one", 999, 1060, cleared=True)], 1060)
    assert path_of(begun) == path_of(again) == path_of(over) == "eth_0-1000.pcap"
    assert ring.written == ["eth_0-1000.pcap"]


def test_what_began_after_the_newest_capture_does_not_name_it(tmp_path: Path, ring: Ring) -> None:
    kept = moments(ring, tmp_path)
    kept.attach([found("one", 999, 1000)], 1000)
    (second,) = kept.attach([found("two", 1002, 1003)], 1003)
    assert path_of(second) == ""
    (again,) = kept.attach([found("two", 1002, 1033)], 1033)
    assert path_of(again) == "eth_0-1033.pcap"
    assert ring.written == ["eth_0-1000.pcap", "eth_0-1033.pcap"]


def test_what_had_begun_before_the_newest_capture_is_in_it(tmp_path: Path, ring: Ring) -> None:
    kept = moments(ring, tmp_path)
    kept.attach([found("one", 999, 1000)], 1000)
    (slow,) = kept.attach([found("two", 990, 1003)], 1003)
    assert path_of(slow) == "eth_0-1000.pcap"
    assert len(ring.written) == 1


def test_several_that_begin_together_share_one(tmp_path: Path, ring: Ring) -> None:
    both = moments(ring, tmp_path).attach([found("one", 1000, 1000), found("two", 999.5, 1000)], 1000)
    assert {path_of(one) for one in both} == {"eth_0-1000.pcap"}
    assert len(ring.written) == 1


def test_a_full_disk_costs_the_capture_alone_and_is_tried_again(tmp_path: Path, ring: Ring) -> None:
    kept = moments(ring, tmp_path)
    ring.fails = True
    (without,) = kept.attach([found("one", 999, 1000)], 1000)
    assert path_of(without) == ""
    assert kept.failed == 1
    kept.attach([found("one", 999, 1005)], 1005)
    assert kept.failed == 1  # not in every window
    ring.fails = False
    (later,) = kept.attach([found("one", 999, 1030)], 1030)
    assert path_of(later) == "eth_0-1030.pcap"


def test_the_oldest_captures_make_room(tmp_path: Path, ring: Ring) -> None:
    kept = moments(ring, tmp_path, total_bytes=3 * 65_536)
    for number in range(5):
        at = 1000 + 20 * number
        kept.attach([found(str(number), at, at)], at)
    assert sorted(file.name for file in (tmp_path / "moments").iterdir()) == [
        f"eth_0-{at}.pcap" for at in (1040, 1060, 1080)
    ]


def test_none_is_written_where_that_is_switched_off(tmp_path: Path, ring: Ring) -> None:
    kept = moments(ring, tmp_path, enabled=False)
    (finding,) = kept.attach([found("one", 999, 1000)], 1000)
    assert "pcap" not in finding.evidence
    assert not (tmp_path / "moments").exists()
