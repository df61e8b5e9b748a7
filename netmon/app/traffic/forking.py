"""The process of a sensor of several that makes the others: started before rights are given up, asked afterwards."""

import json
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from netmon.api import ConfigError, Fault

OPEN_S: Final = 120.0  # importing and compiling may take a minute where nothing was compiled before
END_S: Final = 3.0  # how long the processes are given to tell what they still have, and to end


class Forker:
    """`netmon.app.traffic.capturing`, and the socket over which it is asked."""

    def __init__(self, name: str) -> None:
        """`name`: the sensor's, for what is said of it."""
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> None:
        """Start it and wait until it has loaded everything; ConfigError where it does not."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-P", "-m", "netmon.app.traffic.capturing", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,  # ours is for findings
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                process_group=0,  # a terminal's interrupt is for us: they are told
            )
        ours.settimeout(OPEN_S)
        try:
            ready = ours.recv(1 << 12)
        except OSError:
            ready = b""
        if not ready:
            raise ConfigError(
                Fault(self._name, 0, 0, "its capturing processes do not start", "see the messages above this one")
            )

    @property
    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._process is not None and self._process.poll() is None

    def fork(self, plan: Mapping[str, Any], memory: int) -> socket.socket:
        """Have a process made, and return our end of its pipe; OSError where there is nobody to make it.

        `memory`: the descriptor of what it shares with us.
        """
        if self._control is None:
            raise OSError("there is nobody who starts processes")
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [json.dumps(plan).encode()], [theirs.fileno(), memory])
            except OSError:
                ours.close()
                raise
        return ours

    def become(self, user: str | None) -> None:
        """Have it give up rights, as we did."""
        with suppress(OSError):
            if self._control is not None:
                self._control.send(json.dumps({"do": "become", "user": user}).encode())

    def close(self) -> None:
        """End it, and with it all that it made; safe to call twice."""
        if self._control is not None:
            self._control.close()
            self._control = None
        process, self._process = self._process, None
        if process is not None:
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()  # its children go with it
                process.wait()


def current_user() -> str | None:
    """Return whom a process that is still root is to become: who we are; None where that is nobody that has a name."""
    try:
        return None if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a user that systemd made up: then the process has its id already
        return None
