"""Finding a daemon by its configuration directory, however broken that is."""

import subprocess
import sys
from pathlib import Path

import pytest

from netmon.app.whereabouts import control_sockets, spoken, states


@pytest.mark.parametrize(
    ("text", "state", "control"),
    [
        ("state_dir: /srv/netmon\n", "/srv/netmon", "/srv/netmon/control.sock"),
        ("state_dir: state\n", "{etc}/state", "{etc}/state/control.sock"),
        ("state_dir: /a\napi:\n  control_socket: /run/n.sock\n", "/a", "/run/n.sock"),
        ("state_dir: ${SOMEWHERE}\n", "/given", "/given/control.sock"),
        ("api: 5\nstate_dir: [1]\n", "/given", "/given/control.sock"),
        ("{", "/given", "/given/control.sock"),
        ("- a", "/given", "/given/control.sock"),
        ("\x00", "/given", "/given/control.sock"),
    ],
)
def test_where_it_may_be(tmp_path: Path, text: str, state: str, control: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_STATE_DIR", "/given")
    (tmp_path / "netmon.yaml").write_text(text, encoding="utf-8")
    assert states(tmp_path) == [Path(state.format(etc=tmp_path))]
    assert control_sockets(tmp_path) == [Path(control.format(etc=tmp_path))]


def test_without_a_configuration_it_is_the_services_or_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NETMON_STATE_DIR", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", "/home/me/.state")
    assert states(tmp_path) == [Path("/var/lib/netmon"), Path("/home/me/.state/netmon")]
    monkeypatch.setenv("STATE_DIRECTORY", "/one:/two")
    assert states(tmp_path) == [Path("/one")]


@pytest.mark.parametrize(("text", "language"), [("language: id\n", "id"), ("language: de\n", None), ("", None)])
def test_the_language(tmp_path: Path, text: str, language: str | None) -> None:
    (tmp_path / "netmon.yaml").write_text(text, encoding="utf-8")
    assert spoken(tmp_path) == language


@pytest.mark.parametrize("command", ["alerts", "ack", "silence", "maintenance", "incidents"])
def test_commands_load_none_of_what_checks_settings(command: str) -> None:
    code = (
        f"import sys, netmon.app.commands.{command}; print([m for m in sys.modules if m in {{'pydantic', 'fastapi'}}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
