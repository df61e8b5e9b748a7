"""Asking a Prometheus for the past: sockets, TLS, deadlines. What goes over them is in `prometheus_wire.py`."""

import base64
import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from netmon.api import ConfigError, Fault, PeerAuthFailed, PeerMalformed, PeerNotFound, PeerRefused, PeerTimeout
from netmon.core.history.prometheus_wire import PATH, Found, TooMuch, failure, form, merged, parse, spans
from netmon.core.history.settings import PrometheusSettings

_CHUNK: Final = 1 << 16
_MAX_SPANS: Final = 1_000  # 11 million points a series, 88 MB
_CONNECT_S: Final = 10.0  # at most, until a connection and its TLS are there


class PrometheusApi:
    """Asks one Prometheus. Methods block; each call has its own connection, so that threads may share an object."""

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        timeout_s: float = 60.0,
        max_answer_bytes: int = 32 << 20,
    ) -> None:
        self._url = url.rstrip("/")
        self._parts = urlsplit(self._url)
        self._headers = dict(headers or {})
        self._ca_file = ca_file
        self._timeout_s = timeout_s
        self._max_answer_bytes = max_answer_bytes
        self._closed = False
        self._sockets: set[socket.socket] = set()  # of questions under way

    @classmethod
    def of(cls, settings: PrometheusSettings) -> "PrometheusApi":
        """Return what settings describe."""
        return cls(
            settings.url,
            headers=headers_of(settings),
            ca_file=settings.ca_file,
            timeout_s=settings.timeout_s,
            max_answer_bytes=settings.max_answer_bytes,
        )

    def query_range(self, query: str, start: float, end: float, step_s: float) -> list[Found]:
        """Return (labels, at, values) of each series: values of a PromQL expression at start, start + step_s, … end.

        Times are Unix seconds. A range of more points than one answer may have is asked in parts. Raises PeerError
        with Prometheus's own words (TooMuch where an answer is bigger than `max_answer_bytes`), ConfigError for a CA
        file that cannot be used, ValueError for a range that is none or has over 11 million points.
        """
        if not (step_s > 0 and start <= end and (end - start) / step_s < _MAX_SPANS * 11_000):
            raise ValueError(f"not a range: {start} to {end} in steps of {step_s} s")
        bodies = (form(query, first, last, step_s) for first, last in spans(start, end, step_s))
        return merged(parse(self._ask(body)) for body in bodies)

    def close(self) -> None:
        """End what is under way on other threads: it raises PeerError, at once or when it is connected."""
        self._closed = True
        for sock in tuple(self._sockets):
            with suppress(OSError):  # it ended by itself
                sock.shutdown(socket.SHUT_RDWR)

    def _ask(self, body: bytes) -> bytes:
        """Return the body of an answer with status 200."""
        connection, sock = self._connection(), None
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"} | self._headers
        try:
            sock = self._open(connection)
            connection.request("POST", self._parts.path + PATH, body, headers)
            answer = connection.getresponse()
            content = self._read(answer, time.monotonic() + self._timeout_s)
        except TimeoutError:
            raise PeerTimeout(f"{self._url} did not answer within {self._timeout_s:g} s") from None
        except (socket.gaierror, UnicodeError) as error:  # the second: a host's name that no resolver would take
            raise PeerNotFound(f"{self._parts.hostname}: {error}") from None
        except ssl.SSLError as error:
            raise PeerAuthFailed(f"{self._url}: {error.reason or error}") from None
        except OSError as error:
            raise PeerRefused(f"{self._url}: {error.strerror or error}") from None
        except http.client.HTTPException as error:
            raise PeerMalformed(f"{self._url}: {type(error).__name__} {error}"[:300]) from None
        finally:
            if sock is not None:
                self._sockets.discard(sock)
            connection.close()
        if answer.status != http.client.OK:
            raise failure(answer.status, content)
        return content

    def _open(self, connection: http.client.HTTPConnection) -> socket.socket:
        connection.connect()
        sock: socket.socket = connection.sock  # the connection forgets it as soon as the peer says that it will close
        sock.settimeout(self._timeout_s)
        self._sockets.add(sock)
        if self._closed:
            self._sockets.discard(sock)
            raise PeerRefused(f"{self._url} is asked no more")
        return sock

    def _read(self, answer: http.client.HTTPResponse, deadline: float) -> bytes:
        """Read a body in the time and size that it may have; TimeoutError, TooMuch."""
        parts, size = [], 0
        while part := answer.read1(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > self._max_answer_bytes:
                raise TooMuch(f"{self._url} answers more than {self._max_answer_bytes} bytes")
            if time.monotonic() > deadline:  # one that sends an octet now and then never meets the socket's own timeout
                raise TimeoutError
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        return b"".join(parts)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        connect_s = min(_CONNECT_S, self._timeout_s)
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=connect_s)
        try:
            context = ssl.create_default_context(cafile=self._ca_file)
        except OSError as error:  # ssl.SSLError is one
            remedy = "give a file of certificates in PEM form, or leave ca_file out"
            raise ConfigError(Fault(str(self._ca_file), 0, 0, f"cannot be used: {error}", remedy)) from None
        return http.client.HTTPSConnection(host, port, timeout=connect_s, context=context)


def headers_of(settings: PrometheusSettings) -> dict[str, str]:
    """Return what a request carries so that it is let in."""
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    if settings.password is not None:
        pair = f"{settings.username}:{settings.password.get_secret_value()}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
    elif settings.bearer_token is not None:
        headers["Authorization"] = f"Bearer {settings.bearer_token.get_secret_value()}"
    return headers
