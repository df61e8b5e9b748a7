"""What is said of what is unusual: by `netmon attention`, and of an incident by `netmon incidents`."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.attention.short": Text("what is unusual now", "apa yang sedang tidak wajar"),
    "attention.help": Text(
        "Show the series that are unlike their own past, the most unusual first, each when it was most so. Nobody is "
        "told of these: they are where to look, and part of the incidents of their targets.",
        "Tampilkan deret yang menyimpang dari masa lalunya sendiri, paling tidak wajar dahulu, masing-masing pada saat "
        "terburuknya. Tidak ada yang diberi tahu: ini petunjuk ke mana melihat, dan bagian dari insiden targetnya.",
    ),
    "attention.examples": Text(
        "\b\nExamples:\n"
        "  netmon attention\n"
        "  netmon attention --since 2h --target 'sw-*'\n"
        "  netmon attention --since 08:00 --limit 1000 --format csv > unusual.csv\n\n"
        "The score goes from 0 to below 1; half and more is unusual. Exit status: 0 done, 2 what was asked makes no "
        "sense, 3 no daemon answers or it cannot do it now, 4 not allowed.",
        "\b\nContoh:\n"
        "  netmon attention\n"
        "  netmon attention --since 2h --target 'sw-*'\n"
        "  netmon attention --since 08:00 --limit 1000 --format csv > tidak-wajar.csv\n\n"
        "Nilainya dari 0 sampai di bawah 1; mulai setengah berarti tidak wajar. Status keluar: 0 selesai, 2 permintaan "
        "tidak masuk akal, 3 tidak ada daemon yang menjawab atau sedang tidak bisa, 4 tidak diizinkan.",
    ),
    "attention.option.since": Text(
        "From then on: 2h, 08:00, yesterday, 2026-11-01.  [default: for 15 minutes]",
        "Sejak itu: 2h, 08:00, yesterday, 2026-11-01.  [bawaan: 15 menit terakhir]",
    ),
    "attention.none": Text("Nothing is unusual.", "Tidak ada yang tidak wajar."),
    "attention.heading": Text("Unusual at its targets", "Tidak wajar pada targetnya"),
    "attention.count": Text("{shown} of {total}, the others less so", "{shown} dari {total}, sisanya lebih ringan"),
    "attention.column.score": Text("score", "nilai"),
    "attention.column.when": Text("when", "kapan"),
    "attention.column.target": Text("target", "target"),
    "attention.column.series": Text("series", "deret"),
    "attention.column.value": Text("value", "terukur"),
    "attention.column.expected": Text("expected", "biasanya"),
    "attention.column.times": Text("times", "kali"),
    "attention.ago": Text("{time} ago", "{time} lalu"),
    "attention.each_second": Text("{number}/s", "{number}/dtk"),
}
