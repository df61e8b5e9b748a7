"""How much one device is asked for at a time: as much as it bears, found by trying, remembered between polls."""

START = 160  # varbinds in a reply: about 4 kB, 10 columns x 16 rows
LARGEST = 640  # about 16 kB; each request costs as much CPU as decoding 100 varbinds, and most of it is the kernel's
_STEP = 4  # successes before it grows by a quarter
_RELENT = 256  # successes before a size that failed is tried again


class Budget:
    """Varbinds to ask one device for in one request. Halved by a failure, grown a quarter by a few successes.

    `ceiling` keeps growth below the size that last failed, so that a path that loses large datagrams does not cost a
    time-out every few requests; after many successes it relents.
    """

    __slots__ = ("_since_failure", "_since_growth", "ceiling", "varbinds")

    def __init__(self) -> None:
        self.varbinds = START
        self.ceiling = LARGEST
        self._since_failure = 0
        self._since_growth = 0

    @property
    def reduced(self) -> bool:
        """Whether the device is asked for less than others."""
        return self.varbinds < START

    def failed(self, asked: int, came: int = 0) -> None:
        """Note that a request for `asked` varbinds was too much: its answer was refused, lost, or held only `came`."""
        self.ceiling = max(1, came, min(self.ceiling, asked * 3 // 4))
        self.varbinds = max(1, came, min(self.varbinds, asked // 2))
        self._since_failure = self._since_growth = 0

    def doubt(self, asked: int) -> None:
        """Note that no request was answered, not even the smallest: too large still, or the device is gone."""
        self.varbinds = max(1, min(self.varbinds, asked // 2))
        self._since_growth = 0

    def succeeded(self) -> None:
        """Note that a request was answered with ease."""
        if self.varbinds == LARGEST:
            return
        self._since_failure += 1
        self._since_growth += 1
        if self._since_failure >= _RELENT:
            self.ceiling = min(LARGEST, self.ceiling * 2)
            self._since_failure = 0
        if self._since_growth >= _STEP:
            self.varbinds = min(self.ceiling, self.varbinds * 5 // 4 + 1)
            self._since_growth = 0
