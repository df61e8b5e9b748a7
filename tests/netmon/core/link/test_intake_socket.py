"""The core's socket as a file: whose it is, who gets in, and what else may have its path."""

import asyncio
import os
import socket
import stat
import sys
import tempfile
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from netmon.api import ConfigError
from netmon.core.link import IntakeServer, SpoolingUplink
from tests.support.intake import Link, Peer
from tests.support.link import QUICK
from tests.support.waiting import eventually


async def test_the_socket_is_for_its_owner_only_and_goes_with_the_server(link: Link) -> None:
    async with link.intake():
        assert stat.S_IMODE(link.path.stat().st_mode) == 0o600
    assert not link.path.exists()


async def test_another_user_is_not_let_in_and_a_member_of_the_group_is(link: Link) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become other users")
    # The interpreter may lie where only root can run it: it starts as root and then becomes the other.
    script = (
        "import os, socket, sys; path, group, *extra = sys.argv[1:]; "
        "os.setgroups([int(one) for one in extra]); os.setgid(int(group)); os.setuid(65_534); "
        "s = socket.socket(socket.AF_UNIX); s.connect(path); s.recv(1)"
    )
    top = Path(tempfile.gettempdir())
    for parent in (link.folder, *link.folder.parents):
        if parent.is_relative_to(top) and parent != top:
            parent.chmod(0o755)

    async def visit(group: int, *extra: int) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", script, link.path, *(str(one) for one in (group, *extra))
        )
        await asyncio.wait_for(process.wait(), 10)

    short = QUICK.model_copy(update={"connect_timeout_s": 0.2})
    async with link.intake(short):
        link.path.chmod(0o666)  # as if the file system did not guard it
        await visit(65_534)
        await eventually(lambda: link.count("refused_connections_total", reason="user") == 1)
    async with link.intake(short.model_copy(update={"socket_group": "daemon"})):
        assert stat.S_IMODE(link.path.stat().st_mode) == 0o660
        await visit(65_534, 1)
        await visit(1)
        await eventually(lambda: link.count("ended_connections_total", reason="silent") == 2)
        link.path.chmod(0o666)
        await visit(65_534, 2)
        await eventually(lambda: link.count("refused_connections_total", reason="user") == 1)


async def test_a_socket_that_a_killed_daemon_left_is_taken_over(link: Link) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(link.path))
        left.listen()
    assert link.path.exists()
    async with link.intake():
        await (await Peer.welcomed(link)).close()


async def test_two_daemons_on_one_socket(link: Link) -> None:
    async with link.intake():
        with pytest.raises(ConfigError, match="another daemon listens on this socket; stop that one"):
            await IntakeServer(link.path, QUICK, link.core.take, link.core.last, CollectorRegistry()).start()
        await (await Peer.welcomed(link)).close()


async def test_paths_that_cannot_be_sockets(link: Link, tmp_path: Path) -> None:
    link.path.write_text("mine")
    with pytest.raises(ConfigError, match="something that is no socket has this path; choose another path"):
        await IntakeServer(link.path, QUICK, link.core.take, link.core.last, CollectorRegistry()).start()
    assert link.path.read_text() == "mine"
    long = tmp_path / ("x" * (108 - len(str(tmp_path)) - 1))
    assert len(str(long)) == 108
    problem = "the path of the socket is 108 bytes long; the system allows 107; choose a shorter directory for it"
    with pytest.raises(ConfigError, match=problem):
        await IntakeServer(long, QUICK, link.core.take, link.core.last, CollectorRegistry()).start()
    with pytest.raises(ConfigError, match=problem):
        await SpoolingUplink(long, tmp_path / "spool", "collector", QUICK, CollectorRegistry()).start()
    assert not (tmp_path / "spool").exists()
    link.path = long.with_name(long.name[:-1])
    async with link.intake():
        await (await Peer.welcomed(link)).close()


async def test_a_group_that_does_not_exist(link: Link) -> None:
    settings = QUICK.model_copy(update={"socket_group": "no_such_group"})
    with pytest.raises(ConfigError, match="the group 'no_such_group' that may use the socket does not exist"):
        await IntakeServer(link.path, settings, link.core.take, link.core.last, CollectorRegistry()).start()
