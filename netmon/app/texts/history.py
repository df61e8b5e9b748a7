"""What `netmon history` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.history.short": Text("what quantities with a limit were", "riwayat besaran yang memiliki batas"),
    "history.help": Text(
        "Show what is kept of a target's quantities that have a declared limit. Reads the files of the daemon that "
        "polls it, on this host.",
        "Tampilkan yang disimpan tentang besaran sebuah target yang memiliki batas. Membaca berkas daemon yang "
        "memantaunya, di komputer ini.",
    ),
    "history.examples": Text(
        "\b\nExamples:\n"
        "  netmon history sw-01\n"
        "  netmon history sw-01 --metric storage --since 60d\n"
        "  netmon history sw-01 --period 5m --since 2h --format csv\n\n"
        "Exit status: 0; 3 where no history can be read, 5 where it has nothing of that target.",
        "\b\nContoh:\n"
        "  netmon history sw-01\n"
        "  netmon history sw-01 --metric storage --since 60d\n"
        "  netmon history sw-01 --period 5m --since 2h --format csv\n\n"
        "Status keluar: 0; 3 bila tidak ada riwayat yang dapat dibaca, 5 bila tidak ada apa pun tentang target itu.",
    ),
    "history.option.metric": Text("Only metrics with this in their name.", "Hanya metrik yang namanya memuat ini."),
    "history.option.since": Text(
        "Only periods that began since then: 30d, yesterday, 2026-11-01.",
        "Hanya periode yang dimulai sejak itu: 30d, yesterday, 2026-11-01.",
    ),
    "history.option.period": Text("Whole days (UTC), or five minutes.", "Hari penuh (UTC), atau lima menit."),
    "history.option.format": Text("How to write them.", "Bentuk keluarannya."),
    "history.unreadable": Text(
        "No history can be read at {path}: {problem}. Ask on the host of the daemon that polls, as its user.",
        "Tidak ada riwayat yang dapat dibaca di {path}: {problem}. Jalankan di komputer daemon yang memantau, sebagai "
        "penggunanya.",
    ),
    "history.none": Text(
        "Nothing is kept of {target} for that time. `netmon status` shows what is polled; only quantities with a "
        "declared limit are kept.",
        "Tidak ada yang disimpan tentang {target} untuk waktu itu. `netmon status` menampilkan yang dipantau; hanya "
        "besaran yang memiliki batas yang disimpan.",
    ),
    "history.column.timestamp": Text("FROM", "SEJAK"),
    "history.column.metric": Text("METRIC", "METRIK"),
    "history.column.labels": Text("LABELS", "LABEL"),
    "history.column.minimum": Text("MIN", "MIN"),
    "history.column.mean": Text("MEAN", "RERATA"),
    "history.column.maximum": Text("MAX", "MAKS"),
    "history.column.p95": Text("P95", "P95"),
    "history.column.count": Text("VALUES", "NILAI"),
}
