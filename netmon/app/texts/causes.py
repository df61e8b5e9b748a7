"""What is said about causes: in lists of incidents and alerts, and by `netmon check` of where netmon stands."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "causes.effects": Text("+{count} effects", "+{count} akibat"),
    "causes.effect": Text("+1 effect", "+1 akibat"),
    "causes.effect_of": Text("← {cause}", "← {cause}"),
    "causes.heading": Text("Effects of the cause", "Akibat dari penyebab itu"),
    "causes.because": Text("Root cause: {cause}. {why}", "Akar masalah: {cause}. {why}"),
    "causes.stands.site": Text(
        "Where netmon stands: {node} has no uplinks, so it is taken to be connected to {device}; if that is wrong, "
        "give it its uplinks in the inventory",
        "Posisi netmon: {node} tidak memiliki uplinks, jadi dianggap terhubung ke {device}; bila keliru, isi "
        "uplinks-nya di inventaris",
    ),
    "causes.stands.device": Text(
        "Where netmon stands: no server has `collector: host`, so it is taken to stand at {device}; if that is wrong, "
        "add the server that it runs on, with its uplinks, to the inventory",
        "Posisi netmon: tidak ada server dengan `collector: host`, jadi dianggap berada di {device}; bila keliru, "
        "tambahkan server tempat netmon berjalan, dengan uplinks-nya, ke inventaris",
    ),
}
