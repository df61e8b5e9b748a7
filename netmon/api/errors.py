"""Two families of errors: ours to tell the operator, and the watched thing's. Anything else is a bug."""

from dataclasses import dataclass

from netmon.api.samples import Missing, Reason


class NetmonError(Exception):
    """The base of what netmon raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a file, and what would be right. Lines and columns count from 1; 0 means the whole file."""

    file: str
    line: int
    column: int
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = ":".join(map(str, (self.file, self.line, self.column) if self.line else (self.file,)))
        return f"{place}: {self.problem}; {self.remedy}"


class ConfigError(NetmonError):
    """The operator's input cannot be used. Carries every fault that was found, in order of place."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class PeerError(NetmonError):
    """The watched thing misbehaved. It becomes a metric and never leaves its collector."""

    reason = Reason.MALFORMED

    def missing(self) -> Missing:
        """Return this error as the reading it cost."""
        return Missing(self.reason, str(self))


class PeerTimeout(PeerError):
    """No answer inside the deadline."""

    reason = Reason.TIMEOUT


class PeerRefused(PeerError):
    """The peer, or the network on its behalf, said no."""

    reason = Reason.REFUSED


class PeerNotFound(PeerError):
    """There is nobody to ask: the name has no address, or the address cannot be used from here."""

    reason = Reason.NOT_FOUND


class PeerMalformed(PeerError):
    """The answer breaks its protocol."""

    reason = Reason.MALFORMED


class PeerAuthFailed(PeerError):
    """Our credentials were refused, or the answer's authenticity could not be shown."""

    reason = Reason.AUTH_FAILED
