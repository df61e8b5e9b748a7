"""The query API of Prometheus, /api/v1/query_range: what is asked and what is answered. Octets in, columns out; no I/O.

https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
"""

import math
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlencode

import msgspec
import numpy as np

from netmon.api import PeerAuthFailed, PeerError, PeerMalformed, PeerRefused, PeerTimeout
from netmon.api.columns import Floats

PATH: Final = "/api/v1/query_range"
MAX_POINTS: Final = 11_000  # of a series in one answer; Prometheus refuses more
_MESSAGE: Final = 300  # characters of the peer's own words that we pass on

Found: TypeAlias = tuple[Mapping[str, str], Floats, Floats]
"""Labels with the metric's name as `__name__`, Unix seconds float64[n] ascending, values float64[n], all finite."""


class TooMuch(PeerRefused):
    """The answer is bigger than one of the two sides takes: ask for less at once."""


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = []


class _Data(msgspec.Struct):
    result_type: str = msgspec.field(name="resultType")
    result: list[_Series]


class _Answer(msgspec.Struct):
    status: str
    data: _Data | None = None
    error_type: str = msgspec.field(name="errorType", default="")
    error: str = ""


class _Failure(msgspec.Struct):
    error_type: str = msgspec.field(name="errorType", default="")
    error: str = ""


def form(query: str, start: float, end: float, step_s: float) -> bytes:
    """Return the body of a question."""
    fields = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step_s:g}"}
    return urlencode(fields).encode("ascii")


def spans(start: float, end: float, step_s: float) -> Iterator[tuple[float, float]]:
    """Give the parts of a range, both ends included, each with as many points as one answer may have."""
    points = math.floor((end - start) / step_s) + 1
    for first in range(0, points, MAX_POINTS):
        last = min(first + MAX_POINTS, points) - 1
        yield start + first * step_s, start + last * step_s


def parse(body: bytes) -> list[Found]:
    """Return what an answer with status 200 holds. Values that are not finite are left out. Raises PeerError."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PeerMalformed(f"not an answer of Prometheus: {error}") from None
    if answer.status != "success" or answer.data is None:
        raise failure(200, body)
    if answer.data.result_type != "matrix":
        raise PeerMalformed(f"a {answer.data.result_type[:40]!r} came where a matrix was asked for")
    return [(one.metric, *_columns(one.values)) for one in answer.data.result]


def failure(status: int, body: bytes) -> PeerError:
    """Return the error for an answer that is none, with Prometheus's own words where it has some."""
    try:
        said = msgspec.json.decode(body, type=_Failure)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = _Failure()
    text = f"{said.error_type}: {said.error}"[:_MESSAGE] if said.error else f"HTTP status {status}"
    if status in {401, 403}:
        return PeerAuthFailed(text)
    if said.error_type == "timeout" or status == 504:
        return PeerTimeout(text)
    if "too many samples" in said.error or status == 413:
        return TooMuch(text)
    return PeerRefused(text) if said.error or status >= 400 else PeerMalformed(text)


def merged(parts: Iterator[list[Found]]) -> list[Found]:
    """Return the series of answers to parts of a range, in their order, each as one."""
    several: dict[tuple[tuple[str, str], ...], list[Found]] = {}
    for part in parts:
        for found in part:
            several.setdefault(tuple(sorted(found[0].items())), []).append(found)
    return [_one(found) for found in several.values()]


def _one(found: list[Found]) -> Found:
    if len(found) == 1:
        return found[0]
    return found[0][0], np.concatenate([at for _, at, _ in found]), np.concatenate([values for *_, values in found])


def _columns(points: list[tuple[float, str]]) -> tuple[Floats, Floats]:
    at = np.array([moment for moment, _ in points], np.float64)
    try:
        values = np.array([float(value) for _, value in points], np.float64)
    except ValueError:
        raise PeerMalformed("a value in the answer is no number") from None
    if not np.isfinite(at).all() or (np.diff(at) <= 0).any():
        raise PeerMalformed("the times in the answer do not ascend")
    finite = np.isfinite(values)
    return (at, values) if finite.all() else (at[finite], values[finite])
