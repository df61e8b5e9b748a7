"""IPFIX over TCP and TLS (RFC 7011, 10.4 and 11): connections of exporters, served without waiting for any of them.

The sockets are in the collector's selector, beside its UDP sockets: one thread does it all. Every connection has a
buffer of fixed size and deadlines, so that a slow or silent peer costs its buffer and nothing more.
"""

import selectors
import socket
import ssl
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collectors.traffic.flows.certificates import Rejected, name_of, server_context
from collectors.traffic.flows.datagrams import Datagrams
from collectors.traffic.flows.endpoint import Endpoint
from collectors.traffic.flows.exporters import Exporters
from collectors.traffic.flows.messages import STREAM_BYTES, MessageBatch, Stream
from collectors.traffic.flows.receive import bind, named
from collectors.traffic.flows.settings import StreamSettings
from netmon.api.traffic import halves

_ACCEPTS: Final = 64  # connections taken at one wake-up: then the others have their turn
_READS: Final = 4  # reads of one connection at one wake-up, of up to 128 kB each
_PAUSE_S: Final = 1.0  # without accepting, after the host had no descriptor left
_LOOK_S: Final = 0.05  # between two looks at the deadlines
_SESSION_BITS: Final = 16  # of an exporter's number; the row has the 16 below

COUNTS: Final = (
    "connections",
    "messages",
    "octets",
    "refused",  # connections: from an address, or with a certificate, that is not allowed
    "too_many",  # connections: of all, of one address, or no row was left for another exporter
    "handshake_failed",
    "handshake_timeout",
    "not_ipfix",  # connections ended because what they sent was no IPFIX
    "message_timeout",
    "idle_timeout",
    "broken",  # ended by an error, or inside a message
    "ended",  # ended by the exporter, between two messages
    "accept_errors",
)


@dataclass(slots=True, eq=False)
class _Listener:
    endpoint: Endpoint
    socket: socket.socket
    context: ssl.SSLContext | None
    paused_until_s: float = 0.0  # 0: it is not


@dataclass(slots=True, eq=False)
class _Session:
    socket: socket.socket
    address: str
    row: int
    stream: Stream | None  # None: the TLS handshake is not complete
    since_s: float  # of the connection, then of the last whole message
    begun_s: float = 0.0  # of the message that is not whole yet; 0: there is none


