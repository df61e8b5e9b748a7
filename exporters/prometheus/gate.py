"""What every request passes before the application: counting, the web configuration's headers, and its passwords.

Behind the gate, `scope["state"]["user"]` is the name of who asks: empty where nobody has to say it.
"""

import time
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporters.prometheus.auth import Passwords, TooManyChecksError, parse_basic
from exporters.prometheus.selfmetrics import SelfMetrics
from exporters.prometheus.webconfig import WebConfig

_PAGES = {
    "/metrics": "metrics",
    "/-/metrics": "own",
    "/sd": "sd",
    "/-/healthy": "healthy",
    "/-/ready": "ready",
    "/": "landing",
}


def page_of(path: str) -> str:
    """Return which page a path belongs to, for a label: few values, whatever clients ask for."""
    if path.startswith("/targets/"):
        return "target"
    if path.startswith("/api/"):
        return "api"
    return _PAGES.get(path, "other")


class Counted:
    """Counts answers, bytes and time by page."""

    def __init__(self, app: ASGIApp, metrics: SelfMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            return
        page, started = page_of(scope["path"]), time.perf_counter()
        sent, code = 0, 500  # what the server answers when the application fails

        async def count(message: Message) -> None:
            nonlocal sent, code
            if message["type"] == "http.response.start":
                code = message["status"]
            elif scope["method"] != "HEAD":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, count)
        finally:
            self._metrics.requests.labels(page, str(code)).inc()
            self._metrics.bytes.labels(page).inc(sent)
            self._metrics.duration.labels(page).observe(time.perf_counter() - started)


class Mounted:
    """Hands paths that begin with one of `mounts` to the application there, whole, and all others to `app`."""

    def __init__(self, app: ASGIApp, mounts: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._mounts = dict(mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        path = scope["path"]
        app = next((app for prefix, app in self._mounts.items() if path.startswith(prefix)), self._app)
        await app(scope, receive, send)


class Gate:
    """Applies the web configuration: passwords first, then its headers on every answer."""

    def __init__(self, app: ASGIApp, auth_failed: Callable[[], None]) -> None:
        self._app = app
        self._auth_failed = auth_failed
        self._passwords: Passwords | None = None
        self._headers: list[tuple[bytes, bytes]] = []

    def use(self, config: WebConfig) -> None:
        """Apply this configuration from now on."""
        users = config.basic_auth_users
        self._passwords = Passwords(users) if users else None
        headers = config.http_server_config.headers
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and self._headers:
                ours = {name for name, _ in self._headers}
                kept = [pair for pair in message.get("headers", []) if pair[0] not in ours]
                message = {**message, "headers": kept + self._headers}
            await send(message)

        try:
            user = "" if self._passwords is None else await self._check(self._passwords, scope)
        except TooManyChecksError:
            await _refuse(with_headers, 503, b"Too many passwords are being checked; try again later.\n", [])
            return
        if user is not None:
            state = {**scope.get("state", {}), "user": user}
            await self._app({**scope, "state": state}, receive, with_headers)
            return
        self._auth_failed()
        challenge = [(b"www-authenticate", b'Basic realm="netmon", charset="UTF-8"')]
        await _refuse(with_headers, 401, b"Unauthorized\n", challenge)

    @staticmethod
    async def _check(passwords: Passwords, scope: Scope) -> str | None:
        """Return the user's name; None where name and password are not there or not right."""
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        credentials = parse_basic(given[0].decode("latin-1")) if len(given) == 1 else None
        return credentials[0] if credentials is not None and await passwords.check(*credentials) else None


async def _refuse(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    about = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": about})
    await send({"type": "http.response.body", "body": body})
