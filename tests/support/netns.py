"""Hosts of a small network, each in a network namespace of its own: for root, and for ordinary users who may have one.

    with lan("server", "attacker") as net: net["attacker"].run("nmap", net["server"].ipv4)
    with lan("a", "b", "c", sensor=True) as net: ...  # net.sensor sees what all of them send, as a mirror port does

Two hosts without a sensor are at the two ends of one cable (a veth pair); more, or with a sensor, are at a hub. Every
host has the interface `eth0` and an IPv4 and IPv6 address; nothing leads out. A namespace lives as long as a process
that only waits for its input to end, so that nothing is left when the test run dies.
"""

import array
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.support.processes import running

INTERFACE: Final = "eth0"
_CLONE_NEWNET: Final = 0x40000000
_MAKE_SOCKET: Final = """
import array, socket, sys
made = socket.socket(*map(int, sys.argv[2:5]))
with socket.socket(fileno=int(sys.argv[1])) as to:
    to.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [made.fileno()]))])
"""


@dataclass(frozen=True)
class Host:
    """A network namespace with one interface."""

    name: str
    pid: int  # of the process that holds the namespace
    ipv4: str
    ipv6: str
    mac: str
    private: bool  # inside a user namespace: we are an ordinary user

    @property
    def net(self) -> str:
        """Return the namespace's file."""
        return f"/proc/{self.pid}/ns/net"

    def command(self, *argv: str) -> list[str]:
        """Return the command that runs `argv` there: one process, whose id is the program's."""
        user = ["-U", "--preserve-credentials"] if self.private else []
        return ["nsenter", "-t", str(self.pid), *user, "-n", "--", *argv]

    def run(
        self, *argv: str, text: str = "", timeout_s: float = 30, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a program there to its end, with `text` as its input; AssertionError where it fails, if `check`."""
        command = self.command(*argv)
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=timeout_s, check=False)
        assert not check or done.returncode == 0, (
            f"{argv} on {self.name}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    @contextmanager
    def popen(self, *argv: str, log: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program there while the block lasts, its output in `log`."""
        with running(self.command(*argv), log, env) as process:
            yield process

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Return a socket of that namespace, in our own process; also for ordinary users."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            made = (theirs.fileno(), int(family), int(kind), int(protocol))
            command = self.command(sys.executable, "-I", "-S", "-c", _MAKE_SOCKET, *map(str, made))
            subprocess.run(command, pass_fds=[theirs.fileno()], check=True, timeout=20)
            _, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_LEN(4))
            descriptors = array.array("i")
            descriptors.frombytes(ancillary[0][2][:4])
        return socket.socket(family, kind, protocol, fileno=descriptors[0])

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Put this thread into the namespace while the block lasts, and threads that it starts. Skips unless root."""
        if self.private:
            pytest.skip("entering a network namespace takes root")
        with open("/proc/thread-self/ns/net", "rb") as back, open(self.net, "rb") as there:  # noqa: PTH123 - descriptors
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(back.fileno())


@dataclass(frozen=True)
class Lan:
    """The hosts by name, and the sensor where one was asked for: it has no addresses and stays silent."""

    hosts: Mapping[str, Host]
    sensor: Host | None = field(default=None)

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    @property
    def watching(self) -> Host:
        """Return the sensor; AssertionError where there is none."""
        assert self.sensor is not None
        return self.sensor


@contextmanager
def lan(*names: str, sensor: bool = False) -> Iterator[Lan]:
    """Join hosts of these names to a network: 192.0.2.0/24 and 2001:db8::/64, host n from 1. Skips where it cannot."""
    for tool in ("ip", "unshare", "nsenter"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing (Debian packages iproute2 and util-linux)")
    private = os.geteuid() != 0
    with ExitStack() as stack:
        first: int | None = None
        hosts: list[Host] = []
        hub = sensor or len(names) != 2
        for number, name in enumerate([*names, *["sensor"] * sensor, *["hub"] * hub], 1):
            pid = stack.enter_context(_held(first, private=private))
            first = first or pid
            host = Host(
                name, pid, f"192.0.2.{number}", f"2001:db8::{number:x}", f"02:00:00:00:00:{number:02x}", private
            )
            hosts.append(host)
        ends = hosts[:-1] if hub else hosts
        if hub:
            _hub(hosts[-1], ends)
        else:
            ends[0].run("ip", "link", "add", INTERFACE, "type", "veth", "peer", INTERFACE, "netns", str(ends[1].pid))
        for host in ends:
            _start(host, silent=sensor and host is ends[-1])
        yield Lan({host.name: host for host in ends[: len(names)]}, ends[-1] if sensor else None)


@contextmanager
def _held(first: int | None, *, private: bool) -> Iterator[int]:
    """Make a namespace; give the id of the process that holds it. All of one network are in one user namespace."""
    command = ["unshare", "-n", "cat"]
    if private:
        join = ["nsenter", "-t", str(first), "-U", "--preserve-credentials", "--"]
        command = ["unshare", "-r", "-n", "cat"] if first is None else [*join, *command]
    pipe = subprocess.PIPE
    # Unbuffered: nothing is left to be written when it could not make its namespace and is gone.
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        try:
            with suppress(BrokenPipeError):
                holder.stdin.write(b"ready\n")
                holder.stdin.flush()
            if holder.stdout.readline() != b"ready\n":
                assert holder.stderr is not None
                pytest.skip(f"no network namespace to be had here: {holder.stderr.read().decode().strip()}")
            try:
                yield holder.pid
            finally:
                _end_all(holder.pid)
        finally:
            holder.kill()


def _end_all(holder: int) -> None:
    """End what still runs in a holder's namespace: daemons that left their parent."""
    space = Path(f"/proc/{holder}/ns/net").stat().st_ino
    for each in Path("/proc").iterdir():
        if each.name.isdecimal() and int(each.name) not in (holder, os.getpid()):
            with suppress(OSError):
                if (each / "ns/net").stat().st_ino == space:
                    os.kill(int(each.name), signal.SIGKILL)


def _hub(hub: Host, ends: list[Host]) -> None:
    """Join the ends by a bridge that forgets at once who is where, and so sends everything to all."""
    hub.run("ip", "-batch", "-", text="link add hub type bridge ageing_time 0 mcast_snooping 0 stp_state 0")
    _quiet(hub)
    for number, host in enumerate(ends):
        port = f"port{number}"
        hub.run("ip", "link", "add", port, "type", "veth", "peer", INTERFACE, "netns", str(host.pid))
        hub.run("ip", "link", "set", port, "master", "hub", "up")
    hub.run("ip", "link", "set", "hub", "up")


def _quiet(host: Host) -> None:
    """No IPv6 of the kernel's own on interfaces that come later or are there."""
    for which in ("default", "all"):
        host.run("sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{which}/disable_ipv6")


def _start(host: Host, *, silent: bool) -> None:
    """Give a host its addresses. Frames leave it as a card would send them: none longer than the cable's 1,514."""
    if silent:
        _quiet(host)
    lines = [f"link set {INTERFACE} address {host.mac} gso_max_segs 1 gso_max_size 1514", "link set lo up"]
    if not silent:
        lines.append(f"address add {host.ipv4}/24 dev {INTERFACE}")
        lines.append(f"address add {host.ipv6}/64 dev {INTERFACE} nodad")
    lines.append(f"link set {INTERFACE} up")
    host.run("ip", "-batch", "-", text="\n".join(lines))


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
