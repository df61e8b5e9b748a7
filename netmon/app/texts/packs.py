"""What is wrong with packs of limits."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "fault.pack_twice": Text('the pack "{name}" is in {other} too', 'paket "{name}" sudah ada di {other}'),
    "fault.pack_twice.remedy": Text(
        "give one of them another name, or remove it", "beri salah satunya nama lain, atau hapus"
    ),
    "fault.limit_twice": Text(
        'the limit "{name}" stands in the pack of {other} too', 'batas "{name}" sudah ada dalam paket di {other}'
    ),
    "fault.limit_twice.remedy": Text(
        'give it another name, or name this pack "{pack}" to replace that one',
        'beri nama lain, atau namai paket ini "{pack}" untuk menggantikannya',
    ),
    "fault.name_twice": Text('"{name}" is declared twice', '"{name}" dideklarasikan dua kali'),
    "fault.name_twice.remedy": Text("give each its own name", "beri nama berbeda"),
    "fault.placeholder": Text(
        "the text of {of} has a placeholder {{{name}}} that nothing fills",
        "teks {of} memuat {{{name}}} yang tidak diisi apa pun",
    ),
    "fault.placeholder.remedy": Text("{remedy}", "{remedy}"),
    "fault.label_unknown": Text("{metric} has no label {name}", "{metric} tidak memiliki label {name}"),
    "fault.label_unknown.remedy": Text("{remedy}", "{remedy}"),
}
