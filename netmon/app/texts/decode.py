"""What `netmon decode` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.decode.short": Text("show one packet of a capture file", "menampilkan satu paket dari berkas rekaman"),
    "decode.help": Text(
        "Show one packet of a capture file (pcap or pcapng, also gzip or zstd, - for standard input): its layers and "
        "fields as scapy reads them, the octets beside, and the record that netmon made of it.",
        "Tampilkan satu paket dari berkas rekaman (pcap atau pcapng, juga gzip atau zstd, - untuk masukan standar): "
        "lapisan dan isinya menurut scapy, oktetnya di samping, dan rekaman yang dibuat netmon darinya.",
    ),
    "decode.examples": Text(
        "\b\nExamples:\n"
        "  netmon decode office.pcap --packet 3\n"
        "  tcpdump -w - -c 10 | netmon decode - --packet 10 --json\n\n"
        "Exit status: 0 shown, 2 the file cannot be read or has no such packet.",
        "\b\nContoh:\n"
        "  netmon decode office.pcap --packet 3\n"
        "  tcpdump -w - -c 10 | netmon decode - --packet 10 --json\n\n"
        "Status keluar: 0 ditampilkan, 2 berkas tidak terbaca atau paketnya tidak ada.",
    ),
    "decode.option.packet": Text("Which packet, counted from 1.", "Paket ke berapa, dihitung dari 1."),
    "decode.option.json": Text("As one JSON object.", "Sebagai satu objek JSON."),
    "decode.option.tunnels": Text(
        "Have netmon's record look inside GRE, VXLAN, Geneve and IP in IP.",
        "Rekaman netmon melihat ke dalam GRE, VXLAN, Geneve, dan IP dalam IP.",
    ),
    "decode.none": Text(
        "there is no packet {number}: it holds {count}",
        "tidak ada paket {number}: isinya {count}",
    ),
    "decode.none.remedy": Text("give --packet a number from 1 to {count}", "beri --packet angka dari 1 sampai {count}"),
    "decode.none.empty": Text("give a capture that holds packets", "beri rekaman yang berisi paket"),
    "decode.stopped": Text(
        "it could not be read to its end (octet {octet}: {why})",
        "tidak terbaca sampai akhir (oktet {octet}: {why})",
    ),
    "decode.title": Text(
        "packet {number} of {file}: {time}, {captured} of {wire} octets captured, link type {link}",
        "paket {number} dari {file}: {time}, {captured} dari {wire} oktet terekam, jenis tautan {link}",
    ),
    "decode.unread": Text(
        "scapy could not read it: {problem}",
        "scapy tidak dapat membacanya: {problem}",
    ),
    "decode.record": Text("netmon's record: {verdict}", "Rekaman netmon: {verdict}"),
    "decode.verdict.OK": Text("well-formed", "tersusun benar"),
    "decode.verdict.NOT_IP": Text("well-formed, but not IP", "tersusun benar, tetapi bukan IP"),
    "decode.verdict.SHORT_LINK": Text(
        "it ends inside its link layer header, tags or labels",
        "berakhir di dalam kepala lapisan tautan, tag, atau labelnya",
    ),
    "decode.verdict.BAD_NETWORK": Text(
        "its IP header cannot be, ends early, or claims more octets than there were",
        "kepala IP-nya mustahil, berakhir terlalu dini, atau mengaku lebih panjang dari yang ada",
    ),
    "decode.verdict.BAD_EXTENSION": Text(
        "an IPv6 extension header cannot be, ends early, or is one too many",
        "kepala ekstensi IPv6 mustahil, berakhir terlalu dini, atau terlalu banyak",
    ),
    "decode.verdict.SHORT_TRANSPORT": Text(
        "it ends inside the transport's header",
        "berakhir di dalam kepala lapisan transport",
    ),
    "decode.verdict.BAD_TRANSPORT": Text(
        "its transport header cannot be",
        "kepala lapisan transportnya mustahil",
    ),
    "decode.verdict.BAD_TUNNEL": Text(
        "the packet inside the tunnel cannot be read; the addresses are the outer ones",
        "paket di dalam terowongan tidak terbaca; alamatnya milik paket luar",
    ),
    "decode.verdict.UNKNOWN_LINK": Text(
        "a link type that netmon does not decode",
        "jenis tautan yang tidak diuraikan netmon",
    ),
}
