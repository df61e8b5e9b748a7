"""Sender and sensor as processes: in a namespace of their own and gone afterwards, or a word why they cannot be."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml

from netmon.app.settings import load_directory
from netmon.demo.packets.stage import CannotShowError, Happened, Stage
from netmon.demo.run import SECRETS
from tests.support import demo
from tests.support.netns import lan


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("NETMON_LANG", "en")
    environment = {**SECRETS, "NETMON_STATE_DIR": str(tmp_path / "state")}
    with patch.dict(os.environ, environment):
        (tmp_path / "state").mkdir()
        yield Stage(load_directory(demo.moved(tmp_path / "demo", traffic=True)), lambda _: None)


@pytest.fixture
def namespaces() -> None:
    """Skip where no namespace can be made."""
    with lan("a", "b"):
        pass


def network_of(pid: int) -> int:
    return Path(f"/proc/{pid}/ns/net").stat().st_ino


def children_of_ours() -> set[int]:
    found = set()
    for each in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if int((each / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(each.name))
    return found


@pytest.mark.usefixtures("namespaces")
async def test_both_run_in_a_namespace_of_their_own_and_are_gone_afterwards(stage: Stage) -> None:
    before = children_of_ours()
    await stage.start()
    try:
        assert stage._sender is not None
        assert stage._sensor is not None
        assert network_of(stage._sender.pid) != network_of(os.getpid())
        assert len(children_of_ours() - before) == 2
        assert not stage.ended()
    finally:
        await stage.stop()
    assert children_of_ours() == before
    await stage.stop()  # a second time changes nothing


@pytest.mark.usefixtures("namespaces")
async def test_a_sensor_that_ends_by_itself_is_told(stage: Stage) -> None:
    await stage.start()
    try:
        assert stage._sensor is not None
        stage._sensor.kill()
        await asyncio.wait_for(stage._sensor.wait(), 10)
        assert stage.ended()
    finally:
        await stage.stop()


@pytest.mark.usefixtures("namespaces")
async def test_an_attack_is_told_when_its_first_frame_goes_out(stage: Stage) -> None:
    told: asyncio.Queue[Happened] = asyncio.Queue()
    stage._told = told.put_nowait
    with patch.object(stage, "_start_sensor", return_value=None):
        await stage.start()
    try:
        start = time.time() - 12.5
        stage.begin_story(start)
        happened = await asyncio.wait_for(told.get(), 15)
        assert (happened.what, happened.attack) == ("began", "port_scan")
        assert start + 13 <= happened.at < start + 13 + 5
        assert stage.happened == [happened]
    finally:
        await stage.stop()


def test_the_sensors_settings_are_the_demonstrations_but_for_its_traffic(stage: Stage) -> None:
    directory = stage._configure()
    settings = load_directory(directory).netmon
    ours = stage._settings.netmon
    assert [one.interface for one in settings.traffic.sensors] == ["mirror"]
    assert settings.traffic.flows is None
    assert settings.alerts == ours.alerts
    assert stage._configure() == directory  # again, over what is there
    assert (
        yaml.safe_load((directory / "netmon.yaml").read_text("utf-8"))["credentials"]["default"]["community"][0] == "$"
    )


async def test_a_program_that_is_missing_is_named_with_its_package(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("unshare", "nsenter", "setpriv"):
        (tmp_path / name).symlink_to(shutil.which(name) or "/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotShowError, match=r"^not installed here: ip \(iproute2\)$"):
        await stage.start()


async def test_a_namespace_that_is_refused_is_told_with_the_reason(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = tmp_path / "bin" / "unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n", "utf-8")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")
    before = children_of_ours()
    with pytest.raises(CannotShowError, match=r"no network namespace .* can be made here .*Operation not permitted"):
        await stage.start()
    assert children_of_ours() == before


async def test_a_sender_ends_with_its_input() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "netmon.demo.packets.sender", stdin=-1, stdout=-1, stderr=-1
    )
    out, errors = await asyncio.wait_for(process.communicate(b""), 20)
    assert (process.returncode, out, errors) == (0, b"", b"")
