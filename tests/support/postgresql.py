"""A real PostgreSQL on a unix socket in a temporary directory, as its own user where we are root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import running
from tests.support.waiting import eventually_sync

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian keeps them out of PATH
_USER = "postgres"  # PostgreSQL refuses to run as root


def program(name: str) -> str | None:
    """Return where one of PostgreSQL's programs is, None where it is not installed."""
    return shutil.which(name) or next(
        (str(path / name) for path in reversed(_BINARIES) if (path / name).exists()), None
    )


def available() -> bool:
    """Tell whether a server can be started here."""
    if program("initdb") is None or program("postgres") is None:
        return False
    return os.geteuid() != 0 or shutil.which("setpriv") is not None


@dataclass(frozen=True, slots=True)
class Postgresql:
    """A server that runs; `url` is its database."""

    folder: Path

    @property
    def url(self) -> str:
        """The address of the database `netmon`."""
        return self.url_of("netmon")

    def url_of(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://{_USER}@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        """Make an empty database, and return its address."""
        self.run(f'CREATE DATABASE "{database}"', "postgres")
        return self.url_of(database)

    def run(self, statement: str, database: str = "netmon") -> str:
        """Run one statement as psql does, and return what it gave."""
        command = [_found("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url_of(database)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def postgresql(*options: str) -> Iterator[Postgresql]:
    """Run a server until the block ends; skip the test where none is installed."""
    if not available():
        pytest.skip("PostgreSQL's server (package postgresql) or setpriv is not installed")
    with tempfile.TemporaryDirectory(prefix="netmon-postgresql-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            account = pwd.getpwnam(_USER)
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = folder / "data"
        made = [*_as_user(), _found("initdb"), "-D", str(data), "-U", _USER, "-A", "trust", "-N", "-E", "UTF8"]
        subprocess.run(made, check=True, capture_output=True, cwd="/")
        settings = ["listen_addresses=", f"unix_socket_directories={folder}", "fsync=off", *options]
        command = [*_as_user(), _found("postgres"), "-D", str(data)]
        command += [word for setting in settings for word in ("-c", setting)]
        server = Postgresql(folder)
        with running(command, folder / "log") as process:
            eventually_sync(lambda: _answers(folder) or process.poll() is not None, 30)
            if process.poll() is not None:
                raise AssertionError((folder / "log").read_text(errors="replace"))
            server.create("netmon")
            yield server


def _answers(folder: Path) -> bool:
    return subprocess.run([_found("pg_isready"), "-q", "-h", str(folder)], check=False).returncode == 0


def _as_user() -> list[str]:
    """Return the beginning of a command that runs as PostgreSQL's user. setpriv keeps the process: its pid is ours."""
    return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"] if os.geteuid() == 0 else []


def _found(name: str) -> str:
    path = program(name)
    assert path is not None, f"{name} is not installed"
    return path
