"""From the web configuration to Python's TLS context."""

import ssl
from pathlib import Path

from exporters.prometheus.webconfig import CIPHER_SUITES, CURVES, ClientAuth, TlsServerConfig, TlsVersion
from netmon.api import ConfigError, Fault

_VERSIONS = {TlsVersion.TLS12: ssl.TLSVersion.TLSv1_2, TlsVersion.TLS13: ssl.TLSVersion.TLSv1_3}
_VERIFY = {
    ClientAuth.NONE.value: ssl.CERT_NONE,
    ClientAuth.VERIFY_IF_GIVEN.value: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRE_AND_VERIFY.value: ssl.CERT_REQUIRED,
}


def make_context(config: TlsServerConfig) -> ssl.SSLContext:
    """Return a server's context; ConfigError names the file that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[config.min_version]
    context.maximum_version = _VERSIONS[config.max_version]
    context.set_alpn_protocols(["http/1.1"])
    if config.prefer_server_cipher_suites:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    if config.cipher_suites:
        context.set_ciphers(":".join(CIPHER_SUITES[name] for name in config.cipher_suites))
    for curve in config.curve_preferences:
        context.set_ecdh_curve(CURVES[curve])
    _load_certificate(context, config.cert_file, config.key_file)
    context.verify_mode = _VERIFY[config.client_auth_type]
    if config.client_ca_file is not None:
        _load_authority(context, config.client_ca_file)
    return context


def _load_certificate(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    _readable(cert)
    _readable(key)
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        problem = f"the certificate cannot be used with the key {key} ({error.reason or 'not PEM'})"
        remedy = "give the PEM certificate, its chain below it, and the PEM key that belongs to it, without pass-phrase"
        raise ConfigError(Fault(str(cert), 0, 0, problem, remedy)) from error


def _load_authority(context: ssl.SSLContext, path: Path) -> None:
    _readable(path)
    try:
        context.load_verify_locations(path)
    except ssl.SSLError as error:
        problem = f"the certificate authority cannot be used ({error.reason or 'not PEM'})"
        raise ConfigError(Fault(str(path), 0, 0, problem, "give its certificate in PEM form")) from error


def _readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise ConfigError(Fault(str(path), 0, 0, problem, "give a file that netmon's user may read")) from error


def _no_password() -> str:
    return ""  # without this OpenSSL would ask on the terminal
