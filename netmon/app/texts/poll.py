"""What `netmon poll` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "poll.help": Text(
        "Read one device now over SNMP and show what it says. ADDRESS is a name or an address, with a port if it is "
        "not 161: 192.0.2.1, switch-1:1161, [2001:db8::1]:161. What the device has is found out by itself.",
        "Baca satu perangkat sekarang melalui SNMP dan tampilkan isinya. ADDRESS adalah nama atau alamat, dengan port "
        "bila bukan 161: 192.0.2.1, switch-1:1161, [2001:db8::1]:161. Isi perangkat dikenali dengan sendirinya.",
    ),
    "poll.examples": Text(
        "\b\nExamples:\n"
        "  NETMON_SNMP_COMMUNITY=public netmon poll 192.0.2.1\n"
        "  netmon poll 192.0.2.1 --config /etc/netmon --credential ring --format json\n"
        "  NETMON_SNMP_USER=noc NETMON_SNMP_AUTH_PROTOCOL=SHA-256 NETMON_SNMP_AUTH_PASSWORD=… \\\n"
        "  NETMON_SNMP_PRIV_PROTOCOL=AES-128 NETMON_SNMP_PRIV_PASSWORD=… netmon poll 192.0.2.1 --debug-wire\n\n"
        "Exit status: 0 all read (values that the device itself lacks are shown as missing), 1 some parts could not be "
        "read, 2 usage or configuration, 3 unreachable.",
        "\b\nContoh:\n"
        "  NETMON_SNMP_COMMUNITY=public netmon poll 192.0.2.1\n"
        "  netmon poll 192.0.2.1 --config /etc/netmon --credential ring --format json\n"
        "  NETMON_SNMP_USER=noc NETMON_SNMP_AUTH_PROTOCOL=SHA-256 NETMON_SNMP_AUTH_PASSWORD=… \\\n"
        "  NETMON_SNMP_PRIV_PROTOCOL=AES-128 NETMON_SNMP_PRIV_PASSWORD=… netmon poll 192.0.2.1 --debug-wire\n\n"
        "Status keluar: 0 semua terbaca (nilai yang memang tidak ada pada perangkat ditampilkan sebagai hilang), 1 "
        "sebagian tidak terbaca, 2 salah pakai atau konfigurasi, 3 tidak terjangkau.",
    ),
    "poll.format": Text("How to show it.", "Bentuk tampilan."),
    "poll.credential": Text(
        "The name of a credential in the configuration directory; without it the environment gives it.",
        "Nama kredensial di direktori konfigurasi; tanpa ini diambil dari lingkungan.",
    ),
    "poll.config": Text(
        "The configuration directory, for --credential and for profiles of your own.",
        "Direktori konfigurasi, untuk --credential dan profil Anda sendiri.",
    ),
    "poll.timeout": Text("Seconds for the whole poll.", "Batas waktu seluruh pembacaan, dalam detik."),
    "poll.debug_wire": Text(
        "Explain every datagram sent and received, on standard error; secrets are masked.",
        "Jelaskan setiap datagram yang dikirim dan diterima, di galat standar; rahasia disamarkan.",
    ),
    "poll.profile": Text(
        "Read only this profile (repeat for more).", "Baca hanya profil ini (ulangi untuk lebih dari satu)."
    ),
    "poll.no_credential": Text(
        "no credential: set NETMON_SNMP_COMMUNITY, or NETMON_SNMP_USER for SNMPv3, or name one with --credential",
        "tidak ada kredensial: isi NETMON_SNMP_COMMUNITY, atau NETMON_SNMP_USER untuk SNMPv3, atau sebut dengan "
        "--credential",
    ),
    "poll.bad_version": Text(
        "{variable} is not a version; write v1 or v2c, or set NETMON_SNMP_USER for SNMPv3",
        "{variable} bukan versi; tulis v1 atau v2c, atau isi NETMON_SNMP_USER untuk SNMPv3",
    ),
    "poll.not_set": Text(
        "{variable} is not set, but other variables of SNMPv3 are; set it, or unset them",
        "{variable} belum diisi, padahal variabel SNMPv3 lain sudah; isi, atau hapus yang lain",
    ),
    "poll.not_a_choice": Text(
        "{variable} is not known; write one of: {choices}", "{variable} tidak dikenal; tulis salah satu dari: {choices}"
    ),
    "poll.absent": Text("{address} does not have {name}", "{address} tidak memiliki {name}"),
    "poll.unknown_credential": Text(
        "no credential named {name} in {directory}; there are: {names}",
        "tidak ada kredensial bernama {name} di {directory}; yang ada: {names}",
    ),
    "poll.unknown_profile": Text(
        "no profile named {name}; there are: {names}", "tidak ada profil bernama {name}; yang ada: {names}"
    ),
    "poll.bad_address": Text(
        "{address} is not an address; write 192.0.2.1, switch-1:1161 or [2001:db8::1]:161",
        "{address} bukan alamat; tulis 192.0.2.1, switch-1:1161, atau [2001:db8::1]:161",
    ),
    "poll.unreachable": Text(
        "{address} could not be read: {detail} ({reason})", "{address} tidak dapat dibaca: {detail} ({reason})"
    ),
    "poll.hint.timeout": Text(
        "Check the address, that its SNMP agent allows this machine, and the community: a wrong one gets no answer.",
        "Periksa alamat, izin agen SNMP untuk mesin ini, dan community; agen tidak menjawab community yang salah.",
    ),
    "poll.hint.not_found": Text(
        "Check the spelling of the name, and that this machine's name servers know it; or write the address itself.",
        "Periksa ejaan nama, dan apakah server nama mesin ini mengenalnya; atau tulis langsung alamatnya.",
    ),
    "poll.hint.auth_failed": Text(
        "Check user, protocols and passwords against the device's SNMPv3 configuration.",
        "Periksa pengguna, protokol, dan kata sandi terhadap konfigurasi SNMPv3 perangkat.",
    ),
    "poll.hint.refused": Text(
        "Something answers at that address, but no SNMP agent on that port.",
        "Ada yang menjawab di alamat itu, tetapi tidak ada agen SNMP pada port tersebut.",
    ),
    "poll.parts": Text("Parts read", "Bagian yang dibaca"),
    "poll.part": Text("part", "bagian"),
    "poll.values": Text("values", "nilai"),
    "poll.missing": Text("missing", "hilang"),
    "poll.seconds": Text("seconds", "detik"),
    "poll.result": Text("result", "hasil"),
    "poll.up": Text("up", "hidup"),
    "poll.down": Text("down", "mati"),
    "poll.complete": Text("complete", "lengkap"),
    "poll.more": Text(
        "{count} more rows; --format json or prometheus shows all",
        "{count} baris lagi; --format json atau prometheus menampilkan semua",
    ),
    "poll.summary": Text(
        "{values} values of {parts} parts in {seconds} s, {missing} missing",
        "{values} nilai dari {parts} bagian dalam {seconds} detik, {missing} hilang",
    ),
}
