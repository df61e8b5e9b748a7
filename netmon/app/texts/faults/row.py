"""The form of a fault's texts."""

from typing import NamedTuple


class Row(NamedTuple):
    """What is wrong, and what would be right, in English and in Indonesian."""

    problem: str
    remedy: str
    masalah: str
    perbaikan: str


def duplicate(thing: str, hal: str) -> Row:
    """Return the fault of a second thing that is called the same."""
    return Row(
        f"{thing} {{value}} is there already, at {{where}}",
        "remove one of them or give it another name",
        f"{hal} {{value}} sudah ada, di {{where}}",
        "hapus salah satu atau beri nama lain",
    )


def unknown(thing: str, hal: str) -> Row:
    """Return the fault of a name that nothing has."""
    return Row(f"there is no {thing} {{value}}", "{remedy}", f"tidak ada {hal} {{value}}", "{remedy}")