class StreamServer:
    """Accepts exporters and cuts their messages out. `open` before use; used by the thread of its selector only."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        exporters: Exporters,
        settings: StreamSettings,
        selector: selectors.BaseSelector,
    ) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        self._endpoints = tuple(endpoints)
        self._exporters = exporters
        self._settings = settings
        self._selector = selector
        self._listeners: list[_Listener] = []
        self._sessions: set[_Session] = set()
        self._addresses: Counter[str] = Counter()
        self._keys: set[int] = set()  # in use, or ended and not forgotten yet
        self._ended: list[int] = []
        self._more: set[_Session] = set()  # octets of theirs wait here, where the selector does not see them
        self._batch = MessageBatch()
        self._looked_s = 0.0

    @property
    def endpoints(self) -> list[Endpoint]:
        """Return the addresses that are listened at."""
        return [each.endpoint for each in self._listeners]

    @property
    def sessions(self) -> int:
        """Return how many connections there are."""
        return len(self._sessions)

    @property
    def waiting(self) -> bool:
        """Tell whether there is work that the selector does not announce."""
        return bool(self._more)

    def open(self) -> None:
        """Listen. OSError where an address cannot be had, ConfigError where the certificate cannot be used."""
        context = None
        if any(each.scheme == "tls" for each in self._endpoints):
            context = server_context(self._settings)
        try:
            for endpoint in self._endpoints:
                self._listen(endpoint, context if endpoint.scheme == "tls" else None)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """End all connections; safe to call twice."""
        for session in list(self._sessions):
            self._drop(session, "ended")
        for listener in self._listeners:
            if not listener.paused_until_s:
                self._selector.unregister(listener.socket)
            listener.socket.close()
        self._listeners = []

    def serve(self, events: Sequence[tuple[selectors.SelectorKey, int]], now_s: float) -> None:
        """Do what the selector announced, then what time demands. `now_s` is of a clock that only goes on."""
        ready = set(self._more)
        self._more.clear()
        for key, _ in events:
            if isinstance(key.data, _Listener):
                self._accept(key.data, now_s)
            elif isinstance(key.data, _Session):
                ready.add(key.data)
        for session in ready:
            if session in self._sessions:
                self._advance(session, now_s)
        if now_s - self._looked_s >= _LOOK_S:
            self._looked_s = now_s
            self._expire(now_s)

    def take(self) -> Datagrams:
        """Return the messages that came: valid until `serve` is called again."""
        return self._batch.take()

    def ended(self) -> list[int]:
        """Return the keys of sessions that ended: with them end their templates. Keys are then given out again."""
        keys, self._ended = self._ended, []
        self._keys.difference_update(keys)
        return keys

    def _listen(self, endpoint: Endpoint, context: ssl.SSLContext | None) -> None:
        try:
            sock = bind(endpoint, socket.SOCK_STREAM)
            sock.listen(_ACCEPTS)
        except OSError as error:
            raise OSError(error.errno, f"cannot listen at {endpoint}: {error.strerror or error}") from error
        listener = _Listener(named(endpoint, sock), sock, context)
        self._listeners.append(listener)
        self._selector.register(sock, selectors.EVENT_READ, listener)

    def _accept(self, listener: _Listener, now_s: float) -> None:
        for _ in range(_ACCEPTS):
            try:
                sock, peer = listener.socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no descriptor, no memory: asking at once again would only burn time
                self.counts["accept_errors"] += 1
                self._selector.unregister(listener.socket)
                listener.paused_until_s = now_s + _PAUSE_S
                return
            self._admit(listener, sock, str(peer[0]).partition("%")[0], now_s)

    def _admit(self, listener: _Listener, sock: socket.socket, address: str, now_s: float) -> None:
        """Begin a session, or end the connection where the address is not allowed or there are too many."""
        by_name = listener.context is not None and self._settings.client_ca is not None
        row = 0 if by_name else self._exporters.row_of(*halves(address))
        allowed = self._settings.max_connections_per_address
        if not by_name and row == 0:
            self._exporters.refuse(*halves(address), time.time_ns())
            self._refuse(sock, "refused")
        elif row < 0 or len(self._sessions) >= self._settings.max_connections or self._addresses[address] >= allowed:
            self._refuse(sock, "too_many")
        else:
            sock.setblocking(False)
            if listener.context is not None:
                try:
                    sock = listener.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                except OSError:  # it is gone already
                    self._refuse(sock, "handshake_failed")
                    return
            stream = None if listener.context is not None else self._stream(row)
            session = _Session(sock, address, row, stream, now_s)
            self._sessions.add(session)
            self._addresses[address] += 1
            self._selector.register(sock, selectors.EVENT_READ, session)
            self.counts["connections"] += 1

    def _refuse(self, sock: socket.socket, why: str) -> None:
        self.counts[why] += 1
        sock.close()

    def _stream(self, row: int) -> Stream:
        """Return a new session of an exporter: the smallest number that none of its others has."""
        number = 1
        while (row | number << _SESSION_BITS) in self._keys:
            number += 1
        key = row | number << _SESSION_BITS
        self._keys.add(key)
        return Stream(key, bytearray(STREAM_BYTES))

    def _advance(self, session: _Session, now_s: float) -> None:
        """Go on with a session as far as it goes without waiting."""
        try:
            if session.stream is None:
                self._shake_hands(session, now_s)
            if session.stream is not None:
                self._read(session, session.stream, now_s)
        except ssl.SSLWantReadError:
            self._watch(session, selectors.EVENT_READ)
        except ssl.SSLWantWriteError:
            self._watch(session, selectors.EVENT_WRITE)
        except (BlockingIOError, InterruptedError):
            pass
        except Rejected as rejected:
            self._drop(session, rejected.why)
        except OSError:  # ssl's errors are of these
            self._drop(session, "broken" if session.stream is not None else "handshake_failed")

    def _watch(self, session: _Session, events: int) -> None:
        if self._selector.get_key(session.socket).events != events:
            self._selector.modify(session.socket, events, session)

    def _shake_hands(self, session: _Session, now_s: float) -> None:
        sock, certificate = session.socket, {}
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
            certificate = sock.getpeercert() or {}
        if self._settings.client_ca is not None:
            name = name_of(certificate, self._settings.client_names)
            session.row = self._exporters.row_of_name(name, *halves(session.address))
            if session.row < 0:
                raise Rejected("too_many")
        session.stream = self._stream(session.row)
        session.since_s = now_s
        self._watch(session, selectors.EVENT_READ)

    def _read(self, session: _Session, stream: Stream, now_s: float) -> None:
        for _ in range(_READS):
            if not self._batch.has_room():
                break
            came = session.socket.recv_into(stream.room())
            if came == 0:
                self._drop(session, "broken" if stream.filled else "ended")
                return
            stream.filled += came
            now_ns = time.time_ns()
            before = stream.filled
            count, sound = self._batch.cut(stream, now_ns)
            if count:
                self.counts["messages"] += count
                self.counts["octets"] += before - stream.filled
                self._exporters.heard(session.row, before - stream.filled, count, now_ns)
                session.since_s = now_s
                session.begun_s = now_s if stream.filled else 0.0
            else:
                session.begun_s = session.begun_s or now_s
            if not sound:
                self._drop(session, "not_ipfix")
                return
        if isinstance(session.socket, ssl.SSLSocket) and session.socket.pending():
            self._more.add(session)  # deciphered already: the selector knows nothing of it

    def _expire(self, now_s: float) -> None:
        given = self._settings
        for session in list(self._sessions):
            if session.stream is None:
                if now_s - session.since_s >= given.handshake_timeout_s:
                    self._drop(session, "handshake_timeout")
            elif session.begun_s and now_s - session.begun_s >= given.message_timeout_s:
                self._drop(session, "message_timeout")
            elif now_s - session.since_s >= given.idle_timeout_s:
                self._drop(session, "idle_timeout")
        for listener in self._listeners:
            if listener.paused_until_s and now_s >= listener.paused_until_s:
                listener.paused_until_s = 0.0
                self._selector.register(listener.socket, selectors.EVENT_READ, listener)

    def _drop(self, session: _Session, why: str) -> None:
        self.counts[why] += 1
        self._sessions.discard(session)
        self._more.discard(session)
        self._addresses[session.address] -= 1
        if not self._addresses[session.address]:
            del self._addresses[session.address]
        self._selector.unregister(session.socket)
        session.socket.close()
        if session.stream is not None:
            self._ended.append(session.stream.key)
