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
    "demo.ask": Text("Ask a device", "Tanya perangkat"),
    "demo.no_prometheus": Text(
        "No prometheus program was found, so there is no graph; the metrics are served all the same.",
        "Program prometheus tidak ditemukan, jadi tidak ada grafik; metrik tetap disajikan.",
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
    "demo.summary.failures": Text("Parts that failed", "Bagian yang gagal"),
    "demo.summary.failure": Text("{instance}: {part}: {reason}", "{instance}: {part}: {reason}"),
    "demo.summary.missed": Text("{instance} was not read.", "{instance} tidak terbaca."),
}
