"""Files that cannot be read, or are no YAML, and secrets that are not to be had."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.faults.row import Row

FILES: Final[Mapping[str, Row]] = {
    "no_file": Row(
        "there is no such file",
        "create it; config/example shows how",
        "berkas ini tidak ada",
        "buatlah; contohnya ada di config/example",
    ),
    "unreadable": Row(
        "cannot be read ({reason})",
        "check the path, its owner and its permissions",
        "tidak dapat dibaca ({reason})",
        "periksa alamat berkas, pemilik, dan izinnya",
    ),
    "not_a_directory": Row(
        "this is not a directory",
        "give the directory that holds netmon.yaml and inventory/",
        "ini bukan direktori",
        "sebutkan direktori yang berisi netmon.yaml dan inventory/",
    ),
    "too_big": Row(
        "is larger than {limit} MiB",
        "split the inventory into several files",
        "lebih besar dari {limit} MiB",
        "bagi inventaris menjadi beberapa berkas",
    ),
    "not_utf8": Row(
        "the byte {byte} is not UTF-8 text",
        "save the file as UTF-8",
        "byte {byte} bukan teks UTF-8",
        "simpan berkas sebagai UTF-8",
    ),
    "yml": Row(
        "files that end in .yml are not read",
        "rename it to {right}.yaml",
        "berkas berakhiran .yml tidak dibaca",
        "ganti namanya menjadi {right}.yaml",
    ),
    "state_not_made": Row(
        "the state directory cannot be made ({reason})",
        "set state_dir or NETMON_STATE_DIR to a directory that this user may write",
        "direktori state tidak dapat dibuat ({reason})",
        "arahkan state_dir atau NETMON_STATE_DIR ke direktori yang boleh ditulis pengguna ini",
    ),
    "state_not_writable": Row(
        "the state directory cannot be written ({reason})",
        "change its owner, or set state_dir or NETMON_STATE_DIR to another",
        "direktori state tidak dapat ditulis ({reason})",
        "ubah pemiliknya, atau arahkan state_dir atau NETMON_STATE_DIR ke direktori lain",
    ),
}

PROFILES: Final[Mapping[str, Row]] = {
    "profile_twice": Row(
        'the profile "{name}" is in {other} too',
        "give one of them another name, or remove it",
        'profil "{name}" sudah ada di {other}',
        "beri salah satunya nama lain, atau hapus",
    ),
    "profile_clash": Row(
        "{metrics}: the profile in {other} gives the same series",
        'give this profile the name "{name}" to replace that one, or leave these metrics out',
        "{metrics}: profil di {other} memberi deret yang sama",
        'beri profil ini nama "{name}" untuk menggantikannya, atau hilangkan metrik itu',
    ),
}

YAML: Final[Mapping[str, Row]] = {
    "syntax": Row(
        "this is not YAML ({said})",
        "check quotes, indentation and colons here and on the line before",
        "ini bukan YAML ({said})",
        "periksa tanda kutip, indentasi, dan titik dua di sini dan di baris sebelumnya",
    ),
    "syntax_colon": Row(
        "a second ': ' where only a value can stand",
        "put the value in quotes, or the key on a line of its own",
        "ada ': ' kedua di tempat yang hanya boleh berisi nilai",
        "beri tanda kutip pada nilai itu, atau tulis kuncinya di baris tersendiri",
    ),
    "syntax_token": Row(
        "a value cannot begin with this character",
        "indent with spaces instead of tabs; put values that begin with @, ` or % in quotes",
        "nilai tidak boleh diawali karakter ini",
        "gunakan spasi, bukan tab, untuk indentasi; beri tanda kutip pada nilai yang diawali @, `, atau %",
    ),
    "syntax_indent": Row(
        "this line does not fit the indentation around it",
        "align it with the keys of the same mapping",
        "baris ini tidak sesuai dengan indentasi di sekitarnya",
        "sejajarkan dengan kunci lain dalam pemetaan yang sama",
    ),
    "syntax_no_colon": Row(
        "a key without ':'",
        "write key: value",
        "kunci tanpa ':'",
        "tulis kunci: nilai",
    ),
    "syntax_list_indent": Row(
        "this line is no item of the list around it",
        "begin it with '- ' in the same column as the other items",
        "baris ini bukan butir dari daftar di sekitarnya",
        "awali dengan '- ' pada kolom yang sama dengan butir lain",
    ),
    "syntax_quote": Row(
        "the file ends inside a quoted text",
        "close the quotation mark",
        "berkas berakhir di dalam teks bertanda kutip",
        "tutup tanda kutipnya",
    ),
    "syntax_bracket": Row(
        "a bracket is not closed before this",
        "close it with ] or }}, or put a comma between the items",
        "ada kurung yang belum ditutup sebelum ini",
        "tutup dengan ] atau }}, atau beri koma di antara butirnya",
    ),
    "character": Row(
        "the character {code} is not allowed in YAML",
        "delete it, or write it as an escape in double quotes",
        "karakter {code} tidak diizinkan dalam YAML",
        "hapus, atau tulis sebagai escape dalam tanda kutip ganda",
    ),
    "second_document": Row(
        "a second document in one file",
        "remove '---', or move what follows to a file of its own",
        "ada dokumen kedua dalam satu berkas",
        "hapus '---', atau pindahkan isi berikutnya ke berkas tersendiri",
    ),
    "duplicate_key": Row(
        "{key} is set twice; the first is at line {line}, column {column}",
        "keep one of them",
        "{key} ditulis dua kali; yang pertama di baris {line}, kolom {column}",
        "pertahankan salah satu",
    ),
    "complex_key": Row(
        "a key that is not a plain text",
        "write key: value; put a text that begins with [ or {{ in quotes",
        "kunci yang bukan teks biasa",
        "tulis kunci: nilai; beri tanda kutip pada teks yang diawali [ atau {{",
    ),
    "tag": Row(
        "the tag {tag} is not supported",
        "remove it and write the value plainly",
        "tag {tag} tidak didukung",
        "hapus dan tulis nilainya secara biasa",
    ),
    "alias": Row(
        "*{name} refers to an anchor that is not finished before it",
        "put &{name} at a value above, or quote a text that begins with *",
        "*{name} merujuk anchor yang belum selesai sebelumnya",
        "beri &{name} pada nilai di atasnya, atau beri tanda kutip pada teks yang diawali *",
    ),
    "merge": Row(
        "<< can take in mappings only",
        "let it refer to a mapping, or to a list of mappings",
        "<< hanya dapat menggabungkan pemetaan",
        "arahkan ke sebuah pemetaan, atau ke daftar pemetaan",
    ),
    "too_deep": Row(
        "mappings and lists stand more than {limit} deep in one another",
        "check the indentation and the brackets",
        "pemetaan dan daftar bersarang lebih dari {limit} tingkat",
        "periksa indentasi dan tanda kurungnya",
    ),
    "too_many": Row(
        "there are more than {limit} values with aliases written out",
        "use fewer aliases, or split the file",
        "ada lebih dari {limit} nilai bila alias dijabarkan",
        "kurangi alias, atau bagi berkasnya",
    ),
}

SECRETS: Final[Mapping[str, Row]] = {
    "environment_unset": Row(
        "the environment variable {name} is not set",
        "set it where netmon is started, or give the value here",
        "variabel lingkungan {name} belum diisi",
        "isi di tempat netmon dijalankan, atau tulis nilainya di sini",
    ),
    "environment_form": Row(
        "a '${{' that begins no ${{NAME}}",
        "write ${{NAME}} with letters, digits and '_', or $${{ for the characters themselves",
        "'${{' ini bukan awal dari ${{NAMA}}",
        "tulis ${{NAMA}} dengan huruf, angka, dan '_', atau $${{ untuk karakternya sendiri",
    ),
    "secret_exposed": Row(
        "{name} is a secret, and other users have rights on this file",
        "use {name}_file or ${{NAME}}, or chmod 640 {file}",
        "{name} adalah rahasia, dan pengguna lain punya hak atas berkas ini",
        "gunakan {name}_file atau ${{NAMA}}, atau chmod 640 {file}",
    ),
    "secret_empty": Row(
        "{name} is empty",
        "give the secret, or remove the line",
        "{name} kosong",
        "isi rahasianya, atau hapus baris ini",
    ),
    "secret_twice": Row(
        "{name} and {name}_file are both set",
        "keep one of them",
        "{name} dan {name}_file diisi keduanya",
        "pertahankan salah satu",
    ),
    "secret_path": Row(
        "{name} is not the path of a file",
        "write a path, relative to the configuration directory",
        "{name} bukan alamat berkas",
        "tulis alamat berkas, relatif terhadap direktori konfigurasi",
    ),
    "secret_unreadable": Row(
        "{file} cannot be read ({reason})",
        "check the path, its owner and its permissions",
        "{file} tidak dapat dibaca ({reason})",
        "periksa alamat berkas, pemilik, dan izinnya",
    ),
    "secret_not_a_file": Row(
        "{file} is not a regular file",
        "give the path of a file that holds the secret",
        "{file} bukan berkas biasa",
        "beri alamat berkas yang berisi rahasia",
    ),
    "secret_file_exposed": Row(
        "other users have rights on {file}, which holds a secret",
        "chmod 640 {file}",
        "pengguna lain punya hak atas {file}, yang berisi rahasia",
        "chmod 640 {file}",
    ),
    "secret_too_big": Row(
        "{file} is larger than {limit} KiB",
        "give a file that holds the secret and nothing else",
        "{file} lebih besar dari {limit} KiB",
        "beri berkas yang hanya berisi rahasia",
    ),
    "secret_not_utf8": Row(
        "{file} is not UTF-8 text",
        "save the secret as UTF-8",
        "{file} bukan teks UTF-8",
        "simpan rahasianya sebagai UTF-8",
    ),
    "secret_file_empty": Row(
        "{file} is empty",
        "write the secret into it",
        "{file} kosong",
        "tulis rahasianya ke dalam berkas itu",
    ),
}
