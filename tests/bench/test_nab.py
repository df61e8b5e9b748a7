"""The baselines reach what they reached on the given half of NAB, and look only back there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.nab import File, detect, load, main, report
from bench.nab_scoring import PROFILES, Floats, normalised, score
from rules.baselines.settings import BaselineSettings, DetectorSettings

FOLDER = Path("../shared/fixtures/nab")
FLOORS = {"standard": 70.0, "low-FP": 65.0, "low-FN": 73.0}  # reached: 70.3, 65.5, 73.9

given = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the benchmark's files are absent: {FOLDER}")


@pytest.fixture(scope="module")
def files() -> list[File]:
    return load(FOLDER)


@pytest.fixture(scope="module")
def scores(files: list[File]) -> list[Floats]:
    return detect(files, DetectorSettings())


@given
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_one_threshold_reaches_the_goals_of_all_profiles(
    profile: object, files: list[File], scores: list[Floats]
) -> None:
    [chosen] = [one for one in PROFILES if one is profile]
    known = [file.truth for file in files]
    threshold = BaselineSettings().threshold
    raw = sum(score(one, values, threshold, chosen).raw for one, values in zip(known, scores, strict=True))
    assert normalised(raw, known, chosen) >= FLOORS[chosen.name]


@given
@pytest.mark.parametrize("share", [0.85, 1 / 1.15, 1.15])
def test_the_score_does_not_hang_on_the_very_threshold(share: float, files: list[File], scores: list[Floats]) -> None:
    """A sum of parts that is 15 % lower or higher than the threshold's does nearly as well."""
    known = [file.truth for file in files]
    results = [score(one, each, share / (1 + share), PROFILES[0]) for one, each in zip(known, scores, strict=True)]
    assert normalised(sum(found.raw for found in results), known, PROFILES[0]) >= 68.0


@given
def test_the_scores_of_a_shortened_file_are_those_of_the_whole_files_beginning(
    files: list[File], scores: list[Floats]
) -> None:
    shares = (0.07, 0.31, 0.5, 0.83)
    for share in shares:
        cut = [_shortened(file, int(share * len(file.values))) for file in files]
        for whole, part in zip(scores, detect(cut, DetectorSettings()), strict=True):
            np.testing.assert_array_equal(part, whole[: len(part)])


def _shortened(file: File, rows: int) -> File:
    """Return the beginning of a file."""
    return replace(file, at=file.at[:rows], values=file.values[:rows])


def _write(folder: Path) -> None:
    values = np.sin(np.arange(1_500) / 20).tolist()
    values[1_200:1_230] = [9.0] * 30
    times = [f"2026-01-{1 + row // 288:02} {row % 288 // 12:02}:{row % 12 * 5:02}:00" for row in range(1_500)]
    rows = "\n".join(f"{time},{value}" for time, value in zip(times, values, strict=True))
    (folder / "made").mkdir()
    (folder / "made/steps.csv").write_text(f"timestamp,value\n{rows}\n")
    windows = f'{{"made/steps.csv": [["{times[1_150]}.000000", "{times[1_299]}.000000"]]}}'
    (folder / "windows.json").write_text(windows)


def test_any_folder_of_that_layout_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(tmp_path)
    monkeypatch.setattr("sys.argv", ["nab", str(tmp_path), "--profile", "low-FP"])
    main()
    said = capsys.readouterr().out
    assert said.startswith("1 files, 1500 rows")
    assert "   1    0    0     0.9" in said
    assert "a detector that says nothing -1.00, a perfect one 1.00" in said
    assert "standard" not in said


def test_a_profile_is_reported_for_each_file(tmp_path: Path) -> None:
    _write(tmp_path)
    files = load(tmp_path)
    lines = report(files, [np.zeros(1_500)], 0.5, PROFILES[0])
    assert lines[1] == "   0    1    0    -1.00 (1)  made/steps.csv"
    assert "standard   0.00  at the product's threshold 0.5" in lines[3]


@pytest.mark.parametrize("spoil", ["windows.json", "made/steps.csv"])
def test_a_folder_of_another_layout_is_told(tmp_path: Path, spoil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path)
    (tmp_path / spoil).unlink()
    monkeypatch.setattr("sys.argv", ["nab", str(tmp_path)])
    with pytest.raises(SystemExit, match="no data set as NAB lays it out"):
        main()
