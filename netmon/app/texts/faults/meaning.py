"""What is right by itself and does not fit the rest of the configuration, or the machine."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.faults.row import Row, duplicate, unknown

INVENTORY: Final[Mapping[str, Row]] = {
    "duplicate_target_name": duplicate(
        "a device, server or application called", "perangkat, server, atau aplikasi bernama"
    ),
    "duplicate_site_name": duplicate("a site called", "lokasi bernama"),
    "duplicate_link_name": duplicate("a link called", "tautan bernama"),
    "duplicate_mirror_name": duplicate("a mirror called", "replika bernama"),
    "duplicate_address": Row(
        "the address {value} is there already, at {where}",
        "remove one of them or correct its address",
        "alamat {value} sudah ada, di {where}",
        "hapus salah satu atau perbaiki alamatnya",
    ),
    "duplicate_host": Row(
        "another server is the one that netmon runs on, at {where}",
        "keep collector: {value} at one of them",
        "server lain sudah menjadi tempat netmon berjalan, di {where}",
        "pertahankan collector: {value} pada salah satunya",
    ),
    "duplicate_prefix": Row(
        "the network {value} is there already, at {where}",
        "remove one of them",
        "jaringan {value} sudah ada, di {where}",
        "hapus salah satunya",
    ),
    "unknown_site": unknown("site", "lokasi"),
    "unknown_device": unknown("device", "perangkat"),
    "unknown_server": unknown("server", "server"),
    "unknown_credential": unknown("credential", "kredensial"),
    "unknown_profile": unknown("SNMP profile", "profil SNMP"),
    "port_taken": Row(
        "another link ends at port {value} of this device, at {where}",
        "correct one of them: a port holds one fiber",
        "tautan lain berakhir di port {value} perangkat ini, di {where}",
        "perbaiki salah satu: satu port memuat satu serat",
    ),
    "link_to_itself": Row(
        "the link ends at {value} where it begins",
        "correct a or b",
        "tautan berakhir di {value}, tempat ia bermula",
        "perbaiki a atau b",
    ),
    "mirror_of_itself": Row(
        "{value} is a mirror of itself",
        "correct primary or replica",
        "{value} adalah replika dari dirinya sendiri",
        "perbaiki primary atau replica",
    ),
    "own_uplink": Row(
        "{value} is its own uplink",
        "name the device that it is reached through",
        "{value} adalah uplink dari dirinya sendiri",
        "sebutkan perangkat yang menjadi jalurnya",
    ),
    "joint_outside": Row(
        "the joint at km {value} is past the end of the link, which is {length} km long",
        "correct km or length_km",
        "sambungan di km {value} melewati ujung tautan yang panjangnya {length} km",
        "perbaiki km atau length_km",
    ),
    "joint_order": Row(
        "the joint at km {value} comes after one at km {before}",
        "list the joints in their order from end a",
        "sambungan di km {value} ditulis setelah sambungan di km {before}",
        "urutkan sambungan mulai dari ujung a",
    ),
}

CORE: Final[Mapping[str, Row]] = {
    "scope_form": Row(
        "{value} names nothing to work on",
        "write one of {kinds}",
        "{value} tidak menyebut apa yang dikerjakan",
        "tulis salah satu dari {kinds}",
    ),
    "unknown_link": unknown("link", "tautan"),
    "unknown_application": unknown("application", "aplikasi"),
    "not_understood": Row(
        "apprise does not understand this URL",
        "docs/notifications.md shows how they are written",
        "apprise tidak memahami URL ini",
        "docs/notifications.md menunjukkan cara menulisnya",
    ),
    "route_unreached": Row(
        "no incident ever gets here: route {before} above takes everything",
        "put that one last, give it a match, or set its continue: true",
        "tidak ada insiden yang sampai di sini: rute {before} di atas mengambil semuanya",
        "taruh rute itu paling akhir, beri match, atau isi continue: true",
    ),
    "unknown_user": Row(
        "there is no user {value} in {file}, so this role is nobody's",
        "{remedy}",
        "tidak ada pengguna {value} di {file}, jadi peran ini bukan milik siapa pun",
        "{remedy}",
    ),
    "roles_without_users": Row(
        "there are roles here and no users",
        "set web.web_config_file to a file with basic_auth_users",
        "di sini ada peran tetapi tidak ada pengguna",
        "isi web.web_config_file dengan berkas yang memuat basic_auth_users",
    ),
    "same_address": Row(
        "a core here and a poller at {other} of web.listen cannot run on one machine",
        "choose another port for one of them",
        "core di sini dan poller di {other} pada web.listen tidak dapat berjalan di satu mesin",
        "pilih porta lain untuk salah satunya",
    ),
}
