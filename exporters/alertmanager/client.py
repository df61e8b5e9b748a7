"""Requests to one Alertmanager, API v2: what went wrong becomes Retryable or Rejected, and its clock is read."""

import asyncio
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import httpx

from exporters.alertmanager.settings import AlertmanagerServer
from exporters.alertmanager.silence_wire import Held, Status, decode_silence_id, decode_silences, decode_status
from exporters.alertmanager.wire import Clock
from netmon.api import ConfigError, Fault, Rejected, Retryable

T = TypeVar("T")
_STEP_S = 2.0  # our wall clock may stray from the steady one by this since an offset was measured
_MAX_ANSWER = 64 << 20  # bytes of one answer: 2,000 silences are 1 MB


class Failure(Retryable):
    """A request that may succeed later. `reason` is a metric's label."""

    def __init__(self, reason: str, problem: str, after_s: float | None = None) -> None:
        super().__init__(problem, after_s)
        self.reason = reason


class Client:
    """Talks to one Alertmanager. Nothing is opened before `start`."""

    def __init__(
        self,
        server: AlertmanagerServer,
        now: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.label = server.label
        self.now = now
        self.clock = Clock()
        self._server = server
        self._steady = steady
        self._apart = now() - steady()  # of the two clocks, when the offset was measured
        self._http: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Read certificates; ConfigError names the file that cannot be used."""
        context = await asyncio.to_thread(_tls, self._server)
        server, headers = self._server, {"User-Agent": "netmon", "Content-Type": "application/json"}
        if server.bearer_token is not None:
            headers["Authorization"] = f"Bearer {server.bearer_token.get_secret_value()}"
        auth = (server.username, server.password.get_secret_value()) if server.password is not None else None
        self._http = httpx.AsyncClient(
            base_url=server.url + "/api/v2",
            auth=auth,
            headers=headers,
            verify=context,
            timeout=server.timeout_s,
            trust_env=False,  # a proxy of the environment would see the password
        )

    async def stop(self) -> None:
        """Close connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    @property
    def clock_is_stale(self) -> bool:
        """Tell whether our clock was set since its offset from theirs was measured."""
        return abs(self.now() - self._steady() - self._apart) > _STEP_S

    async def status(self) -> Status:
        """Ask how it is."""
        return _decoded(decode_status, await self._ask("GET", "/status"))

    async def post_alerts(self, body: bytes) -> None:
        """Send alerts; Rejected where one of them is not to its liking."""
        await self._ask("POST", "/alerts", body)

    async def silences(self) -> list[Held]:
        """Return all silences, those that ended in the last days among them."""
        return _decoded(decode_silences, await self._ask("GET", "/silences"))

    async def post_silence(self, body: bytes) -> str:
        """Make a silence; return its id."""
        return _decoded(decode_silence_id, await self._ask("POST", "/silences", body))

    async def expire(self, silence_id: str) -> None:
        """End a silence."""
        await self._ask("DELETE", f"/silence/{silence_id}")

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        if self._http is None:
            raise Failure("stopped", "the exporter was stopped")
        before = self.now()
        try:
            # httpx's timeout is for each read; a peer that trickles must not hold us for ever.
            async with asyncio.timeout(self._server.timeout_s * 2):
                answer = await self._http.request(method, path, content=body)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Failure("timeout", f"{self.label} did not answer in time") from error
        except httpx.HTTPError as error:
            problem = f"{self.label} cannot be reached: {str(error) or type(error).__name__}"
            raise Failure("unreachable", problem) from error
        self._read_clock(answer, before)
        _check(answer, self.label)
        if len(answer.content) > _MAX_ANSWER:
            raise Failure("malformed", f"{self.label} answers with {len(answer.content)} bytes")
        return answer.content

    def _read_clock(self, answer: httpx.Response, before: float) -> None:
        try:
            theirs = parsedate_to_datetime(answer.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return
        now = self.now()
        self.clock = Clock(theirs - (before + now) / 2)
        self._apart = now - self._steady()


def _check(answer: httpx.Response, label: str) -> None:
    """Raise what an answer's status means."""
    if answer.is_success:
        return
    said = answer.text[:200].strip()
    problem = f"{label} answers {answer.status_code}: {said}" if said else f"{label} answers {answer.status_code}"
    match answer.status_code:
        # Others say 400 too, as a server for HTTPS does to HTTP. Alertmanager says it in JSON.
        case HTTPStatus.BAD_REQUEST | HTTPStatus.UNPROCESSABLE_ENTITY if "json" in answer.headers.get(
            "content-type", ""
        ):
            raise Rejected(problem)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise Rejected(problem)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            raise Failure("auth", problem)
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            raise Failure("busy", problem, _retry_after(answer))
        case code if code >= 500:
            raise Failure("server", problem)
        case _:
            raise Failure("refused", problem)


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, 10.2.3); the form with a date is left to our own patience."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), 3_600.0) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    try:
        return decode(body)
    except ValueError as error:
        raise Failure("malformed", f"an answer breaks Alertmanager's API: {error}") from error


def _tls(server: AlertmanagerServer) -> ssl.SSLContext:
    for file in (server.ca_file, server.cert_file, server.key_file):
        if file is not None and not file.is_file():
            raise ConfigError(Fault(str(file), 0, 0, "there is no such file", f"{server.label} needs it for TLS"))
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
    except (ssl.SSLError, OSError) as error:
        remedy = "give PEM certificates of who signs for it"
        raise ConfigError(Fault(str(server.ca_file), 0, 0, f"cannot be used: {error}", remedy)) from error
    if server.cert_file is not None:
        try:
            context.load_cert_chain(server.cert_file, server.key_file, password=_no_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            remedy = "give a certificate and its key, unencrypted, in PEM"
            raise ConfigError(Fault(str(server.cert_file), 0, 0, f"cannot be used: {error}", remedy)) from error
    return context


def _no_password() -> str:
    """Answer OpenSSL instead of the terminal: a daemon has nobody to ask."""
    return ""
