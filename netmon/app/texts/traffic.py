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
        "As root: become this user once all is open, with CAP_NET_RAW for a sensor and nothing else. Empty: stay root.",
        "Sebagai root: menjadi pengguna ini setelah semua terbuka, dengan CAP_NET_RAW bagi sensor dan tanpa hak lain. "
        "Kosong: tetap root.",
    ),
    "traffic.compiling": Text(
        "Compiling the loops that read packets: a minute or so, the first time and after an upgrade.",
        "Mengompilasi bagian pembaca paket: sekitar satu menit, pertama kali dan setelah pembaruan.",
    ),
    "traffic.store_not_ours": Text(
        "holds other things than flows, and would be given to the user that we become",
        "berisi hal lain selain flow, dan akan diserahkan kepada pengguna tujuan",
    ),
    "traffic.store_not_ours.remedy": Text(
        "give a directory of its own, which need not be there yet",
        "sebutkan direktori tersendiri, yang boleh belum ada",
    ),
    "traffic.store_closed": Text(
        "the user {user} cannot keep flows there: {problem}",
        "pengguna {user} tidak dapat menyimpan flow di sana: {problem}",
    ),
    "traffic.store_closed.remedy": Text(
        "give a directory that {user} reaches, as below /var/lib, or another --user",
        "sebutkan direktori yang terjangkau oleh {user}, misalnya di bawah /var/lib, atau --user lain",
    ),
    "traffic.state_closed": Text(
        "{place}: neither captures of findings nor what is learned can be kept: {problem}. Let {user} in (chmod o+x on "
        "the directories above), or set another state_dir or --user.",
        "{place}: tangkapan paket temuan dan hal yang dipelajari tidak dapat disimpan: {problem}. Izinkan {user} masuk "
        "(chmod o+x pada direktori di atasnya), atau atur state_dir atau --user lain.",
    ),
    "traffic.option.for": Text("Stop after so many seconds.", "Berhenti setelah sekian detik."),
    "traffic.no_list": Text("{what}: there is no file {path}", "{what}: tidak ada berkas {path}"),
    "traffic.no_list.remedy": Text(
        "give the path of a list, from the configuration directory on",
        "sebutkan jalur daftar, dari direktori konfigurasi",
    ),
    "traffic.bulk_is_whole": Text(
        "bulk_bytes of {bulk} shortens nothing: of no frame are more than {snaplen} octets captured (snaplen_bytes)",
        "bulk_bytes sebesar {bulk} tidak memotong apa pun: dari frame mana pun paling banyak {snaplen} oktet direkam "
        "(snaplen_bytes)",
    ),
    "traffic.bulk_is_whole.remedy": Text(
        "write fewer octets, or as many if whole frames are meant",
        "tulis lebih sedikit oktet, atau sama banyak kalau yang dimaksud frame utuh",
    ),
    "traffic.listens_twice": Text(
        "traffic.flows.listen: {address} is there twice", "traffic.flows.listen: {address} disebut dua kali"
    ),
    "traffic.listens_twice.remedy": Text("leave it there once", "sebutkan sekali saja"),
    "traffic.no_port": Text(
        "traffic.flows.listen: {address} has a port that nobody knows: the system draws another one at each start",
        "traffic.flows.listen: porta {address} tidak diketahui siapa pun: sistem memilih porta lain setiap kali mulai",
    ),
    "traffic.no_port.remedy": Text(
        "write the port that exporters send to, as udp://[::]:2055",
        "tulis porta tujuan eksportir, misalnya udp://[::]:2055",
    ),
    "traffic.sensor_twice": Text("traffic.sensors: {name} is there twice", "traffic.sensors: {name} disebut dua kali"),
    "traffic.sensor_twice.remedy": Text("give each a name of its own", "beri nama yang berbeda"),
    "traffic.listening": Text("listening: {sources}", "mendengarkan: {sources}"),
    "traffic.begins": Text("begins", "mulai"),
    "traffic.ends": Text("is over", "berakhir"),
    "traffic.packets_kept": Text("packets of that moment: {path}", "paket pada saat itu: {path}"),
    "traffic.what_to_do": Text(
        "What each finding means and what to do: docs/runbooks-traffic.md, a chapter for each name.",
        "Arti tiap temuan dan apa yang dilakukan: docs/runbooks-traffic.id.md, satu bab untuk setiap nama.",
    ),
    "traffic.summary.packets": Text(
        "{source}: {packets} packets, {bytes} in {took}",
        "{source}: {packets} paket, {bytes} dalam {took}",
    ),
    "traffic.summary.flows": Text(
        "{source}: {records} flow records of {packets} packets, {bytes} in {took}",
        "{source}: {records} rekaman flow dari {packets} paket, {bytes} dalam {took}",
    ),
    "traffic.summary.files": Text("Files of flows: {counts}", "Berkas flow: {counts}"),
    "sensor.help": Text(
        "Watch the packets of an interface (a mirror port, or this host's own): floods, scans, guessing, spoofing and "
        "hidden channels are named within seconds. Takes CAP_NET_RAW, or root, which it gives up once it listens.",
        "Amati paket di sebuah antarmuka (port mirror, atau milik komputer ini): banjir paket, pemindaian, tebakan "
        "sandi, pemalsuan, dan kanal tersembunyi disebut dalam hitungan detik. Memerlukan CAP_NET_RAW, atau root yang "
        "dilepas setelah mendengarkan.",
    ),
    "sensor.examples": Text(
        "\b\nExamples:\n"
        "  sudo netmon sensor --interface eth1\n"
        "  sudo netmon sensor --interface eth1 --filter 'not port 22' --metrics-listen 127.0.0.1:19102\n"
        "  sudo netmon sensor --config /etc/netmon --json\n\n"
        "Exit status: 0 after a clean stop; 2 where the interface or the configuration cannot be used.",
        "\b\nContoh:\n"
        "  sudo netmon sensor --interface eth1\n"
        "  sudo netmon sensor --interface eth1 --filter 'not port 22' --metrics-listen 127.0.0.1:19102\n"
        "  sudo netmon sensor --config /etc/netmon --json\n\n"
        "Status keluar: 0 setelah berhenti dengan baik; 2 bila antarmuka atau konfigurasi tidak dapat dipakai.",
    ),
    "sensor.option.interface": Text(
        "The interface to listen to; may be given several times. Without it those of the configuration.",
        "Antarmuka yang didengarkan; boleh beberapa kali. Tanpa ini dipakai yang ada di konfigurasi.",
    ),
    "sensor.option.filter": Text(
        "Only packets that this tcpdump expression lets through.",
        "Hanya paket yang diloloskan ekspresi tcpdump ini.",
    ),
    "sensor.option.processes": Text(
        "Processes that share each interface: more than one where a core is full.",
        "Proses yang berbagi tiap antarmuka: lebih dari satu bila satu inti CPU penuh.",
    ),
    "sensor.no_user": Text("there is no user {user}", "tidak ada pengguna {user}"),
    "sensor.no_user.remedy": Text(
        "name one that has no rights, for example nobody", "sebutkan yang tidak berhak apa pun, misalnya nobody"
    ),
    "sensor.no_interface": Text(
        "name an interface with --interface, or traffic.sensors in the configuration",
        "sebutkan antarmuka dengan --interface, atau traffic.sensors di konfigurasi",
    ),
    "flow-collector.help": Text(
        "Take the flows that routers and switches export (NetFlow 5 and 9, IPFIX, sFlow 5), judge them, and keep them "
        "for `netmon flows`.",
        "Terima flow yang diekspor router dan switch (NetFlow 5 dan 9, IPFIX, sFlow 5), nilai, dan simpan untuk "
        "`netmon flows`.",
    ),
    "flow-collector.examples": Text(
        "\b\nExamples:\n"
        "  netmon flow-collector --listen udp://127.0.0.1:2055 --store /var/lib/netmon/flows\n"
        "  netmon flow-collector --listen udp://[::]:2055 --listen udp://[::]:6343 --allow 10.0.0.0/8\n"
        "  netmon flow-collector --config /etc/netmon --metrics-listen 127.0.0.1:19103\n\n"
        "Exit status: 0 after a clean stop; 2 where an address or the configuration cannot be used.",
        "\b\nContoh:\n"
        "  netmon flow-collector --listen udp://127.0.0.1:2055 --store /var/lib/netmon/flows\n"
        "  netmon flow-collector --listen udp://[::]:2055 --listen udp://[::]:6343 --allow 10.0.0.0/8\n"
        "  netmon flow-collector --config /etc/netmon --metrics-listen 127.0.0.1:19103\n\n"
        "Status keluar: 0 setelah berhenti dengan baik; 2 bila alamat atau konfigurasi tidak dapat dipakai.",
    ),
    "flow-collector.option.listen": Text(
        "Where to listen: udp://, tcp:// or tls://ADDRESS:PORT; may be given several times.",
        "Tempat mendengarkan: udp://, tcp:// atau tls://ALAMAT:PORT; boleh beberapa kali.",
    ),
    "flow-collector.option.allow": Text(
        "Exporters that are heard, besides the devices of the inventory.",
        "Pengekspor yang didengar, selain perangkat di inventaris.",
    ),
    "flow-collector.no_address": Text(
        "name an address with --listen, or traffic.flows in the configuration",
        "sebutkan alamat dengan --listen, atau traffic.flows di konfigurasi",
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
        "Exit status: 0; 2 where the file or the configuration cannot be used; 130 where it was stopped before "
        "the end.",
        "\b\nContoh:\n"
        "  netmon replay insiden.pcap\n"
        "  netmon replay insiden.pcapng.zst --json > temuan.jsonl\n"
        "  netmon replay kantor.pcap --config /etc/netmon --store /tmp/flows\n\n"
        "Status keluar: 0; 2 bila berkas atau konfigurasi tidak dapat dipakai; 130 bila dihentikan sebelum akhir.",
    ),
    "replay.option.speed": Text(
        "As fast as can be, or in the capture's own time.",
        "Secepat mungkin, atau menurut waktu rekaman.",
    ),
    "replay.again": Text(
        "{store} has flows of this capture already: whatever `netmon flows` adds up counts them twice from now on. "
        "Give each replay a --store of its own, or remove this one and replay once.",
        "{store} sudah berisi flow dari rekaman ini: semua jumlah `netmon flows` kini menghitungnya dua kali. Beri "
        "setiap replay --store tersendiri, atau hapus yang ini dan jalankan replay sekali saja.",
    ),
    "replay.column.rule": Text("RULE", "ATURAN"),
    "replay.column.severity": Text("SEVERITY", "TINGKAT"),
    "replay.column.start": Text("FROM", "SEJAK"),
    "replay.column.lasted": Text("LASTED", "LAMA"),
    "replay.column.source": Text("SOURCE", "SUMBER"),
    "replay.column.target": Text("TARGET", "SASARAN"),
    "replay.column.technique": Text("TECHNIQUE", "TEKNIK"),
    "replay.column.what": Text("WHAT", "APA"),
    "replay.stopped": Text("Stopped before the file's end.", "Dihentikan sebelum akhir berkas."),
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
