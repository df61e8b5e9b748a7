"""In Indonesian what the parts of traffic say is wrong: settings, captures, interfaces, addresses, files of flows.

Rows as in said.py. The remedy follows the problem after `; `, also where it stands apart in a fault.
"""

from collections.abc import Mapping
from typing import Final

_READABLE: Final = "give a capture file that you may read"
_BERKAS: Final = "sebutkan berkas rekaman yang boleh Anda baca"
_CAPTURE: Final = "; give a pcap or pcapng file, as tcpdump -w writes it, plain or packed by gzip or zstd"
_REKAMAN: Final = "sebutkan berkas pcap atau pcapng seperti tulisan tcpdump -w, biasa atau dipadatkan gzip atau zstd"
_OCTET: Final = r" \(octet (\d+)\)"
_FILTER: Final = r"(traffic\.sensors\.\d+\.filter: )?(.*): "  # `netmon check` says where it stands
_HAK: Final = (
    "jalankan lewat systemd dengan AmbientCapabilities=CAP_NET_RAW, atau lewat sudo: ia sendiri menjadi pengguna biasa"
    " (hak yang dipasang pada berkas program python berlaku bagi semua orang)"
)

ROWS: Final[Mapping[str, tuple[str, str]]] = {
    # collectors/traffic/capture/octets.py
    rf"cannot be opened: (.*); {_READABLE}": (r"tidak dapat dibuka: \1", _BERKAS),
    rf"cannot be read: (.*); {_READABLE}": (r"tidak dapat dibaca: \1", _BERKAS),
    r"is a folder; give one capture file, as tcpdump -w writes it": (
        "adalah direktori",
        "sebutkan satu berkas rekaman, seperti tulisan tcpdump -w",
    ),
    # collectors/traffic/capture/files.py
    rf".* \(it cannot be unpacked: (.*)\){_OCTET}{_CAPTURE}": (
        r"kemasannya tidak dapat dibuka: \1 (oktet \2)",
        _REKAMAN,
    ),
    rf"is empty{_OCTET}{_CAPTURE}": ("kosong", _REKAMAN),
    rf"looks like pcapng, but its section header names no order of octets{_OCTET}{_CAPTURE}": (
        r"tampak seperti pcapng, tetapi kepala bagiannya tidak menyebut urutan oktet (oktet \1)",
        _REKAMAN,
    ),
    rf"begins with ([0-9a-f ]*), which is neither pcap nor pcapng{_OCTET}{_CAPTURE}": (
        r"diawali \1, bukan pcap dan bukan pcapng (oktet \2)",
        _REKAMAN,
    ),
    rf"ends inside its header{_OCTET}{_CAPTURE}": (r"terputus di dalam kepalanya (oktet \1)", _REKAMAN),
    # collectors/traffic/capture/interfaces.py, ring.py
    r"there is no interface (.*); there are none": (r"tidak ada antarmuka \1", "tidak ada antarmuka lain di sini"),
    r"there is no interface (.*); there are (.*)": (r"tidak ada antarmuka \1", r"yang ada: \2"),
    r"the interface (.*) is neither Ethernet nor plain IP \(link type (\d+) of linux/if_arp.h\); .*": (
        r"antarmuka \1 bukan Ethernet dan bukan IP biasa (jenis \2 pada linux/if_arp.h)",
        "sebutkan antarmuka Ethernet, atau yang dilalui antarmuka ini",
    ),
    r"listening takes CAP_NET_RAW; .*": (
        "mendengarkan memerlukan CAP_NET_RAW",
        "jalankan lewat systemd dengan AmbientCapabilities=CAP_NET_RAW, atau sebagai root: hak lainnya dilepas",
    ),
    r"the interface cannot be listened to: (.*); smaller block_bytes or fewer blocks": (
        r"antarmuka tidak dapat didengarkan: \1",
        "kecilkan block_bytes atau kurangi blocks",
    ),
    r"the interface cannot be listened to: (.*); see (.*)": (r"antarmuka tidak dapat didengarkan: \1", r"lihat \2"),
    # collectors/traffic/capture/filter.py
    rf"{_FILTER}libpcap has no filters for link type (\d+); .*": (
        r"\1\2: libpcap tidak punya saringan untuk jenis tautan \3",
        "kosongkan saringannya",
    ),
    rf"{_FILTER}`vlan` takes the interface itself to compile, and it cannot be opened; .*": (
        r"\1\2: `vlan` memerlukan antarmukanya sendiri, yang tidak dapat dibuka",
        "jalankan dengan CAP_NET_RAW, atau hilangkan `vlan`",
    ),
    rf"{_FILTER}(\d+) instructions; the kernel takes (\d+); make it shorter": (
        r"\1\2: \3 instruksi, padahal kernel menerima \4",
        "perpendek",
    ),
    r"(traffic\.sensors\.\d+\.filter: )?libpcap is missing, which compiles filters; .*": (
        r"\1libpcap tidak ada, padahal dialah yang membaca saringan",
        "pasang paket Debian libpcap0.8",
    ),
    rf"{_FILTER}(.*); write it as tcpdump takes it, for example: (.*)": (
        r"\1\2: \3",
        "tulis seperti untuk tcpdump, misalnya: udp port 53 atau net 192.0.2.0/24",
    ),
    # collectors/traffic/capture/settings.py
    r"kept_blocks is 0, or from 2 up to half of blocks: .*": (
        "kept_blocks harus 0, atau dari 2 sampai setengah blocks",
        "sisanya diisi kernel",
    ),
    # collectors/traffic/flows/endpoint.py, settings.py, receive.py, stream.py, certificates.py
    r"(.*) is no address to listen at: .*": (
        r"\1 bukan alamat untuk mendengarkan",
        "tulis udp://ALAMAT:PORT, tcp:// atau tls://, misalnya udp://[::]:2055",
    ),
    r"(.*) is no prefix; .*": (r"\1 bukan prefiks", "tulis misalnya 10.20.0.0/16 atau 2001:db8::/32"),
    r"(.*) is an address in a prefix; write (.*)": (r"\1 adalah alamat di dalam prefiks", r"tulis \2"),
    r"key and client_ca are of use with a certificate only: .*": (
        "key dan client_ca hanya berguna bersama certificate",
        "isi juga certificate",
    ),
    r"client_names are of use with client_ca only: .*": (
        "client_names hanya berguna bersama client_ca",
        "isi juga client_ca",
    ),
    r"a tls:// address needs stream.certificate": ("alamat tls:// memerlukan sertifikat", "isi stream.certificate"),
    r"a tls:// address has no certificate; .*": ("alamat tls:// tidak punya sertifikat", "isi stream.certificate"),
    r"cannot listen at (\S+): (.*); .*": (
        r"tidak dapat mendengarkan di \1: \2",
        "pilih alamat dan port yang bebas di sini",
    ),
    r"the certificate cannot be used \((.*)\); .*": (
        r"sertifikat tidak dapat dipakai (\1)",
        "sebutkan sertifikat PEM dan kuncinya tanpa kata sandi, yang dapat dibaca pengguna ini",
    ),
    r"the authorities cannot be used \((.*)\); .*": (
        r"sertifikat otoritas tidak dapat dipakai (\1)",
        "sebutkan sertifikat PEM milik otoritas, yang dapat dibaca pengguna ini",
    ),
    # exporters/flowstore/settings.py, disk.py, netmon/app/traffic/keeper.py
    r"this is no port of a service; write it as in (.*)": ("ini bukan port sebuah layanan", r"tulis misalnya \1"),
    r"another process writes these flows; .*": (
        "proses lain sedang menulis flow di sini",
        "hentikan proses itu, atau beri yang ini direktori lain",
    ),
    r"flows cannot be kept there: (.*); .*": (
        r"flow tidak dapat disimpan di sana: \1",
        "sebutkan direktori yang dapat ditulis",
    ),
    # netmon/app/traffic/forking.py, fanout.py
    r"its capturing processes do not start; .*": ("proses perekamnya tidak mulai", "lihat pesan di atas ini"),
    r"a capturing process ended; .*": ("sebuah proses perekam berakhir", "lihat pesan di atas ini"),
    # netmon/app/privileges.py
    r"a sensor takes CAP_NET_RAW, which this process does not have; .*": (
        "sensor memerlukan CAP_NET_RAW, yang tidak dimiliki proses ini",
        _HAK,
    ),
    r"there is no user (.*); name one that has no rights, .*": (
        r"tidak ada pengguna \1",
        "sebutkan yang tidak berhak apa pun, misalnya nobody",
    ),
    r"(.*) is root; name a user that has no rights, .*": (
        r"\1 adalah root",
        "sebutkan pengguna yang tidak berhak apa pun, misalnya nobody",
    ),
    # exporters/actions/settings.py
    r"give the whole path: .*": ("tulis jalur lengkapnya", "sebuah BGP speaker juga membacanya"),
    r"enabled actions need a script or an announcement; .*": (
        "tindakan yang dinyalakan memerlukan script atau announcement",
        "isi salah satu, atau tulis enabled: false",
    ),
    r"(.*) is no community; write two numbers of at most (\d+), as in (.*)": (
        r"\1 bukan community",
        r"tulis dua angka paling banyak \2, misalnya \3",
    ),
    r"least_s is longer than hold_s; write at most (.*)": (
        "least_s lebih lama daripada hold_s",
        r"tulis paling banyak \1",
    ),
    # rules/traffic/*/settings.py
    r"this is no MAC address; write it as in (.*)": ("ini bukan alamat MAC", r"tulis misalnya \1"),
    r"two lists have one name; .*": ("dua daftar bernama sama", "beri nama yang berbeda"),
    r"two capacities have one name; .*": ("dua kapasitas bernama sama", "beri nama yang berbeda"),
    r"a capacity needs a number; .*": (
        "sebuah kapasitas memerlukan angka",
        "tulis bits_per_second, packets_per_second, atau connections_per_second",
    ),
    r"a capacity is of one thing; write prefix, service or link": (
        "sebuah kapasitas adalah milik satu hal",
        "tulis prefix, service, atau link",
    ),
}
