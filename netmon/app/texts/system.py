"""In Indonesian what the operating system says went wrong (errno(3)): the numbers that a person meets."""

import os
import re
from collections.abc import Mapping
from errno import (
    EACCES,
    EADDRINUSE,
    EADDRNOTAVAIL,
    EBUSY,
    ECONNREFUSED,
    ECONNRESET,
    EDQUOT,
    EEXIST,
    EFBIG,
    EHOSTUNREACH,
    EINVAL,
    EIO,
    EISDIR,
    ELOOP,
    EMFILE,
    ENAMETOOLONG,
    ENETDOWN,
    ENETUNREACH,
    ENFILE,
    ENODEV,
    ENOENT,
    ENOMEM,
    ENOSPC,
    ENOTDIR,
    ENXIO,
    EPERM,
    EPIPE,
    EROFS,
    ETIMEDOUT,
)
from typing import Final

_NUMBERS: Final[Mapping[int, str]] = {
    ENOENT: "berkas atau direktori tidak ada",
    EACCES: "tidak ada izin",
    EPERM: "tidak diizinkan",
    EEXIST: "sudah ada",
    EISDIR: "ini direktori",
    ENOTDIR: "bukan direktori",
    ENAMETOOLONG: "nama terlalu panjang",
    ELOOP: "terlalu banyak tautan simbolik",
    ENOSPC: "tidak ada ruang lagi di disk",
    EDQUOT: "kuota disk habis",
    EFBIG: "berkas terlalu besar",
    EROFS: "sistem berkas hanya dapat dibaca",
    EIO: "kesalahan pada perangkat penyimpanan",
    EBUSY: "sedang dipakai",
    EMFILE: "terlalu banyak berkas terbuka",
    ENFILE: "terlalu banyak berkas terbuka di sistem ini",
    ENOMEM: "memori tidak cukup",
    EINVAL: "nilai tidak dapat diterima sistem",
    ENODEV: "perangkat tidak ada",
    ENXIO: "perangkat atau alamat tidak ada",
    EADDRINUSE: "alamat sudah dipakai",
    EADDRNOTAVAIL: "alamat ini bukan milik mesin ini",
    ENETDOWN: "jaringan mati",
    ENETUNREACH: "jaringan tidak terjangkau",
    EHOSTUNREACH: "mesin itu tidak terjangkau",
    ECONNREFUSED: "sambungan ditolak",
    ECONNRESET: "sambungan diputus oleh seberang",
    ETIMEDOUT: "tidak ada jawaban tepat waktu",
    EPIPE: "seberang sudah menutup",
}
_WORDS: Final[Mapping[str, str]] = {os.strerror(number): text for number, text in _NUMBERS.items()}
# Only where they stand for themselves, and not as a part of a file's name.
_SAID: Final = re.compile(rf"(?:(?<=^)|(?<=: )|(?<=\] )|(?<=\())({'|'.join(map(re.escape, _WORDS))})(?=$|[:;,)\n])")


def in_indonesian(said: str) -> str:
    """Return a text with the system's words in Indonesian; what else is in it stays."""
    return _SAID.sub(lambda match: _WORDS[match[1]], said)
