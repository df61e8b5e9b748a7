"""Where packets come from: capture files of every common kind, and a ring shared with the kernel."""

from collectors.traffic.capture.files import CaptureFile, open_capture
from collectors.traffic.capture.settings import CaptureSettings

__all__ = ["CaptureFile", "CaptureSettings", "open_capture"]
