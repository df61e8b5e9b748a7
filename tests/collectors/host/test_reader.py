import os
from pathlib import Path

import psutil
import pytest

from collectors.host.procfs.disks import Space
from collectors.host.reader import Snapshot, TooLarge
from netmon.api import Missing, Reason

CAP = 1 << 20


def write(root: Path, path: str, text: str = "1\n") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_wildcards_match_within_one_component(tmp_path: Path) -> None:
    for path in ("sys/net/eth0/mtu", "sys/net/eth0/deep/mtu", "sys/net/lo/mtu", "sys/net/lo/speed", "sys/masters"):
        write(tmp_path, path)
    snapshot = Snapshot(str(tmp_path))
    assert list(snapshot.read(("sys/net/*/mtu",), CAP)) == ["sys/net/eth0/mtu", "sys/net/lo/mtu"]
    assert list(snapshot.read(("sys/net/l?/[ms]*",), CAP)) == ["sys/net/lo/mtu", "sys/net/lo/speed"]
    assert snapshot.read(("sys/none/*/mtu", "sys/absent"), CAP) == {}


def test_a_file_is_read_once_a_poll(tmp_path: Path) -> None:
    write(tmp_path, "proc/stat", "old")
    snapshot = Snapshot(str(tmp_path))
    snapshot.read(("proc/stat",), CAP)
    write(tmp_path, "proc/stat", "new")
    assert snapshot.read(("proc/stat",), CAP) == {"proc/stat": b"old"}
    assert Snapshot(str(tmp_path)).read(("proc/stat",), CAP) == {"proc/stat": b"new"}


@pytest.mark.parametrize(("size", "fits"), [(99_999, True), (100_000, True), (100_001, False), (400_000, False)])
def test_a_file_beyond_its_cap_is_refused(tmp_path: Path, size: int, fits: bool) -> None:
    write(tmp_path, "proc/long", "x" * size)
    snapshot = Snapshot(str(tmp_path))
    if fits:
        assert len(snapshot.read(("proc/long",), 100_000)["proc/long"]) == size
    else:
        with pytest.raises(TooLarge, match="proc/long is longer than 100000 bytes"):
            snapshot.read(("proc/long",), 100_000)


def test_a_link_tells_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "sys/devices/platform/chip.0").mkdir(parents=True)
    (tmp_path / "sys/device").symlink_to("devices/platform/chip.0")
    write(tmp_path, "sys/plain")
    found = Snapshot(str(tmp_path)).read(("sys/device@", "sys/plain@", "sys/absent@"), CAP)
    assert found == {"sys/device@": b"sys/devices/platform/chip.0"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_we_may_not_read_is_known(tmp_path: Path) -> None:
    write(tmp_path, "sys/secret")
    (tmp_path / "sys/secret").chmod(0)
    snapshot = Snapshot(str(tmp_path))
    assert snapshot.read(("sys/secret",), CAP) == {}
    assert snapshot.denied == {"sys/secret"}


def test_a_pipe_in_the_way_does_not_block(tmp_path: Path) -> None:
    write(tmp_path, "text/a.prom", "a 1\n")
    os.mkfifo(tmp_path / "text/b.prom")
    found = Snapshot(str(tmp_path)).folder("/text", ".prom", CAP)
    a, b = found["text/a.prom"], found["text/b.prom"]
    assert not isinstance(a, Missing)
    assert a.text == b"a 1\n"
    assert not isinstance(b, Missing)
    assert b.text == b""


def test_files_that_cannot_be_taken_are_missing_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path, "text/big.prom", "x" * 2000)
    (tmp_path / "text/folder.prom").mkdir()
    found = Snapshot(str(tmp_path)).folder(f"{os.sep}text", ".prom", 1000)
    reasons = {path: file.reason for path, file in found.items() if isinstance(file, Missing)}
    assert reasons == {"text/big.prom": Reason.TRUNCATED, "text/folder.prom": Reason.REFUSED}


def test_space_of_a_mount_and_of_one_that_is_not_there(tmp_path: Path) -> None:
    snapshot = Snapshot(str(tmp_path))
    space, gone = snapshot.space("/"), snapshot.space("/gone")
    said = os.statvfs(tmp_path)
    assert isinstance(space, Space)
    assert (space.size, space.files) == (said.f_blocks * said.f_frsize, said.f_files)
    assert gone == Missing(Reason.NOT_SUPPORTED, "/gone cannot be seen from where netmon runs")


def test_many_files_of_a_folder_are_read_and_nothing_stays_open(tmp_path: Path) -> None:
    for device in ("eth0", "lo"):
        for name in ("mtu", "speed", "type"):
            write(tmp_path, f"sys/net/{device}/{name}", f"{device} {name}")
    (tmp_path / "sys/net/lo/speed").unlink()
    write(tmp_path, "sys/net/masters")  # no folder
    before = psutil.Process().num_fds()
    found = Snapshot(str(tmp_path)).read(
        ("sys/net/*/mtu", "sys/net/*/speed", "sys/net/*/type", "sys/net/*/absent"), CAP
    )
    assert found["sys/net/eth0/speed"] == b"eth0 speed"
    assert sorted(found) == [f"sys/net/{path}" for path in ("eth0/mtu", "eth0/speed", "eth0/type", "lo/mtu", "lo/type")]
    assert psutil.Process().num_fds() == before
