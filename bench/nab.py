"""The Numenta Anomaly Benchmark, by netmon's baselines as they run live: one score after another, nothing read ahead.

`python -m bench.nab FOLDER [--profile standard]`. FOLDER holds `<category>/<file>.csv` (timestamp,value) and
`windows.json` (file → labelled windows). 0 is a detector that says nothing, 100 one that finds each window at its
beginning. What counts is the product's one threshold; NAB's own custom, the best threshold for these very files, is
shown beside it.
"""

import csv
import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.nab_scoring import (
    PROFILES,
    Floats,
    Profile,
    Truth,
    best_threshold,
    normalised,
    null,
    perfect,
    score,
    truth,
)
from rules.baselines.score import Detector
from rules.baselines.settings import BaselineSettings, DetectorSettings


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One series, and where its anomalies are."""

    truth: Truth
    at: Floats  # Unix seconds
    values: Floats


def _plain(time: str) -> str:
    """Return a time without its fraction: windows have one, rows have none."""
    return time.partition(".")[0]


def load(folder: Path) -> list[File]:
    """Read a folder of NAB's layout. ValueError says what is wrong with it."""
    try:
        labels = json.loads((folder / "windows.json").read_text())
        return [_file(folder, name, windows) for name, windows in sorted(labels.items())]
    except (OSError, json.JSONDecodeError, KeyError, IndexError) as error:
        raise ValueError(f"{folder} has no data set as NAB lays it out: {error!r}") from error


def _file(folder: Path, name: str, windows: Sequence[tuple[str, str]]) -> File:
    with (folder / name).open(newline="") as rows:
        table = list(csv.reader(rows))[1:]
    times = [_plain(row[0]) for row in table]
    at = [datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp() for time in times]
    known = truth(name, times, [(_plain(first), _plain(last)) for first, last in windows])
    return File(known, np.array(at), np.array([float(row[1]) for row in table]))


def detect(files: Sequence[File], settings: DetectorSettings) -> list[Floats]:
    """Return each file's scores. All files go through one detector side by side."""
    detector = Detector(settings, len(files))
    lengths = np.array([len(file.values) for file in files])
    scores = [np.zeros(length) for length in lengths]
    for row in range(max(lengths, default=0)):
        slots = np.flatnonzero(lengths > row)
        there = slots.tolist()
        values = np.array([files[slot].values[row] for slot in there])
        at = np.array([files[slot].at[row] for slot in there])
        found = detector.step(slots.astype(np.int32), values, at)
        for slot, scored in zip(there, found.scores, strict=True):
            scores[slot][row] = scored
    return scores


def report(files: Sequence[File], scores: Sequence[Floats], threshold: float, profile: Profile) -> list[str]:
    """Return a profile's lines: each file, and the total in NAB's unit."""
    known = [file.truth for file in files]
    results = [score(one, values, threshold, profile) for one, values in zip(known, scores, strict=True)]
    lines = [f"{profile.name}: hits, missed windows, false detections, raw score (perfect) of each file"]
    for one, found in zip(known, results, strict=True):
        counts = f"{found.hits:4} {found.missed:4} {found.false:4}"
        lines.append(f"{counts} {found.raw:8.2f} ({perfect([one], profile):.0f})  {one.name}")
    raw = sum(found.raw for found in results)
    best, best_raw = best_threshold(known, scores, profile)
    least, most = null(known, profile), perfect(known, profile)
    lines.append(f"raw {raw:.2f}; a detector that says nothing {least:.2f}, a perfect one {most:.2f}")
    lines.append(f"{profile.name:8} {normalised(raw, known, profile):6.2f}  at the product's threshold {threshold:g}")
    beside = f"{normalised(best_raw, known, profile):6.2f}  at {best:.3f}, the best threshold for these files"
    return [*lines, f"{'':8} {beside} (NAB's custom)", ""]


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.nab", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--profile", choices=[profile.name for profile in PROFILES], help="only this one")
    options = parser.parse_args()
    try:
        files = load(options.folder)
    except ValueError as error:
        sys.exit(str(error))
    settings = BaselineSettings()
    scores = detect(files, settings.detector)
    print(f"{len(files)} files, {sum(len(file.values) for file in files)} rows\n")
    for profile in PROFILES:
        if options.profile in (None, profile.name):
            print("\n".join(report(files, scores, settings.threshold, profile)))


if __name__ == "__main__":
    main()
