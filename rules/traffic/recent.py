"""What detectors remember of the last seconds, row by row."""

from collections import deque

import numpy as np
from numpy.typing import NDArray


class Recent:
    """The rows of the last seconds, window by window. At most `cap` rows: the oldest windows go first."""

    def __init__(self, keep_s: float, cap: int, dtype: np.dtype[np.void]) -> None:
        self._keep_s = keep_s
        self._cap = cap
        self._dtype = dtype
        self._parts: deque[tuple[float, NDArray[np.void]]] = deque()
        self._count = 0
        self._all: NDArray[np.void] | None = None
        self.dropped = 0  # rows for which there was no room

    def add(self, rows: NDArray[np.void], at: float) -> None:
        """Take the rows of the window that ended now, and forget the old."""
        while self._parts and self._parts[0][0] <= at - self._keep_s:
            self._count -= len(self._parts.popleft()[1])
            self._all = None
        if not len(rows):
            return
        if len(rows) > self._cap // 2:
            self.dropped += len(rows) - self._cap // 2
            rows = rows[: self._cap // 2]
        while self._count + len(rows) > self._cap:
            gone = len(self._parts.popleft()[1])
            self._count -= gone
            self.dropped += gone
        self._parts.append((at, rows))
        self._count += len(rows)
        self._all = None

    @property
    def rows(self) -> NDArray[np.void]:
        """Return all of them, the oldest first."""
        if self._all is None:
            parts = [rows for _, rows in self._parts]
            self._all = np.concatenate(parts) if parts else np.zeros(0, self._dtype)
        return self._all
