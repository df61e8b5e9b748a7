"""Values of netmon.api ↔ data ready for JSON, as they stand in records, snapshots, spools and on the link."""

from typing import Any, TypeVar

import msgspec

from netmon.api import Event, Finding

T = TypeVar("T")


def to_data(value: object) -> Any:
    """Return a value of netmon.api as dicts, lists, strings and numbers; bytes become base64."""
    return msgspec.to_builtins(value)


def from_data(cls: type[T], data: object) -> T:
    """Return the value that `to_data` was given; ValueError (msgspec's own is one) says where it is none."""
    return msgspec.convert(data, cls)


class Said(msgspec.Struct, omit_defaults=True):
    """A finding or an event on its way: exactly one of the two."""

    finding: Finding | None = None
    event: Event | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Said)


def encode(thing: Finding | Event) -> bytes:
    """Return a finding or an event as one line of JSON without its newline."""
    return _encoder.encode(Said(finding=thing) if isinstance(thing, Finding) else Said(event=thing))


def decode(line: bytes) -> Finding | Event:
    """Return what `encode` was given; ValueError where it is none."""
    said = _decoder.decode(line)
    thing = said.finding or said.event
    if thing is None or (said.finding and said.event):
        raise ValueError("neither a finding nor an event, or both")
    return thing
