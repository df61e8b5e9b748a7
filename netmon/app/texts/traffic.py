"""What `netmon replay`, `netmon sensor` and `netmon flow-collector` say."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.replay.short": Text("judge a capture file as if it were the wire", "menilai berkas rekaman paket"),
    "cli.sensor.short": Text("watch the packets of an interface", "mengamati paket di sebuah antarmuka"),
    "cli.flow-collector.short": Text("take the flows that devices export", "menerima flow dari perangkat"),
    "traffic.not_installed": Text(
        "the packages for traffic are not installed: {problem}",
        "paket untuk lalu lintas belum terpasang: {problem}",
    ),
    "traffic.not_installed.remedy": Text(
        "install netmon[traffic] in the environment that runs netmon",
        "pasang netmon[traffic] di lingkungan yang menjalankan netmon",
    ),
    "traffic.option.config": Text(
        "A configuration directory: whose addresses are whose, and the settings of the detectors.",
        "Direktori konfigurasi: alamat milik siapa, dan pengaturan pendeteksi.",
    ),
    "traffic.option.json": Text("One JSON object a line for each finding.", "Satu objek JSON per temuan."),
    "traffic.option.store": Text("Keep the flows in this directory.", "Simpan flow di direktori ini."),
    "traffic.option.metrics_listen": Text(
        "Serve metrics at this HOST:PORT.",
        "Sajikan metrik di HOST:PORT ini.",
    ),
    "traffic.option.user": Text(
        "Become this user once the sockets are open, with CAP_NET_RAW and nothing else.",
        "Menjadi pengguna ini setelah soket terbuka, hanya dengan CAP_NET_RAW.",
    ),
    "replay.help": Text(
        "Send a capture file (pcap or pcapng, also gzip or zstd, - for standard input) through everything that a "
        "sensor has: decoding, flows, detectors. Prints each finding once, when it is over or the file ends.",
        "Lewatkan berkas rekaman (pcap atau pcapng, juga gzip atau zstd, - untuk masukan standar) melalui semua yang "
        "dimiliki sensor: penguraian, flow, pendeteksi. Setiap temuan dicetak sekali, saat berakhir atau di akhir "
        "berkas.",
    ),
    "replay.examples": Text(
        "\b\nExamples:\n"
        "  netmon replay incident.pcap\n"
        "  netmon replay incident.pcapng.zst --json > findings.jsonl\n"
        "  netmon replay office.pcap --config /etc/netmon --store /tmp/flows\n\n"
        "Exit status: 0; 2 where the file or the configuration cannot be used.",
        "\b\nContoh:\n"
        "  netmon replay insiden.pcap\n"
        "  netmon replay insiden.pcapng.zst --json > temuan.jsonl\n"
        "  netmon replay kantor.pcap --config /etc/netmon --store /tmp/flows\n\n"
        "Status keluar: 0; 2 bila berkas atau konfigurasi tidak dapat dipakai.",
    ),
    "replay.option.speed": Text(
        "As fast as can be, or in the capture's own time.",
        "Secepat mungkin, atau menurut waktu rekaman.",
    ),
    "replay.column.rule": Text("RULE", "ATURAN"),
    "replay.column.severity": Text("SEVERITY", "TINGKAT"),
    "replay.column.start": Text("FROM", "SEJAK"),
    "replay.column.lasted": Text("LASTED", "LAMA"),
    "replay.column.source": Text("SOURCE", "SUMBER"),
    "replay.column.target": Text("TARGET", "SASARAN"),
    "replay.column.technique": Text("TECHNIQUE", "TEKNIK"),
    "replay.column.what": Text("WHAT", "APA"),
    "replay.nothing": Text(
        "No detector found anything in it.",
        "Tidak ada pendeteksi yang menemukan sesuatu di dalamnya.",
    ),
    "replay.summary.packets": Text(
        "{packets} packets, {bytes}, {flows} flows in {span} of traffic, read in {took} ({rate} packets/s)",
        "{packets} paket, {bytes}, {flows} flow dalam {span} lalu lintas, dibaca dalam {took} ({rate} paket/s)",
    ),
    "replay.summary.odd": Text("Not decoded whole: {counts}", "Tidak terurai utuh: {counts}"),
    "replay.summary.left": Text("Left out: {counts}", "Tidak disertakan: {counts}"),
    "replay.summary.findings": Text("Findings: {counts}", "Temuan: {counts}"),
    "replay.unreadable": Text("{path} cannot be read: {problem}", "{path} tidak dapat dibaca: {problem}"),
}
