"""What people read about causes and risks, in English and Indonesian. Data: `words` fills it in."""

from collections.abc import Mapping
from typing import Final

Texts = Mapping[str, str]  # language → text

LANGUAGES: Final = ("en", "id")


def _texts(en: str, id_: str) -> Texts:
    return {"en": en, "id": id_}


TITLES: Final[Mapping[str, Texts]] = {
    "link cut": _texts(
        "Fiber {name} is cut between {a} and {b}{where}", "Serat {name} putus antara {a} dan {b}{where}"
    ),
    "link maybe cut": _texts(
        "Fiber {name} is probably cut between {a} and {b}{where}",
        "Serat {name} kemungkinan putus antara {a} dan {b}{where}",
    ),
    "link one way": _texts(
        "Fiber {name} carries no light from {sender} to {receiver}{where}",
        "Serat {name} tidak membawa cahaya dari {sender} ke {receiver}{where}",
    ),
    "link transmitter": _texts(
        "The transmitter of {sender} on fiber {name} to {receiver} has failed",
        "Pemancar {sender} pada serat {name} ke {receiver} rusak",
    ),
    "link port": _texts(
        "Link {name} between {a} and {b} is down, though its fiber carries light",
        "Tautan {name} antara {a} dan {b} mati, padahal seratnya membawa cahaya",
    ),
    "link weak": _texts(
        "Fiber {name} between {a} and {b} carries too little light{where}",
        "Cahaya di serat {name} antara {a} dan {b} terlalu lemah{where}",
    ),
    "link falling": _texts(
        "Fiber {name} between {a} and {b} is losing light{where}",
        "Cahaya di serat {name} antara {a} dan {b} terus melemah{where}",
    ),
    "uplink down": _texts("The connection of {b} to {a}{port} is down", "Sambungan {b} ke {a}{port} mati"),
    "uplink weak": _texts(
        "The connection of {b} to {a}{port} carries too little light",
        "Cahaya di sambungan {b} ke {a}{port} terlalu lemah",
    ),
    "uplink falling": _texts(
        "The connection of {b} to {a}{port} is losing light",
        "Cahaya di sambungan {b} ke {a}{port} terus melemah",
    ),
    "device": _texts("Device {name} has failed or has no power", "Perangkat {name} rusak atau tanpa listrik"),
    "maybe device": _texts(
        "Device {name} cannot be reached: it has probably failed",
        "Perangkat {name} tidak terjangkau: kemungkinan rusak atau tanpa listrik",
    ),
    "silent device": _texts(
        "Device {name} does not answer, though its ports are up",
        "Perangkat {name} tidak menjawab, padahal portnya hidup",
    ),
    "server": _texts("Server {name} has failed or has no power", "Server {name} rusak atau tanpa listrik"),
    "maybe server": _texts(
        "Server {name} cannot be reached: it has probably failed",
        "Server {name} tidak terjangkau: kemungkinan rusak atau tanpa listrik",
    ),
    "mute device": _texts(
        "Device {name} does not answer, though nobody sees its links down",
        "Perangkat {name} tidak menjawab, padahal tautannya tidak dilaporkan mati",
    ),
    "mute server": _texts(
        "Server {name} does not answer, though nobody sees its links down",
        "Server {name} tidak menjawab, padahal tautannya tidak dilaporkan mati",
    ),
    "silent server": _texts(
        "Server {name} does not answer, though its port is up",
        "Server {name} tidak menjawab, padahal portnya hidup",
    ),
    "application": _texts(
        "Application {name} does not work, though its servers do",
        "Aplikasi {name} tidak berfungsi, padahal servernya hidup",
    ),
    "site": _texts("Site {name} has no power", "Lokasi {name} tanpa listrik"),
    "weak site": _texts("Site {name} has lost its mains power", "Listrik PLN di lokasi {name} padam"),
}

ELEMENTS: Final[Mapping[str, Texts]] = {
    "link": _texts("fiber {name} between {a} and {b}", "serat {name} antara {a} dan {b}"),
    "uplink": _texts("the connection of {b} to {a}{port}", "sambungan {b} ke {a}{port}"),
    "device": _texts("device {name}", "perangkat {name}"),
    "server": _texts("server {name}", "server {name}"),
    "application": _texts("application {name}", "aplikasi {name}"),
    "site": _texts("the power of site {name}", "listrik di lokasi {name}"),
}

WHERE: Final = _texts("{km} km", "{km} km")
JOINT: Final = _texts("joint at {km} km", "sambungan di km {km}")
JOINTS: Final = _texts("joints at {kms} and {km} km", "sambungan di km {kms} dan {km}")

