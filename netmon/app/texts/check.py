"""What `netmon check` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "check.help": Text(
        "Check the configuration in DIRECTORY: every fault with its place, and what would be right.",
        "Periksa konfigurasi di DIRECTORY: setiap kesalahan dengan letaknya, dan yang seharusnya.",
    ),
    "check.examples": Text(
        "\b\nExamples:\n"
        "  netmon check /etc/netmon\n"
        "  netmon check /etc/netmon --dump\n\n"
        "Exit status: 0 when it is fine, 2 when it is not.",
        "\b\nContoh:\n"
        "  netmon check /etc/netmon\n"
        "  netmon check /etc/netmon --dump\n\n"
        "Status keluar: 0 bila benar, 2 bila tidak.",
    ),
    "check.dump": Text(
        "Print the effective configuration, defaults included, secrets masked.",
        "Tampilkan konfigurasi yang berlaku, termasuk nilai bawaan, dengan rahasia disamarkan.",
    ),
    "check.format": Text("For people or for programs.", "Untuk manusia atau untuk program."),
    "check.fine": Text("{directory} is fine. {summary}", "{directory} sudah benar. {summary}"),
    "check.summary": Text(
        "Sites: {sites}, devices: {devices}, servers: {servers}, applications: {applications}, links: {links}, "
        "mirrors: {mirrors}, prefixes: {prefixes}, credentials: {credentials}.",
        "Lokasi: {sites}, perangkat: {devices}, server: {servers}, aplikasi: {applications}, tautan: {links}, "
        "replika: {mirrors}, prefiks: {prefixes}, kredensial: {credentials}.",
    ),
    "check.interval": Text("the polling interval of {target}", "selang polling {target}"),
    "check.short_hold": Text(
        "A mended cut may be told as a failed device for a moment: {what} ({longest} s) is longer than "
        "alerts.resolve_hold_s ({hold} s); set alerts.resolve_hold_s to {longest} at least",
        "Putusnya serat yang sudah diperbaiki dapat sesaat diberitakan sebagai perangkat mati: {what} ({longest} dtk) "
        "lebih panjang daripada alerts.resolve_hold_s ({hold} dtk); atur alerts.resolve_hold_s sedikitnya {longest}",
    ),
    "check.instead": Text(
        "Pack {pack}: {name} takes the place of {other} (pack {theirs}) for the series of {metric} that it matches",
        "Paket {pack}: {name} menggantikan {other} (paket {theirs}) untuk deret {metric} yang cocok dengannya",
    ),
    "check.not_given": Text(
        "Pack {pack}: {name} asks for {metric}, which no profile and no part of a host gives{hint}",
        "Paket {pack}: {name} memerlukan {metric}, yang tidak diberikan oleh profil maupun bagian host mana pun{hint}",
    ),
    "check.no_name": Text(
        "the name is empty; write . for this directory", "namanya kosong; tulis . untuk direktori ini"
    ),
    "check.faults": Text("Faults: {count}. Nothing was started.", "Kesalahan: {count}. Tidak ada yang dijalankan."),
}
