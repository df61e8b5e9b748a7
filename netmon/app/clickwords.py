"""The command line library's own sentences in Indonesian. It looks them up by their English text, as gettext does.

It offers no way to give it a catalog of one's own, so its lookups are replaced. What is not in the table, or is worded
otherwise in another version of it, stays English.
"""

import gettext
from collections.abc import Mapping
from typing import Final

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from netmon.app.text import language

_MODULES: Final = (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types)

INDONESIAN: Final[Mapping[str, str]] = {
    "Aborted!": "Dibatalkan!",
    "Commands": "Perintah",
    "Error: {message}": "Galat: {message}",
    "Invalid value for {param_hint}: {message}": "Nilai salah untuk {param_hint}: {message}",
    "Invalid value: {message}": "Nilai salah: {message}",
    "Missing argument": "Argumen kurang",
    "Missing command.": "Perintah belum disebut.",
    "Missing option": "Opsi kurang",
    "No such command {name!r}.": "Tidak ada perintah {name!r}.",
    "No such option {name!r}.": "Tidak ada opsi {name!r}.",
    "Option {name!r} does not take a value.": "Opsi {name!r} tidak memakai nilai.",
    "Option {name!r} requires an argument.": "Opsi {name!r} memerlukan nilai.",
    "Options": "Opsi",
    "Show this message and exit.": "Tampilkan pesan ini lalu keluar.",
    "Try '{command} {option}' for help.": "Coba '{command} {option}' untuk bantuan.",
    "Usage:": "Pemakaian:",
    "default: {default}": "bawaan: {default}",
    # Its kinds of numbers (integer, float range) come with their English names: this does without them.
    "{value!r} is not a valid {number_type}.": "{value!r} bukan bilangan yang dapat dipakai di sini.",
    "{value!r} is not one of {choices}.": "{value!r} tidak termasuk {choices}.",
    "{value} is not in the range {range}.": "{value} di luar rentang {range}.",
    "(Did you mean one of: {possibilities}?)": "(Maksud Anda salah satu dari: {possibilities}?)",
    "Did you mean {possibility}?": "Maksud Anda {possibility}?",
}


def install() -> None:
    """Have the library ask here, each time that it says something; safe to call twice."""
    for module in _MODULES:
        for name, lookup in (("_", _text), ("ngettext", _number)):
            if hasattr(module, name):
                setattr(module, name, lookup)


def _text(message: str) -> str:
    return INDONESIAN.get(message, message) if language() == "id" else gettext.gettext(message)


def _number(one: str, many: str, count: int) -> str:
    message = one if count == 1 else many
    return INDONESIAN.get(message, message) if language() == "id" else gettext.ngettext(one, many, count)
