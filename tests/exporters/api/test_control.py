"""The control socket: who is let in, and under which name."""

import asyncio
import os
import pwd
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from exporters.api.control import ControlSocket, who
from netmon.api import ConfigError
from tests.support.api import Api

ME = pwd.getpwuid(os.geteuid()).pw_name
SILENCE = {"matchers": [{"name": "instance", "value": "sw-1"}], "duration_s": 60, "reason": "work"}


@asynccontextmanager
async def serving(path: Path, group: str | None = None) -> AsyncIterator[Api]:
    api = Api()
    control = ControlSocket(api.app, path, group)
    await control.start()
    try:
        yield api
    finally:
        await control.stop()


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def client(path: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path)), base_url="http://netmon")


async def test_the_daemons_own_user_acts_under_its_system_name(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path) as api, client(path) as asker:
        made = await asker.post("/api/v1/silences", json=SILENCE)
        assert (made.status_code, made.json()["author"]) == (201, ME)
        you = (await asker.get("/api/v1/status")).json()["you"]
        assert you == {"name": ME, "roles": ["operator", "auditor", "sender"]}
        assert api.desk.silences()[0].author == ME
        assert (await asker.get("/api/v1/history")).status_code == 200


async def test_only_owner_and_group_reach_it_and_it_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path):
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o660
        assert left_in(tmp_path) == ["control.sock"]
    assert left_in(tmp_path) == []


async def test_a_socket_that_a_killed_daemon_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    (tmp_path / "control.sock.new").touch()
    path.touch()
    async with serving(path), client(path) as asker:
        assert (await asker.get("/api/v1/status")).status_code == 200


async def test_constructors_are_inert_and_stop_comes_twice(tmp_path: Path) -> None:
    control = ControlSocket(Api().app, tmp_path / "control.sock")
    await control.stop()
    assert left_in(tmp_path) == []
    await control.start()
    await control.stop()
    await control.stop()


async def test_what_a_client_says_of_itself_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with serving(path), client(path) as asker:
        headers = {"x-remote-user": "oki", "authorization": "Basic b2tpOng="}
        assert (await asker.get("/api/v1/status", headers=headers)).json()["you"]["name"] == ME


ASK = """
import http.client, os, socket, sys
path, uid = sys.argv[1:]
os.setgroups([])
os.setgid(int(uid)); os.setuid(int(uid))
sock = socket.socket(socket.AF_UNIX); sock.connect(path)
connection = http.client.HTTPConnection("x"); connection.sock = sock
connection.request("GET", "/api/v1/status")
answer = connection.getresponse()
print(answer.status, answer.read().decode())
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that everybody may enter; pytest's own are closed."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as somebody else")
async def test_others_are_refused_and_told_what_to_do(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    path = open_folder / "control.sock"
    async with serving(path):
        path.chmod(0o666)  # the rights alone would let them in
        said = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", ASK, str(path), str(nobody.pw_uid)],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    assert said.stdout.startswith("403 "), said
    assert "nobody may not use the control socket" in said.stdout
    assert "api.control_group" in said.stdout


def test_members_of_a_group() -> None:
    import grp

    own = grp.getgrgid(os.getegid()).gr_name
    assert who(os.geteuid(), os.getegid(), own) == (ME, True)
    assert who(os.geteuid(), os.getegid(), "no-such-group") == (ME, False)
    assert who(os.geteuid(), os.getegid(), None) == (ME, False)
    assert who(3_999_999_999, 1, own) == ("uid 3999999999", False)


@pytest.mark.parametrize(
    ("path", "group", "said"),
    [
        ("no/such/folder/s", None, "the control socket cannot be made: No such file or directory; make its directory"),
        ("x" * 120, None, "the name is longer than 107 bytes; choose a shorter one"),
        ("s", "no-such-group", "there is no group 'no-such-group'; make it"),
    ],
)
async def test_a_socket_that_cannot_be_made(tmp_path: Path, path: str, group: str | None, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await ControlSocket(Api().app, tmp_path / path, group).start()
    assert said in str(caught.value)
