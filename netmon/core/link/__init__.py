"""Between daemons: a spool on the side that sees, an intake on the side that keeps, acknowledgements between."""

from netmon.core.link.direct import DirectUplink
from netmon.core.link.intake import IntakeServer
from netmon.core.link.settings import LinkSettings
from netmon.core.link.store import source_of
from netmon.core.link.taking import Take
from netmon.core.link.transport import LinkDown, Session, Terms, Transport
from netmon.core.link.unix import UnixTransport
from netmon.core.link.uplink import SpoolingUplink

__all__ = [
    "DirectUplink",
    "IntakeServer",
    "LinkDown",
    "LinkSettings",
    "Session",
    "SpoolingUplink",
    "Take",
    "Terms",
    "Transport",
    "UnixTransport",
    "source_of",
]
