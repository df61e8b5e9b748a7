"""Security of version 1 and 2c: a community that must come back as it was sent. RFC 1157, RFC 1901."""

from collectors.snmp import wire
from collectors.snmp.ber import MAX_MESSAGE
from collectors.snmp.metrics import ClientMetrics, Refusal, RefusedDatagramError
from collectors.snmp.settings import CommunityCredential
from netmon.api import PeerError

_VERSIONS = {"v1": wire.Version.V1, "v2c": wire.Version.V2C}


class CommunitySecurity:
    """Makes and opens the messages of a device that knows us by a community."""

    boots: int | None = None  # version 3's
    max_octets = MAX_MESSAGE

    def __init__(self, credential: CommunityCredential, metrics: ClientMetrics) -> None:
        self._metrics = metrics
        self.version: int = _VERSIONS[credential.version]
        # What the environment holds is octets, which os.environ shows as lone surrogates where they are not UTF-8.
        self._community = credential.community.get_secret_value().encode(errors="surrogateescape")

    def seal(self, pdu: bytes, ident: int) -> bytes:  # noqa: ARG002 - version 3's
        """Return the message around an encoded PDU."""
        return wire.encode_message(self.version, self._community, pdu)

    def open(self, data: bytes, header: wire.Header) -> wire.Pdu:  # noqa: ARG002 - version 3's
        """Return the PDU inside; RefusedDatagramError when it is another community's."""
        message = wire.decode_message(data)
        if message.community != self._community:
            raise RefusedDatagramError(Refusal.WRONG_COMMUNITY)
        if isinstance(message.pdu, wire.TrapV1):
            raise RefusedDatagramError(Refusal.WRONG_PDU, "a trap")
        self._metrics.trailing += bool(message.trailing)
        return message.pdu

    def silence(self) -> PeerError | None:
        """Return None: an agent is silent to a wrong community as it is when it is dead."""
        return None
