"""An agent's side of SNMP version 3: the engine that discovers nobody and is discovered. RFC 3414 section 3.2."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from collectors.snmp import usm
from collectors.snmp.ber import Tag, WireError, integer
from collectors.snmp.usm import AuthError, Engine, Keys, SecurityLevel, User, V3Message, decode_v3, encode_v3, localise
from collectors.snmp.wire import Header, Pdu, PduType, encode_response, peek

TIME_WINDOW_S = 150  # RFC 3414 section 2.2.3
HEADERS = 256  # octets, at most, that a version 3 message takes besides its varbinds, padding included
_LEVEL = 0x03  # of msgFlags


@dataclass(slots=True)
class Usm:
    """One user of one engine. `engine` tells id, boots and time of the engine at a Unix time."""

    user: User
    engine: Callable[[float], Engine]
    reports: Counter[bytes] = field(default_factory=Counter)  # usmStats: OID contents octets → how often

    def open(self, request: bytes, now: float) -> V3Message | bytes | None:
        """Return the request, or the Report to send back, or None where the engine stays silent.

        WireError for what is no SNMP version 3.
        """
        header, engine = peek(request), self.engine(now)
        if header.engine_id != engine.id:
            return self._report(usm.USM_UNKNOWN_ENGINE_IDS, header, request, now)
        if header.user != self.user.name:
            return self._report(usm.USM_UNKNOWN_USER_NAMES, header, request, now)
        keys = self.keys(now)
        if header.flags & _LEVEL != keys.level:
            return self._report(usm.USM_UNSUPPORTED_SEC_LEVELS, header, request, now)
        try:
            message = decode_v3(request, keys)
        except AuthError as error:  # offset 0 is the decrypted PDU's: it was authentic, but not readable
            stat = usm.USM_WRONG_DIGESTS if error.offset else usm.USM_DECRYPTION_ERRORS
            return self._report(stat, header, request, now)
        if keys.auth and not _in_time(engine, header):
            return self._report(usm.USM_NOT_IN_TIME_WINDOWS, header, request, now)
        return message

    def close(self, message: V3Message, pdu: bytes, now: float) -> bytes:
        """Return the message that carries the response to a request."""
        return encode_v3(
            pdu,
            msg_id=message.msg_id,
            engine=self.engine(now),
            keys=self.keys(now),
            context_name=message.context_name,
            context_engine_id=message.context_engine_id,
            reportable=False,
        )

    def keys(self, now: float) -> Keys:
        """Return the user's keys for the engine that we are at this time."""
        return localise(self.user, self.engine(now).id)

    def _report(self, stat: bytes, header: Header, request: bytes, now: float) -> bytes | None:
        self.reports[stat] += 1
        if not header.flags & usm.REPORTABLE:
            return None
        keys = Keys(header.user)
        if stat == usm.USM_NOT_IN_TIME_WINDOWS:  # RFC 3414 section 3.2 step 7: authenticated, so that it is believed
            keys = replace(self.keys(now), priv=None, priv_key=b"")
        value = integer(self.reports[stat], Tag.COUNTER32)
        pdu = encode_response(_request_id(header, request), 0, 0, [(stat, value)], PduType.REPORT)
        return encode_v3(pdu, msg_id=header.msg_id, engine=self.engine(now), keys=keys, reportable=False)


def _in_time(engine: Engine, header: Header) -> bool:
    return header.engine_boots == engine.boots and abs(header.engine_time - engine.time) <= TIME_WINDOW_S


def _request_id(header: Header, request: bytes) -> int:
    """Return the request-id where the request can be read without a key, else 0 (RFC 3412 section 7.1 step 3)."""
    if header.flags & _LEVEL != SecurityLevel.NO_AUTH_NO_PRIV:
        return 0
    try:
        pdu: Pdu = decode_v3(request, Keys(header.user, engine_id=header.engine_id)).pdu
    except WireError:
        return 0
    return pdu.request_id
