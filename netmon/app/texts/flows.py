"""What `netmon flows` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.flows.short": Text(
        "who carried how much traffic, from where to where", "siapa mengirim berapa, dari mana ke mana"
    ),
    "flows.help": Text(
        "Ask what was kept of the traffic: flows that a sensor saw or that switches and routers reported. Reads the "
        "files beside the daemon or without it.",
        "Tanyakan lalu lintas yang disimpan: flow yang dilihat sensor atau dilaporkan switch dan router. Dapat "
        "dibaca selagi daemon berjalan maupun tidak.",
    ),
    "flows.examples": Text(
        "\b\nExamples:\n"
        "  netmon flows top --since 1h\n"
        "  netmon flows top --by site --since today --order flows\n"
        "  netmon flows top --by dst --filter 'src site \"kec. selatan\" and port 443'\n"
        "  netmon flows matrix --since yesterday --until today --format csv > offices.csv\n"
        "  netmon flows timeline --since 1d --filter 'udp and dst net 10.1.2.0/24'\n"
        "  netmon flows list --filter 'flags S/SA and bytes < 100' --order bytes --limit 50\n\n"
        "EXPR is written as for nfdump or tcpdump: src, dst, ip, net, port, as, site, mac, proto, app, bytes, packets, "
        "duration (ms), bps, pps, bpp, flags, in if, out if, vlan, tos, exporter, state, began, with and, or, not and "
        "brackets. It is asked of each direction of a flow: src sent, dst received. docs/flows.md has all of it.\n\n"
        "TIME is a span that goes back from now (1h, -90s, '2h ago'), a time of day, today, yesterday, a date, or a "
        "date and time (RFC 3339). A flow belongs to the time in which it ended.\n\n"
        "Exit status: 0; 2 where what was asked makes no sense or the store cannot be read, 5 where nothing was found.",
        "\b\nContoh:\n"
        "  netmon flows top --since 1h\n"
        "  netmon flows top --by site --since today --order flows\n"
        "  netmon flows top --by dst --filter 'src site \"kec. selatan\" and port 443'\n"
        "  netmon flows matrix --since yesterday --until today --format csv > kantor.csv\n"
        "  netmon flows timeline --since 1d --filter 'udp and dst net 10.1.2.0/24'\n"
        "  netmon flows list --filter 'flags S/SA and bytes < 100' --order bytes --limit 50\n\n"
        "EXPR ditulis seperti untuk nfdump atau tcpdump: src, dst, ip, net, port, as, site, mac, proto, app, bytes, "
        "packets, duration (ms), bps, pps, bpp, flags, in if, out if, vlan, tos, exporter, state, began, dengan and, "
        "or, not, dan kurung. Berlaku untuk tiap arah flow: src mengirim, dst menerima. Selengkapnya di "
        "docs/flows.md.\n\n"
        "TIME adalah rentang mundur dari sekarang (1h, -90s, '2h ago'), jam, today, yesterday, tanggal, atau tanggal "
        "dan jam (RFC 3339). Sebuah flow masuk ke waktu saat ia berakhir.\n\n"
        "Status keluar: 0; 2 bila permintaan tidak masuk akal atau simpanan tidak dapat dibaca, 5 bila tidak ada yang "
        "ditemukan.",
    ),
    "flows.top.help": Text(
        "Show who or what carried most. src is who sent, dst who received, each direction of a flow by itself; with "
        "site, as and interface, both ends of a flow count.",
        "Tampilkan siapa atau apa yang terbanyak. src yang mengirim, dst yang menerima, tiap arah flow dihitung "
        "tersendiri; untuk site, as, dan interface, kedua ujung flow dihitung.",
    ),
    "flows.matrix.help": Text(
        "Show how much went from each office to each other.",
        "Tampilkan berapa yang dikirim dari tiap kantor ke tiap kantor lain.",
    ),
    "flows.timeline.help": Text(
        "Show how much there was when, by minutes or by the hour.",
        "Tampilkan berapa banyak pada waktu mana, per menit atau per jam.",
    ),
    "flows.list.help": Text(
        "Show the flows themselves: the latest, or the largest.",
        "Tampilkan flownya sendiri: yang terakhir, atau yang terbesar.",
    ),
    "flows.top.examples": Text(
        "\b\nExamples:\n"
        "  netmon flows top --by src --since 1h\n"
        "  netmon flows top --by dst --since today --filter 'src site rsud'\n"
        "  netmon flows top --by app --order flows --since yesterday --until today\n"
        "  netmon flows top --by port --filter 'dst ip 10.1.2.3 and began' --format json\n\n"
        "EXPR and TIME: netmon flows --help.",
        "\b\nContoh:\n"
        "  netmon flows top --by src --since 1h\n"
        "  netmon flows top --by dst --since today --filter 'src site rsud'\n"
        "  netmon flows top --by app --order flows --since yesterday --until today\n"
        "  netmon flows top --by port --filter 'dst ip 10.1.2.3 and began' --format json\n\n"
        "EXPR dan TIME: netmon flows --help.",
    ),
    "flows.matrix.examples": Text(
        "\b\nExamples:\n"
        "  netmon flows matrix --since today\n"
        "  netmon flows matrix --since 1h --filter 'app smb or app rdp'\n"
        "  netmon flows matrix --since yesterday --until today --format csv > offices.csv\n\n"
        "EXPR and TIME: netmon flows --help.",
        "\b\nContoh:\n"
        "  netmon flows matrix --since today\n"
        "  netmon flows matrix --since 1h --filter 'app smb or app rdp'\n"
        "  netmon flows matrix --since yesterday --until today --format csv > offices.csv\n\n"
        "EXPR dan TIME: netmon flows --help.",
    ),
    "flows.timeline.examples": Text(
        "\b\nExamples:\n"
        "  netmon flows timeline --since 3h\n"
        "  netmon flows timeline --since 08:00 --until 09:00 --step 1m --filter 'dst ip 10.1.2.3'\n"
        "  netmon flows timeline --since 1d --order flows --filter 'flags S/SA'\n\n"
        "EXPR and TIME: netmon flows --help.",
        "\b\nContoh:\n"
        "  netmon flows timeline --since 3h\n"
        "  netmon flows timeline --since 08:00 --until 09:00 --step 1m --filter 'dst ip 10.1.2.3'\n"
        "  netmon flows timeline --since 1d --order flows --filter 'flags S/SA'\n\n"
        "EXPR dan TIME: netmon flows --help.",
    ),
    "flows.list.examples": Text(
        "\b\nExamples:\n"
        "  netmon flows list --since 10m --filter 'ip 10.1.2.3'\n"
        "  netmon flows list --since today --order bytes --limit 5\n"
        "  netmon flows list --since 1h --filter 'src site rsud and began and port 22'\n"
        "  netmon flows list --since 1h --limit 1000 --format csv > flows.csv\n\n"
        "BYTES and PACKETS are those of both directions; json and csv tell them apart (bytes, reply_bytes). EXPR and "
        "TIME: netmon flows --help.",
        "\b\nContoh:\n"
        "  netmon flows list --since 10m --filter 'ip 10.1.2.3'\n"
        "  netmon flows list --since today --order bytes --limit 5\n"
        "  netmon flows list --since 1h --filter 'src site rsud and began and port 22'\n"
        "  netmon flows list --since 1h --limit 1000 --format csv > flows.csv\n\n"
        "BYTE dan PAKET adalah jumlah kedua arah; json dan csv memisahkannya (bytes, reply_bytes). EXPR dan "
        "TIME: netmon flows --help.",
    ),
    "flows.option.store": Text(
        "The directory of the files; else that of the daemon of --config.",
        "Direktori berkasnya; bila tidak, milik daemon dari --config.",
    ),
    "flows.option.since": Text(
        "What ended at this time or later: 1h, today, 2026-11-01T08:00+08:00.",
        "Yang berakhir pada waktu ini atau sesudahnya: 1h, today, 2026-11-01T08:00+08:00.",
    ),
    "flows.option.until": Text("What ended before this time.", "Yang berakhir sebelum waktu ini."),
    "flows.option.filter": Text("Only these flows.", "Hanya flow ini."),
    "flows.option.format": Text(
        "How to write them; json is an object a line.", "Bentuk keluarannya; json satu objek per baris."
    ),
    "flows.option.limit": Text("At most so many rows.", "Paling banyak sekian baris."),
    "flows.option.by": Text("What to add up by.", "Dijumlahkan menurut apa."),
    "flows.option.order": Text("What comes first.", "Apa yang didahulukan."),
    "flows.option.bar": Text("What the bar shows.", "Apa yang ditunjukkan batangnya."),
    "flows.option.step": Text(
        "How long a step is; without it the shortest that gives 180 steps at most.",
        "Panjang satu langkah; tanpa ini yang terpendek dengan paling banyak 180 langkah.",
    ),
    "flows.unreadable": Text(
        "No flows can be read at {path}: {problem}. Name the directory with --store, or ask on the host of the daemon "
        "that keeps them, as its user.",
        "Tidak ada flow yang dapat dibaca di {path}: {problem}. Sebutkan direktorinya dengan --store, atau jalankan "
        "di komputer daemon yang menyimpannya, sebagai penggunanya.",
    ),
    "flows.not_installed": Text(
        "Asking about flows needs {name}; install it with: pip install 'netmon[traffic]'",
        "Untuk menanyakan flow diperlukan {name}; pasang dengan: pip install 'netmon[traffic]'",
    ),
    "flows.none": Text(
        "No flows were found for that time and filter.", "Tidak ada flow yang ditemukan untuk waktu dan saringan itu."
    ),
    "flows.none.times": Text(
        "The store has flows that ended from {since} to {until}: choose --since and --until in that time.",
        "Yang tersimpan adalah flow yang berakhir dari {since} sampai {until}: pilih --since dan --until di waktu itu.",
    ),
    "flows.none.empty": Text("There are no flows at {path} yet.", "Belum ada flow di {path}."),
    "flows.none.filter": Text(
        "{flows} flows ended in that time; the filter lets none of them through.",
        "{flows} flow berakhir pada waktu itu; tidak ada yang lolos saringan.",
    ),
    "flows.none.sites": Text("Sites in them: {names}", "Lokasi di dalamnya: {names}"),
    "flows.none.sites.without": Text(
        "None of them has a site: addresses have the site of the inventory's prefix that holds them.",
        "Tidak ada yang mempunyai lokasi: alamat memakai lokasi prefiks inventaris yang memuatnya.",
    ),
    "flows.none.sites.known": Text("Sites of the inventory: {names}", "Lokasi dalam inventaris: {names}"),
    "flows.none.exporters.known": Text("Devices of the inventory: {names}", "Perangkat dalam inventaris: {names}"),
    "flows.none.exporters.without": Text(
        "None of them has an exporter: those that a sensor saw itself have none.",
        "Tidak ada yang mempunyai pelapor: yang dilihat sensor sendiri tidak mempunyainya.",
    ),
    "flows.none.exporters": Text("Exporters in them: {names}", "Pelapor di dalamnya: {names}"),
    "flows.steps": Text(
        "That would be {steps} lines, and {most} are the most: choose a longer --step, or a shorter time.",
        "Hasilnya {steps} baris, paling banyak {most}: pilih --step lebih panjang atau rentang waktu lebih pendek.",
    ),
    "flows.narrow": Text(
        "No room at a width of {width} for {columns}: set COLUMNS=200, or ask for --format csv or json.",
        "Tidak ada tempat pada lebar {width} untuk {columns}: setel COLUMNS=200, atau minta --format csv atau json.",
    ),
    "flows.no_time": Text(
        "--since {since} is not before --until {until}.", "--since {since} tidak mendahului --until {until}."
    ),
    "flows.filter.at": Text("In --filter, column {column}: {problem}", "Pada --filter, kolom {column}: {problem}"),
    "flows.filter.length": Text(
        "it is longer than {right} characters; write a net, or ask twice.",
        "lebih panjang dari {right} karakter; tulis sebuah net, atau tanyakan dua kali.",
    ),
    "flows.filter.depth": Text(
        "more than {right} brackets or nots inside each other.", "lebih dari {right} kurung atau not yang bersarang."
    ),
    "flows.filter.character": Text(
        "{found} stands for nothing here; a quotation mark needs its second.",
        "{found} tidak berarti apa-apa di sini; tanda kutip perlu pasangannya.",
    ),
    "flows.filter.word": Text(
        "{found} does not belong here; right would be: {right}", "{found} bukan di sini; yang benar: {right}"
    ),
    "flows.filter.value": Text(
        "{found} is no such value; right would be: {right}", "{found} bukan nilainya; yang benar: {right}"
    ),
    "flows.filter.end": Text(
        "it ends too early; there should follow: {right}", "berakhir terlalu awal; seharusnya diikuti: {right}"
    ),
    "flows.outside": Text("(outside)", "(luar)"),
    "flows.total": Text(
        "All: {bytes}, {packets} packets, {flows} flows", "Semua: {bytes}, {packets} paket, {flows} flow"
    ),
    "flows.column.src": Text("SOURCE", "SUMBER"),
    "flows.column.dst": Text("DESTINATION", "TUJUAN"),
    "flows.column.port": Text("PORT", "PORT"),
    "flows.column.site": Text("SITE", "LOKASI"),
    "flows.column.app": Text("APPLICATION", "APLIKASI"),
    "flows.column.interface": Text("INTERFACE", "ANTARMUKA"),
    "flows.column.protocol": Text("PROTOCOL", "PROTOKOL"),
    "flows.column.as": Text("AS", "AS"),
    "flows.column.exporter": Text("EXPORTER", "PELAPOR"),
    "flows.column.vlan": Text("VLAN", "VLAN"),
    "flows.column.bytes": Text("BYTES", "BYTE"),
    "flows.column.packets": Text("PACKETS", "PAKET"),
    "flows.column.flows": Text("FLOWS", "FLOW"),
    "flows.column.share": Text("SHARE", "BAGIAN"),
    "flows.column.source": Text("FROM", "DARI"),
    "flows.column.destination": Text("TO", "KE"),
    "flows.column.source_site": Text("FROM SITE", "DARI LOKASI"),
    "flows.column.destination_site": Text("TO SITE", "KE LOKASI"),
    "flows.column.time": Text("TIME", "WAKTU"),
    "flows.column.rate": Text("RATE", "LAJU"),
    "flows.column.duration": Text("SECONDS", "DETIK"),
    "flows.column.flags": Text("FLAGS", "FLAG"),
}
