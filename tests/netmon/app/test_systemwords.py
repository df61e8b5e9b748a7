"""The system's own words for what went wrong, in the user's language."""

import errno
import os
from pathlib import Path

import pytest

from netmon.app.systemwords import translated, why
from netmon.app.text import speaking
from netmon.app.texts.system import in_indonesian


def _refused(path: Path) -> OSError:
    with pytest.raises(OSError, match="Errno") as caught:
        path.read_bytes()
    return caught.value


def test_a_reason_is_told_in_the_language_in_use(tmp_path: Path) -> None:
    for path, en, indonesian in (
        (tmp_path / "none", "No such file or directory", "berkas atau direktori tidak ada"),
        (tmp_path, "Is a directory", "ini direktori"),
    ):
        error = _refused(path)
        with speaking("en"):
            assert why(error) == en
        with speaking("id"):
            assert why(error) == indonesian
            assert translated(str(error)) == str(error).replace(en, indonesian)


@pytest.mark.parametrize(
    "number",
    [
        *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EISDIR, errno.EADDRINUSE, errno.ENODEV),
        *(errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.ECONNREFUSED, errno.EROFS, errno.EMFILE),
    ],
)
def test_what_people_meet_has_words(number: int) -> None:
    assert in_indonesian(os.strerror(number)) != os.strerror(number)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("cannot listen (Permission denied)", "cannot listen (tidak ada izin)"),
        ("vm: No space left on device; remove", "vm: tidak ada ruang lagi di disk; remove"),
        ("[Errno 2] No such file or directory: '/a'", "[Errno 2] berkas atau direktori tidak ada: '/a'"),
        ("/srv/Permission denied.pcap", "/srv/Permission denied.pcap"),
        ("File existsence", "File existsence"),
    ],
)
def test_other_words_stay(said: str, told: str) -> None:
    assert in_indonesian(said) == told


def test_what_is_no_words_of_the_system_stays() -> None:
    with speaking("id"):
        assert why(ValueError("not this\nat all")) == "not this"
