"""What the daemon's core says where it is put together: scopes of maintenance, what is not installed."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "scope.form": Text(
        "{scope!r} names nothing to work on; write one of {kinds}",
        "{scope!r} tidak menyebut apa yang dikerjakan; tulis salah satu dari {kinds}",
    ),
    "scope.unknown": Text(
        "the inventory has no {kind} {name!r}; {hint}",
        "inventaris tidak memiliki {kind} {name!r}; {hint}",
    ),
    "scope.see": Text(
        "`netmon check --dump` shows the names",
        "`netmon check --dump` menampilkan nama-namanya",
    ),
    "core.not_installed": Text(
        "this role needs packages that are not installed ({problem})",
        "peran ini memerlukan paket yang belum terpasang ({problem})",
    ),
    "core.not_installed.remedy": Text(
        "install them with: pip install 'netmon[core]'; or run only a poller: netmon run --role poller",
        "pasang dengan: pip install 'netmon[core]'; atau jalankan poller saja: netmon run --role poller",
    ),
}
