"""What the commands say: help, examples, results."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.help": Text(
        "Watch a network, its servers and its applications, and see what is about to break.",
        "Pantau jaringan, server, dan aplikasi, dan lihat apa yang akan segera rusak.",
    ),
    "cli.examples": Text(
        "\b\nExamples:\n"
        "  netmon demo --for 60                       a simulated ring for a minute\n"
        "  netmon poll 192.0.2.1                      one device, now\n"
        "  netmon check /etc/netmon                   every fault of the configuration\n"
        "  netmon run --config /etc/netmon            the daemon\n"
        "  netmon generate prometheus > prometheus.yml",
        "\b\nContoh:\n"
        "  netmon demo --for 60                       cincin simulasi selama satu menit\n"
        "  netmon poll 192.0.2.1                      satu perangkat, sekarang\n"
        "  netmon check /etc/netmon                   semua kesalahan konfigurasi\n"
        "  netmon run --config /etc/netmon            daemon\n"
        "  netmon generate prometheus > prometheus.yml",
    ),
    "cli.commands": Text("Commands", "Perintah"),
    "cli.run.short": Text("run the daemon", "jalankan daemon"),
    "cli.poll.short": Text("read one device now", "baca satu perangkat sekarang"),
    "cli.check.short": Text("find every fault of a configuration", "temukan semua kesalahan konfigurasi"),
    "cli.generate.short": Text("write files for other programs", "tulis berkas untuk program lain"),
    "cli.reload.short": Text(
        "have the daemon read its configuration again", "minta daemon membaca ulang konfigurasinya"
    ),
    "cli.demo.short": Text("watch a simulated fiber ring", "pantau cincin serat optik simulasi"),
    "cli.config": Text("The configuration directory.", "Direktori konfigurasi."),
    "cli.run.help": Text(
        "Run the daemon in the foreground: poll everything in the inventory and serve the metrics.",
        "Jalankan daemon di latar depan: pantau semua yang ada di inventaris dan sajikan metriknya.",
    ),
    "cli.run.examples": Text(
        "\b\nExamples:\n"
        "  netmon run --config /etc/netmon\n"
        "  netmon run --config /etc/netmon --role poller\n\n"
        "Stop it with SIGTERM or Ctrl-C; SIGHUP, or netmon reload, reads the configuration again.\n\n"
        "Exit status: 0 after a clean stop, 2 when the configuration cannot be used.",
        "\b\nContoh:\n"
        "  netmon run --config /etc/netmon\n"
        "  netmon run --config /etc/netmon --role poller\n\n"
        "Hentikan dengan SIGTERM atau Ctrl-C; SIGHUP, atau netmon reload, membaca ulang konfigurasi.\n\n"
        "Status keluar: 0 setelah berhenti dengan bersih, 2 bila konfigurasi tidak dapat dipakai.",
    ),
    "cli.run.role": Text("What this daemon does.", "Tugas daemon ini."),
    "cli.reload.help": Text(
        "Have the running daemon read its configuration again, and say how that went.\n\n"
        "Exit status: 0 when the new configuration is in use, 2 when it was refused, 3 when no daemon answers.",
        "Minta daemon yang berjalan membaca ulang konfigurasinya, dan laporkan hasilnya.\n\n"
        "Status keluar: 0 bila konfigurasi baru dipakai, 2 bila ditolak, 3 bila tidak ada daemon yang menjawab.",
    ),
    "cli.reload.done": Text("The new configuration is in use.", "Konfigurasi baru telah dipakai."),
    "cli.reload.refused": Text(
        "The configuration was refused; the daemon goes on with the one it has.",
        "Konfigurasi ditolak; daemon tetap memakai konfigurasi yang lama.",
    ),
    "cli.reload.none": Text(
        "No daemon runs with its state in {state}; start one with: netmon run --config {directory}",
        "Tidak ada daemon yang menyimpan keadaannya di {state}; jalankan dengan: netmon run --config {directory}",
    ),
    "cli.reload.examples": Text(
        "\b\nExamples:\n  netmon reload --config /etc/netmon\n  systemctl reload netmon",
        "\b\nContoh:\n  netmon reload --config /etc/netmon\n  systemctl reload netmon",
    ),
    "cli.reload.not_allowed": Text(
        "You may not signal the daemon (process {pid}); try with sudo, or: systemctl reload netmon",
        "Anda tidak berhak memberi sinyal ke daemon (proses {pid}); coba dengan sudo, atau: systemctl reload netmon",
    ),
    "cli.reload.fixed": Text(
        "{section} cannot change while netmon runs", "{section} tidak dapat diubah selagi netmon berjalan"
    ),
    "cli.reload.fixed.remedy": Text(
        "restart netmon to use the new one, or put the old one back",
        "mulai ulang netmon untuk memakai yang baru, atau kembalikan yang lama",
    ),
    "cli.reload.silent": Text(
        "The daemon (process {pid}) did not say within {seconds} s how its reload went; its log tells more.",
        "Daemon (proses {pid}) tidak melaporkan hasil muat ulang dalam {seconds} detik; lihat lognya.",
    ),
    "cli.generate.help": Text(
        "Write files for other programs, made from the configuration.",
        "Tulis berkas untuk program lain berdasarkan konfigurasi.",
    ),
    "cli.generate.prometheus.help": Text(
        "Write a Prometheus scrape configuration that works as it is.",
        "Tulis konfigurasi scrape Prometheus yang langsung dapat dipakai.",
    ),
    "cli.generate.prometheus.examples": Text(
        "\b\nExamples:\n  netmon generate prometheus --config /etc/netmon > /etc/prometheus/prometheus.yml",
        "\b\nContoh:\n  netmon generate prometheus --config /etc/netmon > /etc/prometheus/prometheus.yml",
    ),
    "cli.generate.rules.help": Text(
        "Write the packs of limits as Prometheus alerting rules, with promtool's unit tests of them if wanted.",
        "Tulis paket batas sebagai aturan alert Prometheus, beserta uji unit promtool bila diminta.",
    ),
    "cli.generate.rules.examples": Text(
        "\b\nExamples:\n"
        "  netmon generate prometheus-rules > netmon-rules.yml\n"
        "  netmon generate prometheus-rules --output netmon-rules.yml --tests netmon-rules-test.yml\n"
        "  promtool test rules netmon-rules-test.yml",
        "\b\nContoh:\n"
        "  netmon generate prometheus-rules > netmon-rules.yml\n"
        "  netmon generate prometheus-rules --output netmon-rules.yml --tests netmon-rules-test.yml\n"
        "  promtool test rules netmon-rules-test.yml",
    ),
    "cli.generate.rules.output": Text(
        "Write the rules to this file instead of standard output.",
        "Tulis aturan ke berkas ini, bukan ke keluaran standar.",
    ),
    "cli.generate.rules.tests": Text(
        "Write unit tests of the rules to this file.", "Tulis uji unit aturan ke berkas ini."
    ),
    "cli.generate.rules.left_out": Text("{name} is left out: {reason}", "{name} tidak disertakan: {reason}"),
    "cli.demo.help": Text(
        "Simulate a regency's fiber ring on this machine's loopback addresses and watch it with the real daemon.",
        "Simulasikan cincin serat optik kabupaten di alamat loopback mesin ini dan pantau dengan daemon sungguhan.",
    ),
    "cli.demo.examples": Text(
        "\b\nExamples:\n  netmon demo\n  netmon demo --for 60\n\n"
        "Exit status: 0 when every target was read and the ledger verifies, 1 when not, 2 when it could not start.",
        "\b\nContoh:\n  netmon demo\n  netmon demo --for 60\n\n"
        "Status keluar: 0 bila semua target terbaca dan buku besar terbukti baik, 1 bila tidak, 2 bila tidak dapat "
        "dimulai.",
    ),
    "cli.demo.for": Text(
        "End after this many seconds with a summary; without it, run until Ctrl-C.",
        "Berakhir setelah sekian detik dengan ringkasan; tanpa ini, berjalan sampai Ctrl-C.",
    ),
    "cli.demo.state": Text("Where to keep the demonstration's state.", "Tempat menyimpan keadaan demo."),
}
