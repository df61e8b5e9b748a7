"""Recorded captures through a sensor's own parts."""

from pathlib import Path

from netmon.api import Finding
from netmon.app.traffic.replaying import open_replay

FOLDER = Path(__file__).parents[3] / "data" / "traffic"


def begun(name: str) -> list[Finding]:
    """Return the findings that begin in a capture, of all detectors."""
    return [finding for finding, begins in open_replay(FOLDER / f"{name}.pcap", None, None).run() if begins]
