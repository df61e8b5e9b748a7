"""The web configuration file: what is right, and what is said of what is not."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from exporters.prometheus.webconfig import WebConfig

HASH = "$2b$04$NeO1raoWYN4459/eW2IKqO3bAggAHMIz28L1RKPJ9LRQnLXgzqD8u"  # of "secret"; fixed, since it names tests
FULL = f"""
tls_server_config:
  cert_file: netmon.crt
  key_file: keys/netmon.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: /etc/ca.crt
  min_version: TLS13
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: true
  curve_preferences: [X25519]
http_server_config:
  http2: true
  headers:
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  prometheus: {HASH}
"""


def load(text: str) -> WebConfig:
    return WebConfig.model_validate(yaml.safe_load(text) or {})


def test_a_full_file() -> None:
    config = load(FULL).relative_to(Path("/etc/netmon"))
    assert config.files() == (Path("/etc/netmon/netmon.crt"), Path("/etc/netmon/keys/netmon.key"), Path("/etc/ca.crt"))
    assert config.basic_auth_users["prometheus"].get_secret_value() == HASH
    assert HASH not in repr(config)


def test_an_empty_file_means_plain_http() -> None:
    config = load("")
    assert config.tls_server_config is None
    assert config.files() == ()
    assert config.relative_to(Path("/etc")) == config


PAIR = "tls_server_config: {cert_file: a, key_file: b, "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tls_server_config: {cert_file: a}", "key_file\n  Field required"),
        ("tls_config: {}", "tls_config\n  Extra inputs are not permitted"),
        (PAIR + "cert: x}", "tls_server_config.cert\n  Extra inputs are not permitted"),
        (PAIR + "min_version: TLS10}", "Input should be 'TLS12' or 'TLS13'"),
        (PAIR + "min_version: TLS13, max_version: TLS12}", "min_version is above max_version: exchange them"),
        (
            PAIR + "client_auth_type: RequireAnyClientCert}",
            "write VerifyClientCertIfGiven or RequireAndVerifyClientCert",
        ),
        (
            PAIR + "client_auth_type: yes}",
            "client_auth_type\n  Input should be a valid string",
        ),
        (
            PAIR + "client_auth_type: Always}",
            "'Always' is no client_auth_type; write one of NoClientCert, VerifyClientCertIfGiven, RequireAnd",
        ),
        (
            PAIR + "client_auth_type: RequireAndVerifyClientCert}",
            "client_ca_file and a client_auth_type that verifies go together",
        ),
        (PAIR + "client_ca_file: c}", "client_ca_file and a client_auth_type that verifies go together"),
        (
            PAIR + "cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}",
            "'TLS_RSA_WITH_RC4_128_SHA' is not offered; write some of",
        ),
        (PAIR + "curve_preferences: [X448]}", "'X448' is no curve that we know; write one of X25519, CurveP256"),
        (PAIR + "curve_preferences: [X25519, CurveP256]}", "at most 1 item"),
        (
            "http_server_config: {headers: {Server: x}}",
            "'Server' cannot be set; write some of Strict-Transport-Security",
        ),
        (
            'http_server_config: {headers: {X-Frame-Options: "a\\r\\nb"}}',
            "a header's value is one line of printable ASCII",
        ),
        (
            "basic_auth_users: {me: secret}",
            "the password is not hashed with bcrypt; write what `htpasswd -nBC 10 NAME` prints after the colon",
        ),
        (
            f"basic_auth_users: {{me: {HASH.replace('$04$', '$20$')}}}",
            "the password's bcrypt cost is 20; hash it with a cost of 4 to 14",
        ),
        (f"basic_auth_users: {{'a:b': {HASH}}}", "'a:b' cannot be a user's name: it is empty or holds a colon"),
    ],
)
def test_faults(text: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load(text)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value).replace("SecretStr", "")
