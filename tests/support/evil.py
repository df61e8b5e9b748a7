"""An SNMP agent whose misbehaviour a test scripts. Without a script it is honest.

async with evil(script, rows) as agent: ... agent.target() ...

A script takes the agent and a request and returns the datagrams to send back; `agent.honest(request)` makes the right
one, `agent.reply(request, …)` any other. All in the test's own event loop, on a free loopback port.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import SecretStr

from collectors.snmp import oid, usm, wire
from collectors.snmp.agent import Agent
from collectors.snmp.settings import AuthProtocol, CommunityCredential, PrivProtocol, UserCredential
from collectors.snmp.values import Value

Rows: TypeAlias = Mapping[str, tuple[int, Value]]  # dotted OID → tag and value
VarBind: TypeAlias = tuple[str, int, Value]

END = wire.Tag.END_OF_MIB_VIEW
PASSWORD = "eight or more"


@dataclass(slots=True)
class Request:
    """What the client sent: the n-th request, from 1."""

    number: int
    pdu: wire.Pdu
    version: int
    community: bytes = b""
    v3: usm.V3Message | None = None

    @property
    def names(self) -> list[str]:
        return [oid.text(oid.decode(each)) for each in self.pdu.varbinds.oids]


Script: TypeAlias = Callable[["EvilAgent", Request], Iterable[bytes]]


def honest(agent: "EvilAgent", request: Request) -> Iterable[bytes]:
    """Answer as a good agent does."""
    return [agent.honest(request)]


class EvilAgent(asyncio.DatagramProtocol):
    """The agent. `rows` is its MIB; `requests` what it was asked; engine_id, boots and time are version 3's."""

    def __init__(self, rows: Rows, script: Script) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.sent: list[bytes] = []
        self.kept: list[bytes] = []  # the honest answers, for a script that replays them
        self.reports: list[bytes] = []
        self.engine_id = bytes.fromhex("80001f8804") + b"evil"
        self.boots = 3
        self.time = 1_000
        self.user = usm.User(b"reader", AuthProtocol.SHA1, PASSWORD.encode(), PrivProtocol.AES128, PASSWORD.encode())
        self.peer: Any = None
        self._rows = {oid.parse(name): cell for name, cell in rows.items()}
        self._order = sorted(self._rows)
        self._transport: Any = None
        self.address: tuple[str, int] = ("", 0)

    # The network's side

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.peer = addr
        if wire.peek(data).version == wire.Version.V3:
            request = self._open_v3(data)
            if request is None:
                return
        else:
            message = wire.decode_message(data)
            assert isinstance(message.pdu, wire.Pdu)
            request = Request(len(self.requests) + 1, message.pdu, message.version, message.community)
        self.requests.append(request)
        for datagram in self.script(self, request):
            self.send(datagram)

    def send(self, datagram: bytes) -> None:
        """Send to whoever asked last."""
        self.sent.append(datagram)
        self._transport.sendto(datagram, self.peer)

    # Whom the client asks

    def target(self, version: str = "v2c", name: str = "evil") -> Agent:
        host, port = self.address
        if version == "v3":
            secret = SecretStr(PASSWORD)
            user = UserCredential(
                version="v3",
                user="reader",
                auth_protocol=self.user.auth,
                auth_password=secret if self.user.auth else None,
                priv_protocol=self.user.priv,
                priv_password=secret if self.user.priv else None,
            )
            return Agent(name, host, port, credential=user)
        credential = CommunityCredential.model_validate({"version": version, "community": "public"})
        return Agent(name, host, port, credential=credential)

    # Answers

    def honest(self, request: Request) -> bytes:
        """Return the answer of RFC 1157 or RFC 3416."""
        answer = self._answer(request)
        self.kept.append(answer)
        return answer

    def _answer(self, request: Request) -> bytes:
        pdu = request.pdu
        if pdu.type == wire.PduType.GET:
            cells = [
                (name, *self._rows.get(oid.parse(name), (wire.Tag.NO_SUCH_INSTANCE, None))) for name in request.names
            ]
        else:
            repetitions = pdu.error_index if pdu.type == wire.PduType.GETBULK else 1
            cells = self.walk(request.names, repetitions)
        if request.version == wire.Version.V1:
            for index, (_, tag, _) in enumerate(cells, 1):
                if tag in (END, wire.Tag.NO_SUCH_INSTANCE):
                    return self.reply(request, [], status=wire.ErrorStatus.NO_SUCH_NAME, index=index)
        return self.reply(request, cells)

    def walk(self, names: Sequence[str], repetitions: int) -> list[VarBind]:
        """Return what GETBULK brings: row after row."""
        cells: list[VarBind] = []
        current = [oid.parse(name) for name in names]
        for _ in range(repetitions):
            for at, arcs in enumerate(current):
                place = bisect_right(self._order, arcs)
                if place == len(self._order):
                    cells.append((oid.text(arcs), END, None))
                else:
                    current[at] = self._order[place]
                    cells.append((oid.text(current[at]), *self._rows[current[at]]))
        return cells

    def reply(
        self,
        request: Request,
        cells: Sequence[VarBind],
        *,
        status: int = 0,
        index: int = 0,
        request_id: int | None = None,
        type: int = wire.PduType.RESPONSE,  # noqa: A002 - the field's name
        **v3: Any,
    ) -> bytes:
        """Return a message that carries these cells; `v3` overrides fields of a version 3 message (see `seal`)."""
        varbinds = [(oid.encode(oid.parse(name)), wire.encode_value(tag, value)) for name, tag, value in cells]
        number = request.pdu.request_id if request_id is None else request_id
        pdu = wire.encode_response(number, status, index, varbinds, type)
        if request.v3 is not None:
            return self.seal(request, pdu, **v3)
        return wire.encode_message(request.version, v3.get("community", request.community), pdu)

    # Version 3

    def seal(
        self,
        request: Request,
        pdu: bytes,
        *,
        keys: usm.Keys | None = None,
        boots: int | None = None,
        time: int | None = None,
        msg_id: int | None = None,
        max_size: int = 65_507,
    ) -> bytes:
        """Return a version 3 message of this engine, at this user's level unless other `keys` are given."""
        assert request.v3 is not None
        engine = usm.Engine(self.engine_id, self.boots if boots is None else boots, self.time if time is None else time)
        return usm.encode_v3(
            pdu,
            msg_id=request.v3.msg_id if msg_id is None else msg_id,
            engine=engine,
            keys=self.keys() if keys is None else keys,
            reportable=False,
            max_size=max_size,
        )

    def keys(self, *, level: int = 3) -> usm.Keys:
        """Return the user's keys, or those of a lower security level."""
        user = self.user
        if level == 0:
            user = usm.User(user.name)
        elif level == 1:
            user = usm.User(user.name, user.auth, user.auth_password)
        return usm.localise(user, self.engine_id)

    def report(self, counter: bytes, msg_id: int, *, keys: usm.Keys | None = None, **engine: int) -> bytes:
        """Return a Report: unauthenticated unless keys are given."""
        pdu = wire.encode_response(0, 0, 0, [(counter, wire.encode_value(wire.Tag.COUNTER32, 1))], wire.PduType.REPORT)
        return usm.encode_v3(
            pdu,
            msg_id=msg_id,
            engine=usm.Engine(self.engine_id, engine.get("boots", self.boots), engine.get("time", self.time)),
            keys=usm.Keys(self.user.name, self.engine_id) if keys is None else keys,
            reportable=False,
        )

    def _open_v3(self, data: bytes) -> Request | None:
        """Return the request, or send the Report that RFC 3414 section 3.2 asks for."""
        header = wire.peek(data)
        if header.engine_id != self.engine_id:
            self._send_report(usm.USM_UNKNOWN_ENGINE_IDS, header.msg_id, usm.Keys(header.user, self.engine_id))
            return None
        try:
            message = usm.decode_v3(data, self.keys())
        except usm.AuthError:
            self._send_report(usm.USM_WRONG_DIGESTS, header.msg_id, usm.Keys(header.user, self.engine_id))
            return None
        if self.user.auth and (message.engine.boots != self.boots or abs(message.engine.time - self.time) > 150):
            self._send_report(usm.USM_NOT_IN_TIME_WINDOWS, header.msg_id, self.keys(level=1))
            return None
        return Request(len(self.requests) + 1, message.pdu, wire.Version.V3, v3=message)

    def _send_report(self, counter: bytes, msg_id: int, keys: usm.Keys | None = None) -> None:
        self.reports.append(counter)
        self.send(self.report(counter, msg_id, keys=keys))


@asynccontextmanager
async def evil(script: Script, rows: Rows, host: str = "127.0.0.1") -> AsyncIterator[EvilAgent]:
    """Serve until the block ends."""
    transport, agent = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: EvilAgent(rows, script), local_addr=(host, 0)
    )
    try:
        yield agent
    finally:
        transport.close()
        await asyncio.sleep(0)  # the transport closes its socket in the next turn of the loop


def table(root: str, columns: Iterable[int], rows: Iterable[int]) -> dict[str, tuple[int, Value]]:
    """Return a table whose every cell is 1000 x column + row, as Counter32."""
    indexes = list(rows)
    return {f"{root}.{c}.{r}": (int(wire.Tag.COUNTER32), 1000 * c + r) for c in columns for r in indexes}
