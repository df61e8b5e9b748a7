"""What series are called in tables: only what tells one from the others. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

Labels: TypeAlias = Mapping[str, str]

_NAME: Final = "__name__"
_TARGET: Final = "instance"
_FAMILIAR: Final[tuple[str, ...]] = (
    "mountpoint",
    "ifName",
    "sensor",
    "device",
    "name",
)  # what people call a part by, the best first
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(r"\\(.)")


def told_apart(series: Sequence[Labels]) -> list[str]:
    """Return a short name for each series.

    It has the target and the label that people call the part by, and of the others as few as tell all apart: `sw-1
    Te1/1/1`. A series without labels has the name of its metric; the same series has the same name wherever it stands.
    """
    shown = [name for name in (_TARGET,) if any(name in labels for labels in series)]
    shown += [name for name in _FAMILIAR if any(name in labels for labels in series)][:1]
    if not shown:
        shown = [_NAME]
    distinct = len({tuple(sorted(labels.items())) for labels in series})
    for name in _others(series, shown):
        found = len(_told(series, shown))
        if found == distinct:
            break
        if len(_told(series, [*shown, name])) > found:
            shown.append(name)
    return [_text(labels, shown) for labels in series]


def labels_of(text: str) -> Labels:
    """Return the labels of a series that is written as PromQL has it; of any other text the whole as its name."""
    name, brace, inner = text.partition("{")
    if not brace or not inner.endswith("}"):
        return {_NAME: text}
    found = {key: _ESCAPED.sub(r"\1", value) for key, value in _LABEL.findall(inner)}
    return {_NAME: name, **found} if found else {_NAME: text}


def _others(series: Sequence[Labels], shown: Iterable[str]) -> list[str]:
    """Return the labels that could be added, the familiar first, the metric's name last."""
    there = dict.fromkeys(name for labels in series for name in labels)
    ordered = [name for name in _FAMILIAR if name in there]
    ordered += [name for name in there if name not in {*_FAMILIAR, _NAME}]
    return [name for name in (*ordered, _NAME) if name not in shown]


def _told(series: Sequence[Labels], shown: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(labels.get(name, "") for name in shown) for labels in series}


def _text(labels: Labels, shown: Sequence[str]) -> str:
    plain = {_TARGET, _NAME, *_FAMILIAR}
    parts = [labels[name] if name in plain else f"{name}={labels[name]}" for name in shown if labels.get(name)]
    return " ".join(parts) or labels.get(_NAME) or "-"
