"""What takes long is said before it begins, and done once for each state of the sources."""

from pathlib import Path

import pytest

from netmon.api import ConfigError
from netmon.app.traffic.needs import STAMP
from netmon.demo import compiled
from netmon.demo.compiled import compile_once


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return a list that grows when it is said that it takes long. What is run then is short."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiled, "_WARM", "pass")
    return []


async def test_it_is_said_and_done_once(said: list[bool], tmp_path: Path) -> None:
    for _ in range(2):
        await compile_once(lambda: said.append(True))
    assert said == [True]
    assert (tmp_path / STAMP).exists()


async def test_what_failed_is_tried_again(said: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_WARM", "raise SystemExit(3)")
    for _ in range(2):
        await compile_once(lambda: said.append(True))
    assert said == [True, True]
    assert not (tmp_path / STAMP).exists()


async def test_without_the_packages_nothing_is_begun(said: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.app.traffic.needs.PACKAGES", ("no_such_package",))
    with pytest.raises(ConfigError, match="no_such_package"):
        await compile_once(lambda: said.append(True))
    assert not said
