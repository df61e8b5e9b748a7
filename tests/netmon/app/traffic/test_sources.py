"""An interface that goes and comes back is told, and one that flaps is not told all the time."""

import pytest
from structlog.testing import capture_logs

from collectors.traffic.capture.ring import Link
from netmon.app.settings.traffic import SensorSettings
from netmon.app.traffic.sources import Interface


class Silent:
    """A ring without packets, whose interface is what a test says."""

    interface = "eth1"

    def __init__(self) -> None:
        self.link = Link.UP

    def next(self, timeout_s: float) -> None:
        del timeout_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_an_interface_that_goes_and_comes_back_is_told(clock: list[float]) -> None:
    source, ring = Interface(SensorSettings(interface="eth1"), "mirror", tunnels=0), Silent()
    source.ring = ring  # type: ignore[assignment]
    said: list[tuple[float, str, float | None]] = []
    back = "the interface is back, packets are seen again"
    # Up, switched off, flapping, gone, back: the second of each step and what the kernel says.
    for now, link in ((0, 0), (1, 1), (2, 1), (4, 0), (5, 1), (6, 0), (7, 1), (10, 2), (11, 2), (12, 1), (40.5, 0)):
        clock[0], ring.link = float(now), Link(link)
        with capture_logs() as logs:
            source.next(0.2)
        said += [(now, each.get("problem", each["event"]), each.get("after_s")) for each in logs]
        assert all(each["interface"] == "eth1" for each in logs)
    assert said == [
        (1, "is switched off", None),
        (4, back, 3),
        (11, "is gone", None),
        (40.5, back, 33.5),  # since 7
    ]
