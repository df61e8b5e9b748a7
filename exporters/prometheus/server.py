"""uvicorn inside the daemon's own event loop: our sockets, our TLS context, nobody's signal handlers."""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import structlog
import uvicorn
from starlette.types import ASGIApp

from exporters.prometheus.listener import Listener
from exporters.prometheus.settings import WebSettings, split_address
from netmon.api import ConfigError, Fault

log = structlog.get_logger(__name__)

_KEEP_ALIVE_S = 75  # longer than a usual scrape interval, so that Prometheus keeps its connection
_DRAIN_S = 3  # for pages under way at the end; the daemon as a whole has five seconds
_STEP_S = 0.02
_BACKLOG = 512  # connections that wait for us: a Prometheus that opens one for each of some hundred targets


def bind(addresses: Sequence[str]) -> list[socket.socket]:
    """Return listening sockets for all addresses; ConfigError names those that cannot be had and says what to do."""
    sockets: list[socket.socket] = []
    faults: list[Fault] = []
    for address in addresses:
        try:
            sockets += _bind_one(address)
        except OSError as error:
            problem = f"cannot listen on {address}: {error.strerror or error}"
            faults.append(Fault("web.listen", 0, 0, problem, _remedy(error)))
    if faults:
        for sock in sockets:
            sock.close()
        raise ConfigError(*faults)
    return sockets


def _bind_one(address: str) -> list[socket.socket]:
    host, port = split_address(address)
    flags = socket.AI_PASSIVE
    sockets: list[socket.socket] = []
    for family, kind, proto, _, where in socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=flags):
        sock = socket.socket(family, kind, proto)
        sockets.append(sock)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(where)
            sock.listen(_BACKLOG)
            sock.setblocking(False)
        except OSError:
            for opened in sockets:
                opened.close()
            raise
    return sockets


def _remedy(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "write an address of this host, or make the name known to it"
    remedies = {
        errno.EADDRINUSE: "stop the program that listens there (ss -ltnp shows it), or choose another port",
        errno.EACCES: "choose a port above 1023, or grant CAP_NET_BIND_SERVICE",
        errno.EADDRNOTAVAIL: "write an address that this host has (ip address shows them), or 0.0.0.0 for all",
    }
    return remedies.get(error.errno or 0, "choose another address or port")


class _Quiet(uvicorn.Server):
    """A uvicorn server that leaves signals to the daemon."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Serves an application on some addresses, with TLS when a context is given, which can be exchanged."""

    def __init__(self, app: ASGIApp, settings: WebSettings, refused: Callable[[], None]) -> None:
        self._app = app
        self._settings = settings
        self._sockets: list[socket.socket] = []
        self._server: _Quiet | None = None
        self._task: asyncio.Task[None] | None = None
        self._listener = Listener(settings.max_connections, refused)

    @property
    def addresses(self) -> list[str]:
        """Return where the server listens, as `host:port`, with the ports that were really given."""
        return [_show(sock) for sock in self._sockets]

    async def start(self, context: ssl.SSLContext | None) -> None:
        """Listen; ConfigError where an address cannot be had."""
        self._sockets = bind(self._settings.listen)
        config = uvicorn.Config(
            self._app,
            loop="none",
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=self._settings.max_connections,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_DRAIN_S,
            h11_max_incomplete_event_size=self._settings.max_request_bytes,
        )
        config.load()
        server = self._server = _Quiet(config)
        self._task = asyncio.create_task(server.serve(sockets=[]))  # it has none: connections come from our listener
        while not server.started:
            if self._task.done():
                await self._task  # it failed: let its error out
                raise RuntimeError("the web server ended while it started")
            await asyncio.sleep(_STEP_S)
        self._listener.context = context
        protocol: Callable[..., asyncio.Protocol] = config.http_protocol_class
        make = partial(protocol, config=config, server_state=server.server_state, app_state={})
        self._listener.start(self._sockets, make)

    def exchange(self, context: ssl.SSLContext | None) -> None:
        """Use another TLS context, or none, for connections from now on. Those that are open stay as they are."""
        self._listener.context = context

    async def stop(self) -> None:
        """Finish pages under way, for some seconds at most, and close."""
        server, task, self._server, self._task = self._server, self._task, None, None
        if server is not None and task is not None:
            server.should_exit = True
            await self._listener.stop()
            await task
        for sock in self._sockets:
            sock.close()
        self._sockets = []


def _show(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
