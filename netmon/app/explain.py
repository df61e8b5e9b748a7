"""Explains SNMP datagrams to a person, one line each: direction, size, what it is, what it carries. Shows no secret."""

from collections.abc import Callable
from typing import Final

from collectors.snmp import oid, wire
from collectors.snmp.agent import Agent
from collectors.snmp.request import ResyncError

VARBINDS_SHOWN: Final = 4
OCTETS_SHOWN: Final = 24


class Explainer:
    """A trace for the SNMP client that writes what it sees. `clock` gives monotonic seconds."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._began = clock()

    def __call__(self, direction: str, agent: Agent | None, data: bytes, said: wire.Pdu | Exception) -> None:
        """Write one datagram."""
        arrow = "→" if direction == "sent" else "←"
        whose = f" {agent.name}" if agent is not None else ""
        at = f"{(self._clock() - self._began) * 1000:9.1f} ms"
        self._write(f"{at} {arrow}{whose} {len(data)} octets, {_message(data)}: {_content(said)}")


def _message(data: bytes) -> str:
    """Return what the message's outside says, without its community, keys or passwords."""
    try:
        header = wire.peek(data)
    except wire.WireError as error:
        return f"no SNMP message ({error})"
    if header.version != wire.Version.V3:
        return {0: "v1", 1: "v2c"}.get(header.version, f"version {header.version}")
    level = {0: "noAuthNoPriv", 1: "authNoPriv", 3: "authPriv"}.get(header.flags & 3, "privacy without authentication")
    engine = header.engine_id.hex() or "unknown yet"
    return f"v3 {level}, msgID {header.msg_id}, engine {engine}, boots {header.engine_boots}, time {header.engine_time}"


def _content(said: wire.Pdu | Exception) -> str:
    if isinstance(said, ResyncError):  # how version 3 learns an engine's id, boots and time: RFC 3414 section 4
        return f"{said}; asked again"
    if isinstance(said, Exception):
        return f"refused, {said}"
    kind = wire.PduType(said.type).name
    parts = [f"{kind} {said.request_id}"]
    if said.type == wire.PduType.GETBULK:
        parts.append(f"non-repeaters {said.error_status}, max-repetitions {said.error_index}")
    elif said.error_status:
        parts.append(f"error {_error(said.error_status)} at varbind {said.error_index}")
    binds = said.varbinds
    count = len(binds.oids)
    parts.append(f"{count} varbind{'' if count == 1 else 's'}")
    shown = [_varbind(*bind) for bind in list(zip(binds.oids, binds.tags, binds.values, strict=True))[:VARBINDS_SHOWN]]
    return ", ".join(parts) + (": " + "; ".join(shown) if shown else "") + (" …" if count > VARBINDS_SHOWN else "")


def _error(status: int) -> str:
    return wire.ErrorStatus(status).name if status in set(wire.ErrorStatus) else str(status)


def _varbind(name: bytes, tag: int, value: wire.Value) -> str:
    return f"{_oid(name)} = {_value(tag, value)}"


def _oid(raw: bytes) -> str:
    try:
        return oid.text(oid.decode(raw))
    except wire.WireError:
        return raw.hex()


def _value(tag: int, value: wire.Value) -> str:
    name = wire.Tag(tag).name if tag in set(wire.Tag) else f"tag {tag:#x}"
    if value is None:
        return name
    if isinstance(value, bytes):
        if tag == wire.Tag.OBJECT_IDENTIFIER:
            return f"{name} {_oid(value)}"
        more = "…" if len(value) > OCTETS_SHOWN else ""
        head = value[:OCTETS_SHOWN]
        return (
            f"{name} {head.decode()!r}{more}"
            if head.isascii() and head.decode().isprintable()
            else f"{name} {head.hex()}{more}"
        )
    return f"{name} {value}"
