"""Records of flows from what a test says of each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from netmon.api.traffic import RECORD, halves


def rows_of(flows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Return RECORD rows; `source` and `destination` are addresses in text, all else the fields' own values."""
    rows = np.zeros(len(flows), RECORD)
    for row, told in zip(rows, flows, strict=True):
        for name, value in told.items():
            if name in {"source", "destination"}:
                row[f"{name}_hi"], row[f"{name}_lo"] = halves(value)
            else:
                row[name] = value
    return rows
