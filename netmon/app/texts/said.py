"""In Indonesian what components say of wrong settings in English: they know nothing of languages, nor should they.

Each row is the component's message, and the two halves of the fault with what its groups matched. A message without a
row is shown as the component put it.
"""

import re
from collections.abc import Mapping
from typing import Final

_ROWS: Final[Mapping[str, tuple[str, str]]] = {
    # collectors/snmp/settings.py
    r"(auth|priv)_protocol and \w+ go together: .*": (
        r"\1_protocol dan \1_password harus berpasangan",
        "isi keduanya atau jangan keduanya",
    ),
    r"(auth|priv)_password is shorter than (\d+) characters, .*": (
        r"\1_password lebih pendek dari \2 karakter, yang tidak diizinkan RFC 3414",
        r"beri kata sandi paling sedikit \2 karakter",
    ),
    r"privacy needs authentication: .*": (
        "privasi memerlukan autentikasi",
        "isi juga auth_protocol dan auth_password",
    ),
    # collectors/host/settings.py
    r"(.*) does not begin with a slash; .*": (r"\1 tidak diawali garis miring", "tulis alamat lengkapnya"),
    r"no part is called (.*); there are (.*)": (r"tidak ada bagian bernama \1", r"yang ada: \2"),
    # exporters/prometheus/settings.py
    r"(.*): an IPv6 address stands in brackets, as in (.*)": (
        r"\1 adalah alamat IPv6 tanpa kurung siku",
        r"tulis dalam kurung siku, misalnya \2",
    ),
    r"(.*) is not an address to listen on; write host:port, as in (.*)": (
        r"\1 bukan alamat untuk melayani",
        r"tulis host:port, misalnya \2",
    ),
    r"(.*) is not a base URL; write it as in (.*)": (r"\1 bukan URL dasar", r"tulis misalnya \2"),
    # exporters/prometheus/webconfig.py
    r"(\w+) asks for a certificate that nobody verifies; write (\w+) or (\w+)": (
        r"\1 meminta sertifikat yang tidak diperiksa siapa pun",
        r"tulis \2 atau \3",
    ),
    r"(.*) is no client_auth_type; write one of (.*)": (r"\1 bukan client_auth_type", r"tulis salah satu: \2"),
    r"(.*) is not offered; write some of (.*), or leave it out": (
        r"\1 tidak disediakan",
        r"tulis beberapa dari: \2, atau hapus",
    ),
    r"(.*) is no curve that we know; write one of (.*)": (r"\1 bukan kurva yang dikenal", r"tulis salah satu: \2"),
    r"(.*) cannot be set; write some of (.*)": (r"\1 tidak dapat diisi", r"tulis beberapa dari: \2"),
    r"a header's value is one line of printable ASCII": (
        "nilai header bukan satu baris ASCII yang dapat dicetak",
        "tulis satu baris ASCII",
    ),
    r"(.*) cannot be a user's name: .*": (
        r"\1 tidak dapat menjadi nama pengguna",
        "jangan kosong dan jangan memuat titik dua (RFC 7617)",
    ),
    r"the password is not hashed with bcrypt; write what (`.*`) prints after the colon": (
        "kata sandi tidak di-hash dengan bcrypt",
        r"tulis keluaran \1 setelah titik dua",
    ),
    r"the password's bcrypt cost is (\d+); hash it with a cost of (\d+) to (\d+)": (
        r"biaya bcrypt kata sandi ini \1",
        r"gunakan biaya \2 sampai \3",
    ),
    r"client_ca_file and a client_auth_type that verifies go together: .*": (
        "client_ca_file dan client_auth_type yang memeriksa harus berpasangan",
        "isi client_auth_type dengan RequireAndVerifyClientCert dan client_ca_file dengan sertifikatnya, atau hapus",
    ),
    r"min_version is above max_version: .*": ("min_version di atas max_version", "tukar keduanya"),
}
_INDONESIAN: Final = tuple((re.compile(pattern, re.DOTALL), *halves) for pattern, halves in _ROWS.items())


def in_indonesian(said: str) -> tuple[str, str] | None:
    """Return problem and remedy; None where there is no row for this message."""
    for pattern, problem, remedy in _INDONESIAN:
        if (match := pattern.fullmatch(said)) is not None:
            return match.expand(problem), match.expand(remedy)
    return None
