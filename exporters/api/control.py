"""The control socket: the same pages on a UNIX socket, where the kernel says who asks, so that nobody needs a password.

Root and the daemon's own user act under their system names, and so do members of a group that the settings name.
"""

import asyncio
import contextlib
import errno
import grp
import os
import pwd
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from exporters.api.problems import ProblemError, answer
from exporters.api.roles import LOCAL, Caller
from netmon.api import ConfigError, Fault

log = structlog.get_logger(__name__)

_MODE = 0o660
_BACKLOG = 64
_MAX_CONNECTIONS = 64  # people at terminals and a few scripts
_DRAIN_S = 3
_STEP_S = 0.02
_MAX_PATH = 107  # bytes that the kernel has for a socket's name (unix(7))
_UCRED = struct.Struct("3i")  # pid, uid, gid (socket(7), SO_PEERCRED)
_PEER = "peer"


class _Protocol(H11Protocol):
    """HTTP that remembers who connected, as the kernel tells it, in each request's state."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Ask the kernel."""
        sock = transport.get_extra_info("socket")
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        _, uid, gid = _UCRED.unpack(credentials)
        self.app_state = {_PEER: (uid, gid)}
        super().connection_made(transport)


class _Quiet(uvicorn.Server):
    """A uvicorn server that leaves signals to the daemon."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Doorkeeper:
    """Lets in root, the daemon's own user and members of the group; all others are told why not."""

    def __init__(self, app: ASGIApp, group: str | None) -> None:
        self._app = app
        self._group = group

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on with its caller, or refuse it."""
        if scope["type"] != "http":
            return
        uid, gid = scope["state"][_PEER]
        name, member = await asyncio.to_thread(who, uid, gid, self._group)  # a directory of users may be far away
        if uid in {0, os.geteuid()} or member:
            state = {"caller": Caller(name, LOCAL)}
            await self._app({**scope, "state": state}, receive, send)
            return
        remedy = (
            f"Use sudo -u {user_name(os.geteuid())}, or have your user join the group that api.control_group names."
        )
        refused = ProblemError(403, "forbidden", f"{name} may not use the control socket.", remedy)
        await answer(refused.problem, {"Connection": "close"})(scope, receive, send)


def who(uid: int, gid: int, group: str | None) -> tuple[str, bool]:
    """Return a user's name, and whether the user belongs to the group. May block."""
    name = user_name(uid)
    if group is None:
        return name, False
    try:
        wanted = grp.getgrnam(group).gr_gid
        return name, wanted in os.getgrouplist(name, gid)
    except (KeyError, OSError):
        return name, False


def user_name(uid: int) -> str:
    """Return a system user's name; `uid N` where nobody knows one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


class ControlSocket:
    """Serves an application on a UNIX socket. `netmon.api.Component`."""

    name = "control"

    def __init__(self, app: ASGIApp, path: Path, group: str | None = None) -> None:
        self.path = path
        self._app = Doorkeeper(app, group)
        self._group = group
        self._server: _Quiet | None = None
        self._task: asyncio.Task[None] | None = None
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; ConfigError where the socket cannot be made."""
        sock = _bind(self.path, self._group)
        config = uvicorn.Config(
            self._app,
            loop="none",
            http=_Protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_graceful_shutdown=_DRAIN_S,
        )
        config.load()
        server = self._server = _Quiet(config)
        self._task = asyncio.create_task(server.serve(sockets=[]))  # connections come from our own listener
        while not server.started:
            if self._task.done():
                await self._task  # it failed: let its error out
                raise RuntimeError("the control socket's server ended while it started")
            await asyncio.sleep(_STEP_S)

        def make() -> _Protocol:
            return _Protocol(config, server.server_state, {})

        self._listener = await asyncio.get_running_loop().create_unix_server(make, sock=sock)

    async def stop(self) -> None:
        """Finish requests under way, for some seconds at most, and remove the socket; safe to call twice."""
        listener, self._listener = self._listener, None
        server, task, self._server, self._task = self._server, self._task, None, None
        if listener is not None:
            listener.close()
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        if server is not None and task is not None:
            server.should_exit = True
            await task


def _bind(path: Path, group: str | None) -> socket.socket:
    """Return a listening socket. It takes its name when its rights are set, so that nobody comes in before."""
    fresh = path.with_name(path.name + ".new")
    if len(os.fsencode(fresh)) > _MAX_PATH:
        raise ConfigError(_fault(path, f"the name is longer than {_MAX_PATH} bytes", "choose a shorter one"))
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        fresh.unlink(missing_ok=True)
        sock.bind(os.fspath(fresh))
        fresh.chmod(_MODE)
        if group is not None:
            os.chown(fresh, -1, grp.getgrnam(group).gr_gid)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
        fresh.replace(path)  # over one that a killed daemon left
    except KeyError:
        sock.close()
        fault = _fault(path, f"there is no group {group!r}", "make it (groupadd --system), or name another one")
        raise ConfigError(fault) from None
    except OSError as error:
        sock.close()
        raise ConfigError(_fault(path, f"cannot be made: {error.strerror}", _remedy(error))) from None
    return sock


def _remedy(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "make its directory, or leave api.control_socket out"
    if error.errno == errno.EPERM:
        return "have netmon's user join the group that api.control_group names"
    return "choose a place that netmon's user may write to"


def _fault(path: Path, problem: str, remedy: str) -> Fault:
    return Fault(str(path), 0, 0, f"the control socket {problem}", remedy)
