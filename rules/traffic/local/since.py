"""Since when a rule learns who may speak, over restarts."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def began_of(arrays: Mapping[str, NDArray[np.generic]]) -> float | None:
    """Return the Unix seconds under `began` of what was saved; ValueError where it is no number.

    What was saved without it is old: then learning is over. Where nothing was saved, it has not begun.
    """
    if "began" not in arrays:
        return float("-inf") if arrays else None
    began = arrays["began"]
    if began.shape != (1,) or began.dtype != np.float64 or not began[0] < np.inf:
        raise ValueError(f"a beginning that is no number: {began.dtype}{began.shape}")
    return float(began[0])
