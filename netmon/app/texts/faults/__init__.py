"""What is wrong in a configuration, and what would be right: each row is a fault's two halves in both languages."""

from collections.abc import Iterator, Mapping
from typing import Final

from netmon.app.texts.faults.meaning import CORE, INVENTORY
from netmon.app.texts.faults.reading import FILES, PROFILES, SECRETS, YAML
from netmon.app.texts.faults.values import VALUES
from netmon.app.texts.text import Text

_PHRASES: Final[Mapping[str, Text]] = {
    "value.mapping": Text("key: value settings", "pengaturan kunci: nilai"),
    "value.list": Text("a list", "sebuah daftar"),
    "value.nothing": Text("nothing", "kosong"),
    "value.secret": Text("this secret", "rahasia ini"),
    "choose.one_of": Text("write one of: {choices}", "tulis salah satu: {choices}"),
    "choose.did_you_mean": Text("did you mean {name}?", "maksud Anda {name}?"),
    "choose.keys": Text("what can stand here: {keys}", "yang dapat ditulis di sini: {keys}"),
    "define.sites": Text(
        "define {name} below sites: in inventory/", "definisikan {name} di bawah sites: dalam inventory/"
    ),
    "define.devices": Text(
        "define {name} below devices: in inventory/", "definisikan {name} di bawah devices: dalam inventory/"
    ),
    "define.servers": Text(
        "define {name} below servers: in inventory/", "definisikan {name} di bawah servers: dalam inventory/"
    ),
    "define.links": Text(
        "define {name} below links: in inventory/", "definisikan {name} di bawah links: dalam inventory/"
    ),
    "define.applications": Text(
        "define {name} below applications: in inventory/", "definisikan {name} di bawah applications: dalam inventory/"
    ),
    "define.users": Text(
        "add {name} to basic_auth_users there, or remove it here",
        "tambahkan {name} ke basic_auth_users di sana, atau hapus di sini",
    ),
    "define.credentials": Text(
        "define {name} below credentials: in netmon.yaml", "definisikan {name} di bawah credentials: dalam netmon.yaml"
    ),
    "define.or_use": Text("{define}, or use one of: {names}", "{define}, atau gunakan salah satu: {names}"),
}


def _halves() -> Iterator[tuple[str, Text]]:
    for rows in (FILES, PROFILES, YAML, VALUES, SECRETS, INVENTORY, CORE):
        for key, row in rows.items():
            yield f"fault.{key}", Text(row.problem, row.masalah)
            yield f"fault.{key}.remedy", Text(row.remedy, row.perbaikan)


TEXTS: Final[Mapping[str, Text]] = {**dict(_halves()), **_PHRASES}
