"""In Indonesian what components say of wrong settings in English: they know nothing of languages, nor should they.

Each row is the component's message, and the two halves of the fault with what its groups matched. A message without a
row is shown as the component put it.
"""

import re
from collections.abc import Mapping
from typing import Final

from netmon.app.texts import system
from netmon.app.texts.said_traffic import ROWS as _TRAFFIC

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
    # rules/pack.py
    r"(window_s|scale) says nothing where read is (\w+); remove it(?:.*)": (
        r"\1 tidak berarti apa-apa pada read: \2",
        "hapus",
    ),
    r"(hysteresis|ignore_under) says nothing beside equals; remove it": (
        r"\1 tidak berarti apa-apa di samping equals",
        "hapus",
    ),
    r"(of_\w+) bounds a value or a rate; where read is (\w+), .*": (
        r"\1 membatasi nilai atau laju, bukan read: \2",
        "tulis over atau under",
    ),
    r"bound_by needs a share of it; .*": (
        "bound_by memerlukan bagian darinya",
        "tulis of_upper_limit atau of_lower_limit",
    ),
    r"tiers do not rise; .*": (
        "tiers tidak berurutan",
        "tulis within_s terpendek lebih dulu, dan jangan lebih ringan daripada yang berikutnya",
    ),
    r"(\w+) tells by itself how long is left; remove ignore_under": (
        r"\1 sudah menyatakan sendiri sisa waktunya",
        "hapus ignore_under",
    ),
    r"(\w+) tells by itself how long is left; .*": (
        r"\1 sudah menyatakan sendiri sisa waktunya",
        "hapus batasnya",
    ),
    r"(\w+) needs one direction; .*": (
        r"\1 memerlukan tepat satu arah",
        "tulis over, under, atau bagian dari batasnya sendiri",
    ),
    r"mean in (\w+) speaks of many rows; .*": (
        r"mean pada \1 berbicara tentang banyak baris",
        "tulis over atau under, tanpa where",
    ),
    r"a condition needs one comparison; .*": (
        "sebuah syarat memerlukan tepat satu perbandingan",
        "tulis over, under, atau equals",
    ),
    r"a brace is open or closed alone; .*": (
        "ada kurung kurawal tanpa pasangan",
        "tulis {{ atau }} untuk kurung kurawal itu sendiri",
    ),
    r"\{(.*)\} is no placeholder; .*": (
        r"{\1} bukan tempat isian",
        "tulis nama label, {target}, {value}, atau {limit}",
    ),
    # netmon/core/notices/settings.py
    r"people are here and no routes, so nobody is told anything; add routes": (
        "people ada tetapi routes tidak, jadi tidak ada yang diberi tahu",
        "tambahkan routes",
    ),
    r"(routes name|fallback names|oncall names) (people|rotas) that are not there \((.*)\); (?:there are (.*))": (
        r"\1 \2 yang tidak ada (\3)",
        r"yang ada: \4",
    ),
    r"routes have a name more than once \((.*)\); .*": (
        r"routes memakai nama lebih dari sekali (\1)",
        "beri nama berbeda",
    ),
    r"routes want (\S+) to be told by (.*) \((.*)\), and there is no URL for it; \S+ has (.*)": (
        r"routes ingin \1 diberi tahu lewat \2 (\3), tetapi URL-nya tidak ada",
        r"saluran \1: \4",
    ),
    r"steps begin after (\S+) s, and nobody is told before; .*": (
        r"steps baru mulai setelah \1 s, sebelumnya tidak ada yang diberi tahu",
        "beri langkah pertama after_s: 0",
    ),
    r"steps go from (\S+) s to (\S+) s; .*": (
        r"steps berjalan dari \1 s ke \2 s",
        "setiap after_s harus lebih besar daripada yang sebelumnya",
    ),
    r"repeat_s is below a minute; .*": (
        "repeat_s kurang dari satu menit",
        "tulis paling sedikit 60, atau 0 untuk tidak pernah",
    ),
    r"max_critical is below max_messages; .*": (
        "max_critical di bawah max_messages",
        "insiden kritis memerlukan paling sedikit sebanyak itu",
    ),
    r"(.*) cannot be a name here; .*": (
        r"\1 tidak dapat menjadi nama di sini",
        "tulis paling banyak 64 huruf, angka, '.', '_' dan '-'",
    ),
    r"(.*) names no recipient; .*": (r"\1 bukan penerima", "tulis person:NAMA atau oncall:ROTA"),
    r"(.*) is no time of day; write it as in (.*)": (r"\1 bukan waktu", r"tulis misalnya \2"),
    # netmon/core/notices/matching.py
    r"(.*) is no matcher; write it as in (.*)": (r"\1 bukan matcher", r"tulis misalnya \2"),
    r"the pattern (.*) is too long; write at most (\d+) characters": (
        r"pola \1 terlalu panjang",
        r"tulis paling banyak \2 karakter",
    ),
    r"(.*) is no regular expression of RE2 \((.*)\); correct it": (r"\1 bukan ekspresi reguler RE2 (\2)", "perbaiki"),
    # netmon/core/notices/oncall.py
    r"(.*) is no time zone; write one such as (.*)": (r"\1 bukan zona waktu", r"tulis misalnya \2"),
    r"(.*) is no time of a handover; write it as in (.*), or (.*)": (
        r"\1 bukan waktu serah terima",
        r"tulis misalnya \2, atau \3",
    ),
    r"(.*) is no length of a turn; write day, week, or a number as in (.*)": (
        r"\1 bukan lama giliran",
        r"tulis day, week, atau jumlah, misalnya \2",
    ),
    r"handover names no weekday, and turns are weeks; write it as in (.*)": (
        "handover tidak menyebut hari, padahal gilirannya mingguan",
        r"tulis misalnya \1",
    ),
    r"handover names a weekday, and turns are (.*) long; write only the time": (
        r"handover menyebut hari, padahal gilirannya \1",
        "tulis hanya waktunya",
    ),
    r"until is not after from; exchange them": ("until tidak setelah from", "tukar keduanya"),
    r"until has a UTC offset and from has none, .*": (
        "hanya satu dari from dan until memakai selisih UTC",
        "beri keduanya, atau jangan keduanya",
    ),
    # netmon/core/alerts/settings.py
    r"(.*) is no time zone(?: that this host knows)?; write it as in (.*)": (
        r"\1 bukan zona waktu yang dikenal",
        r"tulis misalnya \2",
    ),
    r"a maintenance window has either an end or a duration_s": (
        "jendela pemeliharaan memerlukan end atau duration_s",
        "isi salah satu saja",
    ),
    r"a maintenance window has weekdays, monthly days or dates, one of these": (
        "jendela pemeliharaan memakai weekdays, monthly, atau dates",
        "isi salah satu saja",
    ),
    r"there is no day 0; 1 is the first day of a month and -1 the last": (
        "tidak ada tanggal 0",
        "1 adalah hari pertama bulan dan -1 hari terakhir",
    ),
    r"more than one maintenance window is called (.*)": (
        r"lebih dari satu jendela pemeliharaan bernama \1",
        "beri nama berbeda",
    ),
    # netmon/core/link/settings.py
    r"spool_max_bytes must hold two segments of spool_segment_bytes at least": (
        "spool_max_bytes terlalu kecil",
        "isi paling sedikit dua kali spool_segment_bytes",
    ),
    r"dead_after_s must be two intervals of heartbeat_s at least": (
        "dead_after_s terlalu pendek",
        "isi paling sedikit dua kali heartbeat_s",
    ),
    r"reconnect_max_s must not be below reconnect_min_s": (
        "reconnect_max_s di bawah reconnect_min_s",
        "isi paling sedikit sebesar itu",
    ),
    # netmon/core/ledger/settings.py, index_settings.py
    r"what the ledger says of itself is kept for ever; leave `ledger` out": (
        "catatan buku besar tentang dirinya sendiri disimpan selamanya",
        "hapus `ledger` di sini",
    ),
    r"(.*): (\S+) is not between 1 and 1200 months; null means for ever": (
        r"\1: \2 tidak di antara 1 dan 1200 bulan",
        "null berarti selamanya",
    ),
    r"must be the address of a PostgreSQL database: (.*)": ("ini bukan alamat basis data PostgreSQL", r"tulis \1"),
    # exporters/alertmanager/settings.py, exporters/witness/settings.py
    r"the URL holds a user name; write (.*) beside it instead": (
        "URL memuat nama pengguna",
        r"tulis \1 di sampingnya",
    ),
    r"username and password go together: .*": ("username dan password harus berpasangan", "isi keduanya atau hapus"),
    r"a password and a bearer token cannot be used at once: .*": (
        "kata sandi dan bearer token tidak dapat dipakai bersama",
        "isi salah satu",
    ),
    r"key_file is set without cert_file: .*": (
        "key_file diisi tanpa cert_file",
        "sebutkan sertifikat milik kunci itu",
    ),
    r"(.*) names two servers; .*": (r"\1 dipakai dua server", "beri nama berbeda"),
    r"(.*) is not a URL; write it as in (.*)": (r"\1 bukan URL", r"tulis misalnya \2"),
    r"set known_hosts_file or host_key, one of them: .*": (
        "host yang bisa ditiru siapa pun bukan saksi",
        "isi known_hosts_file atau host_key, salah satu",
    ),
    r"two witnesses are called (.*); .*": (r"dua saksi bernama \1", "beri nama berbeda"),
    # exporters/heartbeat/settings.py
    r"this is not a URL to ask; write it as in (.*)": ("ini bukan URL yang dapat dipanggil", r"tulis misalnya \1"),
    # exporters/api/settings.py
    r"nobody may be (.*) without a name; .*": (
        r"tanpa nama, tidak ada yang boleh menjadi \1",
        "tulis viewer atau sender, dan beri pengguna di berkas konfigurasi web",
    ),
}
_ALL: Final = {**_ROWS, **_TRAFFIC}
_INDONESIAN: Final = tuple((re.compile(pattern, re.DOTALL), *halves) for pattern, halves in _ALL.items())


def in_indonesian(said: str) -> tuple[str, str] | None:
    """Return problem and remedy, the system's words in them too; None where there is no row for this message."""
    for pattern, problem, remedy in _INDONESIAN:
        if (match := pattern.fullmatch(said)) is not None:
            return system.in_indonesian(match.expand(problem)), system.in_indonesian(match.expand(remedy))
    return None
