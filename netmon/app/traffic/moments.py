"""Captures of the moment: the recent packets of a sensor, written to a file when something is found."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from collectors.traffic.capture.evidence import Captured, write_pcap
from netmon.api import Finding
from netmon.app.settings.traffic import MomentSettings

Recent: TypeAlias = Callable[[], Iterable[Captured]]
Write: TypeAlias = Callable[[Path, int], str]  # a file, and how many octets at most → what the evidence says of it

_CAP: Final = 4_096
"""Findings whose capture is remembered: more than detectors keep open at once."""

log = structlog.get_logger(__name__)


def writing(recent: Recent) -> Write:
    """Return what writes the packets that one ring keeps."""

    def write(path: Path, max_bytes: int) -> str:
        written = write_pcap(path, recent(), max_bytes=max_bytes)
        log.info("the packets of a finding are kept", file=str(path), packets=written.packets)
        return str(path)

    return write


class Moments:
    """Writes a capture for what begins in a window, and says in each finding where it is.

    A storm is one moment: captures are `interval_s` apart at least. What began before the newest was written is in it;
    what began since gets one of its own when it is told again after the interval, if it still lasts.
    """

    def __init__(self, settings: MomentSettings, directory: Path, write: Write, *, name: str) -> None:
        self._settings = settings
        self._directory = directory
        self._write = write
        self._name = re.sub(r"[^A-Za-z0-9._-]", "_", name)
        self._paths: dict[str, str] = {}  # by the finding's key
        self._tried = -settings.interval_s  # when a capture was last begun, in Unix seconds of the traffic
        self._newest: tuple[float, str] | None = None  # when the newest was written, and where it is
        self.written = 0
        self.failed = 0

    def attach(self, findings: Sequence[Finding], at: float) -> list[Finding]:
        """Return the findings with the path of their capture in the evidence (`pcap`), where there is one."""
        if not self._settings.enabled:
            return list(findings)
        lacking = [one for one in findings if not one.cleared and one.key not in self._paths]
        if any(self._holding(one) is None for one in lacking) and at - self._tried >= self._settings.interval_s:
            self._capture(at)
        for finding in lacking:
            path = self._holding(finding)
            if path is None:
                continue
            if len(self._paths) >= _CAP:
                del self._paths[next(iter(self._paths))]
            self._paths[finding.key] = path
        return [self._with_path(finding) for finding in findings]

    def _with_path(self, finding: Finding) -> Finding:
        path = self._paths.pop(finding.key, "") if finding.cleared else self._paths.get(finding.key, "")
        return replace(finding, evidence={"pcap": path, **finding.evidence}) if path else finding  # messages show it

    def _holding(self, finding: Finding) -> str | None:
        """Return the newest capture where what is found had begun when it was written."""
        began = finding.evidence.get("start", finding.at)
        if self._newest is None or not isinstance(began, int | float) or began > self._newest[0]:
            return None
        return self._newest[1]

    def _capture(self, at: float) -> None:
        """Write what is still kept."""
        self._tried = at
        path = self._directory / f"{self._name}-{at:.0f}.pcap"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_room()
            written = self._write(path, self._settings.file_bytes)
        except OSError as error:
            self.failed += 1
            log.warning("the packets of a finding could not be kept", file=str(path), problem=str(error))
            return
        self._newest = (at, written)
        self.written += 1

    def _make_room(self) -> None:
        """Remove the oldest captures, so that one more has room."""
        files = sorted(self._directory.glob("*.pcap"), key=lambda file: file.stat().st_mtime)
        total = sum(file.stat().st_size for file in files) + self._settings.file_bytes
        while files and total > self._settings.total_bytes:
            oldest = files.pop(0)
            total -= oldest.stat().st_size
            oldest.unlink()
