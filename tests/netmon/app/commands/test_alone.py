"""`netmon sensor` and `netmon flow-collector` by themselves: what they refuse, and how they say it."""

import os
from pathlib import Path

import pytest

from netmon.api import ConfigError
from netmon.app.catalog import Role
from netmon.app.commands.alone import only_flows, own_place, say_closed
from netmon.app.settings import Settings
from netmon.app.settings.inventory import Inventory
from netmon.app.settings.model import NetmonSettings
from tests.support.command import netmon


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_directory_with_other_things_is_not_given_to_another_user(tmp_path: Path, what: str) -> None:
    other = tmp_path / "lib"
    if what == "file":
        other.write_text("somebody's")
    else:
        other.mkdir()
    with pytest.raises(ConfigError, match="holds other things than flows"):
        only_flows(tmp_path)


def test_a_store_an_empty_directory_and_a_new_one_are_taken(tmp_path: Path) -> None:
    store = tmp_path / "store"
    only_flows(store)
    store.mkdir()
    only_flows(store)
    (store / "lock").touch()
    (store / "2026-11-22T10").mkdir()
    only_flows(store)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
@pytest.mark.parametrize("others", [False, True])
def test_a_state_directory_of_its_own_can_be_passed_by_who_the_sensor_becomes(tmp_path: Path, others: bool) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    if others:
        (state / "ledger").mkdir()
    settings = Settings(tmp_path, NetmonSettings(state_dir=state), Inventory())
    place = own_place(state, settings, "nobody", Role.SENSOR)
    assert place.stat().st_mode & 0o777 == 0o700
    assert state.stat().st_mode & 0o777 == (0o700 if others else 0o711)


def test_it_is_said_at_the_start_where_nothing_can_be_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say_closed(tmp_path)
    assert capsys.readouterr().err == ""
    (tmp_path / "state").touch()
    say_closed(tmp_path / "state" / "sensor")
    assert f"{tmp_path / 'state'} is no directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("flow-collector", "--listen", "tap://127.0.0.1:2055"),
            "command line: 'tap://127.0.0.1:2055' is no address",
        ),
        (("flow-collector", "--listen", "udp://127.0.0.1:0", "--allow", "10.0.0.0/33"), "10.0.0.0/33"),
        pytest.param(
            ("sensor", "--interface", "lo", "--filter", "no such port"),
            "filter",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="a filter is compiled for a socket that only root gets"),
        ),
    ],
)
def test_what_the_command_line_has_wrong_is_said_once_and_plainly(
    tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    done = netmon(*options, "--for", "1", NETMON_STATE_DIR=str(tmp_path))
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert told in done.stderr
    assert "pydantic" not in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.parametrize("command", ["sensor", "flow-collector"])
def test_nothing_to_listen_at_is_a_matter_of_usage(tmp_path: Path, command: str) -> None:
    done = netmon(command, "--for", "1", NETMON_STATE_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "--help" in done.stderr


@pytest.mark.parametrize("command", ["sensor", "flow-collector"])
def test_a_configuration_s_language_is_spoken(tmp_path: Path, command: str) -> None:
    (tmp_path / "inventory").mkdir()
    said = {}
    for language in ("en", "id"):
        (tmp_path / "netmon.yaml").write_text(f"language: {language}\n", encoding="ascii")
        chosen, by_environment = (
            netmon(command, "--config", str(tmp_path), "--for", "1", NETMON_LANG=word, LC_ALL="C")
            for word in ("", language)
        )
        assert chosen.returncode == 2
        # A matter of usage, or for who has no rights of those; what stands before it are click's own words.
        said[language], told = (done.stderr.splitlines()[-1].partition(": ")[2] for done in (chosen, by_environment))
        assert said[language] == told
    assert said["en"] != said["id"]


def test_addresses_of_the_command_line_leave_the_rest_of_the_section(tmp_path: Path) -> None:
    (tmp_path / "inventory").mkdir()
    flows = "traffic: {flows: {listen: ['udp://127.0.0.1:1'], allow: [10.20.0.0/16]}}\n"
    (tmp_path / "netmon.yaml").write_text(flows, encoding="ascii")
    words = ("flow-collector", "--listen", "udp://127.0.0.1:0", "--for", "1", "--user", "")
    heard = netmon(*words, "--config", str(tmp_path), NETMON_STATE_DIR=str(tmp_path / "state"))
    everybody = netmon(*words, NETMON_STATE_DIR=str(tmp_path / "state"))
    assert (heard.returncode, everybody.returncode) == (0, 0), heard.stderr + everybody.stderr
    assert "from everybody" in everybody.stderr
    assert "from everybody" not in heard.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="a filter is compiled for a socket that only root gets")
def test_an_interface_of_the_command_line_keeps_what_is_configured_of_it(tmp_path: Path) -> None:
    (tmp_path / "inventory").mkdir()
    sensors = "traffic: {sensors: [{interface: lo, filter: no such port}]}\n"
    (tmp_path / "netmon.yaml").write_text(sensors, encoding="ascii")
    words = ("sensor", "--config", str(tmp_path), "--interface", "lo", "--for", "1", "--user", "")
    done = netmon(*words, NETMON_STATE_DIR=str(tmp_path / "state"))
    assert done.returncode == 2
    assert "no such port" in done.stderr
    assert netmon(*words, "--filter", "port 9", NETMON_STATE_DIR=str(tmp_path / "state")).returncode == 0
