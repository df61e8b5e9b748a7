"""What `netmon status` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.status.short": Text("how netmon itself is", "keadaan netmon sendiri"),
    "status.help": Text(
        "Say how the core is: what is wrong with it, its ledger, the daemons it hears, and how many alerts there are.",
        "Laporkan keadaan inti: masalahnya, buku besarnya, daemon yang didengar, dan jumlah peringatan.",
    ),
    "status.examples": Text(
        "\b\nExamples:\n  netmon status\n  netmon status --json\n"
        "  netmon status --url https://netmon.example.net:19100 --user oki\n\n"
        "Exit status: 0 all is well, 1 something is wrong with netmon itself, 2 what was asked makes no sense, "
        "3 no daemon answers, 4 not allowed.",
        "\b\nContoh:\n  netmon status\n  netmon status --json\n"
        "  netmon status --url https://netmon.example.net:19100 --user oki\n\n"
        "Status keluar: 0 semua baik, 1 ada masalah pada netmon sendiri, 2 permintaan tidak masuk akal, "
        "3 tidak ada daemon yang menjawab, 4 tidak diizinkan.",
    ),
    "status.well": Text("All is well with netmon.", "Netmon baik-baik saja."),
    "status.unwell": Text("Something is wrong with netmon itself:", "Ada masalah pada netmon sendiri:"),
    "status.alerts": Text("alerts", "peringatan"),
    "status.ledger": Text("ledger", "buku besar"),
    "status.records": Text("{count} records", "{count} catatan"),
    "status.index": Text("index", "indeks"),
    "status.in_step": Text("in step with the ledger", "sejalan dengan buku besar"),
    "status.lag": Text("{count} records behind", "tertinggal {count} catatan"),
    "status.sources": Text("heard", "terdengar"),
    "status.heard": Text("{sender}, {ago} ago", "{sender}, {ago} yang lalu"),
    "status.no_sources": Text("no daemon on the link yet", "belum ada daemon di tautan"),
    "status.version": Text("version", "versi"),
}