WHY: Final[Mapping[str, Texts]] = {
    "both ends": _texts("Both ends say that the port is down.", "Kedua ujung melaporkan portnya mati."),
    "one end": _texts("{node} says that its port is down.", "{node} melaporkan portnya mati."),
    "dark around": _texts(
        "It does not answer, and its neighbours say that the ports to it are down.",
        "Tidak menjawab, dan tetangganya melaporkan port ke arahnya mati.",
    ),
    "no word": _texts(
        "It does not answer; of its ports nothing is known.",
        "Tidak menjawab; keadaan portnya tidak diketahui.",
    ),
    "border": _texts(
        "What lies behind it does not answer; of its ports nothing is known yet.",
        "Semua di belakangnya tidak menjawab; keadaan portnya belum diketahui.",
    ),
    "all dark": _texts(
        "Its mains are gone, and everything there is dark.", "Listriknya padam, dan semua di sana mati."
    ),
    "mains": _texts("Its UPS runs on battery.", "UPS-nya memakai baterai."),
    "light": _texts("A port receives too little light.", "Sebuah port menerima cahaya terlalu lemah."),
    "light at both ends": _texts("Both ends receive too little light.", "Kedua ujung menerima cahaya terlalu lemah."),
    "falling": _texts(
        "The light that {node} receives is falling towards its limit.",
        "Cahaya yang diterima {node} terus melemah menuju batasnya.",
    ),
    "falling at both ends": _texts(
        "The light that both ends receive is falling towards its limit.",
        "Cahaya yang diterima kedua ujung terus melemah menuju batasnya.",
    ),
    "or": _texts("It may also be {others}.", "Mungkin juga {others}."),
    "isolated": _texts("Unreachable because of it: {names}.", "Tidak terjangkau karenanya: {names}."),
    "more": _texts("{names} and {count} more", "{names} dan {count} lainnya"),
}

LIGHT: Final[Mapping[str, Texts]] = {
    "cut": _texts("Both fibers of the pair are dark: the cable is cut.", "Kedua serat gelap: kabel putus."),
    "possible cut": _texts(
        "{receiver} receives no light from {sender}; of the other direction nothing is known.",
        "{receiver} tidak menerima cahaya dari {sender}; arah sebaliknya tidak diketahui.",
    ),
    "broke": _texts(
        "Both fibers are dark, and their light had fallen before: a bend or a damaged splice has given way.",
        "Kedua serat gelap, dan cahayanya sudah melemah sebelumnya: tekukan atau sambungan rusak akhirnya putus.",
    ),
    "one_fiber": _texts(
        "{receiver} receives no light, though {sender} sends: that one fiber of the pair, or its connectors.",
        "{receiver} tidak menerima cahaya, padahal {sender} memancar: satu serat itu, atau konektornya.",
    ),
    "transmitter": _texts(
        "The laser of {sender} sends too little: replace its transceiver.",
        "Laser {sender} memancar terlalu lemah: ganti transceivernya.",
    ),
    "fiber_or_transmitter": _texts(
        "Only {receiver} receives no light: the fiber from {sender}, or the transceiver of {sender}.",
        "Hanya {receiver} yang tidak menerima cahaya: serat dari {sender}, atau transceiver {sender}.",
    ),
    "bend": _texts(
        "Light fell in both directions{by}: likely a bend or a damaged splice.",
        "Cahaya melemah di kedua arah{by}: kemungkinan tekukan atau sambungan rusak.",
    ),
    "connector": _texts(
        "{receiver} receives less light{by}, though {sender} sends as before: likely a dirty connector.",
        "{receiver} menerima cahaya lebih lemah{by}, padahal {sender} memancar seperti biasa: "
        "kemungkinan konektor kotor.",
    ),
    "connector_or_transmitter": _texts(
        "Only {receiver} receives less light{by}: a dirty connector, or the laser of {sender} ages.",
        "Hanya {receiver} yang menerima cahaya lebih lemah{by}: konektor kotor, atau laser {sender} menua.",
    ),
    "possible connector_or_transmitter": _texts(
        "{receiver} receives less light from {sender}{by}; of the other direction nothing is known.",
        "{receiver} menerima cahaya lebih lemah dari {sender}{by}; arah sebaliknya tidak diketahui.",
    ),
    "power": _texts(
        "{receiver} receives no light from {sender}, which does not answer: it may be without power.",
        "{receiver} tidak menerima cahaya dari {sender} yang tidak menjawab: mungkin tanpa listrik.",
    ),
    "port": _texts(
        "Light arrives as before: look at the ports and their settings, not at the fiber.",
        "Cahaya tiba seperti biasa: periksa port dan setelannya, bukan seratnya.",
    ),
    "by": _texts(" by {db} dB", " sebesar {db} dB"),
}

RISKS: Final[Mapping[str, Texts]] = {
    "stretch": _texts(
        "Redundancy lost: one more cut between {a} and {b} isolates {most}{whom}",
        "Redundansi hilang: satu putus lagi antara {a} dan {b} mengisolasi {most}{whom}",
    ),
    "node": _texts(
        "Redundancy lost: if {a} fails, that isolates {whom}",
        "Redundansi hilang: jika {a} mati, terisolasi {whom}",
    ),
    "most": _texts("up to ", "hingga "),
    "offices": _texts("{n} offices", "{n} kantor"),
    "office": _texts("one office", "satu kantor"),
    "devices": _texts("{n} devices", "{n} perangkat"),
    "device": _texts("one device", "satu perangkat"),
    "servers": _texts("{n} servers", "{n} server"),
    "server": _texts("one server", "satu server"),
}
