"""Where packets come from: capture files of every common kind, and a ring shared with the kernel."""

from collectors.traffic.capture.evidence import Captured, Written, write_pcap
from collectors.traffic.capture.faults import CaptureFault
from collectors.traffic.capture.files import CaptureFile, Counts, open_capture
from collectors.traffic.capture.ring import Link, Ring, RingStats
from collectors.traffic.capture.settings import CaptureSettings, RingSettings

__all__ = [
    "CaptureFault",
    "CaptureFile",
    "CaptureSettings",
    "Captured",
    "Counts",
    "Link",
    "Ring",
    "RingSettings",
    "RingStats",
    "Written",
    "open_capture",
    "write_pcap",
]
