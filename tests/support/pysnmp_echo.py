"""An SNMP agent made of pysnmp that sends back the varbinds of every SET: an independent reader and writer of messages.

It has no socket: bytes in, bytes out.
"""

import tempfile
import warnings
from typing import Any
from unittest.mock import patch

from collectors.snmp.settings import AuthProtocol, PrivProtocol
from collectors.snmp.usm import User

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pysnmp.entity import config, engine
    from pysnmp.entity.rfc3413 import cmdrsp, context
    from pysnmp.proto import rfc1902
    from pysnmp.proto.api import v2c

AUTH = {
    AuthProtocol.MD5: config.USM_AUTH_HMAC96_MD5,
    AuthProtocol.SHA1: config.USM_AUTH_HMAC96_SHA,
    AuthProtocol.SHA224: config.USM_AUTH_HMAC128_SHA224,
    AuthProtocol.SHA256: config.USM_AUTH_HMAC192_SHA256,
    AuthProtocol.SHA384: config.USM_AUTH_HMAC256_SHA384,
    AuthProtocol.SHA512: config.USM_AUTH_HMAC384_SHA512,
}
PRIV = {
    PrivProtocol.DES: config.USM_PRIV_CBC56_DES,
    PrivProtocol.AES128: config.USM_PRIV_CFB128_AES,
    PrivProtocol.AES192: config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    PrivProtocol.AES256: config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    PrivProtocol.AES192C: config.USM_PRIV_CFB192_AES,
    PrivProtocol.AES256C: config.USM_PRIV_CFB256_AES,
}
_ADDRESS = ("192.0.2.1", 161)


class _Wire:
    """Stands where pysnmp expects its transport; keeps what it would have sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def get_timer_resolution(self) -> float:
        return 0.5

    def send_message(self, message: bytes, _domain: Any, _address: Any) -> None:
        self.sent.append(message)


class _Echo(cmdrsp.SetCommandResponder):  # type: ignore[misc] # pysnmp ships no types
    def handle_management_operation(self, snmp_engine: Any, reference: Any, _context: Any, pdu: Any) -> None:
        self.send_varbinds(snmp_engine, reference, 0, 0, v2c.apiPDU.get_varbinds(pdu))


class PysnmpEcho:
    """The agent. `users` are known to it, and the community `public` under version 1 and 2c."""

    def __init__(self, engine_id: bytes, users: list[User]) -> None:
        with tempfile.TemporaryDirectory() as scratch, patch.object(tempfile, "tempdir", scratch):  # it keeps its boots
            self.engine = engine.SnmpEngine(rfc1902.OctetString(engine_id))
        self._wire = _Wire()
        self.engine.transport_dispatcher = self._wire
        config.add_v1_system(self.engine, "public", "public")
        for user in users:
            config.add_v3_user(
                self.engine,
                user.name.decode(),
                AUTH[user.auth] if user.auth else config.USM_AUTH_NONE,
                user.auth_password.decode() or None,
                PRIV[user.priv] if user.priv else config.USM_PRIV_NONE,
                user.priv_password.decode() or None,
            )
        _Echo(self.engine, context.SnmpContext(self.engine))

    def ask(self, message: bytes) -> bytes:
        """Return the answer; b"" when it stays silent."""
        self._wire.sent.clear()
        self.engine.message_dispatcher.receive_message(self.engine, config.SNMP_UDP_DOMAIN, _ADDRESS, message)
        return self._wire.sent[-1] if self._wire.sent else b""
