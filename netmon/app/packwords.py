"""What a pack's declarations say that can be known to be wrong only by those who know the metrics: labels, texts."""

import string
from collections.abc import Iterator
from typing import Final, TypeAlias

from collectors.snmp.normal import NORMAL
from netmon.app.settings.document import Way
from netmon.app.settings.problems import choose_from
from rules.pack import Anomaly, Forecast, Limit, Pack, Unreachable

Declared: TypeAlias = Limit | Forecast | Anomaly | Unreachable
_Found: TypeAlias = tuple[Way, str, dict[str, object]]

# What each kind of declaration fills in beside labels.
_WORDS: Final[dict[type[Declared], tuple[str, ...]]] = {
    Limit: ("target", "value", "limit", "share", "window", "metric"),
    Forecast: ("target", "value", "limit", "share", "when", "left", "metric"),
    Anomaly: ("target", "value", "expected", "score", "metric"),
    Unreachable: ("target", "since", "reason", "detail"),
}


def declared(pack: Pack) -> Iterator[tuple[Way, Declared]]:
    """Give each declaration of a pack with the way to it."""
    for section in ("limits", "forecasts", "anomalies"):
        for number, one in enumerate(getattr(pack, section)):
            yield (section, number), one
    if pack.unreachable is not None:
        yield ("unreachable",), pack.unreachable


def faults_of(pack: Pack) -> Iterator[_Found]:
    """Give what is wrong with a pack in itself: way, text of the fault, and what it is filled with."""
    for way, one in declared(pack):
        yield from _placeholders(way, one)
        if not isinstance(one, Unreachable):
            yield from _labels(way, one)


def _placeholders(way: Way, one: Declared) -> Iterator[_Found]:
    labels = _labels_in_texts(one)
    if labels is None:
        return
    for language in ("en", "id"):
        for _, name, _, _ in string.Formatter().parse(getattr(one.summary, language)):
            if name is not None and name not in _WORDS[type(one)] and name not in labels:
                remedy = choose_from([*_WORDS[type(one)], *labels], name)
                yield (*way, "summary", language), "placeholder", {"name": name, "of": one.name, "remedy": remedy}


def _labels_in_texts(one: Declared) -> tuple[str, ...] | None:
    """Return the labels that a declaration's texts can name; None where the labels of its metric are not known."""
    if isinstance(one, Unreachable):
        return ()
    if isinstance(one, Limit) and one.mean:  # what its rows do not share is not there
        return one.labels
    known = NORMAL.get(one.metric)
    return None if known is None else known.labels


def _labels(way: Way, one: Limit | Forecast | Anomaly) -> Iterator[_Found]:
    """Find labels that the metric does not have."""
    known = NORMAL.get(one.metric)
    if known is None:
        return
    named: list[tuple[Way, str]] = [((*way, "labels", number), name) for number, name in enumerate(one.labels)]
    for key in ("match", "unless"):
        named += [((*way, key, name), name) for name in getattr(one, key)]
    for place, name in named:
        if name not in known.labels:
            remedy = choose_from(known.labels, name)
            yield place, "label_unknown", {"name": name, "metric": one.metric, "remedy": remedy}
