"""What a process may still do after it gave up what it does not need. Each case in a process of its own."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.processes import free_port

REPOSITORY = Path(__file__).parents[3]
DROP = """
import os, socket, sys
from netmon.app.privileges import drop
from netmon.api import ConfigError
try:
    print(drop(sys.argv[1] if len(sys.argv) > 1 else None))
except ConfigError as error:
    sys.exit(str(error))
print("capture", end=" ")
socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
print("works")
def may(what, do):
    try:
        do()
    except OSError as error:
        print(what, "refused")
    else:
        print(what, "allowed")
may("shadow", lambda: open("/etc/shadow").close())
may("uid 0", lambda: os.setuid(0))
may("port 1", lambda: socket.socket().bind(("127.0.0.1", 1)))
print("groups", os.getgroups())
lines = open("/proc/self/status").read().splitlines()
print(*(line for line in lines if line.startswith(("Cap", "NoNew"))), sep=chr(10))
"""
root = pytest.mark.skipif(os.geteuid() != 0, reason="giving up root takes root")


def dropping(before: Sequence[str] = (), user: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-B", "-c", DROP, *([] if user is None else [user])],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def setpriv(*options: str) -> list[str]:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is missing (Debian package util-linux)")
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *options]


@root
def test_root_becomes_a_user_who_may_capture_and_nothing_else() -> None:
    done = dropping(user="nobody")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Kept(user='nobody', uid=65534, may_capture=True)",
        "capture works",
        "shadow refused",
        "uid 0 refused",
        "port 1 refused",
        "groups []",
        "CapInh:\t0000000000000000",
        "CapPrm:\t0000000000002000",
        "CapEff:\t0000000000002000",
        "CapBnd:\t0000000000002000",
        "CapAmb:\t0000000000000000",
        "NoNewPrivs:\t1",
    ]


@root
def test_a_service_with_the_ambient_capability_stays_its_user() -> None:
    done = dropping(setpriv("--inh-caps", "+net_raw", "--ambient-caps", "+net_raw"), user="root")
    assert done.returncode == 0, done.stderr
    assert "uid=65534, may_capture=True" in done.stdout
    assert "capture works" in done.stdout
    assert "CapAmb:\t0000000000000000" in done.stdout


@root
def test_what_a_service_has_too_much_is_given_up() -> None:
    caps = "+net_raw,+net_admin,+net_bind_service"
    done = dropping(setpriv("--inh-caps", caps, "--ambient-caps", caps))
    assert done.returncode == 0, done.stderr
    assert "CapPrm:\t0000000000002000" in done.stdout
    assert "port 1 refused" in done.stdout


@root
def test_a_thread_that_keeps_more_is_found() -> None:
    start = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    caps = "+net_raw,+net_admin"
    done = subprocess.run(
        [*setpriv("--inh-caps", caps, "--ambient-caps", caps), sys.executable, "-B", "-c", start + DROP],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "privileges: a thread still has more capabilities than CAP_NET_RAW: 12 of linux/capability.h;"
        " give the service no others: AmbientCapabilities=CAP_NET_RAW"
    )


def test_without_the_capability_it_says_how_to_get_it() -> None:
    done = dropping(setpriv("--inh-caps", "-all", "--bounding-set", "-all") if os.geteuid() == 0 else ())
    assert done.returncode == 1
    assert done.stderr.startswith("privileges: a sensor takes CAP_NET_RAW, which this process does not have;")


@root
@pytest.mark.parametrize(
    ("user", "problem"), [("no-such-user", "there is no user no-such-user"), ("root", "root is root")]
)
def test_users_that_cannot_be(user: str, problem: str) -> None:
    done = dropping(user=user)
    assert done.returncode == 1
    assert done.stderr.startswith(f"privileges: {problem}; name ")


RING = """
import socket, sys
from pathlib import Path
from collectors.traffic.capture.ring import Ring
from collectors.traffic.capture.settings import RingSettings
from collectors.traffic.capture.evidence import write_pcap
from netmon.app.privileges import drop
settings = RingSettings(blocks=8, kept_blocks=2, block_timeout_ms=5, filter=f"udp port {sys.argv[1]}")
with Ring("lo", settings) as ring:
    drop("nobody")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"seen", ("127.0.0.1", int(sys.argv[1])))
    batch = ring.next(10)
    assert batch is not None
    print(batch.records["destination_port"].tolist() == [int(sys.argv[1])])
    print(write_pcap(Path(sys.argv[2]) / "evidence", ring.recent(), max_bytes=10_000).packets)
"""


@root
def test_a_ring_goes_on_when_the_rights_are_gone() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as name:  # pytest's own are behind a folder that only root enters
        folder = Path(name)
        folder.chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-B", "-c", RING, str(port), name],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stderr == ""
        assert done.stdout == "True\n1\n"
        assert (folder / "evidence").stat().st_uid == 65_534
