"""Which format and which encoding a client wants: RFC 9110 sections 12.4.2 (weights), 12.5.1 and 12.5.3. Pure."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporters.prometheus.text import Format

_MAX_HEADER = 4_096  # characters looked at: Prometheus sends about 250
_OPENMETRICS_VERSIONS = ("", "1.0.0", "0.0.1")


@dataclass(frozen=True, slots=True)
class Answer:
    """The format to write and the Content-Type that names it."""

    form: Format
    content_type: str


PLAIN = Answer(Format.TEXT, "text/plain; version=0.0.4; charset=utf-8")


def _openmetrics(version: str) -> Answer:
    return Answer(Format.OPENMETRICS, f"application/openmetrics-text; version={version or '1.0.0'}; charset=utf-8")


def choose_format(accept: str) -> Answer:
    """Return the best of what the client accepts and we can write; plain text when it names nothing that we can.

    Answering an Accept header that we cannot satisfy is what client libraries for Prometheus do instead of 406, so
    that a browser or a script sees the page too.
    """
    best, best_weight = PLAIN, 0.0
    for kind, parameters in _items(accept):
        answer = _offer(kind, parameters)
        weight = _weight(parameters)
        if answer is not None and weight > best_weight:
            best, best_weight = answer, weight
    return best


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether gzip is accepted and not liked less than no compression."""
    weights = {kind: _weight(parameters) for kind, parameters in _items(accept_encoding)}
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _offer(kind: str, parameters: Mapping[str, str]) -> Answer | None:
    version = parameters.get("version", "")
    if kind == "application/openmetrics-text":
        return _openmetrics(version) if version in _OPENMETRICS_VERSIONS else None
    # Text 1.0.0 is 0.0.4 with quoted names besides, so who reads it reads ours.
    return PLAIN if kind in {"text/plain", "text/*", "*/*"} else None


def _items(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    for item in header[:_MAX_HEADER].lower().split(","):
        kind, *rest = (piece.strip() for piece in item.split(";"))
        pairs = (piece.partition("=") for piece in rest)
        if kind:
            yield kind, {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _weight(parameters: Mapping[str, str]) -> float:
    try:
        weight = float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
    return weight if math.isfinite(weight) and 0 <= weight <= 1 else 0.0
