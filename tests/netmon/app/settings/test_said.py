"""What components say of wrong settings, in Indonesian: each message of theirs has its row."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from exporters.prometheus.webconfig import WebConfig
from netmon.api import ConfigError
from netmon.app.settings import load_file
from netmon.app.settings.model import NetmonSettings

V3 = "credentials:\n  x:\n    version: v3\n    user: noc\n    "
TLS = "tls_server_config:\n  cert_file: a\n  key_file: b\n  "
CASES = [
    (
        NetmonSettings,
        V3 + "auth_protocol: MD5",
        "5:20: auth_protocol dan auth_password harus berpasangan; isi keduanya",
    ),
    (
        NetmonSettings,
        V3 + "auth_protocol: MD5\n    auth_password: short",
        "6:20: auth_password lebih pendek dari 8 karakter, yang tidak diizinkan RFC 3414; beri kata sandi paling",
    ),
    (
        NetmonSettings,
        V3 + "priv_protocol: DES\n    priv_password: long-enough",
        "2:3: privasi memerlukan autentikasi; isi",
    ),
    (NetmonSettings, "host:\n  textfile_directory: here", "2:23: 'here' tidak diawali garis miring; tulis alamat"),
    (NetmonSettings, "host:\n  parts: {cup: {}}", "2:3: tidak ada bagian bernama cup; yang ada: "),
    (NetmonSettings, "web:\n  listen: ['::1:80']", "2:12: '::1:80' adalah alamat IPv6 tanpa kurung siku; tulis dalam"),
    (
        NetmonSettings,
        "web:\n  listen: [here]",
        "2:12: 'here' bukan alamat untuk melayani; tulis host:port, misalnya 127",
    ),
    (NetmonSettings, "web:\n  external_url: here", "2:17: 'here' bukan URL dasar; tulis misalnya https://"),
    (WebConfig, TLS + "client_auth_type: RequestClientCert", "4:21: RequestClientCert meminta sertifikat yang tidak"),
    (WebConfig, TLS + "client_auth_type: perhaps", "4:21: 'perhaps' bukan client_auth_type; tulis salah satu: "),
    (WebConfig, TLS + "cipher_suites: [RC4]", "4:19: 'RC4' tidak disediakan; tulis beberapa dari: "),
    (WebConfig, TLS + "curve_preferences: [P1]", "4:23: 'P1' bukan kurva yang dikenal; tulis salah satu: "),
    (
        WebConfig,
        TLS + "min_version: TLS13\n  max_version: TLS12",
        "4:16: min_version di atas max_version; tukar keduanya",
    ),
    (
        WebConfig,
        TLS + "client_ca_file: c",
        "4:19: client_ca_file dan client_auth_type yang memeriksa harus berpasangan;",
    ),
    (WebConfig, "http_server_config: {headers: {Server: x}}", ": 'Server' tidak dapat diisi; tulis beberapa dari: "),
    (
        WebConfig,
        'http_server_config: {headers: {X-Frame-Options: "a\\nb"}}',
        ": nilai header bukan satu baris ASCII yang dapat dicetak; tulis satu",
    ),
    (WebConfig, "basic_auth_users: {'a:b': x}", ": 'a:b' tidak dapat menjadi nama pengguna; jangan"),
    (WebConfig, "basic_auth_users: {noc: x}", "1:25: kata sandi tidak di-hash dengan bcrypt; tulis keluaran `htpasswd"),
    (
        WebConfig,
        f"basic_auth_users: {{noc: $2y$31${'a' * 53}}}",
        "1:25: biaya bcrypt kata sandi ini 31; gunakan biaya 4 sampai ",
    ),
]


@pytest.mark.parametrize(("model", "text", "expected"), CASES)
def test_in_indonesian(
    model: type[BaseModel], text: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETMON_LANG", "id")
    path = tmp_path / "sample.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_file(path, model)
    assert expected in str(caught.value)
