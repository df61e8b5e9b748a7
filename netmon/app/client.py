"""How commands reach the core: over the control socket on the same host, or over HTTP with a name and a password.

Standard library only, so that a command answers in the time of a keystroke.
"""

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from netmon.app.systemwords import translated, why
from netmon.app.text import t

_TIMEOUT_S: Final = 30.0  # of one request: the core answers an action when the disk has it
_MAX_ANSWER: Final = 64 << 20  # bytes; a page of 1,000 alerts has about one million


class Exit(IntEnum):
    """What commands exit with."""

    DONE = 0
    USAGE = 2  # what was asked makes no sense
    AWAY = 3  # the daemon does not answer, or cannot do it now
    FORBIDDEN = 4
    UNKNOWN = 5  # there is no such thing
    UNRECORDED = 6  # it took effect, and the disk has not taken its record yet: not to be done again


class RefusedError(Exception):
    """The core did not do it. The text is for people and says what to do next."""

    def __init__(self, text: str, code: Exit) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Login:
    """Where to ask over the network, and as whom."""

    url: str
    user: str = ""
    password: str = ""
    ca_file: Path | None = None  # of an authority that this host does not know by itself


class Client:
    """Asks the core. Every method raises RefusedError."""

    def __init__(self, sockets: Sequence[Path], login: Login | None = None) -> None:
        self._sockets = sockets
        self._login = login
        if login is not None:
            _check(login)

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """Read a page below /api/v1/. Members of the query that are None or empty are left out; lists repeat."""
        chosen = {name: _parameter(value) for name, value in (query or {}).items() if value not in (None, "", [], ())}
        return self._ask("GET", f"{path}?{urlencode(chosen, doseq=True)}" if chosen else path, None)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Have something done."""
        return self._ask("POST", path, json.dumps(body).encode())

    def delete(self, path: str) -> Any:
        """Have something ended."""
        return self._ask("DELETE", path, None)

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        connection = self._connect()
        headers = {"Accept": "application/json", **self._authorization()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        prefix = urlsplit(self._login.url).path.rstrip("/") if self._login else ""
        try:
            connection.request(method, f"{prefix}/api/v1/{path}", body, headers)
            answer = connection.getresponse()
            content = answer.read(_MAX_ANSWER)
        except ssl.SSLError as error:
            raise RefusedError(t("client.tls", where=self._where(), problem=error.reason or error), Exit.AWAY) from None
        except (OSError, http.client.HTTPException) as error:
            raise RefusedError(
                t("client.no_answer", where=self._where(), problem=translated(str(error))), Exit.AWAY
            ) from None
        finally:
            connection.close()
        return _read(answer.status, content, self._where())

    def _connect(self) -> http.client.HTTPConnection:
        """Return a connection; over the network it is opened by the first request."""
        if self._login is None:
            return _over(self._open_socket())
        parts = urlsplit(self._login.url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)
        try:
            context = ssl.create_default_context(cafile=self._login.ca_file)
        except OSError as error:
            text = t("client.ca_file", file=self._login.ca_file, problem=why(error))
            raise RefusedError(text, Exit.USAGE) from None
        return http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S, context=context)

    def _open_socket(self) -> socket.socket:
        forbidden = None
        for path in self._sockets:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(_TIMEOUT_S)
            try:
                sock.connect(str(path))
            except PermissionError:
                sock.close()
                forbidden = path
            except OSError:
                sock.close()
            else:
                return sock
        if forbidden is not None:
            raise RefusedError(t("client.not_yours", path=forbidden), Exit.FORBIDDEN)
        raise RefusedError(t("client.none", paths=", ".join(map(str, self._sockets))), Exit.AWAY)

    def _authorization(self) -> dict[str, str]:
        if self._login is None or not self._login.user:
            return {}
        token = base64.b64encode(f"{self._login.user}:{self._login.password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}

    def _where(self) -> str:
        return self._login.url if self._login else ", ".join(map(str, self._sockets))


def segment(name: str) -> str:
    """Return a name as one segment of a path."""
    return quote(name, safe="")


def _over(sock: socket.socket) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("netmon", timeout=_TIMEOUT_S)
    connection.sock = sock
    return connection


def _parameter(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _check(login: Login) -> None:
    """Refuse an address that is none, and one over which everybody on the way could read the password."""
    parts = urlsplit(login.url)
    try:
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment:
        raise RefusedError(t("client.url", url=login.url), Exit.USAGE)
    if login.user and parts.scheme == "http" and not _is_here(parts.hostname or ""):
        raise RefusedError(t("client.plain", url=login.url), Exit.USAGE)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(status: int, content: bytes, where: str) -> Any:
    """Return what an answer holds; RefusedError where it is a problem, or none of netmon's."""
    try:
        found = json.loads(content) if content else None
    except ValueError:
        found = content
    if status < 300 and not isinstance(found, bytes):
        return found
    if status == 401:
        raise RefusedError(t("client.password", where=where), Exit.FORBIDDEN)
    if not isinstance(found, dict) or "code" not in found:
        raise RefusedError(t("client.stranger", where=where, status=status), Exit.AWAY)
    raise _refused(status, found)


def _refused(status: int, problem: Mapping[str, Any]) -> RefusedError:
    detail, near = _said(problem), ", ".join(map(str, problem.get("near", ())))
    code = problem.get("code")
    if status == 404:
        told = t("client.unknown", detail=detail)
        return RefusedError(f"{told} {t('client.near', near=near) if near else t('client.list')}", Exit.UNKNOWN)
    if status == 403:
        return RefusedError(t("client.forbidden", detail=detail, remedy=_grant(problem)), Exit.FORBIDDEN)
    if status in {400, 413, 422}:
        told = f"{detail}: {near}" if code == "ambiguous_alert" else detail
        return RefusedError(t("client.invalid", detail=told), Exit.USAGE)
    if code == "unrecorded":
        return RefusedError(t("client.unrecorded", detail=detail), Exit.UNRECORDED)
    if code == "unavailable":
        return RefusedError(t("client.unavailable", detail=detail), Exit.AWAY)
    return RefusedError(t("client.failed", status=status, detail=detail), Exit.AWAY)


def _said(problem: Mapping[str, Any]) -> str:
    """Return what is wrong, in the language in use where its reason is known, else as the daemon says it."""
    faults = problem.get("errors")
    if isinstance(faults, list) and faults:
        return "; ".join(_fault(each) for each in faults if isinstance(each, dict))
    return _sentence(problem)


def _fault(fault: Mapping[str, Any]) -> str:
    where = fault.get("pointer") or fault.get("parameter") or ""
    return f"{where}: {_sentence(fault)}".removeprefix(": ")


def _sentence(fault: Mapping[str, Any]) -> str:
    values = _values(fault)
    if "permission" in values:
        values["permission"] = _known(f"refusal.may.{values['permission']}", {}) or values["permission"]
    return _known(f"refusal.{fault.get('reason')}", values) or str(fault.get("detail", ""))


def _grant(problem: Mapping[str, Any]) -> str:
    """Return what helps somebody who may not do it."""
    key = {"role": "refusal.grant", "nameless": "refusal.name"}.get(str(problem.get("reason")), "")
    return _known(key, _values(problem)) or str(problem.get("remedy", ""))


def _values(fault: Mapping[str, Any]) -> dict[str, object]:
    values = fault.get("values")
    return dict(values) if isinstance(values, dict) else {}


def _known(key: str, values: Mapping[str, object]) -> str:
    """Return a text, or an empty one where a daemon of another version has a reason or values that are new to us."""
    try:
        return t(key, **values)
    except KeyError:
        return ""
