"""What is known of a version 3 device's engine, and how its id, boots and time are learnt and corrected.

RFC 3414 sections 2.2, 2.3, 3.2 and 4. The engine's id is learnt from an unauthenticated Report, as it must be. Boots
and time in such a Report only go into the next request, which a wrong guess costs one round; what replies are judged
by, and `boots`, come from authenticated messages alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from pydantic import SecretStr

from collectors.snmp import oid, usm, wire
from collectors.snmp.ber import MAX_MESSAGE
from collectors.snmp.metrics import ClientMetrics, Refusal, RefusedDatagramError
from collectors.snmp.request import ResyncError
from collectors.snmp.settings import UserCredential
from netmon.api import PeerAuthFailed, PeerError, PeerRefused

TIME_WINDOW_S = 150  # RFC 3414 section 2.2.3
_UNKNOWN_CONTEXTS = oid.encode((1, 3, 6, 1, 6, 3, 12, 1, 5, 0))
MAX_BOOTS = 2**31 - 1  # an engine that counted to here must be given new keys: section 2.2.2
_ENGINE_ID_OCTETS = range(5, 33)  # SnmpEngineID, RFC 3411 section 5
_ENGINES = 4  # remembered of one device: a pair behind one address; more are somebody's forgeries
_SMALLEST_MESSAGE = 484  # msgMaxSize, RFC 3412 section 6.3

_PROBLEMS = {  # RFC 3414 section 5, RFC 3412 section 5, RFC 3413 section 4.1.2; with what the operator can do
    usm.USM_WRONG_DIGESTS: "the device says that user {user}'s digest is wrong: check auth_password and auth_protocol",
    usm.USM_UNKNOWN_USER_NAMES: "the device knows no user {user}: check the user's name, there and here",
    usm.USM_UNSUPPORTED_SEC_LEVELS: "the device does not offer {level} to user {user}: check which protocols it has",
    usm.USM_DECRYPTION_ERRORS: "the device cannot decrypt user {user}'s request: check priv_password and priv_protocol",
    _UNKNOWN_CONTEXTS: "the device has no such context for user {user}: check context_name",
}


@dataclass(slots=True)
class EngineClock:
    """An engine's boots, and its time in seconds at `at` on our monotonic clock."""

    boots: int = 0
    time: int = 0
    at: float = 0.0

    def now(self, at: float) -> int:
        """Return our notion of the engine's time."""
        return min(self.time + int(at - self.at), MAX_BOOTS)

    def is_newer(self, engine: usm.Engine) -> bool:
        """Whether a message carries a later time than any before: section 3.2.7 b 1."""
        return engine.boots > self.boots or (engine.boots == self.boots and engine.time > self.time)

    def rejects(self, engine: usm.Engine, at: float) -> bool:
        """Whether a message lies outside the time window: section 3.2.7 b 2."""
        return (
            self.boots == MAX_BOOTS
            or engine.boots < self.boots
            or (engine.boots == self.boots and engine.time < self.now(at) - TIME_WINDOW_S)
        )


@dataclass(slots=True)
class _Engine:
    """An engine, and the user's keys for it. `clock` is None until an authenticated message came from it."""

    id: bytes
    keys: usm.Keys
    guess: EngineClock
    clock: EngineClock | None = None


