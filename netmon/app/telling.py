"""What series are called in tables: only what tells one from the others. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

Labels: TypeAlias = Mapping[str, str]

_NAME: Final = "__name__"
_TARGET: Final = "instance"
# What people call a part by, the best first.
_FAMILIAR: Final[tuple[str, ...]] = ("mountpoint", "ifName", "sensor", "pool", "device", "name")
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(r"\\(.)")


def told_apart(series: Sequence[Labels]) -> list[str]:
    """Return a short name for each series; the same series has the same name wherever it stands.

    It has the target and the label that people call the part by, `sw-1 Te1/1/1`, and more only where others are called
    the same. Without either it is the metric's name, or the first label.
    """
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Labels]] = {}
    for labels in {_identity(labels): labels for labels in series}.values():
        shown = _familiar(labels)
        alike.setdefault((shown, tuple(labels.get(name, "") for name in shown)), []).append(labels)
    names: dict[tuple[str, ...], str] = {}
    for (shown, _), group in alike.items():
        _name(group, shown, names)
    return [names[_identity(labels)] for labels in series]


def labels_of(text: str) -> Labels:
    """Return the labels of a series that is written as PromQL has it; of any other text the whole as its name."""
    name, brace, inner = text.partition("{")
    if not brace or not inner.endswith("}"):
        return {_NAME: text}
    found = {key: _ESCAPED.sub(r"\1", value) for key, value in _LABEL.findall(inner)}
    return {_NAME: name, **found} if found else {_NAME: text}


def _identity(labels: Labels) -> tuple[str, ...]:
    return tuple(part for pair in sorted(labels.items()) for part in pair)


def _familiar(labels: Labels) -> tuple[str, ...]:
    """Return the labels that a series is shown by where no other is called the same."""
    part = [name for name in _FAMILIAR if labels.get(name)][:1]
    found = tuple([_TARGET] * (_TARGET in labels) + part)
    return found or ((_NAME,) if _NAME in labels else tuple(labels)[:1])


def _name(alike: Sequence[Labels], shown: tuple[str, ...], names: dict[tuple[str, ...], str]) -> None:
    """Name series that have the same values of what is shown: by the first other label in which they differ."""
    ordered = (*_FAMILIAR, *(name for labels in alike for name in labels if name != _NAME), _NAME)
    more = next((name for name in ordered if len({labels.get(name, "") for labels in alike}) > 1), None)
    if more is None:
        names.update((_identity(labels), _text(labels, shown)) for labels in alike)
        return
    parts: dict[str, list[Labels]] = {}
    for labels in alike:
        parts.setdefault(labels.get(more, ""), []).append(labels)
    for part in parts.values():
        _name(part, (*shown, more), names)


def _text(labels: Labels, shown: Sequence[str]) -> str:
    plain = {_TARGET, _NAME, *_FAMILIAR}
    parts = [labels[name] if name in plain else f"{name}={labels[name]}" for name in shown if labels.get(name)]
    return " ".join(parts) or labels.get(_NAME) or "-"
