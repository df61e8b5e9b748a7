"""Values that cannot stand where they stand."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.faults.row import Row

VALUES: Final[Mapping[str, Row]] = {
    "missing": Row("{name} is missing", "add {name}: …", "{name} tidak ada", "tambahkan {name}: …"),
    "unknown_key": Row(
        "there is no setting {name} here", "{remedy}", "tidak ada pengaturan {name} di sini", "{remedy}"
    ),
    "choice": Row("{value} is not one of the choices", "{remedy}", "{value} bukan salah satu pilihan", "{remedy}"),
    "not_text": Row(
        "{value} is not a text",
        "put it in quotes if it is meant as one",
        "{value} bukan teks",
        "beri tanda kutip jika memang teks",
    ),
    "not_integer": Row(
        "{value} is not a whole number",
        "write digits only, such as 10",
        "{value} bukan bilangan bulat",
        "tulis angka saja, misalnya 10",
    ),
    "not_number": Row(
        "{value} is not a number",
        "write digits, such as 10 or 2.5; the unit is in the setting's name",
        "{value} bukan angka",
        "tulis angka, misalnya 10 atau 2.5; satuannya ada pada nama pengaturan",
    ),
    "not_boolean": Row(
        "{value} is neither true nor false",
        "write true or false",
        "{value} bukan true atau false",
        "tulis true atau false",
    ),
    "not_list": Row(
        "a list is expected here, not {value}",
        "write each item on a line that begins with '- ', or [a, b]",
        "di sini seharusnya daftar, bukan {value}",
        "tulis tiap butir di baris yang diawali '- ', atau [a, b]",
    ),
    "not_mapping": Row(
        "settings as key: value are expected here, not {value}",
        "indent them below this key",
        "di sini seharusnya pengaturan kunci: nilai, bukan {value}",
        "tulis menjorok di bawah kunci ini",
    ),
    "not_mapping_item": Row(
        "settings as key: value are expected here, not {value}",
        "begin the item with '- key: value' and align its other keys below the first",
        "di sini seharusnya pengaturan kunci: nilai, bukan {value}",
        "awali butir dengan '- kunci: nilai' dan sejajarkan kunci lainnya di bawah yang pertama",
    ),
    "not_mapping_file": Row(
        "settings as key: value are expected here, not {value}",
        "begin each setting on a line of its own, as key: value",
        "di sini seharusnya pengaturan kunci: nilai, bukan {value}",
        "tulis tiap pengaturan di baris tersendiri, sebagai kunci: nilai",
    ),
    "not_above": Row(
        "{value} is too small",
        "write a number above {gt:.12g}",
        "{value} terlalu kecil",
        "tulis angka di atas {gt:.12g}",
    ),
    "too_small": Row(
        "{value} is too small",
        "write a number of at least {ge:.12g}",
        "{value} terlalu kecil",
        "tulis angka paling kecil {ge:.12g}",
    ),
    "not_below": Row(
        "{value} is too large",
        "write a number below {lt:.12g}",
        "{value} terlalu besar",
        "tulis angka di bawah {lt:.12g}",
    ),
    "too_large": Row(
        "{value} is too large",
        "write a number of at most {le:.12g}",
        "{value} terlalu besar",
        "tulis angka paling besar {le:.12g}",
    ),
    "not_multiple": Row(
        "{value} is not a multiple of {multiple_of:.12g}",
        "write a multiple of {multiple_of:.12g}",
        "{value} bukan kelipatan {multiple_of:.12g}",
        "tulis kelipatan {multiple_of:.12g}",
    ),
    "too_short": Row(
        "{value} is too short",
        "write at least {min_length} characters",
        "{value} terlalu pendek",
        "tulis paling sedikit {min_length} karakter",
    ),
    "too_long": Row(
        "{value} is too long",
        "write at most {max_length} characters",
        "{value} terlalu panjang",
        "tulis paling banyak {max_length} karakter",
    ),
    "too_few_items": Row(
        "there are {actual_length} items here",
        "give at least {min_length}",
        "ada {actual_length} butir di sini",
        "beri paling sedikit {min_length}",
    ),
    "too_many_items": Row(
        "there are {actual_length} items here",
        "give at most {max_length}",
        "ada {actual_length} butir di sini",
        "beri paling banyak {max_length}",
    ),
    "pattern": Row(
        "{value} does not have the form that is expected here",
        "it must match {pattern}",
        "{value} tidak sesuai bentuk yang diharapkan di sini",
        "harus cocok dengan {pattern}",
    ),
    "regular_expression": Row(
        "{value} is no regular expression",
        "correct it; put \\ before a character that stands for itself",
        "{value} bukan ekspresi reguler",
        "perbaiki; beri \\ sebelum karakter yang berarti dirinya sendiri",
    ),
    "name": Row(
        "{value} is no name",
        "use letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 128",
        "{value} bukan nama yang sah",
        "gunakan huruf, angka, '.', '_', dan '-', diawali huruf atau angka, paling banyak 128",
    ),
    "address": Row(
        "{value} is no address",
        "write 10.1.0.1, 10.1.0.1:1161, 2001:db8::1, [2001:db8::1]:1161 or a host name",
        "{value} bukan alamat",
        "tulis 10.1.0.1, 10.1.0.1:1161, 2001:db8::1, [2001:db8::1]:1161, atau nama host",
    ),
    "url": Row(
        "{value} is no URL",
        "write http://… or https://…",
        "{value} bukan URL",
        "tulis http://… atau https://…",
    ),
    "prefix": Row(
        "{value} is no network",
        "write one such as 10.1.0.0/16 or 2001:db8::/32",
        "{value} bukan jaringan",
        "tulis misalnya 10.1.0.0/16 atau 2001:db8::/32",
    ),
    "prefix_host_bits": Row(
        "{value} is an address inside a network",
        "write the network, {right}",
        "{value} adalah alamat di dalam jaringan",
        "tulis jaringannya, {right}",
    ),
    "label_name": Row(
        "{value} is no name for a label",
        "use letters, digits and '_', not beginning with a digit",
        "{value} bukan nama label yang sah",
        "gunakan huruf, angka, dan '_', tidak diawali angka",
    ),
    "label_reserved": Row(
        "the label {value} is set by netmon or Prometheus",
        "choose another name",
        "label {value} diisi oleh netmon atau Prometheus",
        "pilih nama lain",
    ),
    "said": Row("{said}", "see docs/configuration.md", "{said}", "lihat docs/configuration.md"),
    "other": Row(
        "{value} cannot stand here ({said})",
        "see docs/configuration.md",
        "{value} tidak dapat ditulis di sini ({said})",
        "lihat docs/configuration.md",
    ),
}
