"""What `netmon events` says, and how records of the ledger read."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.events.short": Text("search what was recorded", "cari di catatan"),
    "events.help": Text(
        "Search the ledger: events, findings, alerts and what people did. Reads it beside the daemon or without it, "
        "and also what is not in the index yet. The oldest of what is found comes first.",
        "Cari di buku besar: kejadian, temuan, peringatan, dan tindakan petugas. Dapat dibaca selagi daemon berjalan "
        "maupun tidak, termasuk yang belum masuk indeks. Yang terlama ditampilkan lebih dulu.",
    ),
    "events.examples": Text(
        "\b\nExamples:\n"
        "  netmon events --since 2h --severity warning\n"
        "  netmon events --target 'sw-*' --kind alert --kind action --since yesterday --until today\n"
        "  netmon events --text 'link down' --limit 20\n"
        "  netmon events --category authentication --since 2026-11-01 --format csv > november.csv\n"
        "  netmon events --follow --format jsonl\n"
        "  netmon events --rebuild-index\n\n"
        "TIME is a span that goes back from now (90s, 2h30m, 1w), a time of day, today, yesterday, a date, or a date "
        "and time, with its offset where it is not this host's.\n\n"
        "Exit status, as grep's: 0 something was found, 1 nothing was, 2 what was asked makes no sense, 3 there is no "
        "ledger that can be read.",
        "\b\nContoh:\n"
        "  netmon events --since 2h --severity warning\n"
        "  netmon events --target 'sw-*' --kind alert --kind action --since yesterday --until today\n"
        "  netmon events --text 'link down' --limit 20\n"
        "  netmon events --category authentication --since 2026-11-01 --format csv > november.csv\n"
        "  netmon events --follow --format jsonl\n"
        "  netmon events --rebuild-index\n\n"
        "TIME adalah rentang mundur dari sekarang (90s, 2h30m, 1w), jam, today, yesterday, tanggal, atau tanggal dan "
        "jam, dengan selisih UTC bila bukan zona mesin ini.\n\n"
        "Status keluar, seperti grep: 0 ada yang ditemukan, 1 tidak ada, 2 permintaan tidak masuk akal, 3 tidak ada "
        "buku besar yang dapat dibaca.",
    ),
    "events.since": Text("What happened at this time or later.", "Yang terjadi pada waktu ini atau sesudahnya."),
    "events.until": Text("What happened before this time.", "Yang terjadi sebelum waktu ini."),
    "events.kind": Text("Only this kind (repeat for more).", "Hanya jenis ini (ulangi untuk lebih dari satu)."),
    "events.category": Text(
        "Only this category: network, authentication, … (repeat for more).",
        "Hanya kategori ini: network, authentication, … (ulangi untuk lebih dari satu).",
    ),
    "events.target": Text(
        "Only this target; a star at the end stands for any ending (repeat for more).",
        "Hanya target ini; bintang di akhir berarti akhiran apa pun (ulangi untuk lebih dari satu).",
    ),
    "events.source": Text(
        "Only what this daemon or person says (repeat for more).",
        "Hanya dari daemon atau orang ini (ulangi untuk lebih dari satu).",
    ),
    "events.severity": Text("This severe or worse.", "Tingkat ini atau lebih parah."),
    "events.text": Text(
        "This text somewhere in the record, in small or capital letters.",
        "Teks ini di mana saja dalam catatan, huruf besar atau kecil.",
    ),
    "events.limit": Text(
        "Only the newest N; 0 for all. A table shows 100 unless told, the other formats all.",
        "Hanya N terbaru; 0 untuk semua. Tabel menampilkan 100 bila tidak disebut, bentuk lain semuanya.",
    ),
    "events.format": Text(
        "table: for people, in local time. jsonl: as it stands in the ledger, in UTC. csv: for spreadsheets; a cell "
        "that begins like a formula gets an apostrophe before it.",
        "table: untuk dibaca orang, waktu setempat. jsonl: persis seperti dicatat, UTC. csv: untuk lembar kerja; sel "
        "yang diawali seperti rumus diberi apostrof di depannya.",
    ),
    "events.follow": Text(
        "Show the newest 10 (or --limit), then what comes, until Ctrl-C.",
        "Tampilkan 10 terbaru (atau --limit), lalu yang menyusul, sampai Ctrl-C.",
    ),
    "events.rebuild": Text(
        "Empty the index and fill it again from the ledger.", "Kosongkan indeks dan isi ulang dari buku besar."
    ),
    "events.ledger": Text(
        "Read this ledger's directory, a copy for instance, instead of the configuration's.",
        "Baca direktori buku besar ini, misalnya salinan, bukan milik konfigurasi.",
    ),
    "events.bad_time": Text(
        "{text!r} is no time; write 2h, 08:00, today, yesterday, 2026-11-01 or 2026-11-01T08:00",
        "{text!r} bukan waktu; tulis 2h, 08:00, today, yesterday, 2026-11-01, atau 2026-11-01T08:00",
    ),
    "events.none": Text(
        "there is no ledger in {place}; a daemon that keeps one starts with: netmon run",
        "tidak ada buku besar di {place}; daemon yang membuatnya dijalankan dengan: netmon run",
    ),
    "events.unreadable": Text("The ledger cannot be read: {problem}", "Buku catatan tidak dapat dibaca: {problem}"),
    "events.no_settings": Text(
        "The index named in the settings is not asked, because they cannot be read: {problem}",
        "Indeks yang disebut di pengaturan tidak dipakai karena pengaturannya tidak dapat dibaca: {problem}",
    ),
    "events.no_index": Text(
        "Reading the whole ledger, record by record: {problem}", "Membaca seluruh buku besar satu per satu: {problem}"
    ),
    "events.lag": Text(
        "The index lags by {count} records; they were looked through in the ledger itself.",
        "Indeks tertinggal {count} catatan; semuanya dicari langsung di buku besar.",
    ),
    "events.more": Text(
        "Only the newest {count} are shown; --limit 0 shows all.",
        "Hanya {count} terbaru yang ditampilkan; --limit 0 menampilkan semua.",
    ),
    "events.rebuilt": Text(
        "The index was filled with {count} records in {seconds} s.",
        "Indeks telah diisi dengan {count} catatan dalam {seconds} detik.",
    ),
    "events.rebuild_failed": Text("The index cannot be filled: {problem}", "Indeks tidak dapat diisi: {problem}"),
    "events.column.time": Text("time", "waktu"),
    "events.column.severity": Text("severity", "tingkat"),
    "events.column.kind": Text("kind", "jenis"),
    "events.column.target": Text("target", "target"),
    "events.column.text": Text("what happened", "kejadian"),
    "events.column.source": Text("source", "sumber"),
    "events.column.seq": Text("record", "catatan"),
    "events.cleared": Text("over: {text}", "selesai: {text}"),
    "events.by": Text("{what} by {who}", "{what} oleh {who}"),
    "events.ledger.segment": Text("a new segment begins", "segmen baru dimulai"),
    "events.ledger.purged": Text(
        "{count} records of category {category} written before {before} go, in segment {segment}",
        "{count} catatan kategori {category} dari sebelum {before} dihapus, di segmen {segment}",
    ),
    "events.ledger.repaired": Text(
        "{bytes} bytes of a record that was never acknowledged were cut off segment {segment}",
        "{bytes} bita dari catatan yang belum diakui dipotong dari segmen {segment}",
    ),
    "events.ledger.damaged": Text(
        "damage found in segment {segment}, record {seq}: {problem}",
        "kerusakan ditemukan di segmen {segment}, catatan {seq}: {problem}",
    ),
    "events.what.pending": Text("pending", "menunggu"),
    "events.what.dropped": Text("over before it fired", "selesai sebelum menyala"),
    "events.what.firing": Text("firing", "menyala"),
    "events.what.clearing": Text("clearing", "mereda"),
    "events.what.returned": Text("returned", "kembali"),
    "events.what.flapping": Text("flapping", "naik-turun"),
    "events.what.steady": Text("steady again", "stabil kembali"),
    "events.what.raised": Text("severity raised", "tingkat dinaikkan"),
    "events.what.lowered": Text("severity lowered", "tingkat diturunkan"),
    "events.what.updated": Text("updated", "diperbarui"),
    "events.what.regrouped": Text("moved to another incident", "pindah ke insiden lain"),
    "events.what.opened": Text("opened", "dibuka"),
    "events.what.reopened": Text("opened again", "dibuka kembali"),
    "events.what.worse": Text("worse", "memburuk"),
    "events.what.grown": Text("grown", "meluas"),
    "events.what.explained": Text("cause explained anew", "penyebab dijelaskan ulang"),
    "events.what.retitled": Text("title changed", "judul diubah"),
    "events.what.merged": Text("merged", "digabung"),
    "events.what.acknowledged": Text("acknowledged", "ditangani"),
    "events.what.unacknowledged": Text("put back", "dikembalikan"),
    "events.what.muted": Text("muted", "diredam"),
    "events.what.unmuted": Text("no longer muted", "tidak lagi diredam"),
    "events.what.commented": Text("comment", "komentar"),
    "events.what.resolved": Text("resolved", "teratasi"),
    "events.what.created": Text("created", "dibuat"),
    "events.what.started": Text("started", "dimulai"),
    "events.what.ended": Text("ended", "diakhiri"),
}
