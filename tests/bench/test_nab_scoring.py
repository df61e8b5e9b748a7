"""The benchmark's scores are those of NAB's own code."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.nab_scoring import PROFILES, Truth, best_threshold, normalised, null, perfect, score, truth

CASE = json.loads((Path(__file__).parents[1] / "data/nab/scored.json").read_text())
KNOWN = [truth(file["name"], file["times"], file["windows"]) for file in CASE["files"]]
SCORES = [np.array(file["scores"]) for file in CASE["files"]]


@pytest.mark.parametrize(("profile", "expected"), [*zip(PROFILES, CASE["expected"], strict=True)])
def test_scores_and_the_best_threshold_are_those_of_nab(profile: Any, expected: dict[str, Any]) -> None:
    assert expected["profile"] == profile.name
    for threshold, raw in expected["raw"].items():
        found = [score(*file, float(threshold), profile).raw for file in zip(KNOWN, SCORES, strict=True)]
        assert found == pytest.approx(raw)
    assert best_threshold(KNOWN, SCORES, profile) == pytest.approx((expected["best_threshold"], expected["best_raw"]))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_nothing_is_0_and_perfection_100(profile: Any) -> None:
    silent = [score(one, np.zeros(len(one.window)), 1.0, profile).raw for one in KNOWN]
    assert sum(silent) == null(KNOWN, profile) == -5 * profile.missed  # a window in the probationary period is lost
    assert normalised(null(KNOWN, profile), KNOWN, profile) == 0
    full = [one for one in KNOWN if not (one.window[: one.probation] >= 0).any()]
    raw = sum(score(one, _begins(one), 1.0, profile).raw for one in full)
    assert raw == pytest.approx(perfect(full, profile))
    assert normalised(raw, full, profile) == pytest.approx(100)


def _begins(known: Truth) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return detections at the first row of each window."""
    rows = [int(np.argmax(known.window == number)) for number in range(known.windows)]
    values = np.zeros(len(known.window))
    values[rows] = 1
    return values


def test_no_detection_is_best_where_all_are_false() -> None:
    silent = truth("silent", [str(row) for row in range(100)], [])
    best, raw = best_threshold([silent], [np.linspace(0, 1, 100)], PROFILES[0])
    assert (best, raw) == (float("inf"), 0)
