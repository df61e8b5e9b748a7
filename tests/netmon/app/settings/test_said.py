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
WINDOW = "alerts: {maintenance: [{name: a, scope: ['site:x'], reason: r, start: '22:00', "
SERVER = "alertmanager: {servers: [{url: 'http://a', "
WITNESS = "witness: {witnesses: [{kind: webhook, name: a, url: "
CORE = [
    (WINDOW + "end: '02:00', timezone: Jakarta}]}", "'Jakarta' bukan zona waktu yang dikenal; tulis misalnya Asia/"),
    (WINDOW + "end: '02:00', duration_s: 60}]}", "jendela pemeliharaan memerlukan end atau duration_s; isi salah"),
    (WINDOW + "end: '02:00', monthly: [0]}]}", "tidak ada tanggal 0; 1 adalah hari pertama"),
    (WINDOW + "end: '02:00', monthly: [1], weekdays: [monday]}]}", "memakai weekdays, monthly, atau dates; isi salah"),
    ("link: {spool_max_bytes: 65536}", "spool_max_bytes terlalu kecil; isi paling sedikit dua kali"),
    ("link: {dead_after_s: 1}", "dead_after_s terlalu pendek; isi paling sedikit dua kali heartbeat_s"),
    ("link: {reconnect_max_s: 0.01}", "reconnect_max_s di bawah reconnect_min_s; isi"),
    ("ledger: {retention: {categories: {ledger: 1}}}", "disimpan selamanya; hapus `ledger` di sini"),
    ("ledger: {retention: {categories: {alert: 0}}}", "alert: 0 tidak di antara 1 dan 1200 bulan; null"),
    ("index: {url: x}", "ini bukan alamat basis data PostgreSQL; tulis postgresql://"),
    ("alertmanager: {servers: [{url: 'http://a:b@c'}]}", "URL memuat nama pengguna; tulis username and password_file"),
    (SERVER + "username: a}]}", "username dan password harus berpasangan; isi"),
    (SERVER + "username: a, password: b, bearer_token: c}]}", "tidak dapat dipakai bersama; isi salah satu"),
    (SERVER + "key_file: a}]}", "key_file diisi tanpa cert_file; sebutkan"),
    ("alertmanager: {servers: [{url: 'http://a'}, {url: 'http://a'}]}", "'a:80' dipakai dua server; beri"),
    (WITNESS + "x}]}", "'x' bukan URL; tulis misalnya https://"),
    (WITNESS + "'http://a'}, {kind: webhook, name: a, url: 'http://b'}]}", "dua saksi bernama 'a'; beri nama"),
    (
        "witness: {witnesses: [{kind: sftp, name: a, host: h, user: u, path: p, key_file: k}]}",
        "bukan saksi; isi known_hosts_file atau host_key",
    ),
    ("heartbeat: {pings: [{url: x}]}", "ini bukan URL yang dapat dipanggil; tulis misalnya https://"),
    ("api: {anonymous_role: operator}", "tanpa nama, tidak ada yang boleh menjadi operator; tulis viewer"),
]
LISTEN = "traffic: {flows: {"
TRAFFIC = [
    (LISTEN + "listen: ['tap://127.0.0.1:2055']}}", "'tap://127.0.0.1:2055' bukan alamat untuk mendengarkan; tulis"),
    (LISTEN + "listen: ['tls://127.0.0.1:2055']}}", "alamat tls:// memerlukan sertifikat; isi stream.certificate"),
    (LISTEN + "allow: [here]}}", "'here' bukan prefiks; tulis misalnya 10.20.0.0/16"),
    (LISTEN + "allow: [10.1.2.3/16]}}", "'10.1.2.3/16' adalah alamat di dalam prefiks; tulis 10.1.0.0/16"),
    (LISTEN + "stream: {key: a}}}", "key dan client_ca hanya berguna bersama certificate; isi juga certificate"),
    (LISTEN + "stream: {client_names: [a]}}}", "client_names hanya berguna bersama client_ca; isi juga client_ca"),
    ("traffic: {sensors: [{interface: a, kept_blocks: 1}]}", "kept_blocks harus 0, atau dari 2 sampai setengah"),
    ("traffic: {store: {services: {tcp: a}}}", "ini bukan port sebuah layanan; tulis misalnya tcp/8443"),
    ("traffic: {store: {max_bytes: 5}}", "5 terlalu kecil; tulis angka paling kecil 1048576"),
    ("traffic: {actions: {enabled: true}}", "tindakan yang dinyalakan memerlukan script atau announcement; isi"),
    (
        "traffic: {actions: {announcement: {file: /r, communities: ['70000:1']}}}",
        "1:60: 70000:1 bukan community; tulis dua angka paling banyak 65535, misalnya 65535:666",
    ),
    ("traffic: {actions: {least_s: 9, hold_s: 5}}", "1:30: least_s lebih lama daripada hold_s; tulis paling banyak 5"),
    ("traffic: {actions: {announcement: {file: a}}}", "tulis jalur lengkapnya; sebuah BGP speaker juga membacanya"),
]
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
    *((NetmonSettings, text, expected) for text, expected in CORE),
    *((NetmonSettings, text, expected) for text, expected in TRAFFIC),
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
