"""Why the daemon did not do it, by the problem's reason (exporters/api/refusals.py, and pydantic's kinds of faults)."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "refusal.unknown_alert": Text("There is no alert {name!r}.", "Tidak ada peringatan {name!r}."),
    "refusal.unknown_incident": Text("There is no incident {name!r}.", "Tidak ada insiden {name!r}."),
    "refusal.unknown_silence": Text("There is no silence {name!r}.", "Tidak ada peredaman {name!r}."),
    "refusal.unknown_maintenance": Text("There is no maintenance {name!r}.", "Tidak ada pemeliharaan {name!r}."),
    "refusal.ambiguous_alert": Text(
        "{count} alerts have ids that begin with {name!r}; write more of the id",
        "ada {count} peringatan dengan ID berawalan {name!r}; tulis ID lebih panjang",
    ),
    "refusal.role": Text(
        "{name!r} has the roles: {roles}; none of them may {permission}.",
        "peran {name!r}: {roles}; tidak satu pun boleh {permission}.",
    ),
    "refusal.nameless": Text("nobody may {permission} here without a name.", "tanpa nama tidak boleh {permission}."),
    "refusal.grant": Text(
        "Ask for a role that allows it: in netmon.yaml, api.roles.{name}.",
        "Mintalah peran yang mengizinkannya: di netmon.yaml, api.roles.{name}.",
    ),
    "refusal.name": Text(
        "Use the netmon commands on the daemon's own host, or have a user made in the web configuration file.",
        "Pakai perintah netmon di mesin daemon itu, atau minta dibuatkan pengguna di berkas konfigurasi web.",
    ),
    "refusal.may.read": Text("read", "membaca"),
    "refusal.may.act": Text("act", "bertindak"),
    "refusal.may.ledger": Text("read the ledger", "membaca buku besar"),
    "refusal.may.send": Text("hand in alerts", "mengirim peringatan"),
    "refusal.no_matcher": Text(
        "there is no matcher: it would match everything; name at least one label",
        "tidak ada syarat: semuanya akan cocok; sebutkan sedikitnya satu label",
    ),
    "refusal.many_matchers": Text(
        "{count} matchers are too many; {most} are allowed", "{count} syarat terlalu banyak; paling banyak {most}"
    ),
    "refusal.label_name": Text(
        "{name} is no name of a label; write letters, digits and _",
        "{name} bukan nama label; tulis huruf, angka, dan _",
    ),
    "refusal.long_value": Text(
        "the value for {name} is longer than {most} characters", "nilai untuk {name} lebih panjang dari {most} karakter"
    ),
    "refusal.pattern": Text(
        "the pattern for {name} does not compile (RE2 syntax): {problem}",
        "pola untuk {name} tidak dapat dibaca (sintaks RE2): {problem}",
    ),
    "refusal.matches_all": Text(
        "every matcher also matches where its label is absent; name at least one value",
        "semua syarat juga cocok bila labelnya tidak ada; sebutkan sedikitnya satu nilai",
    ),
    "refusal.empty_id": Text(
        "an empty id stands for nothing; see the ids in the list of alerts",
        "ID kosong tidak berarti apa-apa; lihat ID di daftar peringatan",
    ),
    "refusal.ambiguous": Text(
        "{name} stands for {count} alerts ({some}); write more of the id",
        "{name} berarti {count} peringatan ({some}); tulis ID lebih panjang",
    ),
    "refusal.written_otherwise": Text(
        "{name} stands for {others}; write the id as it is", "{name} berarti {others}; tulis ID persis seperti adanya"
    ),
    "refusal.acknowledged_already": Text(
        "acknowledged already: {who}; to take it over, put it back first",
        "sudah ditangani: {who}; untuk mengambil alih, kembalikan dahulu",
    ),
    "refusal.nothing_named": Text(
        "name at least one alert or incident", "sebutkan sedikitnya satu peringatan atau insiden"
    ),
    "refusal.no_author": Text("who does this? The author is empty", "siapa yang melakukannya? Namanya kosong"),
    "refusal.long_note": Text("at most {most} characters, please", "paling banyak {most} karakter"),
    "refusal.pending": Text(
        "alert {id} is pending: nobody was told of it yet",
        "peringatan {id} masih tertunda: belum ada yang diberi tahu",
    ),
    "refusal.not_acknowledged": Text("{id} is not acknowledged", "{id} tidak sedang ditangani"),
    "refusal.empty_remark": Text("the remark is empty", "komentarnya kosong"),
    "refusal.scope_size": Text(
        "name 1 to {most} sites, links or devices that are worked on",
        "sebutkan 1 sampai {most} lokasi, tautan, atau perangkat yang dikerjakan",
    ),
    "refusal.ended": Text("{id} has ended already", "{id} sudah berakhir"),
    "refusal.resolved": Text("{id} is resolved already", "{id} sudah selesai"),
    "refusal.no_time": Text("a start and an end are points in time", "awal dan akhir harus berupa waktu"),
    "refusal.ends_first": Text(
        "it would end before it starts, or has ended already", "berakhir sebelum mulai, atau sudah lewat"
    ),
    "refusal.lasts_long": Text("it would last longer than {days} days", "berlangsung lebih dari {days} hari"),
    "refusal.empty_reason": Text(
        "the reason is empty; say why, for those who come after you",
        "alasannya kosong; tulis alasannya untuk petugas berikutnya",
    ),
    "refusal.long_reason": Text("a reason has at most {most} characters", "alasan paling banyak {most} karakter"),
    "refusal.many_windows": Text(
        "there are {count} of them already; end those that nobody needs",
        "sudah ada {count}; akhiri yang tidak diperlukan lagi",
    ),
    "refusal.unwritable": Text(
        "the ledger cannot be written; see `netmon status` and the disk",
        "buku besar tidak dapat ditulis; lihat `netmon status` dan disk",
    ),
    "refusal.not_yet_recorded": Text(
        "the disk stopped taking records meanwhile; it is recorded when it takes them",
        "disk berhenti menerima catatan; akan dicatat setelah disk menerimanya",
    ),
    "refusal.alerts_not_yet_recorded": Text(
        "the disk stopped taking records meanwhile; what came is recorded when it takes them",
        "disk berhenti menerima catatan; yang masuk akan dicatat setelah disk menerimanya",
    ),
    "refusal.too_much_waits": Text(
        "too much waits for the ledger; send it again when the disk takes records",
        "terlalu banyak yang menunggu dicatat; kirim lagi setelah disk menerima catatan",
    ),
    "refusal.recorded_nowhere": Text(
        "the ledger takes nothing more, so it is recorded nowhere",
        "buku besar tidak menerima apa pun lagi, jadi ini tidak tercatat",
    ),
    "refusal.control_characters": Text("control characters are not allowed", "karakter kendali tidak diizinkan"),
    "refusal.empty": Text("write something: the ledger keeps it", "tulis sesuatu: ini dicatat di buku besar"),
    "refusal.one_end": Text("give either ends_at or duration_s", "berikan ends_at atau duration_s, salah satu"),
    "refusal.string_too_long": Text("at most {max_length} characters", "paling banyak {max_length} karakter"),
    "refusal.string_too_short": Text("at least {min_length} characters", "sedikitnya {min_length} karakter"),
    "refusal.too_long": Text("at most {max_length} of them", "paling banyak {max_length} buah"),
    "refusal.less_than_equal": Text("at most {le}", "paling banyak {le}"),
    "refusal.greater_than": Text("more than {gt}", "lebih dari {gt}"),
}
