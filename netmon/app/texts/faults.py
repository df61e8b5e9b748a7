"""What is wrong in a configuration, and what would be right: each row is a fault's two halves in both languages."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from netmon.app.texts.text import Text


class _Row(NamedTuple):
    problem: str
    remedy: str
    masalah: str
    perbaikan: str


_FILES: Final[Mapping[str, _Row]] = {
    "no_file": _Row(
        "there is no such file",
        "create it; config/example shows how",
        "berkas ini tidak ada",
        "buatlah; contohnya ada di config/example",
    ),
    "unreadable": _Row(
        "cannot be read ({reason})",
        "check the path, its owner and its permissions",
        "tidak dapat dibaca ({reason})",
        "periksa alamat berkas, pemilik, dan izinnya",
    ),
    "not_a_directory": _Row(
        "this is not a directory",
        "give the directory that holds netmon.yaml and inventory/",
        "ini bukan direktori",
        "sebutkan direktori yang berisi netmon.yaml dan inventory/",
    ),
    "too_big": _Row(
        "is larger than {limit} MiB",
        "split the inventory into several files",
        "lebih besar dari {limit} MiB",
        "bagi inventaris menjadi beberapa berkas",
    ),
    "not_utf8": _Row(
        "the byte {byte} is not UTF-8 text",
        "save the file as UTF-8",
        "byte {byte} bukan teks UTF-8",
        "simpan berkas sebagai UTF-8",
    ),
    "yml": _Row(
        "files that end in .yml are not read",
        "rename it to {right}.yaml",
        "berkas berakhiran .yml tidak dibaca",
        "ganti namanya menjadi {right}.yaml",
    ),
    "state_not_made": _Row(
        "the state directory cannot be made ({reason})",
        "set state_dir or NETMON_STATE_DIR to a directory that this user may write",
        "direktori state tidak dapat dibuat ({reason})",
        "arahkan state_dir atau NETMON_STATE_DIR ke direktori yang boleh ditulis pengguna ini",
    ),
    "state_not_writable": _Row(
        "the state directory cannot be written ({reason})",
        "change its owner, or set state_dir or NETMON_STATE_DIR to another",
        "direktori state tidak dapat ditulis ({reason})",
        "ubah pemiliknya, atau arahkan state_dir atau NETMON_STATE_DIR ke direktori lain",
    ),
}

_PROFILES: Final[Mapping[str, _Row]] = {
    "profile_twice": _Row(
        'the profile "{name}" is in {other} too',
        "give one of them another name, or remove it",
        'profil "{name}" sudah ada di {other}',
        "beri salah satunya nama lain, atau hapus",
    ),
    "profile_clash": _Row(
        "{metrics}: the profile in {other} gives the same series",
        'give this profile the name "{name}" to replace that one, or leave these metrics out',
        "{metrics}: profil di {other} memberi deret yang sama",
        'beri profil ini nama "{name}" untuk menggantikannya, atau hilangkan metrik itu',
    ),
}

_YAML: Final[Mapping[str, _Row]] = {
    "syntax": _Row(
        "this is not YAML ({said})",
        "check quotes, indentation and colons here and on the line before",
        "ini bukan YAML ({said})",
        "periksa tanda kutip, indentasi, dan titik dua di sini dan di baris sebelumnya",
    ),
    "syntax_colon": _Row(
        "a second ': ' where only a value can stand",
        "put the value in quotes, or the key on a line of its own",
        "ada ': ' kedua di tempat yang hanya boleh berisi nilai",
        "beri tanda kutip pada nilai itu, atau tulis kuncinya di baris tersendiri",
    ),
    "syntax_token": _Row(
        "a value cannot begin with this character",
        "indent with spaces instead of tabs; put values that begin with @, ` or % in quotes",
        "nilai tidak boleh diawali karakter ini",
        "gunakan spasi, bukan tab, untuk indentasi; beri tanda kutip pada nilai yang diawali @, `, atau %",
    ),
    "syntax_indent": _Row(
        "this line does not fit the indentation around it",
        "align it with the keys of the same mapping",
        "baris ini tidak sesuai dengan indentasi di sekitarnya",
        "sejajarkan dengan kunci lain dalam pemetaan yang sama",
    ),
    "syntax_no_colon": _Row(
        "a key without ':'",
        "write key: value",
        "kunci tanpa ':'",
        "tulis kunci: nilai",
    ),
    "syntax_list_indent": _Row(
        "this line is no item of the list around it",
        "begin it with '- ' in the same column as the other items",
        "baris ini bukan butir dari daftar di sekitarnya",
        "awali dengan '- ' pada kolom yang sama dengan butir lain",
    ),
    "syntax_quote": _Row(
        "the file ends inside a quoted text",
        "close the quotation mark",
        "berkas berakhir di dalam teks bertanda kutip",
        "tutup tanda kutipnya",
    ),
    "syntax_bracket": _Row(
        "a bracket is not closed before this",
        "close it with ] or }}, or put a comma between the items",
        "ada kurung yang belum ditutup sebelum ini",
        "tutup dengan ] atau }}, atau beri koma di antara butirnya",
    ),
    "character": _Row(
        "the character {code} is not allowed in YAML",
        "delete it, or write it as an escape in double quotes",
        "karakter {code} tidak diizinkan dalam YAML",
        "hapus, atau tulis sebagai escape dalam tanda kutip ganda",
    ),
    "second_document": _Row(
        "a second document in one file",
        "remove '---', or move what follows to a file of its own",
        "ada dokumen kedua dalam satu berkas",
        "hapus '---', atau pindahkan isi berikutnya ke berkas tersendiri",
    ),
    "duplicate_key": _Row(
        "{key} is set twice; the first is at line {line}, column {column}",
        "keep one of them",
        "{key} ditulis dua kali; yang pertama di baris {line}, kolom {column}",
        "pertahankan salah satu",
    ),
    "complex_key": _Row(
        "a key that is not a plain text",
        "write key: value; put a text that begins with [ or {{ in quotes",
        "kunci yang bukan teks biasa",
        "tulis kunci: nilai; beri tanda kutip pada teks yang diawali [ atau {{",
    ),
    "tag": _Row(
        "the tag {tag} is not supported",
        "remove it and write the value plainly",
        "tag {tag} tidak didukung",
        "hapus dan tulis nilainya secara biasa",
    ),
    "alias": _Row(
        "*{name} refers to an anchor that is not finished before it",
        "put &{name} at a value above, or quote a text that begins with *",
        "*{name} merujuk anchor yang belum selesai sebelumnya",
        "beri &{name} pada nilai di atasnya, atau beri tanda kutip pada teks yang diawali *",
    ),
    "merge": _Row(
        "<< can take in mappings only",
        "let it refer to a mapping, or to a list of mappings",
        "<< hanya dapat menggabungkan pemetaan",
        "arahkan ke sebuah pemetaan, atau ke daftar pemetaan",
    ),
    "too_deep": _Row(
        "mappings and lists stand more than {limit} deep in one another",
        "check the indentation and the brackets",
        "pemetaan dan daftar bersarang lebih dari {limit} tingkat",
        "periksa indentasi dan tanda kurungnya",
    ),
    "too_many": _Row(
        "there are more than {limit} values with aliases written out",
        "use fewer aliases, or split the file",
        "ada lebih dari {limit} nilai bila alias dijabarkan",
        "kurangi alias, atau bagi berkasnya",
    ),
}

_VALUES: Final[Mapping[str, _Row]] = {
    "missing": _Row("{name} is missing", "add {name}: …", "{name} tidak ada", "tambahkan {name}: …"),
    "unknown_key": _Row(
        "there is no setting {name} here", "{remedy}", "tidak ada pengaturan {name} di sini", "{remedy}"
    ),
    "choice": _Row("{value} is not one of the choices", "{remedy}", "{value} bukan salah satu pilihan", "{remedy}"),
    "not_text": _Row(
        "{value} is not a text",
        "put it in quotes if it is meant as one",
        "{value} bukan teks",
        "beri tanda kutip jika memang teks",
    ),
    "not_integer": _Row(
        "{value} is not a whole number",
        "write digits only, such as 10",
        "{value} bukan bilangan bulat",
        "tulis angka saja, misalnya 10",
    ),
    "not_number": _Row(
        "{value} is not a number",
        "write digits, such as 10 or 2.5; the unit is in the setting's name",
        "{value} bukan angka",
        "tulis angka, misalnya 10 atau 2.5; satuannya ada pada nama pengaturan",
    ),
    "not_boolean": _Row(
        "{value} is neither true nor false",
        "write true or false",
        "{value} bukan true atau false",
        "tulis true atau false",
    ),
    "not_list": _Row(
        "a list is expected here, not {value}",
        "write each item on a line that begins with '- ', or [a, b]",
        "di sini seharusnya daftar, bukan {value}",
        "tulis tiap butir di baris yang diawali '- ', atau [a, b]",
    ),
    "not_mapping": _Row(
        "settings as key: value are expected here, not {value}",
        "indent them below this key",
        "di sini seharusnya pengaturan kunci: nilai, bukan {value}",
        "tulis menjorok di bawah kunci ini",
    ),
    "not_mapping_item": _Row(
        "settings as key: value are expected here, not {value}",
        "begin the item with '- key: value' and align its other keys below the first",
        "di sini seharusnya pengaturan kunci: nilai, bukan {value}",
        "awali butir dengan '- kunci: nilai' dan sejajarkan kunci lainnya di bawah yang pertama",
    ),
    "not_mapping_file": _Row(
        "settings as key: value are expected here, not {value}",
        "begin each setting on a line of its own, as key: value",
        "di sini seharusnya pengaturan kunci: nilai, bukan {value}",
        "tulis tiap pengaturan di baris tersendiri, sebagai kunci: nilai",
    ),
    "not_above": _Row(
        "{value} is too small",
        "write a number above {gt:g}",
        "{value} terlalu kecil",
        "tulis angka di atas {gt:g}",
    ),
    "too_small": _Row(
        "{value} is too small",
        "write a number of at least {ge:g}",
        "{value} terlalu kecil",
        "tulis angka paling kecil {ge:g}",
    ),
    "not_below": _Row(
        "{value} is too large",
        "write a number below {lt:g}",
        "{value} terlalu besar",
        "tulis angka di bawah {lt:g}",
    ),
    "too_large": _Row(
        "{value} is too large",
        "write a number of at most {le:g}",
        "{value} terlalu besar",
        "tulis angka paling besar {le:g}",
    ),
    "not_multiple": _Row(
        "{value} is not a multiple of {multiple_of:g}",
        "write a multiple of {multiple_of:g}",
        "{value} bukan kelipatan {multiple_of:g}",
        "tulis kelipatan {multiple_of:g}",
    ),
    "too_short": _Row(
        "{value} is too short",
        "write at least {min_length} characters",
        "{value} terlalu pendek",
        "tulis paling sedikit {min_length} karakter",
    ),
    "too_long": _Row(
        "{value} is too long",
        "write at most {max_length} characters",
        "{value} terlalu panjang",
        "tulis paling banyak {max_length} karakter",
    ),
    "too_few_items": _Row(
        "there are {actual_length} items here",
        "give at least {min_length}",
        "ada {actual_length} butir di sini",
        "beri paling sedikit {min_length}",
    ),
    "too_many_items": _Row(
        "there are {actual_length} items here",
        "give at most {max_length}",
        "ada {actual_length} butir di sini",
        "beri paling banyak {max_length}",
    ),
    "pattern": _Row(
        "{value} does not have the form that is expected here",
        "it must match {pattern}",
        "{value} tidak sesuai bentuk yang diharapkan di sini",
        "harus cocok dengan {pattern}",
    ),
    "regular_expression": _Row(
        "{value} is no regular expression",
        "correct it; put \\ before a character that stands for itself",
        "{value} bukan ekspresi reguler",
        "perbaiki; beri \\ sebelum karakter yang berarti dirinya sendiri",
    ),
    "name": _Row(
        "{value} is no name",
        "use letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 128",
        "{value} bukan nama yang sah",
        "gunakan huruf, angka, '.', '_', dan '-', diawali huruf atau angka, paling banyak 128",
    ),
    "address": _Row(
        "{value} is no address",
        "write 10.1.0.1, 10.1.0.1:1161, 2001:db8::1, [2001:db8::1]:1161 or a host name",
        "{value} bukan alamat",
        "tulis 10.1.0.1, 10.1.0.1:1161, 2001:db8::1, [2001:db8::1]:1161, atau nama host",
    ),
    "url": _Row(
        "{value} is no URL",
        "write http://… or https://…",
        "{value} bukan URL",
        "tulis http://… atau https://…",
    ),
    "prefix": _Row(
        "{value} is no network",
        "write one such as 10.1.0.0/16 or 2001:db8::/32",
        "{value} bukan jaringan",
        "tulis misalnya 10.1.0.0/16 atau 2001:db8::/32",
    ),
    "prefix_host_bits": _Row(
        "{value} is an address inside a network",
        "write the network, {right}",
        "{value} adalah alamat di dalam jaringan",
        "tulis jaringannya, {right}",
    ),
    "label_name": _Row(
        "{value} is no name for a label",
        "use letters, digits and '_', not beginning with a digit",
        "{value} bukan nama label yang sah",
        "gunakan huruf, angka, dan '_', tidak diawali angka",
    ),
    "label_reserved": _Row(
        "the label {value} is set by netmon or Prometheus",
        "choose another name",
        "label {value} diisi oleh netmon atau Prometheus",
        "pilih nama lain",
    ),
    "said": _Row("{said}", "see docs/configuration.md", "{said}", "lihat docs/configuration.md"),
    "other": _Row(
        "{value} cannot stand here ({said})",
        "see docs/configuration.md",
        "{value} tidak dapat ditulis di sini ({said})",
        "lihat docs/configuration.md",
    ),
}

_SECRETS: Final[Mapping[str, _Row]] = {
    "environment_unset": _Row(
        "the environment variable {name} is not set",
        "set it where netmon is started, or give the value here",
        "variabel lingkungan {name} belum diisi",
        "isi di tempat netmon dijalankan, atau tulis nilainya di sini",
    ),
    "environment_form": _Row(
        "a '${{' that begins no ${{NAME}}",
        "write ${{NAME}} with letters, digits and '_', or $${{ for the characters themselves",
        "'${{' ini bukan awal dari ${{NAMA}}",
        "tulis ${{NAMA}} dengan huruf, angka, dan '_', atau $${{ untuk karakternya sendiri",
    ),
    "secret_exposed": _Row(
        "{name} is a secret, and other users have rights on this file",
        "use {name}_file or ${{NAME}}, or chmod 640 {file}",
        "{name} adalah rahasia, dan pengguna lain punya hak atas berkas ini",
        "gunakan {name}_file atau ${{NAMA}}, atau chmod 640 {file}",
    ),
    "secret_empty": _Row(
        "{name} is empty",
        "give the secret, or remove the line",
        "{name} kosong",
        "isi rahasianya, atau hapus baris ini",
    ),
    "secret_twice": _Row(
        "{name} and {name}_file are both set",
        "keep one of them",
        "{name} dan {name}_file diisi keduanya",
        "pertahankan salah satu",
    ),
    "secret_path": _Row(
        "{name} is not the path of a file",
        "write a path, relative to the configuration directory",
        "{name} bukan alamat berkas",
        "tulis alamat berkas, relatif terhadap direktori konfigurasi",
    ),
    "secret_unreadable": _Row(
        "{file} cannot be read ({reason})",
        "check the path, its owner and its permissions",
        "{file} tidak dapat dibaca ({reason})",
        "periksa alamat berkas, pemilik, dan izinnya",
    ),
    "secret_not_a_file": _Row(
        "{file} is not a regular file",
        "give the path of a file that holds the secret",
        "{file} bukan berkas biasa",
        "beri alamat berkas yang berisi rahasia",
    ),
    "secret_file_exposed": _Row(
        "other users have rights on {file}, which holds a secret",
        "chmod 640 {file}",
        "pengguna lain punya hak atas {file}, yang berisi rahasia",
        "chmod 640 {file}",
    ),
    "secret_too_big": _Row(
        "{file} is larger than {limit} KiB",
        "give a file that holds the secret and nothing else",
        "{file} lebih besar dari {limit} KiB",
        "beri berkas yang hanya berisi rahasia",
    ),
    "secret_not_utf8": _Row(
        "{file} is not UTF-8 text",
        "save the secret as UTF-8",
        "{file} bukan teks UTF-8",
        "simpan rahasianya sebagai UTF-8",
    ),
    "secret_file_empty": _Row(
        "{file} is empty",
        "write the secret into it",
        "{file} kosong",
        "tulis rahasianya ke dalam berkas itu",
    ),
}


def _duplicate(thing: str, hal: str) -> _Row:
    return _Row(
        f"{thing} {{value}} is there already, at {{where}}",
        "remove one of them or give it another name",
        f"{hal} {{value}} sudah ada, di {{where}}",
        "hapus salah satu atau beri nama lain",
    )


def _unknown(thing: str, hal: str) -> _Row:
    return _Row(f"there is no {thing} {{value}}", "{remedy}", f"tidak ada {hal} {{value}}", "{remedy}")


_INVENTORY: Final[Mapping[str, _Row]] = {
    "duplicate_target_name": _duplicate(
        "a device, server or application called", "perangkat, server, atau aplikasi bernama"
    ),
    "duplicate_site_name": _duplicate("a site called", "lokasi bernama"),
    "duplicate_link_name": _duplicate("a link called", "tautan bernama"),
    "duplicate_mirror_name": _duplicate("a mirror called", "replika bernama"),
    "duplicate_address": _Row(
        "the address {value} is there already, at {where}",
        "remove one of them or correct its address",
        "alamat {value} sudah ada, di {where}",
        "hapus salah satu atau perbaiki alamatnya",
    ),
    "duplicate_host": _Row(
        "another server is the one that netmon runs on, at {where}",
        "keep collector: {value} at one of them",
        "server lain sudah menjadi tempat netmon berjalan, di {where}",
        "pertahankan collector: {value} pada salah satunya",
    ),
    "duplicate_prefix": _Row(
        "the network {value} is there already, at {where}",
        "remove one of them",
        "jaringan {value} sudah ada, di {where}",
        "hapus salah satunya",
    ),
    "unknown_site": _unknown("site", "lokasi"),
    "unknown_device": _unknown("device", "perangkat"),
    "unknown_server": _unknown("server", "server"),
    "unknown_credential": _unknown("credential", "kredensial"),
    "unknown_profile": _unknown("SNMP profile", "profil SNMP"),
    "port_taken": _Row(
        "another link ends at port {value} of this device, at {where}",
        "correct one of them: a port holds one fiber",
        "tautan lain berakhir di port {value} perangkat ini, di {where}",
        "perbaiki salah satu: satu port memuat satu serat",
    ),
    "link_to_itself": _Row(
        "the link ends at {value} where it begins",
        "correct a or b",
        "tautan berakhir di {value}, tempat ia bermula",
        "perbaiki a atau b",
    ),
    "mirror_of_itself": _Row(
        "{value} is a mirror of itself",
        "correct primary or replica",
        "{value} adalah replika dari dirinya sendiri",
        "perbaiki primary atau replica",
    ),
    "own_uplink": _Row(
        "{value} is its own uplink",
        "name the device that it is reached through",
        "{value} adalah uplink dari dirinya sendiri",
        "sebutkan perangkat yang menjadi jalurnya",
    ),
    "joint_outside": _Row(
        "the joint at km {value} is past the end of the link, which is {length} km long",
        "correct km or length_km",
        "sambungan di km {value} melewati ujung tautan yang panjangnya {length} km",
        "perbaiki km atau length_km",
    ),
    "joint_order": _Row(
        "the joint at km {value} comes after one at km {before}",
        "list the joints in their order from end a",
        "sambungan di km {value} ditulis setelah sambungan di km {before}",
        "urutkan sambungan mulai dari ujung a",
    ),
}

_CORE: Final[Mapping[str, _Row]] = {
    "scope_form": _Row(
        "{value} names nothing to work on",
        "write one of {kinds}",
        "{value} tidak menyebut apa yang dikerjakan",
        "tulis salah satu dari {kinds}",
    ),
    "unknown_link": _unknown("link", "tautan"),
    "unknown_application": _unknown("application", "aplikasi"),
    "not_understood": _Row(
        "apprise does not understand this URL",
        "docs/notifications.md shows how they are written",
        "apprise tidak memahami URL ini",
        "docs/notifications.md menunjukkan cara menulisnya",
    ),
    "route_unreached": _Row(
        "no incident ever gets here: route {before} above takes everything",
        "put that one last, give it a match, or set its continue: true",
        "tidak ada insiden yang sampai di sini: rute {before} di atas mengambil semuanya",
        "taruh rute itu paling akhir, beri match, atau isi continue: true",
    ),
    "unknown_user": _Row(
        "there is no user {value} in {file}, so this role is nobody's",
        "{remedy}",
        "tidak ada pengguna {value} di {file}, jadi peran ini bukan milik siapa pun",
        "{remedy}",
    ),
    "roles_without_users": _Row(
        "there are roles here and no users",
        "set web.web_config_file to a file with basic_auth_users",
        "di sini ada peran tetapi tidak ada pengguna",
        "isi web.web_config_file dengan berkas yang memuat basic_auth_users",
    ),
    "same_address": _Row(
        "a core here and a poller at {other} of web.listen cannot run on one machine",
        "choose another port for one of them",
        "core di sini dan poller di {other} pada web.listen tidak dapat berjalan di satu mesin",
        "pilih porta lain untuk salah satunya",
    ),
}

_PHRASES: Final[Mapping[str, Text]] = {
    "value.mapping": Text("key: value settings", "pengaturan kunci: nilai"),
    "value.list": Text("a list", "sebuah daftar"),
    "value.nothing": Text("nothing", "kosong"),
    "value.secret": Text("this secret", "rahasia ini"),
    "choose.one_of": Text("write one of: {choices}", "tulis salah satu: {choices}"),
    "choose.did_you_mean": Text("did you mean {name}?", "maksud Anda {name}?"),
    "choose.keys": Text("what can stand here: {keys}", "yang dapat ditulis di sini: {keys}"),
    "define.sites": Text(
        "define {name} below sites: in inventory/", "definisikan {name} di bawah sites: dalam inventory/"
    ),
    "define.devices": Text(
        "define {name} below devices: in inventory/", "definisikan {name} di bawah devices: dalam inventory/"
    ),
    "define.servers": Text(
        "define {name} below servers: in inventory/", "definisikan {name} di bawah servers: dalam inventory/"
    ),
    "define.links": Text(
        "define {name} below links: in inventory/", "definisikan {name} di bawah links: dalam inventory/"
    ),
    "define.applications": Text(
        "define {name} below applications: in inventory/", "definisikan {name} di bawah applications: dalam inventory/"
    ),
    "define.users": Text(
        "add {name} to basic_auth_users there, or remove it here",
        "tambahkan {name} ke basic_auth_users di sana, atau hapus di sini",
    ),
    "define.credentials": Text(
        "define {name} below credentials: in netmon.yaml", "definisikan {name} di bawah credentials: dalam netmon.yaml"
    ),
    "define.or_use": Text("{define}, or use one of: {names}", "{define}, atau gunakan salah satu: {names}"),
}


def _halves() -> Iterator[tuple[str, Text]]:
    for rows in (_FILES, _PROFILES, _YAML, _VALUES, _SECRETS, _INVENTORY, _CORE):
        for key, row in rows.items():
            yield f"fault.{key}", Text(row.problem, row.masalah)
            yield f"fault.{key}.remedy", Text(row.remedy, row.perbaikan)


TEXTS: Final[Mapping[str, Text]] = {**dict(_halves()), **_PHRASES}
