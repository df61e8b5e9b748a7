"""What the operators' commands say: alerts, incidents, ack, silence, maintenance, and how they reach the daemon."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

_EXIT_EN: Final = (
    "Exit status: 0 done, 2 what was asked makes no sense, 3 no daemon answers or it cannot do it now, 4 not allowed, "
    "5 no such thing, 6 done, but not recorded yet."
)
_EXIT_ID: Final = (
    "Status keluar: 0 selesai, 2 permintaan tidak masuk akal, 3 tidak ada daemon yang menjawab atau sedang tidak bisa, "
    "4 tidak diizinkan, 5 tidak ada yang seperti itu, 6 sudah dilakukan tetapi belum tercatat."
)

TEXTS: Final[Mapping[str, Text]] = {
    "cli.alerts.short": Text("what is wrong now", "apa yang sedang bermasalah"),
    "cli.incidents.short": Text("alerts by their common cause", "peringatan menurut penyebab bersama"),
    "cli.ack.short": Text("take alerts in hand", "tangani peringatan"),
    "cli.silence.short": Text("keep alerts from disturbing people", "redam peringatan"),
    "cli.maintenance.short": Text("announce work", "umumkan pekerjaan"),
    "client.url": Text(
        "{url!r} is no address of a daemon; write it as in https://netmon.example.net:19100, and the user with --user",
        "{url!r} bukan alamat daemon; tulis seperti https://netmon.example.net:19100, dan pengguna dengan --user",
    ),
    "client.plain": Text(
        "a password over {url} could be read by everybody on the way; use https://",
        "kata sandi lewat {url} dapat dibaca siapa pun di perjalanan; gunakan https://",
    ),
    "client.ca_file": Text(
        "{file} cannot be used: {problem}; give the authority's certificate in PEM form",
        "{file} tidak dapat dipakai: {problem}; berikan sertifikat otoritas dalam bentuk PEM",
    ),
    "client.tls": Text(
        "{where} cannot be trusted: {problem}; give its authority's certificate with --ca-file",
        "{where} tidak dapat dipercaya: {problem}; berikan sertifikat otoritasnya dengan --ca-file",
    ),
    "client.no_answer": Text(
        "{where} does not answer: {problem}; check the address, and that the daemon runs",
        "{where} tidak menjawab: {problem}; periksa alamatnya, dan apakah daemon berjalan",
    ),
    "client.none": Text(
        "no netmon daemon answers at {paths}; start it (systemctl start netmon, or netmon run), name its configuration "
        "with --config, or one on another host with --url",
        "tidak ada daemon netmon yang menjawab di {paths}; jalankan (systemctl start netmon, atau netmon run), sebut "
        "konfigurasinya dengan --config, atau daemon di mesin lain dengan --url",
    ),
    "client.not_yours": Text(
        "you may not use {path}; try with sudo, or have your user join the group that api.control_group names",
        "Anda tidak boleh memakai {path}; coba dengan sudo, atau masukkan pengguna Anda ke grup di api.control_group",
    ),
    "client.password": Text(
        "{where} does not accept this user and password; check --user and the password",
        "{where} tidak menerima pengguna dan kata sandi ini; periksa --user dan kata sandinya",
    ),
    "client.stranger": Text(
        "{where} answers (HTTP {status}), but not as a netmon core does; check the address, and the daemon's role",
        "{where} menjawab (HTTP {status}), tetapi bukan sebagai inti netmon; periksa alamat dan peran daemon",
    ),
    "client.unknown": Text("{detail}", "{detail}"),
    "client.near": Text("Did you mean: {near}", "Mungkin maksud Anda: {near}"),
    "client.list": Text(
        "netmon alerts, incidents, silence list and maintenance list show what there is.",
        "netmon alerts, incidents, silence list, dan maintenance list menampilkan yang ada.",
    ),
    "client.forbidden": Text("not allowed: {detail} {remedy}", "tidak diizinkan: {detail} {remedy}"),
    "client.invalid": Text("not done: {detail}", "tidak dilakukan: {detail}"),
    "client.unavailable": Text(
        "not done, nothing was changed: {detail}; try again when the disk is well",
        "tidak dilakukan, tidak ada yang berubah: {detail}; coba lagi setelah disk beres",
    ),
    "client.unrecorded": Text(
        "done, but the disk has no record of it yet: {detail}; do not do it again",
        "sudah dilakukan, tetapi belum tercatat di disk: {detail}; jangan diulang",
    ),
    "client.failed": Text(
        "the daemon failed (HTTP {status}): {detail}; its log says more",
        "daemon gagal (HTTP {status}): {detail}; lihat lognya",
    ),
    "client.no_password": Text(
        "no password for {user}: put it in a file for --password-file, or into NETMON_PASSWORD",
        "tidak ada kata sandi untuk {user}: simpan dalam berkas untuk --password-file, atau isi NETMON_PASSWORD",
    ),
    "client.password_file": Text(
        "the password file {file} cannot be read: {problem}", "berkas kata sandi {file} tidak dapat dibaca: {problem}"
    ),
    "client.ask_password": Text("Password of {user}", "Kata sandi {user}"),
    "client.option.url": Text(
        "The daemon on another host, as in https://netmon.example.net:19100.",
        "Daemon di mesin lain, seperti https://netmon.example.net:19100.",
    ),
    "client.option.user": Text("Your name there.", "Nama Anda di sana."),
    "client.option.password_file": Text(
        "A file with your password; else NETMON_PASSWORD, else you are asked.",
        "Berkas berisi kata sandi; bila tidak ada, NETMON_PASSWORD, atau Anda ditanya.",
    ),
    "client.option.ca_file": Text(
        "The certificate of the authority that signed the daemon's.", "Sertifikat otoritas yang menandatanganinya."
    ),
    "client.option.json": Text("One JSON object a line, for programs.", "Satu objek JSON per baris, untuk program."),
    "asked.matcher": Text(
        '{text!r} is no condition; write name=value, name!=value, name=~"pattern" or name!~"pattern"',
        '{text!r} bukan syarat; tulis nama=nilai, nama!=nilai, nama=~"pola", atau nama!~"pola"',
    ),
    "asked.quote": Text("{text!r} opens a quote that it does not close", "{text!r} membuka kutip tanpa menutupnya"),
    "asked.duration": Text(
        "{text!r} is no duration of up to a year; write 30m, 2h, 1d12h or 1w",
        "{text!r} bukan jangka waktu hingga satu tahun; tulis 30m, 2h, 1d12h, atau 1w",
    ),
    "asked.moment": Text(
        "{text!r} is no time; write 22:00, '2026-11-22 22:00', +2h or now",
        "{text!r} bukan waktu; tulis 22:00, '2026-11-22 22:00', +2h, atau now",
    ),
    "asked.one_end": Text("give either --for or --until", "berikan --for atau --until, salah satu"),
    "alerts.help": Text(
        "Show what is wrong now, worst and newest first.", "Tampilkan masalah saat ini, terparah dan terbaru dahulu."
    ),
    "alerts.examples": Text(
        "\b\nExamples:\n"
        "  netmon alerts --severity error --site hub\n"
        "  netmon alerts --target 'sw-*' --all\n"
        "  netmon alerts --watch\n"
        "  netmon alerts --json | jq -r .target\n"
        "  netmon alerts --url https://netmon.example.net:19100 --user noc\n\n" + _EXIT_EN,
        "\b\nContoh:\n"
        "  netmon alerts --severity error --site hub\n"
        "  netmon alerts --target 'sw-*' --all\n"
        "  netmon alerts --watch\n"
        "  netmon alerts --json | jq -r .target\n"
        "  netmon alerts --url https://netmon.example.net:19100 --user noc\n\n" + _EXIT_ID,
    ),
    "alerts.option.all": Text(
        "Also what is pending, and what was resolved lately.", "Juga yang tertunda dan yang baru saja selesai."
    ),
    "alerts.option.state": Text("Only in this state (repeat for more).", "Hanya keadaan ini (ulangi untuk lebih)."),
    "alerts.option.severity": Text("Only at least this severe.", "Hanya yang minimal separah ini."),
    "alerts.option.site": Text(
        "Only at this site (repeat for more; a trailing * stands for any ending).",
        "Hanya di lokasi ini (ulangi untuk lebih; * di akhir berarti akhiran apa pun).",
    ),
    "alerts.option.target": Text("Only on this target; as --site.", "Hanya pada target ini; seperti --site."),
    "alerts.option.rule": Text("Only from this rule; as --site.", "Hanya dari aturan ini; seperti --site."),
    "alerts.option.incident": Text("Only of this incident.", "Hanya dari insiden ini."),
    "alerts.option.text": Text("Only with this somewhere in it.", "Hanya yang memuat teks ini."),
    "alerts.option.muted": Text("Only muted ones, or only others.", "Hanya yang diredam, atau hanya yang lain."),
    "alerts.option.limit": Text("At most this many.", "Paling banyak sekian."),
    "alerts.option.watch": Text(
        "Show it again every two seconds until Ctrl-C.", "Perbarui tiap dua detik hingga Ctrl-C."
    ),
    "alerts.watch_json": Text("--watch is for people: leave --json out", "--watch untuk manusia: hilangkan --json"),
    "alerts.none": Text("Nothing.", "Tidak ada."),
    "alerts.more": Text("{shown} of {total}; --limit shows more", "{shown} dari {total}; --limit menampilkan lebih"),
    "alerts.count": Text("{total} in all", "{total} seluruhnya"),
    "alerts.at": Text("{time}, Ctrl-C ends it", "{time}, Ctrl-C mengakhiri"),
    "alerts.column.severity": Text("severity", "tingkat"),
    "alerts.column.state": Text("state", "keadaan"),
    "alerts.column.since": Text("since", "sejak"),
    "alerts.column.site": Text("site", "lokasi"),
    "alerts.column.target": Text("target", "target"),
    "alerts.column.targets": Text("targets", "target"),
    "alerts.column.summary": Text("what", "masalah"),
    "alerts.column.incident": Text("incident", "insiden"),
    "alerts.column.id": Text("id", "id"),
    "alerts.severity.critical": Text("critical", "kritis"),
    "alerts.severity.error": Text("error", "galat"),
    "alerts.severity.warning": Text("warning", "peringatan"),
    "alerts.severity.info": Text("info", "info"),
    "alerts.state.pending": Text("pending", "tertunda"),
    "alerts.state.firing": Text("firing", "aktif"),
    "alerts.state.acknowledged": Text("acknowledged", "ditangani"),
    "alerts.state.resolved": Text("resolved", "selesai"),
    "alerts.short.pending": Text("pending", "tunda"),
    "alerts.short.firing": Text("firing", "aktif"),
    "alerts.short.acknowledged": Text("ack", "diurus"),
    "alerts.short.resolved": Text("resolved", "selesai"),
    "alerts.muted": Text("muted", "diredam"),
    "alerts.flapping": Text("flapping", "naik-turun"),
    "incidents.help": Text(
        "Show incidents: alerts with one cause. With an ID, show that one, its alerts with their evidence and what to "
        "do, and what was unusual at its targets.",
        "Tampilkan insiden: peringatan dengan satu penyebab. Dengan ID, tampilkan insiden itu, peringatannya dengan "
        "bukti dan langkahnya, dan yang tidak wajar pada targetnya.",
    ),
    "incidents.examples": Text(
        "\b\nExamples:\n  netmon incidents\n  netmon incidents I42\n  netmon incidents --all --json\n\n" + _EXIT_EN,
        "\b\nContoh:\n  netmon incidents\n  netmon incidents I42\n  netmon incidents --all --json\n\n" + _EXIT_ID,
    ),
    "evidence.heading": Text("Evidence of {what}", "Bukti {what}"),
    "evidence.runbook": Text("What to do: {page}", "Langkah: {page}"),
    "incidents.option.all": Text("Also those resolved lately.", "Juga yang baru saja selesai."),
    "ack.help": Text(
        "Take alerts in hand: nothing of them is repeated or escalated any more. ID is an alert's (its beginning is "
        "enough), or an incident's for all of its alerts.",
        "Tangani peringatan: tidak diulang dan tidak dieskalasi lagi. ID adalah milik peringatan (awalnya saja cukup), "
        "atau milik insiden untuk semua peringatannya.",
    ),
    "ack.examples": Text(
        "\b\nExamples:\n  netmon ack 3fa9 --note 'called the ISP'\n  netmon ack I42\n  netmon ack I42 --undo\n\n"
        + _EXIT_EN,
        "\b\nContoh:\n  netmon ack 3fa9 --note 'sudah telepon ISP'\n  netmon ack I42\n  netmon ack I42 --undo\n\n"
        + _EXIT_ID,
    ),
    "ack.option.note": Text("What you know or do about it.", "Apa yang Anda ketahui atau lakukan."),
    "ack.option.undo": Text("Put them back.", "Kembalikan."),
    "ack.done": Text("in hand: {target}: {summary} ({id})", "ditangani: {target}: {summary} ({id})"),
    "ack.undone": Text("put back: {target}: {summary} ({id})", "dikembalikan: {target}: {summary} ({id})"),
    "ack.more": Text("and {count} more", "dan {count} lagi"),
    "ack.nothing": Text(
        "Nothing changed: no alert of these was in a state for it.",
        "Tidak ada yang berubah: tidak ada peringatan yang sesuai keadaannya.",
    ),
    "silence.help": Text(
        "Keep alerts from disturbing people for a while. They live on, and are recorded.",
        "Redam peringatan untuk sementara. Peringatan tetap hidup dan dicatat.",
    ),
    "silence.examples": Text(
        "\b\nExamples:\n"
        "  netmon silence add --match instance=sw-1 --for 2h --reason 'replacing the fan'\n"
        "  netmon silence add --match 'site=~\"k.*\"' --match severity=warning --until 22:00 --reason storm\n"
        "  netmon silence list\n"
        "  netmon silence end S7\n\n" + _EXIT_EN,
        "\b\nContoh:\n"
        "  netmon silence add --match instance=sw-1 --for 2h --reason 'ganti kipas'\n"
        "  netmon silence add --match 'site=~\"k.*\"' --match severity=warning --until 22:00 --reason badai\n"
        "  netmon silence list\n"
        "  netmon silence end S7\n\n" + _EXIT_ID,
    ),
    "silence.add.help": Text("Make a silence.", "Buat peredaman."),
    "silence.list.help": Text(
        "Show silences that are active or will be.", "Tampilkan peredaman yang berlaku atau akan."
    ),
    "silence.end.help": Text("End silences now.", "Akhiri peredaman sekarang."),
    "silence.option.match": Text(
        "A condition on a label, as in Alertmanager; all of them must hold.",
        "Syarat pada label, seperti di Alertmanager; semuanya harus terpenuhi.",
    ),
    "silence.made": Text("{id} is on until {end}", "{id} berlaku hingga {end}"),
    "silence.planned": Text("{id} is on from {start} until {end}", "{id} berlaku dari {start} hingga {end}"),
    "silence.covers": Text("open alerts that match now: {count}", "peringatan terbuka yang cocok kini: {count}"),
    "silence.covers_none": Text(
        "warning: no open alert matches it now; check for typing errors, and end it with: netmon silence end {id}",
        "awas: kini tidak ada peringatan yang cocok; periksa salah ketik, dan akhiri dengan: netmon silence end {id}",
    ),
    "silence.ended": Text("{id} ended", "{id} berakhir"),
    "maintenance.help": Text(
        "Announce work on a site, a link or a device: its alerts disturb nobody while it lasts.",
        "Umumkan pekerjaan pada lokasi, tautan, atau perangkat: peringatannya tidak mengganggu selama berlangsung.",
    ),
    "maintenance.examples": Text(
        "\b\nExamples:\n"
        "  netmon maintenance add --link ring-3 --from 22:00 --for 3h --reason 'splicing at km 12'\n"
        "  netmon maintenance add --site hub --device sw-7 --from now --until '2026-11-22 06:00' --reason 'new UPS'\n"
        "  netmon maintenance list\n"
        "  netmon maintenance end M3\n\n" + _EXIT_EN,
        "\b\nContoh:\n"
        "  netmon maintenance add --link ring-3 --from 22:00 --for 3h --reason 'penyambungan di km 12'\n"
        "  netmon maintenance add --site hub --device sw-7 --from now --until '2026-11-22 06:00' --reason 'UPS baru'\n"
        "  netmon maintenance list\n"
        "  netmon maintenance end M3\n\n" + _EXIT_ID,
    ),
    "maintenance.add.help": Text("Announce work.", "Umumkan pekerjaan."),
    "maintenance.list.help": Text("Show work that goes on or is to come.", "Tampilkan pekerjaan kini dan mendatang."),
    "maintenance.end.help": Text("End work before its time.", "Akhiri pekerjaan sebelum waktunya."),
    "maintenance.option.site": Text("A whole site (repeat for more).", "Satu lokasi utuh (ulangi untuk lebih)."),
    "maintenance.option.link": Text("A fiber link.", "Sebuah tautan serat optik."),
    "maintenance.option.device": Text("A device.", "Sebuah perangkat."),
    "maintenance.option.server": Text("A server.", "Sebuah server."),
    "maintenance.option.title": Text("A short name for it.", "Nama singkatnya."),
    "maintenance.no_scope": Text(
        "say what is worked on: --site, --link, --device or --server",
        "sebutkan apa yang dikerjakan: --site, --link, --device, atau --server",
    ),
    "window.option.for": Text("How long: 30m, 2h, 1d12h, 1w.", "Berapa lama: 30m, 2h, 1d12h, 1w."),
    "window.option.from": Text(
        "When it begins: 22:00, '2026-11-22 22:00', +2h; now, unless said.",
        "Kapan mulai: 22:00, '2026-11-22 22:00', +2h; bila tidak disebut, sekarang.",
    ),
    "window.option.until": Text(
        "When it ends, as --from; +2h counts from now.", "Kapan berakhir, seperti --from; +2h dihitung dari sekarang."
    ),
    "window.option.reason": Text("Why; it stands in the ledger.", "Alasannya; tercatat di buku besar."),
    "window.option.all": Text("Also what ended lately.", "Juga yang baru saja berakhir."),
    "window.column.from": Text("from", "dari"),
    "window.column.until": Text("until", "hingga"),
    "window.column.what": Text("what", "apa"),
    "window.column.by": Text("by", "oleh"),
    "window.column.reason": Text("reason", "alasan"),
    "window.status.pending": Text("to come", "akan datang"),
    "window.status.active": Text("on", "berlaku"),
    "window.status.ended": Text("ended", "berakhir"),
}
