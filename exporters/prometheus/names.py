"""Metric names, label names and label values as the two text formats allow them.

Text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/. OpenMetrics 1.0: section "ABNF".
"""

import re
from functools import lru_cache

_NOT_METRIC = re.compile(r"[^a-zA-Z0-9_:]")
_NOT_LABEL = re.compile(r"[^a-zA-Z0-9_]")

# NUL is no part of the escapes, but Prometheus's lexer takes it for the end of the page: one device's padded string
# would cost all that follows.
_VALUE_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\0": "\ufffd"})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\0": "\ufffd"})


@lru_cache(maxsize=16_384)  # names come from profiles and parsers, so they are few; the cap is for a mistake there
def metric_name(name: str) -> str:
    """Return a valid metric name: the same, or with `_` for each character that may not stand there."""
    clean = _NOT_METRIC.sub("_", name)
    return f"_{clean}" if not clean or clean[0].isdigit() else clean


@lru_cache(maxsize=16_384)
def label_name(name: str) -> str:
    """Return a valid label name: the same, or with `_` for each character that may not stand there."""
    clean = _NOT_LABEL.sub("_", name)
    return f"_{clean}" if not clean or clean[0].isdigit() else clean


def label_names(names: tuple[str, ...], taken: frozenset[str]) -> tuple[str, ...]:
    """Return valid names for a table's labels, none twice and none of `taken`.

    A name that is taken becomes `exported_NAME`, which is what Prometheus does with it.
    """
    given: list[str] = []
    for name in map(label_name, names):
        while name in taken or name in given:
            name = f"exported_{name}"  # noqa: PLW2901 -- the loop is about finding this very name
        given.append(name)
    return tuple(given)


def escape_value(value: str) -> str:
    """Escape a label's value; the same in both formats."""
    return value.translate(_VALUE_ESCAPES)


def escape_help(text: str, *, quotes: bool) -> str:
    """Escape a help text; OpenMetrics wants its quotes escaped too."""
    escaped = text.translate(_HELP_ESCAPES)
    return escaped.replace('"', r"\"") if quotes else escaped


def label_pairs(labels: tuple[tuple[str, str], ...]) -> str:
    """Return `name="value",…` without the braces."""
    return ",".join(f'{name}="{escape_value(value)}"' for name, value in labels)
