"""Values of netmon.api ↔ data ready for JSON, as they stand in records, snapshots, spools and on the link."""

from dataclasses import replace
from math import isfinite
from typing import Any, Final, TypeVar

import msgspec

from netmon.api import Event, Finding

T = TypeVar("T")

_END_OF_TIME: Final = 253_402_300_800.0  # the year 10000: no date has more than four digits for its year


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


def sane(thing: Finding | Event) -> Finding | Event:
    """Return a finding or an event as JSON can carry it: numbers that JSON lacks (NaN, infinity) become their names.

    ValueError where a time is no time.
    """
    times: tuple[float, ...] = (thing.at,)
    if isinstance(thing, Finding):
        impact, expires_s = thing.impact, thing.expires_s
        times += (() if impact is None else (impact.p10, impact.p50, impact.p90)) + (expires_s or 0.0,)
    if not all(map(_is_time, times)):
        raise ValueError("a time is not a number of seconds from 1970 to 9999")
    numbers = thing.evidence if isinstance(thing, Finding) else thing.fields
    if not any(isinstance(value, float) and not isfinite(value) for value in numbers.values()):
        return thing
    told = {key: str(v) if isinstance(v, float) and not isfinite(v) else v for key, v in numbers.items()}
    return replace(thing, evidence=told) if isinstance(thing, Finding) else replace(thing, fields=told)


def _is_time(seconds: float) -> bool:
    return 0 <= seconds < _END_OF_TIME  # false for NaN


def encode(thing: Finding | Event) -> bytes:
    """Return a finding or an event as one line of JSON without its newline; ValueError where a time is none."""
    thing = sane(thing)
    return _encoder.encode(Said(finding=thing) if isinstance(thing, Finding) else Said(event=thing))


def decode(line: bytes) -> Finding | Event:
    """Return what `encode` was given; ValueError where it is none."""
    said = _decoder.decode(line)
    thing = said.finding or said.event
    if thing is None or (said.finding and said.event):
        raise ValueError("neither a finding nor an event, or both")
    return sane(thing)
