"""What is said where no flows were found: which times the store has, or that the filter lets none through."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from exporters.flowstore.files import Scan, Span
from exporters.flowstore.filter import tokens
from exporters.flowstore.names import HOUR_S, hour_of
from exporters.flowstore.query import named
from netmon.api import ConfigError
from netmon.app.asked import printable
from netmon.app.flows.asking import Asked
from netmon.app.flows.showing import number
from netmon.app.settings import load_directory
from netmon.app.text import t

_SHOWN: Final = 12  # names
_NAMED: Final = {"site": "flows.none.sites", "exporter": "flows.none.exporters"}
"""What filters ask for by a name that may be misspelt."""


def hints(asked: Asked) -> list[str]:
    """Return what helps to ask better. The store can be read: it was just asked."""
    there = asked.answer(lambda scan: scan.table.select(pl.len()).collect().item())
    if not there:
        return [_times(asked)]
    words = {token.word for token in tokens(asked.chosen)}
    found = [t("flows.none.filter", flows=number(there))]
    for word, key in _NAMED.items():
        if word not in words:
            continue
        names = asked.answer(lambda scan, word=word: named(scan, word))  # type: ignore[misc]
        if names:
            found.append(t(key, names=_listed(names)))
            continue
        found.append(t(f"{key}.without"))
        if known := _of_inventory(asked.config, word):
            found.append(t(f"{key}.known", names=_listed(known)))
    return found


def _listed(names: Sequence[str]) -> str:
    """Return the first names as a filter would have them."""
    listed = ", ".join(f'"{printable(name)}"' if " " in name else printable(name) for name in names[:_SHOWN])
    return listed + (", …" if len(names) > _SHOWN else "")


def _of_inventory(config: Path, word: str) -> list[str]:
    """Return the names that flows could have; none where the configuration has faults, which `netmon check` tells."""
    try:
        inventory = load_directory(config).inventory
    except ConfigError:
        return []
    if word == "site":
        return sorted({one.site for one in inventory.prefixes if one.site})
    return sorted(device.name for device in inventory.devices)


def _times(asked: Asked) -> str:
    """Say from when to when the store has flows: two of its hours are looked at."""
    hours = sorted(hour for place in asked.directory.iterdir() if (hour := hour_of(place.name)) is not None)
    ends = [_ends(asked, hour) for hour in dict.fromkeys((*hours[:1], *hours[-1:]))]
    known = [each for each in ends if each is not None]
    if not known:
        return t("flows.none.empty", path=asked.directory)
    since, until = (_text(at) for at in (known[0][0], known[-1][1] + 1))
    return t("flows.none.times", since=since, until=until)


def _ends(asked: Asked, hour: int) -> tuple[float, float] | None:
    def question(scan: Scan) -> tuple[float, float] | None:
        if not scan.records:
            return None
        end = pl.col("end").dt.epoch("s")
        first, last = scan.table.select(end.min().alias("first"), end.max().alias("last")).collect().row(0)
        return float(first), float(last)

    return asked.answer(question, Span(hour * HOUR_S, (hour + 1) * HOUR_S))


def _text(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")
