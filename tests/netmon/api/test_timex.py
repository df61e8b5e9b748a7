"""What adjtimex(2) says, and what becomes of it where it says nothing."""

import ctypes
import errno
import platform

import pytest

from netmon.api import timex as module
from netmon.api.timex import Timex, timex


def test_the_structure_has_the_size_that_the_kernel_writes() -> None:
    if platform.machine() in ("x86_64", "aarch64"):
        assert ctypes.sizeof(Timex) == 208


def test_the_clock_tells_how_it_ticks() -> None:
    state, said = timex()
    assert 0 <= state <= 5
    assert 9_000 <= said.tick <= 11_000  # microseconds of a hundredth of a second, which may be a tenth off


class _Refusing:
    @staticmethod
    def adjtimex(_: object) -> int:
        ctypes.set_errno(errno.EPERM)
        return -1


@pytest.mark.parametrize(("library", "number"), [(_Refusing, errno.EPERM), (object, errno.ENOSYS)])
def test_a_refusal_is_an_error_that_names_the_call(monkeypatch: pytest.MonkeyPatch, library: type, number: int) -> None:
    monkeypatch.setattr(module, "_libc", library())
    with pytest.raises(OSError, match="adjtimex") as raised:
        timex()
    assert raised.value.errno == number
