"""Where flows cannot be kept is told at once, by the rights that are left after others were given up."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporters.flowstore.disk import writable
from tests.support.kept_flows import kept, record

NOBODY = 65_534


@contextmanager
def ordinary() -> Iterator[None]:
    """Be an ordinary user for a while, if we are root."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a directory that everybody may enter and write to."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o777)
    yield made
    for each in [made, *made.rglob("*")]:
        each.chmod(0o700)
    shutil.rmtree(made)


def asked(directory: Path) -> str | None:
    with ordinary():
        return writable(directory)


def test_a_place_that_takes_files(place: Path) -> None:
    assert asked(place) is None
    assert asked(place / "not" / "there" / "yet") is None
    assert list(place.iterdir()) == []


def test_a_parent_that_cannot_be_entered(place: Path) -> None:
    closed = place / "closed"
    (closed / "flows").mkdir(parents=True)
    closed.chmod(0o600)
    assert asked(closed / "flows") == f"{closed} cannot be entered"
    assert asked(closed / "others" / "deeper") == f"{closed} cannot be entered"


def test_a_place_that_takes_nothing(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir()
    closed.chmod(0o111)
    assert asked(closed) == f"nothing can be made in {closed}"
    closed.chmod(0o555)
    assert asked(closed) == f"nothing can be made in {closed}"
    assert asked(closed / "flows") == f"nothing can be made in {closed}"


def test_a_file_in_the_way(place: Path) -> None:
    (place / "flows").write_text("x")
    assert asked(place / "flows") == f"{place / 'flows'} is no directory"
    assert asked(place / "flows" / "deeper") == f"{place / 'flows'} is no directory"


def test_a_store_that_another_user_wrote(place: Path) -> None:
    directory = kept(place / "flows", record())
    directory.chmod(0o777)
    (directory / "lock").chmod(0o400)
    assert asked(directory) == f"{directory / 'lock'} is somebody else's"
    (directory / "lock").chmod(0o666)
    (hour,) = directory.glob("2025*")
    hour.chmod(0o555)
    assert asked(directory) == f"nothing can be made in {hour}"
    hour.chmod(0o777)
    assert asked(directory) is None
