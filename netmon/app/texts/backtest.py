"""What `netmon backtest` and `netmon forecast` say, and what is wrong with the series that they are given."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

_INPUT_EN: Final = (
    "FILE has the columns timestamp and value (- is standard input). Times are RFC 3339, with a zone or else in UTC, "
    "as 2026-11-22T05:30:00Z or 2026-11-22 05:30:00, or Unix seconds or milliseconds; the first row decides for the "
    "file. Empty, NaN and null are missing readings. Rows are judged in the order of time. At most "
    "1,000,000 rows and 128 MiB."
)
_INPUT_ID: Final = (
    "FILE memiliki kolom timestamp dan value (- berarti masukan standar). Waktu ditulis menurut RFC 3339, dengan zona "
    "atau bila tanpa zona dalam UTC, seperti 2026-11-22T05:30:00Z atau 2026-11-22 05:30:00, atau detik atau milidetik "
    "Unix; baris pertama menentukan untuk seluruh berkas. Kosong, NaN, dan null adalah bacaan yang hilang. Baris "
    "dinilai menurut urutan waktu. Paling banyak 1.000.000 baris dan 128 MiB."
)
_EXIT_EN: Final = (
    "Exit status: 0, whether something was said or not; 2 where the input or what was asked cannot be used; 3 where "
    "Prometheus does not answer, 5 where it has no such series."
)
_EXIT_ID: Final = (
    "Status keluar: 0, baik ada yang disampaikan maupun tidak; 2 bila masukan atau permintaan tidak dapat dipakai; 3 "
    "bila Prometheus tidak menjawab, 5 bila tidak memiliki deret itu."
)

TEXTS: Final[Mapping[str, Text]] = {
    "cli.backtest.short": Text(
        "what a rule would have said of a recorded series", "apa yang akan dikatakan aturan tentang deret rekaman"
    ),
    "cli.forecast.short": Text("when a recorded series reaches a limit", "kapan deret rekaman mencapai suatu batas"),
    "backtest.help": Text(
        "Show what a rule would have said of a recorded series: of a file, or of what a Prometheus remembers.\n\n"
        + _INPUT_EN,
        "Tampilkan apa yang akan dikatakan sebuah aturan tentang deret rekaman: dari berkas, atau dari ingatan "
        "Prometheus.\n\n" + _INPUT_ID,
    ),
    "backtest.examples": Text(
        "\b\nExamples:\n"
        "  netmon backtest load.csv\n"
        "  netmon backtest load.csv --format csv > scored.csv\n"
        "  netmon backtest srv.csv --rule storage_full --limit 2e12 --label mountpoint=/srv\n"
        "  netmon backtest --from-prometheus http://localhost:9090 --range 30d \\\n"
        "      --query netmon_storage_used_bytes --limit-query netmon_storage_size_bytes --rule storage_filling\n\n"
        "csv has every reading: timestamp,value,score,alert; the score is that of the baseline, of other rules the "
        "value; it is empty where the value is missing. json has one object for each series, with its alerts.\n\n"
        + _EXIT_EN,
        "\b\nContoh:\n"
        "  netmon backtest beban.csv\n"
        "  netmon backtest beban.csv --format csv > skor.csv\n"
        "  netmon backtest srv.csv --rule storage_full --limit 2e12 --label mountpoint=/srv\n"
        "  netmon backtest --from-prometheus http://localhost:9090 --range 30d \\\n"
        "      --query netmon_storage_used_bytes --limit-query netmon_storage_size_bytes --rule storage_filling\n\n"
        "csv memuat setiap bacaan: timestamp,value,score,alert; skornya dari baseline, untuk aturan lain nilainya "
        "sendiri; kosong bila nilainya hilang. json memuat satu objek per deret, beserta alert-nya.\n\n" + _EXIT_ID,
    ),
    "backtest.option.rule": Text(
        "baseline, or the name of a limit, forecast or anomaly of a pack: the series is taken for that rule's metric.",
        "baseline, atau nama batas, ramalan, atau anomali dari sebuah paket: deret dianggap metrik aturan itu.",
    ),
    "backtest.option.limit": Text(
        "The thing's own limit (size, speed, alarm threshold), for rules that are a share of it.",
        "Batas benda itu sendiri (ukuran, kecepatan, ambang alarm), untuk aturan yang merupakan bagian darinya.",
    ),
    "backtest.option.limit_query": Text(
        "Ask Prometheus for each thing's own limit instead; labels tell which is whose.",
        "Tanyakan batas tiap benda kepada Prometheus; label menentukan milik siapa.",
    ),
    "backtest.limit_query": Text(
        "--limit-query goes with --from-prometheus, and without --limit",
        "--limit-query dipakai bersama --from-prometheus, tanpa --limit",
    ),
    "backtest.no_limit": Text(
        "--limit-query says nothing of {series}: it has no limit of its own here.",
        "--limit-query tidak menyebut {series}: di sini deret itu tidak memiliki batas sendiri.",
    ),
    "backtest.option.format": Text(
        "table: the alerts; csv: every reading; json: one object a series, with its alerts.",
        "table: alert; csv: setiap bacaan; json: satu objek per deret, beserta alert-nya.",
    ),
    "backtest.limit_unused": Text(
        "{rule} is not a share of a thing's own limit: leave --limit out",
        "{rule} bukan bagian dari batas benda itu sendiri: hilangkan --limit",
    ),
    "backtest.limit_needed": Text(
        "{rule} is a share of the thing's own limit, which the series does not tell: say its size, speed or alarm "
        "threshold with --limit, or ask for it with --limit-query",
        "{rule} adalah bagian dari batas benda itu sendiri, yang tidak disebut deret ini: berikan ukuran, kecepatan, "
        "atau ambang alarmnya dengan --limit, atau tanyakan dengan --limit-query",
    ),
    "backtest.unreachable": Text(
        "{rule} counts polls that brought nothing; a series of values does not tell them",
        "{rule} menghitung polling yang tidak membawa apa pun; deret nilai tidak memuatnya",
    ),
    "backtest.no_rule": Text(
        "no pack has a limit, forecast or anomaly called {rule!r}; `baseline` is there without one",
        "tidak ada paket yang memiliki batas, ramalan, atau anomali bernama {rule!r}; `baseline` ada tanpa paket",
    ),
    "backtest.settings": Text(
        "the sections baselines and forecasts of {directory} cannot be used: `netmon check {directory}` says why",
        "bagian baselines dan forecasts di {directory} tidak dapat dipakai: `netmon check {directory}` menjelaskannya",
    ),
    "backtest.assumed": Text(
        "Taken to hold throughout, since the series does not tell: what the rule asks of {metrics}.",
        "Dianggap selalu terpenuhi, karena deret tidak memuatnya: yang dipersyaratkan aturan dari {metrics}.",
    ),
    "backtest.misfit": Text(
        "{rule} does not speak of {series}: its patterns exclude the label {label}.",
        "{rule} tidak berlaku untuk {series}: polanya mengecualikan label {label}.",
    ),
    "backtest.blind": Text(
        "The readings are {gap} apart; {rule} says nothing of readings more than {most} apart.",
        "Jarak antarbacaan {gap}; {rule} tidak menilai bacaan yang berjarak lebih dari {most}.",
    ),
    "backtest.alert": Text("{count} alert of {rule}", "{count} alert dari {rule}"),
    "backtest.alerts": Text("{count} alerts of {rule}", "{count} alert dari {rule}"),
    "backtest.weekly": Text(", {weekly} a week", ", {weekly} per minggu"),
    "backtest.readings": Text(
        "; {readings} readings, {missing} of them missing, over {span}",
        "; {readings} bacaan, {missing} di antaranya hilang, selama {span}",
    ),
    "backtest.series": Text("; in {some} of {all} series", "; pada {some} dari {all} deret"),
    "backtest.more": Text(
        "{shown} of {total}; --format json has all", "{shown} dari {total}; --format json memuat semua"
    ),
    "backtest.lasts": Text("to the end", "sampai akhir"),
    "backtest.column.began": Text("began", "mulai"),
    "backtest.column.lasted": Text("lasted", "lamanya"),
    "backtest.column.severity": Text("severity", "keparahan"),
    "backtest.column.score": Text("score", "skor"),
    "backtest.column.value": Text("value", "nilai"),
    "backtest.column.summary": Text("summary", "ringkasan"),
    "backtest.column.series": Text("series", "deret"),
    "forecast.help": Text(
        "Foretell when a recorded series reaches a limit, with the interval that should hold in four of five cases: of "
        "a file, or of what a Prometheus remembers.\n\n" + _INPUT_EN,
        "Ramalkan kapan deret rekaman mencapai suatu batas, dengan selang yang seharusnya benar pada empat dari lima "
        "kasus: dari berkas, atau dari ingatan Prometheus.\n\n" + _INPUT_ID,
    ),
    "forecast.examples": Text(
        "\b\nExamples:\n"
        "  netmon forecast disk.csv --limit 2e12\n"
        "  netmon forecast light.csv --limit -25 --falling --format json\n"
        "  netmon forecast --from-prometheus http://localhost:9090 --range 56d --step 1h --limit 1 \\\n"
        "      --query 'netmon_storage_used_bytes / netmon_storage_size_bytes'\n\n"
        "json has p10, p50 and p90 as times or null (not foretold, or beyond what can be), and periods: days, hours or "
        "minutes, what the past was looked at by.\n\n" + _EXIT_EN,
        "\b\nContoh:\n"
        "  netmon forecast disk.csv --limit 2e12\n"
        "  netmon forecast cahaya.csv --limit -25 --falling --format json\n"
        "  netmon forecast --from-prometheus http://localhost:9090 --range 56d --step 1h --limit 1 \\\n"
        "      --query 'netmon_storage_used_bytes / netmon_storage_size_bytes'\n\n"
        "json memuat p10, p50, dan p90 sebagai waktu atau null (tidak diramalkan, atau di luar jangkauan), dan "
        "periods: days, hours, atau minutes, satuan yang dipakai melihat masa lalu.\n\n" + _EXIT_ID,
    ),
    "forecast.option.limit": Text("The value that is not to be reached.", "Nilai yang tidak boleh tercapai."),
    "forecast.option.falling": Text(
        "Whether the limit is reached from above or from below. Without either: from above where the newest value, "
        "and most others, are above it.",
        "Apakah batas dicapai dari atas atau dari bawah. Tanpa keduanya: dari atas bila nilai terbaru, dan "
        "sebagian besar nilai lain, di atasnya.",
    ),
    "forecast.option.format": Text("json: one object a series.", "json: satu objek per deret."),
    "forecast.nothing": Text("not foretold", "tidak diramalkan"),
    "forecast.uncertain": Text("uncertain", "belum pasti"),
    "forecast.rising": Text("{limit} rising", "{limit} naik"),
    "forecast.falling": Text("{limit} falling", "{limit} turun"),
    "forecast.taken": Text(
        "A limit below the newest value, and most others, is taken to be reached by falling to {limit}; with --rising "
        "it is reached already.",
        "Batas di bawah nilai terbaru, dan sebagian besar nilai lain, dianggap dicapai dengan turun ke {limit}; dengan "
        "--rising batas itu sudah tercapai.",
    ),
    "forecast.short": Text(
        "Too short a past ({past}) to tell more: nothing is foretold from fewer than 8 readings, nor much further "
        "ahead than as long again; from {enough} on it is four times as long.",
        "Masa lalu terlalu pendek ({past}) untuk meramalkan lebih: tidak ada ramalan dari kurang dari 8 pembacaan, "
        "juga tidak jauh melampaui panjang yang sama; mulai {enough} ramalan menjangkau empat kali panjangnya.",
    ),
    "forecast.reached": Text("reached", "tercapai"),
    "forecast.column.series": Text("series", "deret"),
    "forecast.column.last": Text("last", "terakhir"),
    "forecast.column.last_at": Text("at", "pada"),
    "forecast.column.limit": Text("limit", "batas"),
    "forecast.column.left": Text("reached in", "tercapai dalam"),
    "forecast.column.p10": Text("10% by", "10% pada"),
    "forecast.column.p50": Text("50% by", "50% pada"),
    "forecast.column.p90": Text("90% by", "90% pada"),
    "forecast.column.periods": Text("seen by", "dilihat per"),
    "forecast.periods.days": Text("days", "hari"),
    "forecast.periods.hours": Text("hours", "jam"),
    "forecast.periods.minutes": Text("minutes", "menit"),
    "forecast.periods.none": Text("-", "-"),
    "recorded.option.label": Text(
        "A label of the series, for the rule's patterns and texts; instance is its target. May be repeated.",
        "Label deret, untuk pola dan teks aturan; instance adalah targetnya. Boleh diulang.",
    ),
    "recorded.option.from_prometheus": Text(
        "Ask this Prometheus instead of reading a file.", "Tanya Prometheus ini, bukan membaca berkas."
    ),
    "recorded.option.query": Text(
        "What to ask it; each series of the answer is judged by itself.",
        "Yang ditanyakan; setiap deret dalam jawabannya dinilai sendiri-sendiri.",
    ),
    "recorded.option.range": Text("How far back from now: 12h, 30d.", "Seberapa jauh ke belakang: 12h, 30d."),
    "recorded.option.step": Text(
        "The distance between readings; without it 1m, beyond a week 5m.",
        "Jarak antarbacaan; tanpa ini 1m, lebih dari seminggu 5m.",
    ),
    "recorded.option.password_file": Text("A file with your password there.", "Berkas berisi kata sandi Anda di sana."),
    "recorded.option.bearer_token_file": Text(
        "A file with the token that lets you in there.", "Berkas berisi token untuk masuk ke sana."
    ),
    "recorded.option.ca_file": Text(
        "The certificate of the authority that signed its own.", "Sertifikat otoritas yang menandatangani miliknya."
    ),
    "recorded.one_source": Text(
        "give a FILE (- is standard input) or --from-prometheus, one of the two",
        "berikan FILE (- berarti masukan standar) atau --from-prometheus, salah satu",
    ),
    "recorded.only_prometheus": Text(
        "--query, --range, --step, --user, --password-file, --bearer-token-file and --ca-file go with "
        "--from-prometheus",
        "--query, --range, --step, --user, --password-file, --bearer-token-file, dan --ca-file dipakai bersama "
        "--from-prometheus",
    ),
    "recorded.query_and_range": Text(
        "--from-prometheus needs --query and --range; write as in --query 'up' --range 30d",
        "--from-prometheus memerlukan --query dan --range; tulis seperti --query 'up' --range 30d",
    ),
    "recorded.points": Text(
        "that is more than {limit} readings of a series; write --step {step} or more, or a shorter --range",
        "itu lebih dari {limit} bacaan per deret; tulis --step {step} atau lebih, atau --range yang lebih pendek",
    ),
    "recorded.label": Text(
        "{text!r} is no label; write as in --label ifName=eth0",
        "{text!r} bukan label; tulis seperti --label ifName=eth0",
    ),
    "recorded.finite": Text("{option} is to be a finite number", "{option} harus berupa bilangan berhingga"),
    "recorded.secret_file": Text("{file} cannot be read: {problem}", "{file} tidak dapat dibaca: {problem}"),
    "recorded.prometheus": Text("Prometheus: {problem}", "Prometheus: {problem}"),
    "recorded.none": Text(
        "Prometheus has no values of that query in that time.",
        "Prometheus tidak memiliki nilai untuk query itu pada waktu itu.",
    ),
    "csv.ignored": Text("{file}: passed over: the columns {columns}", "{file}: dilewati: kolom {columns}"),
    "csv.sorted": Text(
        "{file}: {count} rows are earlier than the row before, the first at {stamp}: all are judged in the order "
        "of time",
        "{file}: {count} baris lebih awal daripada baris sebelumnya, pertama pada {stamp}: semua dinilai menurut "
        "urutan waktu",
    ),
    "csv.twice": Text(
        "{file}: {count} times are there already, the first {stamp}: their rows are judged one after the other",
        "{file}: {count} waktu muncul lebih dari sekali, pertama {stamp}: barisnya dinilai satu demi satu",
    ),
    "csv.large": Text("more than {rows} rows or {bytes} bytes", "lebih dari {rows} baris atau {bytes} bita"),
    "csv.large.remedy": Text(
        "give a shorter time, or fewer readings", "berikan waktu lebih pendek, atau lebih sedikit bacaan"
    ),
    "csv.encoding": Text("the text is not UTF-8", "teksnya bukan UTF-8"),
    "csv.encoding.remedy": Text("save it as CSV in UTF-8", "simpan sebagai CSV dalam UTF-8"),
    "csv.quoting": Text("no CSV: {problem}", "bukan CSV: {problem}"),
    "csv.quoting.remedy": Text(
        'write one reading a line; a field with a quotation mark goes in "…", the mark twice',
        'tulis satu bacaan per baris; bidang yang memuat tanda kutip ditulis dalam "…", tandanya dua kali',
    ),
    "csv.empty": Text("there is no reading", "tidak ada bacaan"),
    "csv.empty.remedy": Text(
        "write a line `timestamp,value` and one line for each reading",
        "tulis baris `timestamp,value` dan satu baris untuk setiap bacaan",
    ),
    "csv.separator": Text("fields are separated by {sign!r}", "bidang dipisahkan dengan {sign!r}"),
    "csv.separator.remedy": Text(
        "separate them by commas, and write decimals with a point",
        "pisahkan dengan koma, dan tulis desimal dengan titik",
    ),
    "csv.head": Text(
        "the first line {head!r} does not name the columns timestamp and value, once each",
        "baris pertama {head!r} tidak menyebut kolom timestamp dan value, masing-masing sekali",
    ),
    "csv.head.remedy": Text("begin with `timestamp,value`", "mulai dengan `timestamp,value`"),
    "csv.fields": Text("{found} fields where the head has {expected}", "{found} bidang, judulnya {expected}"),
    "csv.fields.remedy": Text(
        "write one field for each column, and decimals with a point",
        "tulis satu bidang untuk setiap kolom, dan desimal dengan titik",
    ),
    "csv.time": Text("{text!r} is no time", "{text!r} bukan waktu"),
    "csv.time.remedy": Text(
        "write as in 2026-11-22T05:30:00Z or 2026-11-22 05:30:00, or Unix seconds",
        "tulis seperti 2026-11-22T05:30:00Z atau 2026-11-22 05:30:00, atau detik Unix",
    ),
    "csv.time_mixed": Text(
        "{text!r} is written otherwise than the first time", "{text!r} ditulis berbeda dari waktu pertama"
    ),
    "csv.time_mixed.remedy": Text(
        "write all times of a file alike: dates, or numbers",
        "tulis semua waktu dengan cara sama: tanggal, atau bilangan",
    ),
    "csv.zone_mixed": Text(
        "of {text!r} and the first time, only one has a zone",
        "dari {text!r} dan waktu pertama, hanya satu yang berzona",
    ),
    "csv.zone_mixed.remedy": Text(
        "write the zone of every time, or of none: then it is UTC",
        "tulis zona pada semua waktu, atau tidak sama sekali: UTC",
    ),
    "csv.time_range": Text("{text!r} is outside the years 1970 to 9998", "{text!r} di luar tahun 1970 sampai 9998"),
    "csv.time_range.remedy": Text(
        "write Unix seconds or milliseconds, the same in all rows",
        "tulis detik atau milidetik Unix, sama di semua baris",
    ),
    "csv.value": Text("{text!r} is no number", "{text!r} bukan bilangan"),
    "csv.value.remedy": Text(
        "write as in 12.5 or 1.25e1; leave it empty where the reading is missing",
        "tulis seperti 12.5 atau 1.25e1; kosongkan bila bacaannya hilang",
    ),
    "csv.value_range": Text("{text!r} is larger than any quantity", "{text!r} lebih besar dari besaran apa pun"),
    "csv.value_range.remedy": Text(
        "write a number up to 1e30; leave it empty where the reading is missing",
        "tulis bilangan sampai 1e30; kosongkan bila bacaannya hilang",
    ),
    "csv.several": Text(
        "{count} times are there more than once, the first {stamp}: these are several series",
        "{count} waktu muncul lebih dari sekali, pertama {stamp}: ini beberapa deret",
    ),
    "csv.several.remedy": Text("give each series a file of its own", "buat satu berkas untuk setiap deret"),
}
