"""Certificates of IPFIX over TLS (RFC 7011, 11.3): ours, and the names that exporters show."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from collectors.traffic.flows.settings import StreamSettings
from netmon.api.errors import ConfigError, Fault


class Rejected(Exception):
    """An exporter is not let in; `why` is the count it goes under."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def server_context(settings: StreamSettings) -> ssl.SSLContext:
    """Return how TLS is spoken: version 1.2 at least. ConfigError names the file that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.certificate is None:
        raise ConfigError(Fault("", 0, 0, "a tls:// address has no certificate", "set stream.certificate"))
    try:
        context.load_cert_chain(settings.certificate, settings.key, password=_no_password)
    except (OSError, ValueError) as error:
        files = f"{settings.certificate}" + (f" with {settings.key}" if settings.key else "")
        remedy = "give a PEM certificate and its key without a pass-phrase, readable by this user"
        raise ConfigError(Fault(files, 0, 0, f"the certificate cannot be used ({error})", remedy)) from error
    if settings.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(settings.client_ca)
        except (OSError, ValueError) as error:
            remedy = "give PEM certificates of authorities, readable by this user"
            raise ConfigError(
                Fault(str(settings.client_ca), 0, 0, f"the authorities cannot be used ({error})", remedy)
            ) from error
    return context


def _no_password() -> str:
    """Keep OpenSSL from asking at the terminal."""
    raise ValueError("it has a pass-phrase")


def name_of(certificate: Mapping[str, Any], allowed: Sequence[str]) -> str:
    """Return the name in an exporter's certificate (as of ssl.SSLSocket.getpeercert); Rejected where it is not allowed.

    DNS names count, and the common name where there are none (RFC 6125, 6.4.4). Where `allowed` is empty, every name
    that the authority signed is.
    """
    names = [str(value) for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    if not names:
        pairs = [pair for part in certificate.get("subject", ()) for pair in part]
        names = [str(value) for kind, value in pairs if kind == "commonName"]
    wanted = {name.lower() for name in allowed}
    for name in names:
        if not wanted or name.lower() in wanted:
            return name.lower()
    raise Rejected("refused")
