"""What `netmon demo` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "demo.running": Text(
        "A simulated fiber ring is being polled: {devices} devices and servers, beside this machine.",
        "Cincin serat optik simulasi sedang dipantau: {devices} perangkat dan server, di samping mesin ini.",
    ),
    "demo.page": Text("All metrics", "Semua metrik"),
    "demo.overview": Text("Overview", "Ikhtisar"),
    "demo.target": Text("One target", "Satu target"),
    "demo.discovery": Text("For Prometheus", "Untuk Prometheus"),
    "demo.graph": Text("Graph", "Grafik"),
    "demo.second": Text("In a second terminal:", "Di terminal kedua:"),
    "demo.first": Text("First", "Pertama"),
    "demo.alerts": Text("What is wrong", "Apa yang bermasalah"),
    "demo.incidents": Text("What caused it", "Apa sebabnya"),
    "demo.predictions": Text("What will be wrong", "Apa yang akan bermasalah"),
    "demo.ack": Text("Take it in hand", "Tangani"),
    "demo.actions": Text("Who did what", "Siapa melakukan apa"),
    "demo.verify": Text("Check the ledger", "Periksa buku besar"),
    "demo.ask": Text("Ask a device", "Tanya perangkat"),
    "demo.flows": Text("Who sends to whom", "Siapa mengirim ke mana"),
    "demo.moments": Text("Packets of an attack", "Paket sebuah serangan"),
    "demo.note": Text("on my way", "menuju lokasi"),
    "demo.story": Text(
        "Now things go wrong on the ring, at these seconds:\n"
        "     2  light begins to fall on one fiber and a disk begins to fill: both are foretold before 60,\n"
        "        and both reach their limits near 110\n"
        "     4  an office's port goes down\n"
        "     9  a UPS loses its mains\n"
        "    13  a host in an office scans a server; then a SYN flood (24), a DNS amplification (33) and\n"
        "        guesses at SSH passwords (44), where packets can be shown\n"
        "    42  a fiber is cut: everything goes the other way round the ring, and one more cut would isolate offices\n"
        "    85  that second fiber is cut: two offices are out of reach\n"
        "   120  from here to 165 everything is mended",
        "Kini cincin mengalami gangguan, pada detik-detik ini:\n"
        "     2  cahaya di satu serat mulai meredup dan satu disk mulai penuh: keduanya diramalkan sebelum 60,\n"
        "        dan keduanya mencapai batas sekitar 110\n"
        "     4  port sebuah kantor mati\n"
        "     9  sebuah UPS kehilangan listrik PLN\n"
        "    13  sebuah komputer kantor memindai server; lalu banjir SYN (24), amplifikasi DNS (33), dan\n"
        "        tebakan kata sandi SSH (44), jika paket dapat ditampilkan\n"
        "    42  satu serat putus: semua lalu lintas memutar arah, dan satu putus lagi akan mengisolasi kantor\n"
        "    85  serat kedua itu putus: dua kantor tidak terjangkau\n"
        "   120  dari sini sampai 165 semuanya diperbaiki",
    ),
    "demo.no_packets": Text(
        "Packets and attacks are not shown: {problem}", "Paket dan serangan tidak ditampilkan: {problem}"
    ),
    "demo.packets.missing": Text("not installed here: {programs}", "belum terpasang di sini: {programs}"),
    "demo.packets.no_namespace": Text(
        "no network namespace with a cable of its own can be made here ({problem})",
        "network namespace dengan kabel sendiri tidak dapat dibuat di sini ({problem})",
    ),
    "demo.packets.ended": Text(
        "The sensor, or what sends its packets, ended by itself; {log} says why.",
        "Sensor, atau pengirim paketnya, berhenti sendiri; sebabnya ada di {log}.",
    ),
    "demo.attack.begins": Text("attack begins: {what}", "serangan mulai: {what}"),
    "demo.attack.named": Text("named after {time} s: {what}", "dikenali dalam {time} detik: {what}"),
    "demo.attack.port_scan": Text("port scan", "pemindaian port"),
    "demo.attack.syn_flood": Text("SYN flood", "banjir SYN"),
    "demo.attack.amplification": Text("DNS amplification", "amplifikasi DNS"),
    "demo.attack.brute_force": Text("SSH password guessing", "tebakan kata sandi SSH"),
    "demo.attacks.title": Text(
        "Attacks, and how soon each was named", "Serangan, dan secepat apa masing-masing dikenali"
    ),
    "demo.attacks.column.began": Text("began", "mulai"),
    "demo.attacks.column.attack": Text("attack", "serangan"),
    "demo.attacks.column.found": Text("found after", "ditemukan dalam"),
    "demo.attacks.column.fired": Text("alert after", "peringatan dalam"),
    "demo.attacks.column.as": Text("as", "sebagai"),
    "demo.attacks.unnamed": Text("not named", "tidak dikenali"),
    "demo.messages": Text("Messages to those on call, as they arrive:", "Pesan kepada petugas jaga, begitu tiba:"),
    "demo.answer": Text(
        "To take it in hand, before others are called too: {command}",
        "Untuk menanganinya, sebelum yang lain ikut dipanggil: {command}",
    ),
    "demo.earlier.note": Text("an earlier demonstration ended", "demo sebelumnya berakhir"),
    "demo.no_ledger": Text(
        "The ledger could not be verified: {problem}", "Buku besar tidak dapat diperiksa: {problem}"
    ),
    "demo.no_prometheus": Text(
        "No prometheus program was found, so there is no graph, and no past from which weeks could be foretold; the "
        "metrics are served all the same.",
        "Program prometheus tidak ditemukan, jadi tidak ada grafik, dan tidak ada masa lalu untuk meramalkan beberapa "
        "minggu ke depan; metrik tetap disajikan.",
    ),
    "demo.prometheus_ended": Text(
        "Prometheus ended by itself; {log} says why.", "Prometheus berhenti sendiri; sebabnya ada di {log}."
    ),
    "demo.until": Text("It ends by itself after {seconds} s.", "Berhenti sendiri setelah {seconds} detik."),
    "demo.forever": Text("Ctrl-C ends it.", "Tekan Ctrl-C untuk berhenti."),
    "demo.taken": Text("{problem}; is another demonstration running?", "{problem}; apakah demo lain sedang berjalan?"),
    "demo.not_simulated": Text(
        "This inventory cannot be simulated: {problem}", "Inventaris ini tidak dapat disimulasikan: {problem}"
    ),
    "demo.no_page": Text(
        "The metrics page could not be read: {problem}", "Halaman metrik tidak dapat dibaca: {problem}"
    ),
    "demo.summary.title": Text("After {seconds} s", "Setelah {seconds} detik"),
    "demo.summary.targets": Text("Targets read", "Target terbaca"),
    "demo.summary.series": Text("Series on the page", "Deret pada halaman"),
    "demo.summary.values": Text("Values in a round of polls", "Nilai dalam satu putaran"),
    "demo.summary.polls": Text("Polls", "Pemantauan"),
    "demo.summary.varbinds": Text("SNMP values answered", "Nilai SNMP dijawab"),
    "demo.summary.cpu_daemon": Text("CPU of the daemon, of one core", "CPU daemon, dari satu inti"),
    "demo.summary.cpu_simulation": Text("CPU of the simulated devices", "CPU perangkat simulasi"),
    "demo.summary.cpu_sensor": Text("CPU of the sensor", "CPU sensor"),
    "demo.summary.failures": Text("Parts that failed", "Bagian yang gagal"),
    "demo.summary.failure": Text("{instance}: {part}: {reason}", "{instance}: {part}: {reason}"),
    "demo.summary.missed": Text("{instance} was not read.", "{instance} tidak terbaca."),
    "demo.summary.silenced": Text(
        "{instance} does not answer: the demonstration has switched it off for a while.",
        "{instance} tidak menjawab: demo mematikannya untuk sementara.",
    ),
    "demo.summary.quiet": Text("No alert fired.", "Tidak ada peringatan."),
    "demo.told.incidents": Text(
        "What happened: {count} incidents, {over} of them over", "Yang terjadi: {count} insiden, {over} sudah selesai"
    ),
    "demo.told.lasts": Text("now", "kini"),
    "demo.told.why": Text("because:", "sebab:"),
    "demo.told.more": Text("→ and {count} more", "→ dan {count} lagi"),
    "demo.told.predictions": Text(
        "What was foretold, and what became of it: {count} predictions",
        "Yang diramalkan, dan hasilnya: {count} ramalan",
    ),
    "demo.told.account": Text("The account of each rule", "Laporan tiap aturan"),
    "demo.told.column.said": Text("said at", "diucapkan"),
    "demo.told.column.what": Text("what will reach its limit", "yang akan mencapai batas"),
    "demo.told.column.when": Text("when, and 80% between", "kapan, dan 80% antara"),
    "demo.told.column.outcome": Text("became", "hasil"),
    "demo.told.lead": Text("{time} ahead", "{time} sebelumnya"),
    "demo.summary.messages": Text("Messages delivered", "Pesan terkirim"),
    "demo.summary.hands": Text("Taken in hand by", "Ditangani oleh"),
    "demo.summary.nobody": Text("nobody", "belum ada"),
    "demo.summary.ledger": Text("Records in the ledger", "Catatan di buku besar"),
    "demo.summary.records": Text("{count}, of which signed: {sealed}", "{count}, yang ditandatangani: {sealed}"),
    "demo.summary.verdict": Text("Verified", "Diperiksa"),
    "demo.summary.verdict.good": Text(
        "good: nothing was changed, removed or moved", "baik: tidak ada yang diubah, dihapus, atau dipindahkan"
    ),
    "demo.summary.verdict.bad": Text(
        "BAD: netmon ledger verify says what", "RUSAK: netmon ledger verify menjelaskannya"
    ),
    "demo.summary.verdict.unproved": Text("nothing is proved: no checkpoint", "belum terbukti: tidak ada checkpoint"),
}
