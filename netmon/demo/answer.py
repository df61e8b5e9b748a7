"""From a request's PDU to the response's: GET, GETNEXT and GETBULK over a `MibView`. RFC 1157, RFC 3416, RFC 3584.

Sans-I/O; the time is an argument. What a message around the PDU costs is known to the caller, who says how many octets
of varbinds there is room for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.snmp.ber import Tag, integer, length, tlv
from collectors.snmp.wire import ErrorStatus, Pdu, PduType, Version
from netmon.demo.mib import MibView, varbind

_COUNTER64 = int(Tag.COUNTER64)  # an enum's member compares slower, and this is asked for each varbind
_NO_SUCH_OBJECT = bytes((Tag.NO_SUCH_OBJECT, 0))
_NO_SUCH_INSTANCE = bytes((Tag.NO_SUCH_INSTANCE, 0))
_END_OF_MIB_VIEW = bytes((Tag.END_OF_MIB_VIEW, 0))
_NULL = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Room:
    """How many octets of varbinds a response may carry. A GETBULK that needs more is cut (RFC 3416 section 4.2.3);
    with `bulk_too_big` it is refused, as some devices do.
    """

    octets: int
    bulk_too_big: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A response's PDU, and how many varbinds with a value it carries."""

    pdu: bytes
    varbinds: int = 0


def answer(view: MibView, version: int, pdu: Pdu, now: float, room: Room) -> Answer | None:
    """Return the response; None where an agent stays silent."""
    if pdu.type == PduType.GETBULK:
        return None if version == Version.V1 else _bulk(view, pdu, now, room)
    if pdu.type not in (PduType.GET, PduType.GETNEXT, PduType.SET):
        return None
    if pdu.type == PduType.SET:  # nothing here can be set; RFC 3584 section 4.4 maps notWritable for version 1
        status = ErrorStatus.NO_SUCH_NAME if version == Version.V1 else ErrorStatus.NOT_WRITABLE
        return _refusal(pdu, version, status, 1)
    read = _get if pdu.type == PduType.GET else _next
    varbinds: list[bytes] = []
    for at, name in enumerate(pdu.varbinds.oids, start=1):
        found = read(view, version, name, now)
        if found is None:  # version 1 only: RFC 1157 section 4.1.2
            return _refusal(pdu, version, ErrorStatus.NO_SUCH_NAME, at)
        varbinds.append(found)
    body = b"".join(varbinds)
    if len(body) > room.octets:
        return _refusal(pdu, version, ErrorStatus.TOO_BIG, 0)
    return Answer(response(pdu.request_id, 0, 0, body), len(varbinds))


def response(request_id: int, status: int, index: int, varbinds: bytes) -> bytes:
    """Return a Response-PDU around varbinds that are already encoded and joined."""
    fields = integer(request_id) + integer(status) + integer(index)
    return tlv(PduType.RESPONSE, fields + b"\x30" + length(len(varbinds)) + varbinds)


def _get(view: MibView, version: int, name: bytes, now: float) -> bytes | None:
    at = view.find(name)
    if version == Version.V1:  # RFC 3584 section 4.2.2.1: version 1 does not see a Counter64
        return None if at is None or view.value(at, now)[0] == _COUNTER64 else view.varbind(at, now)
    if at is not None:
        return view.varbind(at, now)
    return varbind(name, _NO_SUCH_INSTANCE if _has_object(view, name) else _NO_SUCH_OBJECT)


def _has_object(view: MibView, name: bytes) -> bool:
    """Say whether the name's object is there in another instance; the object is taken to be all but its last arc."""
    end = len(name) - 1
    while end > 0 and name[end - 1] >= 0x80:
        end -= 1
    at = view.after(name[:end])
    return at < len(view) and view.names[at].startswith(name[:end])


def _next(view: MibView, version: int, name: bytes, now: float) -> bytes | None:
    at = view.after(name)
    while version == Version.V1 and at < len(view) and view.value(at, now)[0] == _COUNTER64:
        at += 1
    if at < len(view):
        return view.varbind(at, now)
    return None if version == Version.V1 else varbind(name, _END_OF_MIB_VIEW)


def _bulk(view: MibView, pdu: Pdu, now: float, room: Room) -> Answer:
    varbinds: list[bytes] = []
    left = room.octets
    for encoded in _successors(view, pdu, now):
        left -= len(encoded)
        if left < 0:
            break
        varbinds.append(encoded)
    if left < 0 and (room.bulk_too_big or not varbinds):
        return Answer(response(pdu.request_id, ErrorStatus.TOO_BIG, 0, b""))
    return Answer(response(pdu.request_id, 0, 0, b"".join(varbinds)), len(varbinds))


def _successors(view: MibView, pdu: Pdu, now: float) -> Iterator[bytes]:
    """Give the varbinds of RFC 3416 section 4.2.3 in order: non-repeaters once, then repetition after repetition."""
    names = pdu.varbinds.oids
    once = min(max(pdu.error_status, 0), len(names))
    end = len(view)
    for name in names[:once]:
        at = view.after(name)
        yield view.varbind(at, now) if at < end else varbind(name, _END_OF_MIB_VIEW)
    starts = [view.after(name) for name in names[once:]]
    for repetition in range(max(pdu.error_index, 0) if starts else 0):
        for start, name in zip(starts, names[once:], strict=True):
            at = start + repetition
            if at < end:
                yield view.varbind(at, now)
            else:  # the end carries the last name that there was
                yield varbind(view.names[-1] if start < end else name, _END_OF_MIB_VIEW)
        if min(starts) + repetition >= end:  # all of them are past the end: RFC 3416 allows to stop here
            return


def _refusal(pdu: Pdu, version: int, status: ErrorStatus, index: int) -> Answer:
    """Return an error. It repeats the request's names, but a version 2 tooBig carries none (RFC 3416 section 4.2.1)."""
    names = [] if status == ErrorStatus.TOO_BIG and version != Version.V1 else pdu.varbinds.oids
    return Answer(response(pdu.request_id, status, index, b"".join(varbind(name, _NULL) for name in names)))
