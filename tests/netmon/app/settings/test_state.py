import stat
from pathlib import Path

import pytest

from netmon.api import ConfigError
from netmon.app.settings import Inventory, NetmonSettings, Settings, state_directory


def having(state_dir: Path | None) -> Settings:
    return Settings(Path(), NetmonSettings(state_dir=state_dir), Inventory())


def test_the_setting_comes_first_then_the_environment(tmp_path: Path) -> None:
    environment = {
        "NETMON_STATE_DIR": str(tmp_path / "ours"),
        "STATE_DIRECTORY": f"{tmp_path / 'systemd'}:{tmp_path / 'other'}",
        "XDG_STATE_HOME": str(tmp_path / "xdg"),
        "HOME": str(tmp_path / "home"),
    }
    assert state_directory(having(tmp_path / "set"), environment) == tmp_path / "set"
    for name, expected in (
        ("NETMON_STATE_DIR", "ours"),
        ("STATE_DIRECTORY", "systemd"),
        ("XDG_STATE_HOME", "xdg/netmon"),
        ("HOME", "home/.local/state/netmon"),
    ):
        assert state_directory(having(None), environment) == tmp_path / expected
        del environment[name]


def test_it_is_made_for_us_alone_and_left_as_it_is_where_it_exists(tmp_path: Path) -> None:
    path = state_directory(having(tmp_path / "a" / "state"), {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    path.chmod(0o750)
    assert state_directory(having(path), {}) == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert list(path.iterdir()) == []


def test_where_a_file_stands_it_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as caught:
        state_directory(having(tmp_path / "file" / "state"), {})
    assert str(caught.value) == (
        f"{tmp_path}/file/state: the state directory cannot be made (Not a directory); "
        "set state_dir or NETMON_STATE_DIR to a directory that this user may write"
    )


def test_where_nobody_can_write_it_says_so() -> None:
    with pytest.raises(
        ConfigError, match=r"^/proc: the state directory cannot be written \(.+\); change its owner, or"
    ):
        state_directory(having(Path("/proc")), {})
