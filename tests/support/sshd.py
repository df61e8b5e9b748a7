"""Debian's sshd on a free loopback port with its own keys and configuration, as root or as an ordinary user.

with sshd(tmp_path) as server: server.port, server.host_key, server.key_file
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import free_port, running, wait_for_port

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


@dataclass(frozen=True)
class Sshd:
    """A running sshd that lets us in with one key, to SFTP alone."""

    port: int
    user: str
    host_key: str  # as in known_hosts, without the host
    key_file: Path
    log: Path

    @property
    def known_hosts(self) -> str:
        return f"[127.0.0.1]:{self.port} {self.host_key}\n"


def make_key(path: Path, kind: str = "ed25519", phrase: str = "") -> Path:
    """Make a key pair as ssh-keygen does."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", phrase, "-C", "test", "-f", path], check=True)
    return path


@contextmanager
def sshd(folder: Path, kind: str = "ed25519") -> Iterator[Sshd]:
    """Run sshd until the block ends. Skips the test where it is not installed."""
    program = shutil.which("sshd", path=_PATH)
    if program is None:
        pytest.skip("sshd is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # which its service makes, and root's sshd asks for
    host, own = make_key(folder / "host", kind), make_key(folder / "own", kind)
    shutil.copy(own.with_suffix(".pub"), folder / "authorized")
    port = free_port()
    config = f"""
        ListenAddress 127.0.0.1:{port}
        HostKey {host}
        PidFile none
        AuthorizedKeysFile {folder}/authorized
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin prohibit-password
        PermitUserEnvironment no
        Subsystem sftp internal-sftp
        ForceCommand internal-sftp
    """
    (folder / "sshd_config").write_text("\n".join(line.strip() for line in config.splitlines()) + "\n")
    log = folder / "sshd.log"
    with running([program, "-D", "-e", "-f", str(folder / "sshd_config")], log) as process:
        wait_for_port(process, port, log)
        public = " ".join(host.with_suffix(".pub").read_text().split()[:2])
        yield Sshd(port, pwd.getpwuid(os.getuid()).pw_name, public, own, log)
