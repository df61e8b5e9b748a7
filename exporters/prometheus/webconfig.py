"""The web configuration file in the form that Prometheus exporters share (exporter-toolkit's `web-config.yml`).

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md. The wiring reads the file; here
is what may stand in it, and an error in the operator's words for what may not.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_MAX_COST = 14  # about a second for one check; more is a way to stop the server


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)  # it may be a password


class ClientAuth(StrEnum):
    """What clients must show; the names are Go's."""

    NONE = "NoClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRE_AND_VERIFY = "RequireAndVerifyClientCert"


class TlsVersion(StrEnum):
    """Versions of TLS; older ones are broken and not offered."""

    TLS12 = "TLS12"
    TLS13 = "TLS13"


CIPHER_SUITES = {
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
"""Cipher suites for TLS 1.2, Go's (and IANA's) name → OpenSSL's. Those of TLS 1.3 cannot be chosen, there as here."""

CURVES = {"X25519": "X25519", "CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1"}

HEADERS = (
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
    "Content-Security-Policy",
)


def _client_auth(given: str) -> str:
    if given in {"RequestClientCert", "RequireAnyClientCert"}:
        raise ValueError(
            f"{given} asks for a certificate that nobody verifies; "
            "write VerifyClientCertIfGiven or RequireAndVerifyClientCert"
        )
    if given not in set(ClientAuth):
        raise ValueError(f"{given!r} is no client_auth_type; write one of {', '.join(ClientAuth)}")
    return given


def _cipher(name: str) -> str:
    if name not in CIPHER_SUITES:
        raise ValueError(f"{name!r} is not offered; write some of {', '.join(CIPHER_SUITES)}, or leave it out")
    return name


def _curve(name: str) -> str:
    if name not in CURVES:
        raise ValueError(f"{name!r} is no curve that we know; write one of {', '.join(CURVES)}")
    return name


def _header(name: str) -> str:
    if name not in HEADERS:
        raise ValueError(f"{name!r} cannot be set; write some of {', '.join(HEADERS)}")
    return name


def _header_value(value: str) -> str:
    if not value.isprintable() or not value.isascii():
        raise ValueError("a header's value is one line of printable ASCII")
    return value


def _user(name: str) -> str:
    if not name or ":" in name:
        raise ValueError(f"{name!r} cannot be a user's name: it is empty or holds a colon (RFC 7617)")
    return name


def _bcrypt(value: SecretStr) -> SecretStr:
    match = _BCRYPT.fullmatch(value.get_secret_value())
    if match is None:
        raise ValueError(
            "the password is not hashed with bcrypt; write what `htpasswd -nBC 10 NAME` prints after the colon"
        )
    if not 4 <= int(match[1]) <= _MAX_COST:
        raise ValueError(f"the password's bcrypt cost is {int(match[1])}; hash it with a cost of 4 to {_MAX_COST}")
    return value


Cipher: TypeAlias = Annotated[str, AfterValidator(_cipher)]
Curve: TypeAlias = Annotated[str, AfterValidator(_curve)]
Hash: TypeAlias = Annotated[SecretStr, AfterValidator(_bcrypt)]
User: TypeAlias = Annotated[str, AfterValidator(_user)]


class TlsServerConfig(_Model):
    """Section `tls_server_config`. Paths are relative to the file they stand in; the wiring makes them whole."""

    cert_file: Path
    key_file: Path
    client_auth_type: Annotated[str, AfterValidator(_client_auth)] = ClientAuth.NONE.value
    client_ca_file: Path | None = None
    min_version: TlsVersion = TlsVersion.TLS12
    max_version: TlsVersion = TlsVersion.TLS13
    cipher_suites: tuple[Cipher, ...] = ()
    curve_preferences: tuple[Curve, ...] = Field(default=(), max_length=1)  # OpenSSL's Python binding takes one
    prefer_server_cipher_suites: bool = True

    @model_validator(mode="after")
    def _fits(self) -> "TlsServerConfig":
        if (self.client_auth_type == ClientAuth.NONE) != (self.client_ca_file is None):
            raise ValueError(
                "client_ca_file and a client_auth_type that verifies go together: set client_auth_type to "
                "RequireAndVerifyClientCert and client_ca_file to the authority's certificate, or neither"
            )
        if (self.min_version, self.max_version) == (TlsVersion.TLS13, TlsVersion.TLS12):
            raise ValueError("min_version is above max_version: exchange them")
        return self


class HttpServerConfig(_Model):
    """Section `http_server_config`. `http2` is accepted because other exporters' files have it; we speak HTTP/1.1."""

    http2: bool = False
    headers: dict[Annotated[str, AfterValidator(_header)], Annotated[str, AfterValidator(_header_value)]] = Field(
        default_factory=dict
    )


class WebConfig(_Model):
    """The whole file. An empty one means plain HTTP without passwords."""

    tls_server_config: TlsServerConfig | None = None
    http_server_config: HttpServerConfig = Field(default_factory=HttpServerConfig)
    basic_auth_users: dict[User, Hash] = Field(default_factory=dict, max_length=1_000)

    def files(self) -> tuple[Path, ...]:
        """Return the files that this configuration points to."""
        tls = self.tls_server_config
        if tls is None:
            return ()
        return tuple(path for path in (tls.cert_file, tls.key_file, tls.client_ca_file) if path is not None)

    def relative_to(self, folder: Path) -> "WebConfig":
        """Return the same with paths that start in `folder`, the one that holds the file."""
        tls = self.tls_server_config
        if tls is None:
            return self
        whole = {
            name: folder / path
            for name in ("cert_file", "key_file", "client_ca_file")
            if (path := getattr(tls, name)) is not None
        }
        return self.model_copy(update={"tls_server_config": tls.model_copy(update=whole)})