class UserSecurity:
    """Makes and opens the messages of a device that knows us as a user."""

    version: int = wire.Version.V3

    def __init__(self, credential: UserCredential, metrics: ClientMetrics, clock: Callable[[], float]) -> None:
        self.boots: int | None = None
        self.max_octets = MAX_MESSAGE
        self._user = usm.User(
            credential.user.encode(errors="surrogateescape"),
            credential.auth_protocol,
            _secret(credential.auth_password),
            credential.priv_protocol,
            _secret(credential.priv_password),
        )
        self._context = credential.context_name.encode(errors="surrogateescape")
        self._metrics = metrics
        self._clock = clock
        self._engine: _Engine | None = None
        self._engines: dict[bytes, _Engine] = {}

    def seal(self, pdu: bytes, ident: int) -> bytes:
        """Return the message around an encoded PDU, or discovery's while the engine is unknown: section 4."""
        engine = self._engine
        if engine is None:
            return usm.encode_discovery(ident, ident)
        clock = engine.clock or engine.guess
        now = usm.Engine(engine.id, clock.boots, clock.now(self._clock()))
        return usm.encode_v3(pdu, msg_id=ident, engine=now, keys=engine.keys, context_name=self._context)

    def open(self, data: bytes, header: wire.Header) -> wire.Pdu:
        """Return the PDU inside; ResyncError when the engine is not what, or when, we thought."""
        engine = self._engine
        try:
            message = usm.decode_v3(data, engine.keys if engine is not None else usm.Keys(b""))
        except usm.AuthError as error:
            wrong_engine = engine is not None and header.engine_id != engine.id
            reason = Refusal.WRONG_ENGINE if wrong_engine else Refusal.UNAUTHENTICATED
            raise RefusedDatagramError(reason, str(error)) from error
        self._metrics.trailing += bool(message.trailing)
        if message.pdu.type == wire.PduType.REPORT:
            self._report(message)
        if engine is None:
            raise RefusedDatagramError(Refusal.WRONG_PDU, "no Report, and nothing but discovery was sent")
        if message.authenticated:
            self._judge_time(engine, message)
        return message.pdu

    def silence(self) -> PeerError | None:
        """Return that the user is not answered although the engine is there, and forget the engine to see next time."""
        engine = self._engine
        if engine is None or engine.clock is not None or engine.keys.level == usm.SecurityLevel.NO_AUTH_NO_PRIV:
            return None
        self._engine = None
        return PeerAuthFailed(
            f"engine {engine.id.hex()} answers discovery but not user {self._name}: check priv_password and"
            " priv_protocol, and whether the device allows this user at this security level"
        )

    @property
    def _name(self) -> str:
        return repr(self._user.name.decode())

    def _judge_time(self, engine: _Engine, message: usm.V3Message) -> None:
        """Learn from an authenticated message, or refuse it as too old: section 3.2.7 b."""
        now = self._clock()
        if engine.clock is None or engine.clock.is_newer(message.engine):
            clock = self._learn(engine, message, now)
        else:
            clock = engine.clock
        if clock.rejects(message.engine, now):
            raise RefusedDatagramError(Refusal.NOT_IN_TIME_WINDOW, f"boots {message.engine.boots}")

    def _learn(self, engine: _Engine, message: usm.V3Message, now: float) -> EngineClock:
        engine.clock = clock = EngineClock(message.engine.boots, message.engine.time, now)
        self.boots = clock.boots
        self.max_octets = max(_SMALLEST_MESSAGE, message.max_size)
        return clock

    def _report(self, message: usm.V3Message) -> NoReturn:
        """Take a Report for what it is worth: section 3.2."""
        report, engine = message.report, self._engine
        if engine is None or report == usm.USM_UNKNOWN_ENGINE_IDS:
            self._meet(message)
        if report == usm.USM_NOT_IN_TIME_WINDOWS:
            if not message.authenticated:
                raise RefusedDatagramError(Refusal.UNAUTHENTICATED, "a Report on the time window must be authenticated")
            # It answers this very request, whose msgID nobody could foresee: not replayed, so boots may even be lower,
            # as after a reset to factory defaults.
            self._learn(engine, message, self._clock())
            self._metrics.resyncs += 1
            raise ResyncError("the device says that the request was not in its time window")
        problem = _PROBLEMS.get(report)
        if problem is None:
            fault: PeerError = PeerRefused(f"the device reports {_text(report)}")
        else:
            fault = PeerAuthFailed(problem.format(user=self._name, level=engine.keys.level.name))
        if engine.clock is not None and not message.authenticated:
            # Anybody can forge it, and these keys worked: wait for a better answer, and tell this if none comes.
            raise RefusedDatagramError(Refusal.UNPROVEN_REPORT, str(fault), fault)
        raise fault

    def _meet(self, message: usm.V3Message) -> NoReturn:
        """Turn to the engine that a Report names. One that was met before keeps its clock."""
        engine_id = message.engine.id
        if len(engine_id) not in _ENGINE_ID_OCTETS:
            raise RefusedDatagramError(Refusal.MALFORMED, f"snmpEngineID of {len(engine_id)} octets")
        guess = EngineClock(message.engine.boots, message.engine.time, self._clock())
        engine = self._engines.pop(engine_id, None) or _Engine(engine_id, usm.localise(self._user, engine_id), guess)
        engine.guess = guess
        while len(self._engines) >= _ENGINES:
            del self._engines[next(iter(self._engines))]
        self._engines[engine_id] = self._engine = engine
        self._metrics.resyncs += 1
        raise ResyncError("the device says that its engine has another id")


def _secret(value: SecretStr | None) -> bytes:
    return value.get_secret_value().encode(errors="surrogateescape") if value is not None else b""


def _text(report: bytes) -> str:
    try:
        return oid.text(oid.decode(report))
    except wire.WireError:
        return report.hex()
